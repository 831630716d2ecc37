"""The main path on the command line: init, ingest, assess, rule, pending, rejected."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli.options import Evidence, FirstDay, LastDay, Unit

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator, Mapping

    from service.cli.session import Session
    from service.scope import Scope
    from service.store import Store

Paths = Annotated[list[Path], typer.Argument(help="Feed files or folders / 火点文件或目录")]


def register(app: typer.Typer) -> None:
    """Add the commands to the root."""
    app.command()(init)
    app.command()(ingest)
    app.command()(assess)
    app.command()(rule)
    app.command()(pending)
    app.command()(rejected)


def init(ctx: typer.Context) -> None:
    """Create or upgrade the store and load the built-in boundaries, register and regimes / 初始化."""
    session: Session = ctx.obj
    with session.reporting():
        from service.pipeline.init import initialise
        from service.store import open_store

        settings = session.settings
        store = open_store(settings.db, must_exist=False, archive=settings.archive)
        try:
            data = initialise(store, settings, actor=session.actor)
        finally:
            store.close()
    counties = next(one["units"] for one in data["boundaries"]["sets"] if one["level"] == "county")
    session.emit(
        "init",
        data,
        text=session.pick(
            f"存储就绪（结构 {data['schema']}）：{counties} 个县级单元，聚类参数 {data['clustering']}"
            + ("" if data["changed"] else "；没有变化"),
            f"store ready (schema {data['schema']}): {counties} county units, clustering {data['clustering']}"
            + ("" if data["changed"] else "; nothing changed"),
        ),
    )


def ingest(
    ctx: typer.Context,
    paths: Paths,
    feed: Annotated[str, typer.Option("--feed", help="auto, or the name of a variant")] = "auto",
    column_map: Annotated[
        str | None, typer.Option("--map", help="columns.yaml, or the name of a shipped map (ministry_list)")
    ] = None,
    dates: Annotated[
        str | None, typer.Option("--dates", help="mdy or dmy, where a file cannot settle it")
    ] = None,
    area: Annotated[str | None, typer.Option("--area", help="Unit code, or none to keep every row")] = None,
) -> None:
    """Read feed files into the store; the same bytes twice change nothing / 导入火点文件."""
    session: Session = ctx.obj
    with session.reporting():
        from service.pipeline.archive import open_archive
        from service.pipeline.ingest import Options
        from service.pipeline.ingest import ingest as run

        options = Options(
            feed=None if feed == "auto" else feed,
            columns=_column_map(column_map),
            dates=_dates(dates),
            area=area,
            buffer_km=session.settings.buffer_km,
        )
        actor = session.operator()
        with _file_progress(session) as progress:
            report = run(
                session.store(),
                open_archive(session.settings),
                paths,
                actor=actor,
                options=options,
                progress=progress,
            )
    data = report.as_dict()
    warnings = [
        f"{file['path']}: {file['refused']}: {session.pick(file['message_zh'], file['message_en'])}"
        for file in data["files"]
        if file["refused"]
    ]
    if count := data["totals"]["rejected"]:
        warnings.append(
            session.pick(
                f"拒收 {count} 行：用 huodian rejected -o FILE.csv 导出行号、列、值与原因",
                f"{count} rows rejected: huodian rejected -o FILE.csv exports line, column, value and reason",
            )
        )
    session.emit("ingest", data, text=lambda: _print_ingest(session, data), warnings=warnings)
    if report.refused:
        raise typer.Exit(1)


def _dates(text: str | None) -> str | None:
    from gis.errors import UsageError

    if text not in (None, "mdy", "dmy"):
        raise UsageError(
            "bad_dates",
            f"--dates 只能是 mdy 或 dmy，不是 {text!r}",
            f"--dates is mdy or dmy, not {text!r}",
            value=text,
        )
    return text


def _column_map(name: str | None) -> Any:
    if name is None:
        return None
    from gis.feeds import builtin_map, builtin_map_names, load_column_map

    if name in builtin_map_names():
        return builtin_map(name)
    from gis.errors import NotFoundError

    path = Path(name)
    if not path.is_file():
        raise NotFoundError(
            "no_such_map",
            f"没有列映射 {name}：既不是文件，也不是内置的 {'、'.join(builtin_map_names())}",
            f"no column map {name}: neither a file nor one of {', '.join(builtin_map_names())}",
            value=name,
        )
    return load_column_map(path.read_bytes())


@contextmanager
def _file_progress(session: Session) -> Iterator[Callable[[str, int, int], None]]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=session.console, transient=True) as bar:
        task = bar.add_task("", total=None)

        def update(label: str, number: int, total: int) -> None:
            bar.update(task, description=label, completed=number, total=total)

        yield update


def _print_ingest(session: Session, data: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(title=session.pick("导入结果", "Ingest"))
    words = {
        "path": ("文件", "file"),
        "feed": ("类型", "feed"),
        "read": ("读入", "read"),
        "accepted": ("接收", "accepted"),
        "duplicate": ("重复", "duplicate"),
        "outside": ("范围外", "outside"),
        "rejected": ("拒收", "rejected"),
        "superseded": ("替代旧行", "superseded"),
    }
    for name, (zh, en) in words.items():
        table.add_column(
            session.pick(zh, en), justify="left" if name in ("path", "feed") else "right", overflow="fold"
        )
    for file in data["files"]:
        told = (str(file[name] if file[name] is not None else file["refused"]) for name in words)
        table.add_row(*map(escape, told))
    totals = data["totals"]
    table.add_section()
    table.add_row(session.pick("合计", "total"), "", *(str(totals[name]) for name in list(words)[2:]))
    Console().print(table)


def assess(
    ctx: typer.Context,
    start: FirstDay = None,
    end: LastDay = None,
) -> None:
    """Make fire points of detections and attribute them; only what changed is done again / 评估与归属."""
    session: Session = ctx.obj
    with session.reporting():
        from service.pipeline.assess import assess as run

        first, last = _period(start, end)
        report = run(
            session.store(),
            actor=session.operator(),
            start=first,
            end=last,
            progress=lambda days: session.console.print(f"… {days}"),
        )
    data = report.as_dict()
    session.emit(
        "assess",
        data,
        text=session.pick(
            f"{report.days} 个火点日，重算 {len(report.redone)} 日：火点 {report.fire_points}（像元 {report.pixels}），"
            f"新增 {report.begun} 行，终止 {report.ended} 行" + ("；非正式数据" if report.informal else ""),
            f"{report.days} fire days, {len(report.redone)} done again: {report.fire_points} fire points "
            f"({report.pixels} pixels), {report.begun} rows begun, {report.ended} ended"
            + ("; not official" if report.informal else ""),
        ),
    )


def _period(start: str | None, end: str | None) -> tuple[dt.date | None, dt.date | None]:
    """Return the first and last fire day, refused when they stand the wrong way round."""
    from gis.errors import UsageError
    from service.cli.session import parse_date

    first, last = parse_date(start, "--from"), parse_date(end, "--to")
    if first is not None and last is not None and last < first:
        raise UsageError(
            "bad_period",
            f"--to {last} 早于 --from {first}：请核对起止日期",
            f"--to {last} is before --from {first}: check the dates",
            value=end,
        )
    return first, last


def rule(
    ctx: typer.Context,
    fire_point_id: Annotated[str | None, typer.Argument(help="Fire point / 火点编号")] = None,
    reason: Annotated[str | None, typer.Option("--reason", help="Why, in words / 理由")] = None,
    unit: Annotated[str | None, typer.Option("--unit", help="The accountable unit's code")] = None,
    zone: Annotated[str | None, typer.Option("--zone", help="The zone's code")] = None,
    screen: Annotated[str | None, typer.Option("--screen", help="counted, or a screening reason")] = None,
    duplicate_of: Annotated[
        str | None, typer.Option("--duplicate-of", help="The fire point this repeats")
    ] = None,
    order: Annotated[
        int | None, typer.Option("--order", min=1, help="Place among candidates of one minute / 同分钟排序")
    ] = None,
    exempt: Annotated[
        str | None, typer.Option("--exempt", help="Reason code of an exemption / 免责代码")
    ] = None,
    payer: Annotated[
        str | None, typer.Option("--payer", help="Code of the special payer / 特别付费单位代码")
    ] = None,
    distinct_from: Annotated[
        str | None, typer.Option("--distinct-from", help="A fire point that this one is not / 不是同一火点")
    ] = None,
    evidence: Evidence = None,
    file: Annotated[
        Path | None, typer.Option("--file", help="A CSV of rulings in place of one / 裁定表")
    ] = None,
) -> None:
    """Record a person's decision on a fire point, or a table of them, and apply it / 裁定."""
    session: Session = ctx.obj
    with session.reporting():
        from gis.errors import UsageError

        session.refuse_past()
        given = {
            "unit": unit,
            "zone": zone,
            "screen": screen,
            "duplicate": duplicate_of,
            "exempt": exempt,
            "payer": payer,
            "distinct": distinct_from,
            "order": None if order is None else str(order),
        }
        chosen = [(kind, value) for kind, value in given.items() if value is not None]
        _one_or_table(file, (fire_point_id, reason, evidence, *(value for _, value in chosen)))
        if file is None and len(chosen) != 1:
            raise UsageError(
                "one_ruling",
                "一次裁定一件事：--unit、--zone、--screen、--duplicate-of、--order、--exempt、--payer、"
                "--distinct-from 选一",
                "rule one thing at a time: --unit, --zone, --screen, --duplicate-of, --order, --exempt, --payer or "
                "--distinct-from",
            )
        if file is not None:
            from service.cli.rule_file import rule_file

            data, warnings = rule_file(session, *_ruler(session), file), []
        else:
            point, why = _given(fire_point_id, "FIRE_POINT_ID"), _given(reason, "--reason")
            data = _decide(session, point, *chosen[0], reason=why, evidence=evidence)
            warnings = _unknown(session, data)
    if file is not None:
        from service.cli.rule_file import emit_file

        emit_file(session, data)
        return
    session.emit("rule", data, text=_ruled(session, data), warnings=warnings)


