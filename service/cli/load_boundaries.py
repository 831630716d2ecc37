"""``huodian load boundaries``, ``huodian boundaries use``, ``huodian boundaries list``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli.groups import boundaries_app, load_app
from service.cli.options import Status
from service.cli.words import status_word

if TYPE_CHECKING:
    from service.cli.session import Session

Sources = Annotated[list[str], typer.Argument(help="builtin, or files and folders (one file per county too)")]


def register(app: typer.Typer) -> None:
    """Add the commands to the ``load`` and ``boundaries`` groups."""
    del app  # they live in groups that the root already has
    load_app.command("boundaries")(load)
    boundaries_app.command("use")(use)
    boundaries_app.command("list")(list_sets)


def load(
    ctx: typer.Context,
    source: Sources,
    name: Annotated[
        str | None, typer.Option("--set", "--name", help="Name of the set; the file's by default")
    ] = None,
    level: Annotated[
        str, typer.Option("--level", help="province|city|county|township|village|hamlet")
    ] = "county",
    crs: Annotated[str | None, typer.Option("--crs", help="EPSG:4490, EPSG:4530, ...")] = None,
    datum: Annotated[
        str | None, typer.Option("--datum", help="wgs84, cgcs2000, gcj02, bd09, beijing54, ...")
    ] = None,
    encoding: Annotated[str | None, typer.Option("--encoding", help="UTF-8 or GB18030")] = None,
    code_field: Annotated[str | None, typer.Option("--code-field")] = None,
    name_field: Annotated[str | None, typer.Option("--name-field")] = None,
    parent_field: Annotated[str | None, typer.Option("--parent-field")] = None,
    layer: Annotated[str | None, typer.Option("--layer", help="Table of a GeoPackage")] = None,
    accuracy: Annotated[
        float | None, typer.Option("--accuracy", min=0, help="Positional accuracy in metres")
    ] = None,
    status: Status = "reference",
    origin: Annotated[str, typer.Option("--source", help="Attribution")] = "",
    valid_from: Annotated[str | None, typer.Option("--valid-from", help="First day, 2024-01-01")] = None,
    preview: Annotated[bool, typer.Option("--dry-run", help="Report only; nothing is written")] = False,
    replace_units: Annotated[
        bool, typer.Option("--replace", help="The files replace units of the set")
    ] = False,
    accepted_by: Annotated[str, typer.Option("--accept-repairs-by", help="Who accepts the repairs")] = "",
) -> None:
    """Load a boundary set: builtin, or GeoJSON, shapefile, GeoPackage, KML / 加载界线."""
    session: Session = ctx.obj
    with session.reporting():
        from service.cli.load_tables import _status
        from service.cli.session import parse_date
        from service.pipeline.load_boundaries import level_named

        if source == ["builtin"] and preview:
            from gis.errors import UsageError

            raise UsageError(
                "builtin_dry_run",
                "内置界线没有试运行：去掉 --dry-run 载入，或给出文件",
                "the built-in sets have no dry run: drop --dry-run, or give files",
            )
        if source == ["builtin"]:
            data = _builtin(session)
        else:
            from gis import gdal_env

            gdal_env.restrict()
            data = _files(
                session,
                source,
                {
                    "name": name or Path(source[0]).name.split(".")[0],
                    "level": level_named(level),
                    "crs": crs,
                    "datum": datum,
                    "encoding": encoding,
                    "code_field": code_field,
                    "name_field": name_field,
                    "parent_field": parent_field,
                    "layer": layer,
                    "accuracy_m": accuracy,
                    "status": _status(status),
                    "origin": origin,
                    "valid_from": parse_date(valid_from, "--valid-from"),
                },
                preview=preview,
                replace_units=replace_units,
                repairs_accepted_by=accepted_by,
            )
    session.emit("load.boundaries", data, text=_text(session, data), warnings=_warnings(session, data))


def use(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="SET")],
    level: Annotated[str, typer.Option("--level")],
    from_date: Annotated[str, typer.Option("--from", help="First day in force, 2024-01-01")],
    version: Annotated[int | None, typer.Option("--set-version", help="The newest by default")] = None,
    partial: Annotated[bool, typer.Option("--partial", help="Accept that units lose their ground")] = False,
) -> None:
    """Put a loaded set in force for its level from a date / 启用界线."""
    session: Session = ctx.obj
    with session.reporting():
        from service.cli.session import parse_date
        from service.pipeline.load_boundaries import level_named, use_boundaries

        day = parse_date(from_date, "--from")
        assert day is not None  # noqa: S101 - the option is required
        data = use_boundaries(
            session.store(),
            name,
            level=level_named(level),
            from_date=day,
            version=version,
            partial=partial,
            settings=session.settings,
            actor=session.operator(),
        )
    zh = f"{data['level']} 级自 {data['from']} 起用界线 {name} 第 {data['version']} 版"
    en = f"{data['level']}: {name} version {data['version']} in force from {data['from']}"
    if data["unchanged"]:
        zh, en = f"{zh}（已在用，未写入）", f"{en} (already, nothing written)"
    names = "、".join(f"{one['name']} {one['code']}" for one in data["missing"][:10])
    count = len(data["missing"])
    lost = session.pick(
        f"此前使用的界线中有 {count} 个单元不在这一版里，其火点将没有单元：{names}",
        f"{count} units of the set in force so far are not in this one; fires there get no unit: {names}",
    )
    session.emit("boundaries.use", data, text=session.pick(zh, en), warnings=[lost] if count else [])


def list_sets(ctx: typer.Context) -> None:
    """List loaded sets, their versions and since when they are in force / 列出界线."""
    session: Session = ctx.obj
    with session.reporting():
        from service.pipeline.load_boundaries import list_boundaries

        with session.store().reader(session.as_of) as reader:
            rows = list_boundaries(reader)
    lines = [
        f"{row['level']:<10} {row['set']} v{row['version']} {status_word(session, row['status'])} "
        f"{row['accuracy_m']:g} m {'、'.join(row['in_force_from']) or '-'} {row['content_hash'][:12]}"
        for row in rows
    ]
    session.emit("boundaries.list", {"sets": rows}, text="\n".join(lines))


def _builtin(session: Session) -> dict[str, Any]:
    """Load the built-in sets and put them in force."""
    from service.pipeline.init import load_builtin

    return load_builtin(session.store(), session.settings, actor=session.operator())


def _files(session: Session, source: list[str], said: dict[str, Any], **how: Any) -> dict[str, Any]:
    """Load files under what the command says about them."""
    from boundaries.sniff import local_path
    from service.pipeline.archive import open_archive
    from service.pipeline.load_boundaries import Declaration, load_boundary_files

    store = session.store()
    # A trial writes nothing and counts the reader's own points only.
    actor = session.actor if how.get("preview") else session.operator()
    with store.reader() as reader:
        scope = session.scope(reader)
    return load_boundary_files(
        store,
        [local_path(each) for each in source],
        declared=Declaration(**said),
        settings=session.settings,
        actor=actor,
        scope=scope,
        archive=open_archive(session.settings),
        **how,
    )


def _text(session: Session, data: dict[str, Any]) -> str:
    """Return the report in some lines."""
    from gis.reasons import ring_reason
    from service.billing.explain_words import LAYER_WORDS, pick

    if "sets" in data:
        return "\n".join(
            session.pick(
                f"{pick(LAYER_WORDS, one['level'], 'zh')}：{one['set']} 第 {one['version']} 版，{one['units']} 个单元"
                f"（{status_word(session, one['status'])}）"
                f"{'，内容未变' if one['unchanged'] else ''}",
                f"{one['level']}: {one['set']} version {one['version']}, {one['units']} units ({one['status']})"
                f"{', unchanged' if one['unchanged'] else ''}",
            )
            for one in data["sets"]
        )
    lines = [
        _line(session, data),
        *(
            session.pick(
                f"  {zh}：{data[key]['count']} 处，{data[key]['area_m2'] / 1e6:.3f} 平方公里（细缝 "
                f"{data[key]['slivers']} 处）",
                f"  {key}: {data[key]['count']}, {data[key]['area_m2'] / 1e6:.3f} km2 ({data[key]['slivers']} slivers)",
            )
            for key, zh in (("gaps", "空隙"), ("overlaps", "重叠"), ("escapes", "超出上级"))
        ),
    ]
    lines += [
        session.pick(
            f"  {ring_reason(item['detail'])[1]}：{'、'.join(item['units'])} 东经 {item['lon']}° 北纬 {item['lat']}°",
            f"  {item['detail']}: {', '.join(item['units'])} {item['lon']}, {item['lat']}",
        )
        for item in data["invalid"]["listed"]
    ]
    lines += [f"  - {session.pick(one['zh'], one['en'])}" for one in data["repairs"]]
    return "\n".join([*lines, *_shift_and_moves(session, data), _outcome(session, data)])


def _line(session: Session, data: dict[str, Any]) -> str:
    """Return the line about units."""
    counts = (len(data["matched"]), data["renamed"], len(data["unmatched"]), len(data["missing"]))
    return session.pick(
        "单元：对上 {} 个（其中改名 {} 个），未对上 {} 个，缺 {} 个".format(*counts),
        "units: {} matched ({} renamed), {} unmatched, {} missing".format(*counts),
    )


VERDICT_ZH = {
    "agrees": "相符",
    "wrong_datum": "坐标系声明有误",
    "shifted": "整体偏移",
    "misplaced": "位置不符",
    "not_comparable": "无法比较",
}
BLOCKING = {
    "wrong_datum": (
        "坐标系声明有误，请改 --datum 或 --crs",
        "the declared datum is wrong: change --datum or --crs",
    ),
    "misplaced": (
        "不在其代码所说的位置，请核对代码和坐标",
        "not where its codes say: check codes and coordinates",
    ),
    "uncoded_units": (
        "有单元没有代码，请补代码或用 --code-field",
        "units without a code: add it, or name --code-field",
    ),
    "repairs": (
        "修复须有人确认，请加 --accept-repairs-by 姓名",
        "repairs need consent: --accept-repairs-by NAME",
    ),
}


def _shift_and_moves(session: Session, data: dict[str, Any]) -> list[str]:
    """Return the lines about the datum and about fire points."""
    lines = []
    shift = data["shift"]
    if shift and shift["median_m"] is not None:
        lines.append(
            session.pick(
                f"  与 {shift['reference']} 相比：移动（东 {shift['east_m']:.0f}，北 {shift['north_m']:.0f}）米重合，"
                f"边界中位距离 {shift['median_m']:.0f} 米（{VERDICT_ZH[shift['verdict']]}）",
                f"  against {shift['reference']}: a move of (east {shift['east_m']:.0f}, north {shift['north_m']:.0f}) "
                "m, "
                f"median border distance {shift['median_m']:.0f} m ({shift['verdict']})",
            )
        )
    if data["moves"]:
        moved, points = data["moves"]["moved"], data["moves"]["points"]
        lines.append(
            session.pick(
                f"  {points} 个火点中有 {moved} 个换单元", f"  {moved} of {points} fire points change unit"
            )
        )
    return lines


def _outcome(session: Session, data: dict[str, Any]) -> str:
    """Return the last line: what was written, or what stands in the way."""
    from service.billing.explain_words import LAYER_WORDS, pick

    loaded = data["loaded"]
    if loaded is None:
        in_zh, in_en = (
            sep.join(BLOCKING[word][at] for word in data["blocking"]) for at, sep in ((0, "；"), (1, "; "))
        )
        zh = f"仅试运行，未写入。{f'妨碍载入：{in_zh}' if in_zh else '可以载入。'}"
        en = f"dry run, nothing written; {f'in the way: {in_en}' if in_en else 'nothing stands in the way'}"
        return session.pick(zh, en)
    zh = f"界线 {loaded['set']}（{pick(LAYER_WORDS, loaded['level'], 'zh')}）第 {loaded['version']} 版"
    en = f"boundary set {loaded['set']} ({loaded['level']}) version {loaded['version']}"
    if loaded["unchanged"]:
        return session.pick(f"{zh}：内容未变，未写入", f"{en}: unchanged, nothing written")
    return session.pick(
        f"{zh} 已载入；用 huodian boundaries use 启用",
        f"{en} loaded; put it in force with `huodian boundaries use`",
    )


def _warnings(session: Session, data: dict[str, Any]) -> list[str]:
    """Return notes of the reader and proposals for units that did not match."""
    if "sets" in data:
        return []
    found = [session.pick(note["zh"], note["en"]) for note in data["notes"][:50]]
    for each in data["unmatched"][:50]:
        proposals = "、".join(f"{one['roster_name']} {one['roster_code']}" for one in each["proposals"])
        said = f"{each['code']} {each['name']}".strip()
        found.append(
            session.pick(
                f"未对上 {said}，可能是：{proposals or '无建议'}",
                f"unmatched {said}; perhaps {proposals or 'nothing near'}",
            )
        )
    return found
