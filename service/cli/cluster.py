"""``huodian cluster``: what the clustering rule is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli.charge import grouped, instant
from service.cli.options import At, Book, Season

if TYPE_CHECKING:
    from collections.abc import Mapping

    from service.cli.session import Session


def register(app: typer.Typer) -> None:
    """Add the command to the root."""
    app.command()(cluster)


def cluster(
    ctx: typer.Context,
    season: Season,
    sensitivity: Annotated[
        bool, typer.Option("--sensitivity", help="Fire points and money for a range of parameters / 敏感性")
    ] = False,
    rulebook: Book = None,
    tries: Annotated[
        list[str] | None,
        typer.Option("--try", help="A record, or distance_m=500,gap_min=720,extent_m=1000; repeatable"),
    ] = None,
    at: At = None,
) -> None:
    """Print fire points and money of a season for a range of clustering parameters / 聚类参数敏感性."""
    session: Session = ctx.obj
    with session.reporting():
        from gis.errors import UsageError
        from service.billing.sensitivity import sensitivity as run

        if not sensitivity:
            raise UsageError(
                "cluster_what",
                "请写明 --sensitivity：huodian cluster --sensitivity --season 2023-2024",
                "say --sensitivity: huodian cluster --sensitivity --season 2023-2024",
            )
        session.operator()
        data = run(session.store(), season, rulebook=rulebook, tries=tries or (), at=instant(at))
        session.emit("cluster.sensitivity", data, text=lambda: _print(session, data))


def _print(session: Session, data: Mapping[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    books = "、".join(data["rulebooks"]) or session.pick("无规则，不计金额", "no rulebook, no money")
    mark = session.pick("（非正式）", " (not official)") if data["informal"] else ""
    table = Table(title=f"{data['season']} {books}{mark}")
    words = session.pick(
        "聚类 距离/间隔/范围 像元 火点 计费 金额（元） 若全部核实（元）",
        "clustering m/min/m pixels fire_points charged yuan if_all_confirmed",
    )
    for at, name in enumerate(words.split()):
        table.add_column(
            name.replace("_", " "), justify="left" if at < 2 else "right", no_wrap=at in (1, 5, 6)
        )
    for one in data["rows"]:
        params = one["params"]
        table.add_row(
            one["clustering"],
            "/".join(str(params[name]) for name in ("distance_m", "gap_minutes", "max_extent_m")),
            *(str(one[name]) for name in ("pixels", "fire_points")),
            "—" if one["charged"] is None else str(one["charged"]),
            *("—" if one[name] is None else grouped(one[name]) for name in ("amount", "amount_if_confirmed")),
        )
    Console().print(table)