def _ruled(session: Session, data: Mapping[str, Any]) -> str:
    """Say what was ruled: the kind, and a screen, in words."""
    from service.billing.explain_words import RULING_WORDS, pick, ruled

    kind = pick(RULING_WORDS, data["kind"], session.lang)
    value = ruled(data["kind"], data["value"], {}, session.lang)
    return session.pick(
        f"裁定 {data['ruling_id']} 已记录：{data['fire_point_id']} {kind} → {value}",
        f"ruling {data['ruling_id']} recorded: {data['fire_point_id']} {kind} → {value}",
    )


def _one_or_table(file: Path | None, single: tuple[Any, ...]) -> None:
    """Refuse a call that names both a table and one ruling, or neither."""
    if (file is not None) == any(value is not None for value in single):
        from gis.errors import UsageError

        raise UsageError(
            "one_or_table",
            "请给出一个火点编号及其裁定，或用 --file 给出裁定表，二者选一",
            "name one fire point with its ruling, or a table with --file: one of the two",
        )


def _ruler(session: Session) -> tuple[Store, str, Scope]:
    """Return store, actor and scope of whoever rules; a role that may not is refused before anything is archived."""
    from gis.errors import ForbiddenError
    from service.users import Permission, require

    store = session.store()
    with store.reader() as reader:
        scope = session.scope(reader)
    if not scope.everything and session.settings.token is not None:
        require(scope, Permission.RULE)
    if scope.role not in ("local", "admin", "province", "city"):
        raise ForbiddenError("may_not_rule", "该身份无权裁定", "this identity may not rule", value=scope.role)
    return store, session.actor if session.settings.token is None else scope.actor, scope


