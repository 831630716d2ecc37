"""``huodian standing``: how units stand in a season, and what is known where nothing burnt."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli.charge import grouped, instant
from service.cli.options import At, Book, Season
from service.cli.words import status_word

if TYPE_CHECKING:
    from service.cli.session import Session

_COLUMNS = (
    ("rank", "名次", "rank"),
    ("name", "单位", "unit"),
    ("listed", "列入", "listed"),
    ("pushed", "推送", "pushed"),
    ("verified", "查实", "verified"),
    ("denied", "查否", "denied"),
    ("overdue", "逾期", "overdue"),
    ("verification_rate", "查实率", "rate %"),
    ("charged", "扣款", "charged"),
    ("amount", "金额（元）", "yuan"),
    ("intensity", "每千公顷", "per 1,000 ha"),
)


def register(app: typer.Typer) -> None:
    """Add the command to the root."""
    app.command()(standing)


def standing(
    ctx: typer.Context,
    season: Season,
    rulebook: Book = None,
    at: At = None,
    level: Annotated[str, typer.Option("--level", help="city|county|township")] = "county",
    form: Annotated[str, typer.Option("--format", help="text|csv")] = "text",
    output: Annotated[Path | None, typer.Option("-o", "--output", help="CSV file / 输出文件")] = None,
) -> None:
    """Rank units of a season; list those without fire and how far that was observed / 考核季排名与零火点清单."""
    session: Session = ctx.obj
    with session.reporting():
        from gis.errors import UsageError
        from service.billing.standing import standing as stand

        if form not in ("text", "csv"):
            raise UsageError(
                "bad_format",
                f"--format 只能是 text 或 csv，不是 {form!r}",
                f"--format is text or csv, not {form!r}",
                value=form,
            )
        with session.store().reader(session.as_of) as reader:
            data = stand(
                reader, session.scope(reader), season, rulebook=rulebook, at=instant(at), level=level
            )
        if form == "csv" or output is not None:
            _export(session, data, output)
            if output is None:
                return
        session.emit("standing", data, text=lambda: _print(session, data), warnings=_warnings(session, data))


def _export(session: Session, data: Mapping[str, Any], output: Path | None) -> None:
    from service.billing.standing_table import csv_bytes
    from service.cli.output import write_atomically, write_to_stdout

    table = csv_bytes(data, lang=session.lang)
    if output is None:
        write_to_stdout(table, binary=False, form="csv")
    else:
        write_atomically({output: table})


def _warnings(session: Session, data: Mapping[str, Any]) -> list[str]:
    found = [session.pick(one["zh"], one["en"]) for one in data["notes"]]
    if data["informal"]:
        word = status_word(session, data["status"])
        found.insert(
            0,
            session.pick(
                f"非正式（{word}）：规则、图层或指标不是正式数据",
                f"not official ({word}): a rulebook, a layer or a figure is no official one",
            ),
        )
    return found


def _print(session: Session, data: Mapping[str, Any]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from service.reports.words import LEVEL_WORDS

    level = session.pick(LEVEL_WORDS[data["level"]].zh, data["level"])
    title = f"{data['season']} {level} {data['mark']}".strip()
    table = Table(title=title, box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for name, zh, en in _COLUMNS:
        left = name == "name"  # a name may break, a number never
        table.add_column(
            session.pick(zh, en), justify="left" if left else "right", overflow="fold", no_wrap=not left
        )
    for row in data["rows"]:
        if row["listed"] or row["rank"] is None:
            table.add_row(*(_shown(name, row) for name, _, _ in _COLUMNS))
    table.add_section()
    totals = {"rank": None, "name": session.pick("合计", "total"), "intensity": None, **data["totals"]}
    table.add_row(*(_shown(name, totals) for name, _, _ in _COLUMNS))
    console = Console()
    console.print(table)
    quiet = [one["name"] for one in data["zero"] if one["state"] == "no_fire_point"]
    console.print(
        session.pick(
            f"未见火点 {len(quiet)} 个单位：{'、'.join(quiet)}",
            f"no fire point: {len(quiet)} units: {', '.join(quiet)}",
        )
    )
    if data["zero"]:
        console.print(session.pick(data["zero"][0]["zh"], data["zero"][0]["en"]), markup=False)


def _shown(name: str, row: Mapping[str, Any]) -> str:
    value = row[name]
    if value is None:
        return "" if name == "rank" else "—"
    return grouped(value) if name == "amount" else str(value)
