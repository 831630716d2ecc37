"""``huodian map``: the map of a day, or of a statement, as one HTML file that opens without any network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.options import AnyPayer, AnySeason, Number, Unit

if TYPE_CHECKING:
    from service.cli.session import Session


def register(app: typer.Typer) -> None:
    """Add the command to the root."""
    app.command("map")(map_file)


def map_file(
    ctx: typer.Context,
    date: Annotated[str | None, typer.Option("--date", help="Fire day, default today / 火点日")] = None,
    unit: Unit = None,
    payer: AnyPayer = None,
    season: AnySeason = None,
    number: Number = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="HTML file; default map-DATE.html / 输出文件"),
    ] = None,
) -> None:
    """Write the map of a day, or of a statement (--payer, --season), as one file / 当日火点图、通知单图."""
    session: Session = ctx.obj
    with session.reporting():
        if payer is None and season is None and number is None:
            _day(session, date, unit, output)
            return
        if payer is None or season is None or date is not None or unit is not None:
            from gis.errors import UsageError

            raise UsageError(
                "day_or_statement",
                "通知单的图需要 --payer 与 --season（可加 --number），不与 --date、--unit 同用",
                "the map of a statement takes --payer and --season (and --number), and neither --date nor --unit",
            )
        _statement(session, payer, season, number, output)


def _day(session: Session, date: str | None, unit: str | None, output: Path | None) -> None:
    from service.cli.firelist import fire_day_of
    from service.cli.output import write_atomically
    from service.reports.build import build
    from service.reports.daymap import day_map
    from service.reports.outlines import county_borders

    day = fire_day_of(session, date)
    output = output or Path(f"map-{day.isoformat()}.html")
    with session.store().reader(session.as_of) as reader:
        made = build(reader, session.scope(reader), day, unit=unit)
        borders = county_borders(reader, day)
    page = day_map(
        made,
        borders.outlines,
        source=borders.source,
        approval=session.settings.map_approval,
        inline=True,
    )
    data = page.encode()
    write_atomically({output: data})
    counts = made.counts
    session.emit(
        "map",
        {"path": str(output), "bytes": len(data), "fire_day": day, "counts": counts, "status": made.status},
        text=session.pick(
            f"{output}：{counts['listed']} 个火点（像元 {counts['listed_pixels']}）",
            f"{output}: {counts['listed']} fire points ({counts['listed_pixels']} pixels)",
        ),
    )


def _statement(session: Session, payer: str, season: str, number: int | None, output: Path | None) -> None:
    import datetime as dt

    from gis.times import beijing_date
    from service.billing.issued import show_statement
    from service.cli.output import write_atomically
    from service.documents.statement_map import statement_map
    from service.reports.outlines import county_borders

    with session.store().reader(session.as_of) as reader:
        shown = show_statement(reader, session.scope(reader), payer, season, number)
        issued = beijing_date(dt.datetime.fromisoformat(shown["document"]["computed_at"]))
        borders = county_borders(reader, issued)
    page = statement_map(
        shown, borders.outlines, source=borders.source, approval=session.settings.map_approval
    )
    data = page.encode()
    output = output or Path(f"map-{shown['payer']}-{shown['season']}-{shown['number']:03d}.html")
    write_atomically({output: data})
    lines, net = len(shown["document"]["lines"]), shown["net"]
    mark = f"（{shown['mark']}）" if shown["mark"] else ""
    session.emit(
        "map.statement",
        {
            "path": str(output),
            "bytes": len(data),
            **{
                name: shown[name] for name in ("payer", "season", "number", "status", "mark", "sha256", "net")
            },
            "lines": lines,
        },
        text=session.pick(
            f"{output}：{shown['payer_name']} {shown['season']} 第 {shown['number']} 期{mark}，"
            f"{lines} 个扣款火点，本期净额 {net} 元",
            f"{output}: statement {shown['number']} of {shown['payer']} for {shown['season']}{mark}, "
            f"{lines} charges, {net} yuan due",
        ),
    )