def _decide(
    session: Session, point: str, kind: str, value: str, *, reason: str, evidence: Path | None
) -> dict[str, Any]:
    """Record one ruling and assess its day again where it changes one."""
    import datetime as dt

    from service.pipeline.archive import open_archive
    from service.pipeline.assess import assess
    from service.pipeline.rulings import APPLIED_KINDS
    from service.pipeline.rulings import rule as decide

    store, actor, scope = _ruler(session)
    sha = open_archive(session.settings).put(_evidence(evidence)) if evidence else None
    data = decide(
        store,
        point,
        kind=kind,
        value=value,
        reason=reason,
        evidence_sha256=sha,
        actor=actor,
        scope=scope,
    )
    if kind in APPLIED_KINDS:
        day = dt.date.fromisoformat(data["fire_day"])
        assess(store, actor=session.actor, start=day, end=day)
    return data


def _given(value: str | None, option: str) -> str:
    if value is None:
        from gis.errors import UsageError

        raise UsageError("option_missing", f"缺少 {option}", f"{option} is missing", value=option)
    return value


def _unknown(session: Session, data: dict[str, Any]) -> list[str]:
    """Return a warning where a ruling names a zone or code that nothing loaded has: a slip, or not loaded yet."""
    from service.billing.known_codes import known_codes

    kind, value = data["kind"], data["value"]
    with session.store().reader() as reader:
        if known_codes(reader).has(kind, value):
            return []
    if kind == "zone":
        return [
            session.pick(
                f"已载入的区划图层中没有代码 {value}：请核对，或改判",
                f"no zone layer loaded has the code {value}: check it, or rule again",
            )
        ]
    return [
        session.pick(
            f"已载入的规则中没有代码 {value}，此裁定不影响金额：请核对（huodian rulebooks show ID），或改判",
            f"no loaded rulebook has the code {value}, so this ruling moves no money: check it (huodian rulebooks show "
            "ID), or rule again",
        )
    ]


