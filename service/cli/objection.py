"""``huodian objection``: file, answer, withdraw, appeal and list objections to lines of issued statements."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli.options import AnyPayer, AnySeason, Evidence, Number

if TYPE_CHECKING:
    from collections.abc import Callable

    from service.cli.session import Session

objection_app = typer.Typer(
    no_args_is_help=True, help="Objections: file, answer, withdraw, appeal, list / 异议"
)

Grounds = Annotated[str, typer.Option("--grounds", help="Why, in words / 理由")]
Id = Annotated[int, typer.Argument(metavar="ID", help="Number of the objection / 异议编号")]


def register(app: typer.Typer) -> None:
    """Add the commands to the root."""
    app.add_typer(objection_app, name="objection")


@objection_app.command("file")
def file(
    ctx: typer.Context,
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="[STATEMENT] FIRE_POINT_ID",
            help="Fire point, after its statement (PAYER/SEASON/NUMBER or SHA-256) unless --payer and --season say it",
        ),
    ],
    grounds: Grounds,
    payer: AnyPayer = None,
    season: AnySeason = None,
    number: Number = None,
    evidence: Evidence = None,
    late: Annotated[
        str | None,
        typer.Option("--late", help="Why a late one is admitted; for the level above / 逾期受理理由"),
    ] = None,
) -> None:
    """Object to one line of an issued statement / 提出异议."""
    session: Session = ctx.obj
    with session.reporting():
        from service.billing.objections import file as run

        session.refuse_past()
        payer, season, number = _statement(session, words, payer, season, number)
        which = {"payer": payer, "season": season, "number": number, "fire_point_id": words[-1]}
        data = _write(session, run, **which, grounds=grounds, evidence=evidence, late=late)
    _emit(session, data)


@objection_app.command("answer")
def answer(
    ctx: typer.Context,
    objection_id: Id,
    outcome: Annotated[
        str, typer.Option("--outcome", help="upheld, rejected or partly / 成立、驳回、部分成立")
    ],
    reason: Annotated[str, typer.Option("--reason", help="Why, in words / 理由")],
    evidence: Evidence = None,
) -> None:
    """Answer an objection; never by the payer or whoever is under it / 答复异议."""
    session: Session = ctx.obj
    with session.reporting():
        from service.billing.objections import answer as run

        data = _write(session, run, objection_id, outcome=outcome, reason=reason, evidence=evidence)
    _emit(session, data)


@objection_app.command("withdraw")
def withdraw(
    ctx: typer.Context,
    objection_id: Id,
    reason: Annotated[str, typer.Option("--reason", help="理由")] = "撤回",
) -> None:
    """Withdraw an open objection; only whoever filed it may / 撤回异议."""
    session: Session = ctx.obj
    with session.reporting():
        from service.billing.objections import withdraw as run

        data = _write(session, run, objection_id, reason=reason)
    _emit(session, data)


@objection_app.command("appeal")
def appeal(ctx: typer.Context, objection_id: Id, grounds: Grounds, evidence: Evidence = None) -> None:
    """Take an answered objection to the next instance / 申请复核."""
    session: Session = ctx.obj
    with session.reporting():
        from service.billing.objections import appeal as run

        data = _write(session, run, objection_id, grounds=grounds, evidence=evidence)
    _emit(session, data)


@objection_app.command("list")
def listing(
    ctx: typer.Context,
    payer: AnyPayer = None,
    season: AnySeason = None,
    state: Annotated[
        str | None,
        typer.Option("--state", help="open, upheld, rejected, partly, unanswered, lapsed, withdrawn"),
    ] = None,
) -> None:
    """List objections with their state and deadline / 异议清单."""
    session: Session = ctx.obj
    with session.reporting():
        from service.billing.objections import list_cases

        with session.store().reader(session.as_of) as reader:
            data = list_cases(reader, session.scope(reader), payer=payer, season=season, state=state)
    session.emit("objection.list", data, text=lambda: _print_list(session, data))


def _write(session: Session, run: Callable[..., dict[str, Any]], *which: int, **said: Any) -> dict[str, Any]:
    """Record what whoever runs the command says; evidence is archived once it is known that they may write at all."""
    from service.cli.statement import actor_of, scope_of_session

    session.refuse_past()
    scope = scope_of_session(session)
    if "evidence" in said:
        said["evidence_sha256"] = _archived(session, said.pop("evidence"))
    return run(session.store(), scope, *which, actor=actor_of(session, scope), **said)


def _statement(
    session: Session, words: list[str], payer: str | None, season: str | None, number: int | None
) -> tuple[str, str, int | None]:
    """Return payer, season and number of the statement that is meant."""
    from gis.errors import UsageError

    if len(words) == 1 and payer is not None and season is not None:
        return payer, season, number
    if len(words) == 2 and payer is None and season is None:
        from service.billing.issued import named_statement

        with session.store().reader() as reader:
            return named_statement(reader, session.scope(reader), words[0])
    raise UsageError(
        "which_statement",
        "请用 付款单位/考核季/号（如 220182/2023-2024/1）或 SHA-256 指明通知单，或用 --payer、--season、--number",
        "name the statement as PAYER/SEASON/NUMBER (220182/2023-2024/1) or by its SHA-256, or with --payer, --season "
        "and --number",
        value=" ".join(words),
    )


def _archived(session: Session, evidence: Path | None) -> str | None:
    if evidence is None:
        return None
    from gis.errors import NotFoundError
    from service.pipeline.archive import open_archive

    if not evidence.is_file():
        raise NotFoundError(
            "no_such_file",
            f"找不到证据文件 {evidence}：请核对路径",
            f"no such evidence file {evidence}: check the path",
            value=str(evidence),
        )
    return open_archive(session.settings).put(evidence.read_bytes())


def _emit(session: Session, data: dict[str, Any]) -> None:
    from service.billing.cases import STATES

    lines = [
        session.pick(
            f"第 {data['objection_id']} 号异议：{data['payer_name']} {data['season']} 第 {data['number']} 号通知单，"
            f"火点 {data['fire_point_id']}，第 {data['instance']} 级，{STATES[data['state']][0]}",
            f"objection {data['objection_id']}: statement {data['number']} of {data['payer']} for {data['season']}, "
            f"fire point {data['fire_point_id']}, instance {data['instance']}, {STATES[data['state']][1]}",
        )
    ]
    if data["state"] == "open" and data["answer_due"]:
        lines.append(
            session.pick(f"答复期限 {data['answer_due']}", f"to be answered by {data['answer_due']}")
        )
    if data["next_zh"]:
        lines.append(session.pick(data["next_zh"], data["next_en"]))
    session.emit("objection", data, text="\n".join(lines))


def _print_list(session: Session, data: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from service.billing.cases import STATES

    table = Table(title=session.pick(f"异议 {len(data)} 件", f"{len(data)} objections"))
    for name in session.pick("编号 通知单 火点 提出与期限 理由", "id statement point dates grounds").split():
        table.add_column(name, no_wrap=name in ("火点", "point", "提出与期限", "dates"), overflow="fold")
    for one in data:
        number = session.pick(f"第 {one['number']} 号", f"no. {one['number']}")
        instance = session.pick(f"第 {one['instance']} 级", f"instance {one['instance']}")
        due = f"\n≤ {one['answer_due']}" if one["state"] == "open" and one["answer_due"] else ""
        told = (
            str(one["objection_id"]),
            f"{one['payer_name']} {one['payer']}\n{one['season']} {number}",
            f"{one['fire_point_id']}\n{instance} {session.pick(*STATES[one['state']])}",
            f"{one['filed_at'][:10]}{due}",
            one["grounds"],
        )
        table.add_row(*map(escape, told))
    Console().print(table)
