"""``huodian firelist``: the day's list on screen, in a file, or frozen as an issue."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.options import Unit

if TYPE_CHECKING:
    import datetime as dt

    from service.cli.session import Session
    from service.reports.model import FireList

_NOT_FOR_TERMINALS = frozenset({"xlsx", "kml"})


def register(app: typer.Typer) -> None:
    """Add the command to the root."""
    app.command()(firelist)


def firelist(
    ctx: typer.Context,
    date: Annotated[str | None, typer.Option("--date", help="Fire day, default today / 火点日")] = None,
    unit: Unit = None,
    since: Annotated[
        int | None, typer.Option("--since", min=1, help="Mark changes since issue N / 与第N期比较")
    ] = None,
    publish: Annotated[
        bool, typer.Option("--publish", help="Freeze as the unit's next issue / 发布为下一期")
    ] = False,
    form: Annotated[str | None, typer.Option("--format", help="csv, json, geojson, kml or xlsx")] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="File; its suffix names the format / 输出文件")
    ] = None,
) -> None:
    """Print, write or publish the fire list of a day, in patrol order / 火点清单."""
    session: Session = ctx.obj
    warnings: list[str] = []
    with session.reporting():
        form = _format(session, form, output)
        day = fire_day_of(session, date)
        if publish:
            made = _publish(session, day, unit, since, warnings)
        else:
            from service.reports.build import build

            with session.store().reader(session.as_of) as reader:
                made = build(reader, session.scope(reader), day, unit=unit, since=since)
        if form is not None:
            _write(session, made, form, output)
    if session.json or form is None:
        from service.reports.tables import warnings as said

        session.emit(
            "firelist",
            made.as_dict(),
            text=lambda: _print(session, made),
            warnings=_all(warnings, said(made)),
        )
    else:
        for line in warnings:
            typer.echo(f"! {line}", err=True)


def fire_day_of(session: Session, date: str | None) -> dt.date:
    """Return the fire day an option names, today's in Beijing by default."""
    from service.cli.session import parse_date

    day = parse_date(date, "--date")
    if day is not None:
        return day
    import datetime as dt

    from gis.times import fire_day

    return fire_day(dt.datetime.now(dt.UTC), session.settings.cut)


def _all(first: list[str], then: list[str]) -> list[str]:
    return [*first, *then]


def _format(session: Session, form: str | None, output: Path | None) -> str | None:
    """Return the format to write: the one named, else the file's, else none (a table on the screen)."""
    from gis.errors import UsageError
    from service.reports.render import FORMATS

    if form is None and output is not None:
        suffix = output.suffix.lstrip(".").lower()
        form = suffix or "csv"
    if form is not None and form not in FORMATS:
        raise UsageError(
            "unknown_format",
            f"没有格式 {form!r}：可选 {'、'.join(FORMATS)}",
            f"there is no format {form!r}: choose one of {', '.join(FORMATS)}",
            value=form,
        )
    if form is not None and output is None and session.json:
        if form == "json":
            return None
        raise UsageError(
            "two_documents",
            f"--json 与 --format {form} 都要写到标准输出：请用 -o 指定文件",
            f"--json and --format {form} both want stdout: name a file with -o",
            value=form,
        )
    return form


def _publish(
    session: Session, day: dt.date, unit: str | None, since: int | None, warnings: list[str]
) -> FireList:
    from gis.errors import UsageError
    from service.reports.publish import publish

    if session.as_of is not None:
        raise UsageError(
            "publish_as_of",
            "--publish 只能发布当前所知，不能与 --as-of 同用",
            "--publish freezes what is known now and cannot go with --as-of",
        )
    store = session.store()
    with store.reader() as reader:
        scope = session.scope(reader)
    # The local operator is named by the machine's account, a token's reader by its own name.
    published = publish(store, scope, day, actor=scope.actor, unit=unit, since=since)
    number = published.fire_list.issue
    if published.unchanged:
        warnings.append(
            session.pick(
                f"内容与第 {number} 期相同，未发布新一期", f"identical with issue {number}: no new issue"
            )
        )
    elif not session.json:
        session.console.print(
            session.pick(f"已发布第 {number} 期", f"published issue {number}"),
            f"SHA-256 {published.fire_list.sha256}",
            highlight=False,
        )
    return published.fire_list


def _write(session: Session, made: FireList, form: str, output: Path | None) -> None:
    from service.cli.output import write_atomically, write_to_stdout
    from service.reports.render import render

    rendered = render(made, form)
    if output is None:
        write_to_stdout(rendered.data, binary=form in _NOT_FOR_TERMINALS, form=form)
        return
    # What stands beside comes first: whoever sees the list finds the rest.
    beside = {output.with_suffix(suffix): data for suffix, data in rendered.beside.items()}
    write_atomically({**beside, output: rendered.data})
    counts = made.counts
    session.console.print(
        session.pick(
            f"{output}：列入 {counts['listed']} 个火点（像元 {counts['listed_pixels']}）",
            f"{output}: {counts['listed']} fire points listed ({counts['listed_pixels']} pixels)",
        ),
        highlight=False,
        markup=False,
    )


def _print(session: Session, made: FireList) -> None:
    from rich.console import Console

    from service.reports import words
    from service.reports.tables import terminal_table

    console = Console()
    console.print(terminal_table(made))
    for said in (words.interval_line(made), words.feeds_line(made)):
        console.print(session.pick(said.zh, said.en), highlight=False, markup=False)