def _evidence(path: Path) -> bytes:
    from gis.errors import NotFoundError

    if not path.is_file():
        raise NotFoundError(
            "no_such_file",
            f"找不到证据文件 {path}：请核对路径",
            f"no such evidence file {path}: check the path",
            value=str(path),
        )
    return path.read_bytes()


def pending(
    ctx: typer.Context,
    unit: Unit = None,
    start: FirstDay = None,
    end: LastDay = None,
) -> None:
    """List what waits for a person's decision / 待裁定事项."""
    session: Session = ctx.obj
    with session.reporting():
        from service.billing.pending_money import queue as run
        from service.cli.session import parse_date

        with session.store().reader(session.as_of) as reader:
            cases = run(
                reader,
                session.scope(reader),
                unit=unit,
                start=parse_date(start, "--from"),
                end=parse_date(end, "--to"),
            )
    session.emit("pending", [case.as_dict() for case in cases], text=lambda: _print_pending(session, cases))


def _print_pending(session: Session, cases: list[Any]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from service.cli.charge import grouped

    table = Table(title=session.pick(f"待裁定 {len(cases)} 件", f"{len(cases)} cases pending"))
    table.add_column(session.pick("火点", "fire point"), no_wrap=True)
    table.add_column(session.pick("事由", "what"), overflow="fold")
    table.add_column(session.pick("期限", "due"), no_wrap=True)
    table.add_column(session.pick("涉及金额（元）", "yuan at stake"), justify="right", min_width=14)
    for case in cases:
        share = "" if case.county_share is None else f"{case.county_share:.0%}"
        where = " ".join(part for part in (case.fire_day, case.county, share) if part)
        table.add_row(
            f"{case.fire_point_id}\n{escape(where)}",
            escape(session.pick(case.zh, case.en)),
            (case.due or "")[:16].replace("T", "\n"),
            grouped(case.at_stake) if case.at_stake else "",
        )
    console = Console()
    console.print(table)
    settled = {case.what: (session.pick(case.zh, case.en), case.settled_by) for case in cases}
    for _, (said, command) in sorted(settled.items()):
        colon = session.pick("：", ": ")
        console.print(f"{said}{colon}{command}", markup=False, highlight=False, soft_wrap=True)


def rejected(
    ctx: typer.Context,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="CSV file; stdout without")] = None,
) -> None:
    """Export quarantined rows with file, line, column, value and reason / 导出拒收行."""
    session: Session = ctx.obj
    with session.reporting():
        from service.pipeline.quarantine import rejected_csv, rejected_rows

        with session.store().reader(session.as_of) as reader:
            rows = rejected_rows(reader, session.scope(reader))
    if output is not None:
        output.write_bytes(rejected_csv(rows))
    session.emit(
        "rejected",
        rows,
        text=session.pick(f"拒收 {len(rows)} 行", f"{len(rows)} rejected rows")
        if output is not None
        else rejected_csv(rows).decode("utf-8-sig"),
    )
