"""``huodian tiles``: a public layer as one PMTiles file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from service.cli.session import Session


def register(app: typer.Typer) -> None:
    """Add the command to the root."""
    app.command("tiles")(tiles_file)


def tiles_file(
    ctx: typer.Context,
    layer: Annotated[str, typer.Argument(help="Public layer: counties, townships, grid_cells, zones / 图层")],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="PMTiles file; default LAYER.pmtiles / 输出文件")
    ] = None,
    day: Annotated[
        str | None, typer.Option("--day", help="Day of the sets in force, default today / 日期")
    ] = None,
    min_zoom: Annotated[int, typer.Option("--min-zoom", help="Lowest zoom / 最小层级")] = 0,
    max_zoom: Annotated[int, typer.Option("--max-zoom", help="Highest zoom / 最大层级")] = 12,
) -> None:
    """Write every tile of a public layer into one file / 导出公开图层的矢量瓦片（PMTiles）."""
    session: Session = ctx.obj
    with session.reporting():
        import datetime as dt

        from gis.times import beijing_date
        from service.cli.output import write_atomically
        from service.cli.session import parse_date
        from service.layers.model import Query
        from service.layers.pmtiles import archive
        from service.layers.source import FeatureSource

        on = parse_date(day, "--day")
        with session.store().reader(session.as_of) as reader:
            source = FeatureSource(reader, session.scope(reader), today=beijing_date(dt.datetime.now(dt.UTC)))
            made = archive(source, layer, Query(day=on), min_zoom=min_zoom, max_zoom=max_zoom)
        output = output or Path(f"{layer}.pmtiles")
        write_atomically({output: made.data})
    box = made.bounds
    session.emit(
        "tiles",
        {
            "path": str(output),
            "bytes": len(made.data),
            "layer": layer,
            "features": made.features,
            "tiles": made.tiles,
            "distinct": made.distinct,
            "min_zoom": min_zoom,
            "max_zoom": max_zoom,
            "bounds": (box.min_lon, box.min_lat, box.max_lon, box.max_lat),
        },
        text=session.pick(
            f"{output}：{made.features} 个要素，{made.tiles} 张瓦片（{min_zoom}–{max_zoom} 级），{len(made.data)} 字节",
            f"{output}: {made.features} features, {made.tiles} tiles (zoom {min_zoom}-{max_zoom}), "
            f"{len(made.data)} bytes",
        ),
    )
