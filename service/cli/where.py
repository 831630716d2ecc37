"""``huodian where LON LAT [--at T]``: whose ground, which zone and regime, and may one burn there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli.words import status_word

if TYPE_CHECKING:
    from service.cli.session import Session


def register(app: typer.Typer) -> None:
    """Add the command to the root."""
    app.command(context_settings={"ignore_unknown_options": True})(where)


def where(
    ctx: typer.Context,
    lon: Annotated[float, typer.Argument(help="Longitude, decimal degrees / 经度")],
    lat: Annotated[float, typer.Argument(help="Latitude, decimal degrees / 纬度")],
    at: Annotated[
        str | None, typer.Option("--at", help="Instant, 2023-10-29T12:00; now without / 时刻")
    ] = None,
) -> None:
    """Say whose ground a place is, its zone and regime, and whether burning is banned there / 查询地点."""
    session: Session = ctx.obj
    with session.reporting():
        import datetime as dt

        from service.cli.charge import instant
        from service.pipeline.place import place_at

        with session.store().reader(session.as_of) as reader:
            session.scope(reader)  # a token must be a good one, though the answer is the same for all
            data = place_at(reader, lon, lat, instant(at) or dt.datetime.now(dt.UTC))
    session.emit("where", data, text=_text(session, data))


def _text(session: Session, data: dict[str, Any]) -> str:
    units = [data[level] for level in ("city", "county", "township", "grid") if data[level]]
    zone, status = data["zone"] or data["zone_code"], status_word(session, data["regime_status"])
    lines = [
        session.pick(
            f"{data['at']} 东经 {data['lon']}° 北纬 {data['lat']}°：{'、'.join(units) or '不在服务范围内'}",
            f"{data['at']} {data['lon']}° E {data['lat']}° N: {', '.join(units) or 'outside the service area'}",
        ),
        session.pick(
            f"管控方式：{data['regime_zh'] or '不适用'}{_source_zh(data, status)}",
            f"regime: {data['regime_en'] or 'none here'}{_source_en(data, status)}",
        ),
        session.pick(
            f"分区：{zone}（{data['zone_kind_zh']}）" if zone else "分区：没有图层覆盖",
            f"zone: {zone} ({data['zone_kind_en']})" if zone else "zone: no layer covers it",
        ),
        session.pick(data["zh"], data["en"]),
    ]
    if data["doubt"]:
        from service.reports.words import LEVEL_WORDS, en, zh

        levels = data["doubt"]
        lines.append(
            session.pick(
                f"界线附近，存疑层级：{'、'.join(zh(LEVEL_WORDS, level) for level in levels)}",
                f"near a line; in doubt: {', '.join(en(LEVEL_WORDS, level) for level in levels)}",
            )
        )
    if data["informal"]:
        lines.append(session.pick("所用图层非正式", "the layers used are not official"))
    return "\n".join(lines)


def _source_zh(data: dict[str, Any], status: str) -> str:
    return f"（依据：{data['regime_source']}，{status}）" if data["regime_source"] else ""


def _source_en(data: dict[str, Any], status: str) -> str:
    return f" (source: {data['regime_source_en']}, {status})" if data["regime_source"] else ""
