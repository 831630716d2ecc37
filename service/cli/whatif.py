"""``huodian whatif``: whose charges one change would move, and by how much; nothing is written."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli.charge import grouped, instant
from service.cli.options import At, Season

if TYPE_CHECKING:
    from collections.abc import Mapping

    from service.cli.session import Session

SHOWN = 50
"""So many fire points stand in the text; the JSON has all."""


def register(app: typer.Typer) -> None:
    """Add the command to the root."""
    app.command()(whatif)


def whatif(
    ctx: typer.Context,
    season: Season,
    deny: Annotated[str | None, typer.Option("--deny", help="A fire point, denied / 若查否")] = None,
    move: Annotated[
        tuple[str, str] | None,
        typer.Option("--move", metavar="ID CODE", help="A fire point on another unit's ground / 若改判归属"),
    ] = None,
    rulebook: Annotated[
        str | None,
        typer.Option(
            "--rulebook", help="Alone: this rulebook instead; with another change: the one to compare under"
        ),
    ] = None,
    instead: Annotated[
        str | None,
        typer.Option("--rulebook-instead", help="Another rulebook in place of --rulebook / 若换规则"),
    ] = None,
    boundaries: Annotated[
        str | None, typer.Option("--boundaries", help="A loaded set, NAME or NAME@VERSION / 若换界线")
    ] = None,
    clustering: Annotated[
        str | None,
        typer.Option(
            "--clustering", help="A record, or distance_m=500,gap_min=720,extent_m=1000 / 若换聚类参数"
        ),
    ] = None,
    at: At = None,
) -> None:
    """Show whose charges would change and by how much, touching nothing / 假设推演."""
    session: Session = ctx.obj
    with session.reporting():
        from service.billing.whatif import Change
        from service.billing.whatif import whatif as run

        alone = rulebook is not None and not any((deny, move, instead, boundaries, clustering))
        change = Change(
            deny=deny,
            move=move,
            rulebook=rulebook if alone else instead,
            boundaries=boundaries,
            clustering=clustering,
        )
        store = session.store()
        with store.reader(session.as_of) as reader:
            scope = session.scope(reader)
        data = run(
            store,
            scope,
            season,
            change,
            rulebook=None if alone else rulebook,
            at=instant(at),
            as_of=session.as_of,
        )
        session.emit("whatif", data, text=lambda: _print(session, data), warnings=_warnings(session, data))


def _warnings(session: Session, data: Mapping[str, Any]) -> list[str]:
    if not data["informal"]:
        return []
    return [
        session.pick(
            "非正式：规则或图层不是正式文本",
            "not official: a rulebook or a layer is no official text",
        )
    ]


def _print(session: Session, data: Mapping[str, Any]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console(highlight=False)
    total = data["total"]
    points, billed = data["fire_points"], data["billed"]
    console.print(
        session.pick(
            f"{data['season']}：合计 {grouped(total['before'])} → {grouped(total['after'])} 元"
            f"（{_signed(total['delta'])}）；火点 {points['before']} → {points['after']}，"
            f"计费 {billed['before']} → {billed['after']}；存储未作任何改动",
            f"{data['season']}: total {grouped(total['before'])} → {grouped(total['after'])} yuan "
            f"({_signed(total['delta'])}); fire points {points['before']} → {points['after']}, billed "
            f"{billed['before']} → {billed['after']}; the store is as it was",
        )
    )
    table = Table(title=session.pick("付款方", "Payers"))
    for at, name in enumerate(session.pick("代码 名称 原 变为 差额", "code name before after delta").split()):
        table.add_column(name, justify="left" if at < 2 else "right")
    for one in data["payers"]:
        table.add_row(
            one["code"],
            escape(one["name"]),
            grouped(one["before"]),
            grouped(one["after"]),
            _signed(one["delta"]),
        )
    console.print(
        table if data["payers"] else session.pick("没有付款方的金额改变", "no payer's amount changes")
    )
    changed = Table(title=session.pick("涉及的火点", "Fire points concerned"))
    changed.add_column(session.pick("火点", "fire point"), no_wrap=True)
    changed.add_column(session.pick("差额", "delta"), justify="right", no_wrap=True)
    changed.add_column(session.pick("变化", "change"))
    points = sorted((one for one in data["points"] if _moves(one)), key=_dearest)
    for one in points[:SHOWN]:
        changed.add_row(
            one["fire_point_id"], _signed(one["delta"]), escape(session.pick(one["zh"], one["en"]))
        )
    if points:
        console.print(changed)
    if len(points) > SHOWN:
        rest = len(points) - SHOWN
        console.print(session.pick(f"另有 {rest} 个火点，见 --json", f"{rest} more fire points: see --json"))
    if same := len(data["points"]) - len(points):
        zh = f"另有 {same} 个火点只是理由不同，金额不变，见 --json"
        en = f"{same} fire points have another reason and the same amount: see --json"
        console.print(session.pick(zh, en))


def _moves(point: Mapping[str, Any]) -> bool:
    """Whether money or who pays it changes: what is left out for another reason costs what it did."""
    return bool(Decimal(point["delta"])) or point["payer_before"] != point["payer_after"]


def _dearest(point: Mapping[str, Any]) -> tuple[Decimal, str]:
    """Order by how much is at stake, the most first."""
    return -abs(Decimal(point["delta"])), point["fire_point_id"]


def _signed(amount: str) -> str:
    return grouped(amount) if amount.startswith("-") else f"+{grouped(amount)}"
