"""``huodian explain``: the whole story of a fire point on a page, and its evidence in one file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli.charge import instant
from service.cli.options import At, Book

if TYPE_CHECKING:
    from collections.abc import Mapping

    from service.cli.session import Session


def register(app: typer.Typer) -> None:
    """Add the command to the root."""
    app.command()(explain)


def explain(
    ctx: typer.Context,
    fire_point_id: str,
    season: Annotated[str | None, typer.Option("--season", help="Money of this season only / 考核季")] = None,
    rulebook: Book = None,
    at: At = None,
    bundle: Annotated[
        Path | None, typer.Option("--bundle", help="Also pack the evidence into this ZIP file / 打包证据")
    ] = None,
) -> None:
    """Tell where a fire point comes from, whose it is, what people found, what it costs and why / 说明一个火点."""
    session: Session = ctx.obj
    with session.reporting():
        from service.billing.bundle import bundle as packed
        from service.billing.explain import explain as told
        from service.billing.explain import read_at
        from service.pipeline.archive import open_archive

        missing: list[Mapping[str, Any]] = []
        moment = instant(at)
        with session.store().reader(session.as_of) as reader:
            scope = session.scope(reader)
            options: dict[str, Any] = {
                "season": season,
                "rulebook": rulebook,
                "at": read_at(reader, session.as_of, moment),
            }
            if bundle is None:
                data = told(reader, scope, fire_point_id, **options)
            else:
                made = packed(reader, scope, fire_point_id, open_archive(session.settings), **options)
                data, missing = dict(made.story), list(made.missing)
        if bundle is not None:
            from service.cli.output import write_atomically

            write_atomically({bundle: made.data})
            data = {**data, "bundle": {"members": dict(made.members), "missing": missing}}
        session.emit(
            "explain", data, text=lambda: _print(session, data), warnings=_warnings(session, missing)
        )


def _warnings(session: Session, missing: list[Mapping[str, Any]]) -> list[str]:
    return [
        session.pick(
            f"证据包缺原始行 {one['file']} 第 {one['line']} 行：{one['zh']}",
            f"the bundle lacks the raw row of {one['file']} line {one['line']}: {one['en']}",
        )
        for one in missing
    ]


def _print(session: Session, data: Mapping[str, Any]) -> None:
    from service.billing.explain_page import heading, page, sections

    if not sys.stdout.isatty():
        typer.echo(page(data, session.lang), nl=False)
        return
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    console = Console(highlight=False)
    console.print(Text(heading(data, session.lang), style="bold"))
    for section in sections(data, session.lang):
        console.print()
        console.print(Text(section.title, style="bold cyan"))
        for line in section.lines:
            indent = len(line) - len(line.lstrip(" "))
            console.print(Padding(Text(line.lstrip(" ")), (0, 0, 0, 2 + indent)))
