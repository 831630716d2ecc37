"""``huodian load units|grid|zones|plans|periods|regimes|duties|indicators|heat-sources FILE``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli.groups import load_app
from service.cli.options import Status

if TYPE_CHECKING:
    from service.cli.session import Session

Files = Annotated[list[Path], typer.Argument(help="Code lists (CSV), register files (YAML), or folders")]
OneFile = Annotated[Path, typer.Argument(help="The file / 文件")]
Datum = Annotated[
    str | None, typer.Option("--datum", "--crs", help="cgcs2000, wgs84, gcj02, ... or EPSG:nnnn")
]
From = Annotated[str | None, typer.Option("--valid-from", help="First day, 2023-10-01")]
To = Annotated[str | None, typer.Option("--valid-to", help="Last day, included")]
Source = Annotated[
    str | None, typer.Option("--source", help="Where the figures come from, for rows that do not say / 来源")
]
Accuracy = Annotated[float, typer.Option("--accuracy", help="Positional accuracy in metres")]


def register(app: typer.Typer) -> None:
    """Add the commands to the ``load`` group."""
    del app  # they live in the group that the root already has
    for name, command in _COMMANDS.items():
        load_app.command(name)(command)


def units(ctx: typer.Context, files: Files) -> None:
    """Load code lists of any vintage and register files; prints where the lists disagree / 加载代码表."""
    session: Session = ctx.obj
    with session.reporting():
        from service.pipeline.archive import open_archive
        from service.pipeline.load_units import load_units

        store = session.store()
        data = load_units(store, files, archive=open_archive(session.settings), actor=session.operator())
    session.emit("load.units", data, text=_units_text(session, data), warnings=_units_warnings(session, data))


def grid(
    ctx: typer.Context,
    file: OneFile,
    name: Annotated[str, typer.Option("--name", "--set", help="Name of the grid set")] = "grid",
    status: Status = "sample",
    datum: Datum = None,
    valid_from: From = None,
    valid_to: To = None,
    accuracy: Accuracy = 0.0,
) -> None:
    """Load a version of the five-level grid, CSV, GeoJSON or GeoParquet / 加载网格."""
    session: Session = ctx.obj
    with session.reporting():
        from service.cli.session import parse_date
        from service.pipeline.load_grid import load_grid_file

        data = load_grid_file(
            session.store(),
            _bytes(file),
            file=file.name,
            name=name,
            status=_status(status),
            datum=datum,
            valid_from=parse_date(valid_from, "--valid-from"),
            valid_to=parse_date(valid_to, "--valid-to"),
            accuracy_m=accuracy,
            actor=session.operator(),
        )
    from service.reports.words import LEVEL_WORDS

    warnings = [f"{item['kind']} {item['code']}: {item['detail']}" for item in data["findings"][:50]]
    warnings += [
        session.pick(
            f"{item['county']} 有 {item['uncovered_km2']} 平方公里、{len(item['blind_points'])} 个火点"
            f"不在任何{LEVEL_WORDS[item['level']].zh}级网格内",
            f"{item['county']}: {item['uncovered_km2']} km2 and {len(item['blind_points'])} fire points lie in no "
            f"{item['level']} cell",
        )
        for item in data["coverage"][:50]
        if item["uncovered_km2"] >= 1 or item["blind_points"]
    ]
    zh = f"网格 {data['set']} 第 {data['version']} 版，{data['cells']} 个网格，{data['with_geometry']} 个有边界"
    en = f"grid {data['set']} version {data['version']}: {data['cells']} cells, {data['with_geometry']} with geometry"
    _answer(session, "load.grid", data, zh, en, warnings)


def zones(
    ctx: typer.Context,
    file: OneFile,
    name: Annotated[str, typer.Option("--name", "--set", help="Name of the zone set")] = "zones",
    status: Status = "sample",
    kind: Annotated[
        str | None, typer.Option("--kind", help="ban|restricted|belt_1km|forest_edge|other, 禁烧区, ...")
    ] = None,
    width: Annotated[
        float | None,
        typer.Option("--width", help="Draw a belt this many metres to each side of the features"),
    ] = None,
    edge: Annotated[bool, typer.Option("--edge", help="With --width: along the edge of areas only")] = False,
    datum: Datum = None,
    valid_from: From = None,
    valid_to: To = None,
    accuracy: Accuracy = 0.0,
) -> None:
    """Load a version of a zone layer: polygons, township lists, or belts / 加载禁烧区、限烧区、缓冲带."""
    session: Session = ctx.obj
    with session.reporting():
        from service.cli.session import parse_date
        from service.pipeline.load_zones import load_zone_file

        data = load_zone_file(
            session.store(),
            _bytes(file),
            file=file.name,
            name=name,
            status=_status(status),
            kind=kind,
            width_m=width,
            edge=edge,
            datum=datum,
            valid_from=parse_date(valid_from, "--valid-from"),
            valid_to=parse_date(valid_to, "--valid-to"),
            accuracy_m=accuracy,
            actor=session.operator(),
        )
    zh = f"区划图层 {data['set']} 第 {data['version']} 版，{data['zones']} 个区"
    en = f"zone set {data['set']} version {data['version']}: {data['zones']} zones"
    _answer(session, "load.zones", data, zh, en, _unknown(session, data["unknown_units"]))


def plans(ctx: typer.Context, file: OneFile, status: Status = "sample", datum: Datum = None) -> None:
    """Load planned burns; one inside a special period is refused / 加载计划烧除."""
    session: Session = ctx.obj
    with session.reporting():
        from service.pipeline.load_plans import load_plan_file

        data = load_plan_file(
            session.store(),
            _bytes(file),
            name=file.name,
            status=_status(status),
            datum=datum,
            actor=session.operator(),
        )
    zh = f"计划烧除 {data['plans']} 项，新写入 {data['written']} 项"
    en = f"{data['plans']} planned burns, {data['written']} written"
    _answer(session, "load.plans", data, zh, en, _unknown(session, data["unknown_units"]))


def periods(ctx: typer.Context, file: OneFile, status: Status = "sample") -> None:
    """Load special periods (Spring Festival, 两会) / 加载特殊时段."""
    session: Session = ctx.obj
    with session.reporting():
        from service.pipeline.load_periods import load_period_file

        data = load_period_file(
            session.store(), _bytes(file), name=file.name, status=_status(status), actor=session.operator()
        )
    zh = f"特殊时段 {data['periods']} 个，新写入 {data['written']} 个"
    en = f"{data['periods']} special periods, {data['written']} written"
    warnings = [
        session.pick(
            f"计划 {item['plan']} 落在特殊时段“{item['period']}”内，请改期或取消",
            f"plan {item['plan']} lies in the special period {item['period']}: move or cancel it",
        )
        for item in data["plans_inside"]
    ]
    _answer(session, "load.periods", data, zh, en, warnings)


def regimes(ctx: typer.Context, file: OneFile) -> None:
    """Load regime rules (YAML) / 加载管控规定."""
    session: Session = ctx.obj
    with session.reporting():
        from service.pipeline.load_periods import load_regime_file

        data = load_regime_file(session.store(), _bytes(file), name=file.name, actor=session.operator())
    zh = f"管控规定 {data['rules']} 条，新写入 {data['written']} 条"
    en = f"{data['rules']} regime rules, {data['written']} written"
    _answer(session, "load.regimes", data, zh, en, [])


def duties(ctx: typer.Context, file: OneFile) -> None:
    """Load duty-holders by role (CSV); the file speaks for the cells it names / 加载责任人."""
    session: Session = ctx.obj
    with session.reporting():
        from service.pipeline.load_duties import load_duty_file

        data = load_duty_file(session.store(), _bytes(file), name=file.name, actor=session.operator())
    zh = f"责任人 {data['duties']} 人次，新增 {data['added']}，撤销 {data['withdrawn']}"
    en = f"{data['duties']} duties, {data['added']} added, {data['withdrawn']} withdrawn"
    _answer(session, "load.duties", data, zh, en, _unknown(session, data["unknown_targets"], cells=True))


def indicators(ctx: typer.Context, file: OneFile, status: Status = "sample", source: Source = None) -> None:
    """Load figures of units: cropland, award money; good rows are kept, wrong ones named / 加载指标."""
    session: Session = ctx.obj
    with session.reporting():
        from service.pipeline.load_indicators import load_indicator_file

        data = load_indicator_file(
            session.store(),
            _bytes(file),
            file=file.name,
            status=_status(status),
            source=source,
            actor=session.operator(),
        )
    _answer_rows(session, "load.indicators", data, "指标", "indicators")


def heat_sources(
    ctx: typer.Context,
    file: OneFile,
    status: Status = "sample",
    datum: Datum = None,
    source: Source = None,
    radius: Annotated[
        float | None, typer.Option("--radius", help="Metres, for rows that do not say theirs")
    ] = None,
) -> None:
    """Load fixed heat sources with the radius each explains / 加载固定热源."""
    session: Session = ctx.obj
    with session.reporting():
        from service.pipeline.load_heat_sources import load_heat_source_file

        data = load_heat_source_file(
            session.store(),
            _bytes(file),
            file=file.name,
            datum=datum,
            status=_status(status),
            source=source,
            radius_m=radius,
            actor=session.operator(),
        )
    _answer_rows(session, "load.heat-sources", data, "固定热源", "heat sources")


def _answer_rows(session: Session, schema: str, data: dict[str, Any], zh: str, en: str) -> None:
    """Answer for a table whose good rows are kept; one without a good row is a refusal."""
    warnings = _unknown(session, data.get("unknown_units", []))
    warnings += [
        session.pick(
            f"第 {one['line']} 行 {one['column']}“{one['value']}”：{one['zh']}",
            f"line {one['line']}, {one['column']} {one['value']!r}: {one['en']}",
        )
        for one in data["problems"][:50]
    ]
    zh = f"{zh}：读入 {data['read']} 行，接收 {data['accepted']}，重复 {data['repeated']}，拒收 {data['rejected']}"
    en = (
        f"{en}: {data['read']} rows read, {data['accepted']} accepted, {data['repeated']} repeated, "
        f"{data['rejected']} rejected"
    )
    _answer(session, schema, data, zh, en, warnings)
    if data["rejected"] and data["rejected"] == data["read"]:
        raise typer.Exit(1)


_COMMANDS: dict[str, Callable[..., None]] = {
    "units": units,
    "grid": grid,
    "zones": zones,
    "plans": plans,
    "periods": periods,
    "regimes": regimes,
    "duties": duties,
    "indicators": indicators,
    "heat-sources": heat_sources,
}


def _answer(
    session: Session, schema: str, data: dict[str, Any], zh: str, en: str, warnings: list[str]
) -> None:
    if data["unchanged"]:
        zh, en = f"{zh}（内容未变，未写入）", f"{en} (unchanged, nothing written)"
    session.emit(schema, data, text=session.pick(zh, en), warnings=warnings)


def _bytes(path: Path) -> bytes:
    from gis.errors import RefusedInputError

    if not path.is_file():
        raise RefusedInputError(
            "no_file",
            f"没有文件 {path}（不存在，或是目录）。请核对路径。",
            f"There is no file {path} (missing, or a folder). Check the path.",
            file=path.name,
        )
    return path.read_bytes()


def _status(word: str) -> str:
    from gis.errors import UsageError
    from gis.types import DataStatus

    if word not in set(DataStatus):
        known = ", ".join(DataStatus)
        raise UsageError(
            "bad_status",
            f"--status {word!r} 不是 {known} 之一",
            f"--status {word!r} is not one of {known}",
            value=word,
        )
    return word


def _unknown(session: Session, codes: list[str], *, cells: bool = False) -> list[str]:
    """Return a warning about codes that neither the register knows nor, where `cells` may be meant, the grid."""
    if not codes:
        return []
    shown = ", ".join(codes[:10]) + (" ..." if len(codes) > 10 else "")
    return [
        session.pick(
            f"{len(codes)} 个代码不在登记册中{'，也不是网格代码' if cells else ''}：{shown}",
            f"{len(codes)} codes are in {'neither register nor grid' if cells else 'no register entry'}: {shown}",
        )
    ]


def _units_text(session: Session, data: dict[str, Any]) -> str:
    counts = data["units"]
    head = session.pick(
        f"单位登记册：新增 {counts['added']}，变更 {counts['changed']}，撤销 {counts['withdrawn']}，"
        f"未变 {counts['same']}",
        f"unit register: {counts['added']} added, {counts['changed']} changed, {counts['withdrawn']} withdrawn, "
        f"{counts['same']} unchanged",
    )
    rosters = [
        session.pick(
            f"{r['purpose']} {r['level']} {r['date']}：{r['units']} 个单位，"
            f"{'合计为全省一次' if r['adds_up'] else '不能合计为全省'}",
            f"{r['purpose']} {r['level']} {r['date']}: {r['units']} units, "
            f"{'add up to the province once' if r['adds_up'] else 'do NOT add up to the province'}",
        )
        for r in data["rosters"]
    ]
    return "\n".join([head, *rosters, *data["disagreement"]["lines"]])


def _units_warnings(session: Session, data: dict[str, Any]) -> list[str]:
    found = [session.pick(item["zh"], item["en"]) for item in data["skipped"]]
    found += [f"{d['about']}: {d['said']} / {d['against']}" for d in data["disputes"]]
    if data["lost"]:
        found.append(
            session.pick(
                f"{len(data['lost'])} 条记录没有归处（见 --json 的 lost），例：{data['lost'][0]}",
                f"{len(data['lost'])} records found no place (see lost in --json), such as: {data['lost'][0]}",
            )
        )
    found += [f"{p['list']} {p['vintage']} {p['line']}: {p['reason']}" for p in data["problems"][:20]]
    return found
