"""``huodian charge``: what the fire points of a season cost, whom, under which clause."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli.options import At, Book, Season
from service.cli.words import no_bill

if TYPE_CHECKING:
    import datetime as dt

    from service.cli.session import Session


def register(app: typer.Typer) -> None:
    """Add the command to the root."""
    app.command()(charge)


def charge(
    ctx: typer.Context,
    season: Season,
    rulebook: Book = None,
    at: At = None,
    payer: Annotated[str | None, typer.Option("--payer", help="Only this payer / 付款方代码")] = None,
    roll: Annotated[bool, typer.Option("--roll", help="The finance list / 扣拨清单")] = False,
    form: Annotated[
        str | None, typer.Option("--format", help="With --roll: json, xlsx or pdf / 清单格式")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="With --roll: file / 输出文件")
    ] = None,
) -> None:
    """Compute the charges of a season under a rulebook / 计算考核季扣款."""
    session: Session = ctx.obj
    if roll:
        with session.reporting():
            from service.cli.statement import emit_roll

            asked = (rulebook, payer, at) != (None, None, None)
            emit_roll(session, season, form, output, _unused(session) if asked else ())
        return
    with session.reporting():
        from service.billing.charges import charges_of, run_charges
        from service.users import Permission, require

        _no_file((form, output))
        # What is asked as of an instant is judged at that instant: nothing was overdue then that became so since.
        moment = instant(at) or (None if isinstance(session.as_of, int) else session.as_of)
        with session.store().reader(session.as_of) as reader:
            scope = session.scope(reader)
            require(scope, Permission.MONEY)
            run = run_charges(reader, season, rulebook=rulebook, at=moment)
            data = charges_of(run, scope, reader, payer=payer)
        session.emit("charge", data, text=lambda: _print(session, data), warnings=_warnings(session, data))


def instant(text: str | None) -> dt.datetime | None:
    """Return the instant an ``--at`` names; a time without zone is Beijing time.

    Raises
    ------
    UsageError
        ``bad_at``.
    """
    if text is None:
        return None
    import datetime as dt

    from gis.errors import UsageError
    from gis.times import BEIJING, is_usable

    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        moment = dt.datetime.min.replace(tzinfo=dt.UTC)
    if not is_usable(moment):
        raise UsageError(
            "bad_at",
            f"--at {text!r} 不是时间；例：2023-11-10T08:00+08:00",
            f"--at {text!r} is no time; example: 2023-11-10T08:00+08:00",
            value=text,
        )
    return moment if moment.tzinfo else moment.replace(tzinfo=BEIJING)


def _no_file(asked: tuple[Any, ...]) -> None:
    """Refuse a file of charges: what is paid by goes out as statements and the list made of them."""
    if any(one is not None for one in asked):
        from gis.errors import UsageError

        raise UsageError(
            "only_with_roll",
            "--format 与 -o 只用于 --roll（扣拨清单）；试算结果用 --json，通知单用 statement draft",
            "--format and -o go with --roll (the finance list); for a trial use --json, or statement draft",
        )


def _unused(session: Session) -> list[str]:
    return [
        session.pick(
            "扣拨清单只由已签发的通知单汇总，--rulebook、--payer、--at 不起作用",
            "the finance list is made of issued statements alone; --rulebook, --payer and --at do nothing to it",
        )
    ]


def _warnings(session: Session, data: Mapping[str, Any]) -> list[str]:
    found: list[str] = []
    if data["informal"]:
        found.append(no_bill(session, data["status"]))
    if data["counts"]["held"]:
        found.append(
            session.pick(
                f"{data['counts']['held']} 个火点待核实或待裁定，未计入：见 huodian pending",
                f"{data['counts']['held']} fire points wait for a person and are not billed: see `huodian pending`",
            )
        )
    return found


def _print(session: Session, data: Mapping[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    from service.cli import charge_text

    books = "、".join(f"{one['id']} {one['title']}" for one in data["rulebooks"])
    table = Table(title=f"{data['season']} {books} {data['mark']}".strip())
    for at, name in enumerate(
        session.pick(
            "付款方 名称 列入 扣款 待定 不计 金额（元） 金额（万元）",
            "payer name listed billed held left_out yuan wan_yuan",
        ).split()
    ):
        table.add_column(name, justify="left" if at < 2 else "right", no_wrap=at != 1, overflow="fold")
    for one in data["payers"]:
        counts = (str(one[name]) for name in ("listed", "billed", "held", "left_out"))
        name = one["name"] or session.pick("（付款方未知）", "(payer unknown)")
        table.add_row(one["code"], name, *counts, grouped(one["amount"]), one["amount_wan"])
    counts = data["counts"]
    table.add_section()
    table.add_row(
        session.pick("合计", "total"),
        "",
        str(sum(one["listed"] for one in data["payers"])),
        *(str(counts[name]) for name in ("billed", "held", "left_out")),
        grouped(data["total"]),
        data["total_wan"],
    )
    console = Console()
    console.print(table)
    for part in charge_text.tables(session, data):
        console.print(part)


def grouped(amount: str) -> str:
    """Return an amount with its thousands grouped, for people."""
    whole, _, part = amount.partition(".")
    return f"{int(whole):,}.{part}" if part else f"{int(whole):,}"
