"""``huodian map``: the day's map as one HTML file that opens without any network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.options import Unit

if TYPE_CHECKING:
    from service.cli.session import Session


def register(app: typer.Typer) -> None:
    """Add the command to the root."""
    app.command("map")(day_map_file)


def day_map_file(
    ctx: typer.Context,
    date: Annotated[str | None, typer.Option("--date", help="Fire day, default today / 火点日")] = None,
    unit: Unit = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="HTML file; default map-DATE.html / 输出文件")
    ] = None,
) -> None:
    """Write the map of a day as one file, every asset inside / 当日火点图."""
    session: Session = ctx.obj
    with session.reporting():
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
