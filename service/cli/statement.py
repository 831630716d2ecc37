"""``huodian statement``: draft, issue, close, list, show and verify statements, and the finance list of a season."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli.options import AnyPayer, AnySeason, At, Book, Number, Payer, Season
from service.cli.words import no_bill

if TYPE_CHECKING:
    from service.billing.issue import Wanted
    from service.cli.session import Session
    from service.scope import Scope

statement_app = typer.Typer(
    no_args_is_help=True, help="Statements: draft, issue, final, list, show, verify / 扣款通知单"
)

Everybody = Annotated[
    bool, typer.Option("--all", help="Every payer of the season; -o names a folder / 全部付款单位")
]
Form = Annotated[str | None, typer.Option("--format", help="json, xlsx or pdf")]
Output = Annotated[Path | None, typer.Option("-o", "--output", help="File / 输出文件")]
Preparer = Annotated[str | None, typer.Option("--preparer", help="制表")]
Reviewer = Annotated[str | None, typer.Option("--reviewer", help="复核")]
Approver = Annotated[str | None, typer.Option("--approver", help="批准")]

FORMATS = ("json", "xlsx", "pdf")


def register(app: typer.Typer) -> None:
    """Add the commands to the root."""
    app.add_typer(statement_app, name="statement")


@statement_app.command("draft")
def draft(
    ctx: typer.Context,
    season: Season,
    payer: AnyPayer = None,
    everybody: Everybody = False,
    rulebook: Book = None,
    at: At = None,
    preparer: Preparer = None,
    reviewer: Reviewer = None,
    approver: Approver = None,
    form: Form = None,
    output: Output = None,
) -> None:
    """Draw up a statement for comment; nothing is stored / 征求意见稿."""
    session: Session = ctx.obj
    with session.reporting():
        from service.billing.issue import draft as run
        from service.cli.statement_all import run_all

        _known_format(form)
        _one_or_all(payer, everybody)
        wanted = _wanted(session, payer or "", season, rulebook, at, False, preparer, reviewer, approver)
        if wanted.at is None and not isinstance(session.as_of, int):
            wanted = replace(wanted, at=session.as_of)  # what was known then, with the deadlines of then
        if everybody:
            run_all(session, wanted, "draft", form, output)
            return
        with session.store().reader(session.as_of) as reader:
            made = run(reader, session.scope(reader), wanted)
        _answer(session, "statement", made.as_dict(), made.document, made.data, form, output)


@statement_app.command("issue")
def issue(
    ctx: typer.Context,
    season: Season,
    payer: AnyPayer = None,
    everybody: Everybody = False,
    rulebook: Book = None,
    at: At = None,
    sample: Annotated[bool, typer.Option("--sample", help="A sample, marked 非正式 / 样例")] = False,
    preparer: Preparer = None,
    reviewer: Reviewer = None,
    approver: Approver = None,
    form: Form = None,
    output: Output = None,
) -> None:
    """Issue the next statement of a payer and season: frozen, numbered, chained / 签发."""
    session: Session = ctx.obj
    with session.reporting():
        from service.billing.issue import issue as run
        from service.cli.statement_all import run_all

        session.refuse_past()
        _known_format(form)
        _one_or_all(payer, everybody)
        wanted = _wanted(session, payer or "", season, rulebook, at, sample, preparer, reviewer, approver)
        if everybody:
            run_all(session, wanted, "issue", form, output)
            return
        _folder_exists(output)
        scope = scope_of_session(session)
        made = run(session.store(), scope, wanted, actor=actor_of(session, scope))
        _answer(session, "statement", made.as_dict(), made.document, made.data, form, output)


@statement_app.command("final")
def final(
    ctx: typer.Context,
    payer: Payer,
    season: Season,
    number: Number = None,
    note: Annotated[str | None, typer.Option("--note", help="说明")] = None,
) -> None:
    """Declare an issued statement final, once nothing about it is open any more / 定案."""
    session: Session = ctx.obj
    with session.reporting():
        from service.billing.issue import finalise

        session.refuse_past()
        scope = scope_of_session(session)
        data = finalise(
            session.store(),
            scope,
            payer,
            season,
            actor=actor_of(session, scope),
            number=number,
            note=note,
        )
    session.emit(
        "statement.final",
        data,
        text=session.pick(
            f"{data['payer']} {data['season']} 第 {data['number']} 号通知单已定案",
            f"statement {data['number']} of {data['payer']} for {data['season']} is final",
        ),
    )


@statement_app.command("list")
def listing(
    ctx: typer.Context,
    season: AnySeason = None,
    payer: AnyPayer = None,
) -> None:
    """List issued statements with their state / 已签发的通知单."""
    session: Session = ctx.obj
    with session.reporting():
        from service.billing.issued import list_statements
        from service.cli.statement_text import print_list

        with session.store().reader(session.as_of) as reader:
            data = list_statements(reader, session.scope(reader), season=season, payer=payer)
    session.emit("statement.list", data, text=lambda: print_list(session, data))


@statement_app.command("show")
def show(
    ctx: typer.Context,
    payer: Payer,
    season: Season,
    number: Number = None,
    form: Form = None,
    output: Output = None,
) -> None:
    """Show an issued statement as it was frozen, and its state now / 查看通知单."""
    session: Session = ctx.obj
    with session.reporting():
        from service.billing.chain import canonical_bytes
        from service.billing.issued import show_statement

        _known_format(form)
        with session.store().reader(session.as_of) as reader:
            data = show_statement(reader, session.scope(reader), payer, season, number)
        document = data["document"]
        _answer(session, "statement.show", data, document, canonical_bytes(document), form, output)


@statement_app.command("roll")
def roll(ctx: typer.Context, season: Season, form: Form = None, output: Output = None) -> None:
    """Print the finance list of a season, made of issued statements / 扣拨清单."""
    session: Session = ctx.obj
    with session.reporting():
        emit_roll(session, season, form, output)


@statement_app.command("verify")
def verify(
    ctx: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="An exported JSON statement / 导出的 JSON")] = None,
    head: Annotated[
        str | None,
        typer.Option(
            "--head", help="SHA-256 of a chain's newest statement, or of the newest revision / 链尾"
        ),
    ] = None,
    sha: Annotated[str | None, typer.Option("--sha", help="SHA-256 printed on a statement")] = None,
) -> None:
    """Check a statement against the store: bytes, rows, chain, and the account computed again / 核验."""
    session: Session = ctx.obj
    with session.reporting():
        from gis.errors import NotFoundError, UsageError
        from service.billing.audit import verify as run
        from service.cli.statement_text import print_verified

        if file is None and head is None and sha is None:
            raise UsageError(
                "nothing_to_verify",
                "请给出导出的 JSON 文件、--head 或 --sha",
                "give an exported JSON file, --head or --sha",
            )
        if file is not None and not file.is_file():
            raise NotFoundError(
                "no_such_file",
                f"找不到文件 {file}：请核对路径",
                f"no such file {file}: check the path",
                value=str(file),
            )
        store = session.store()
        data = run(
            store,
            scope_of_session(session),
            data=None if file is None else file.read_bytes(),
            name="" if file is None else file.name,
            head=None if head is None else head.strip().lower(),
            sha=None if sha is None else sha.strip().lower(),
        )
    session.emit("statement.verify", data, text=lambda: print_verified(session, data))
    if not data["ok"]:
        raise typer.Exit(1)


# --- the finance list ----------------------------------------------------------------------------------------


def emit_roll(
    session: Session, season: str, form: str | None, output: Path | None, warnings: Sequence[str] = ()
) -> None:
    """Answer with the finance list of a season, and write it to a file where one is asked for."""
    from service.billing.chain import canonical_bytes
    from service.billing.roll import roll as run
    from service.cli.statement_text import print_roll

    form = _form_of(form, output)
    with session.store().reader(session.as_of) as reader:
        data = run(reader, session.scope(reader), season)
    if form is not None:
        _write(form, output, rendered_roll(data, form, canonical_bytes(data)))
        if not session.json and output is None:
            return
    session.emit("charge.roll", data, text=lambda: print_roll(session, data), warnings=warnings)


# --- shared --------------------------------------------------------------------------------------------------


def scope_of_session(session: Session) -> Scope:
    """Return the scope of whoever runs the command."""
    with session.store().reader() as reader:
        return session.scope(reader)


def actor_of(session: Session, scope: Scope) -> str:
    """Return the name a revision records."""
    return session.actor if session.settings.token is None else scope.actor


def _wanted(
    session: Session,
    payer: str,
    season: str,
    rulebook: str | None,
    at: str | None,
    sample: bool,
    preparer: str | None,
    reviewer: str | None,
    approver: str | None,
) -> Wanted:
    from service.billing.issue import Wanted
    from service.cli.charge import instant

    people = {"preparer": preparer, "reviewer": reviewer, "approver": approver}
    approval = session.settings.map_approval
    return Wanted(payer, season, rulebook, instant(at), sample, people, approval)


def _one_or_all(payer: str | None, everybody: bool) -> None:
    if (payer is None) == everybody:
        return
    from gis.errors import UsageError

    raise UsageError(
        "one_or_all",
        "请用 --payer 给出付款单位，或用 --all 处理全部，二者选一",
        "name a payer with --payer, or say --all: one of the two",
    )


def _known_format(form: str | None) -> None:
    from gis.errors import UsageError

    if form is not None and form not in FORMATS:
        raise UsageError(
            "bad_format",
            f"--format 只能是 {'、'.join(FORMATS)}，不是 {form!r}",
            f"--format is one of {', '.join(FORMATS)}, not {form!r}",
            value=form,
        )


def _form_of(form: str | None, output: Path | None) -> str | None:
    """Return the format asked for, by the name of the file where no option says it."""
    if form is None and output is not None:
        form = output.suffix.lstrip(".").lower()
    _known_format(form)
    return form


def _folder_exists(output: Path | None) -> None:
    """Refuse a file that cannot be written before anything is issued."""
    from gis.errors import NotFoundError

    if output is not None and not output.parent.is_dir():
        raise NotFoundError(
            "no_such_folder",
            f"目录 {output.parent} 不存在：请先建立，或换一个 -o",
            f"there is no folder {output.parent}: make it first, or give another -o",
            value=str(output.parent),
        )


def _answer(
    session: Session,
    schema: str,
    data: dict[str, Any],
    document: Mapping[str, Any],
    canonical: bytes,
    form: str | None,
    output: Path | None,
) -> None:
    """Write the file that was asked for, and answer."""
    from service.cli.statement_text import print_statement

    form = _form_of(form, output)
    if form is not None:
        _write(form, output, rendered(document, form, canonical))
        if not session.json and output is None:
            return
    warnings = [no_bill(session, document["status"])] if document["mark"] else []
    warnings += _one_rulebook_only(session, document)
    session.emit(schema, data, text=lambda: print_statement(session, data, document), warnings=warnings)


def _one_rulebook_only(session: Session, document: Mapping[str, Any]) -> list[str]:
    """Return the warning that ``--rulebook`` takes back what another rulebook charged in the issue before."""
    only = document["selection"]["rulebook"]
    if only is None or all(one["cause"] != "rulebook_changed" for one in document["adjustments"]):
        return []
    return [
        session.pick(
            f"本账只按 {only} 计算（--rulebook）：上期按其他规则扣的款已在调整事项中冲回；请不带 --rulebook 以一并计算",
            f"this account is under {only} alone (--rulebook): what other rulebooks charged before is taken back among "
            "the adjustments; leave --rulebook out to charge under all",
        )
    ]


def rendered(document: Mapping[str, Any], form: str, canonical: bytes) -> bytes:
    """Return a statement in one of the formats."""
    if form == "pdf":
        from service.documents.statement_pdf import statement_pdf

        return statement_pdf(document)
    if form == "xlsx":
        from service.documents.statement_xlsx import statement_xlsx

        return statement_xlsx(document)
    return canonical


def rendered_roll(data: Mapping[str, Any], form: str, canonical: bytes) -> bytes:
    """Return the finance list in one of the formats."""
    if form == "pdf":
        from service.documents.roll_pdf import roll_pdf

        return roll_pdf(data)
    if form == "xlsx":
        from service.documents.roll_xlsx import roll_xlsx

        return roll_xlsx(data)
    return canonical


def _write(form: str, output: Path | None, rendered: bytes) -> None:
    from service.cli.output import write_atomically, write_to_stdout

    if output is not None:
        write_atomically({output: rendered})
    else:
        write_to_stdout(rendered, binary=form != "json", form=form)
