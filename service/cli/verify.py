"""``huodian verify``, one finding or a table of them, and ``huodian publicise``: what a public notice named."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    import datetime as dt

    from service.cli.session import Session
    from service.scope import Scope
    from service.store import Store
    from service.users import Permission

_SHOWN = 20


def register(app: typer.Typer) -> None:
    """Add the commands to the root."""
    app.command()(verify)
    app.command()(publicise)


def verify(
    ctx: typer.Context,
    fire_point_id: Annotated[str | None, typer.Argument(help="Fire point / 火点编号")] = None,
    finding: Annotated[
        str | None, typer.Option("--finding", help="straw, nothing_found, … / 核实结论")
    ] = None,
    level: Annotated[str | None, typer.Option("--level", help="local, city or province / 级别")] = None,
    at: Annotated[str | None, typer.Option("--at", help="When, Beijing time; default now / 核实时间")] = None,
    person: Annotated[str | None, typer.Option("--person", help="Who looked; default you / 核实人")] = None,
    note: Annotated[str | None, typer.Option("--note", help="Remark / 备注")] = None,
    evidence: Annotated[
        Path | None, typer.Option("--evidence", help="A photo or file to archive / 证据文件")
    ] = None,
    area: Annotated[str | None, typer.Option("--area", help="12.5亩, 8000m2 / 过火面积")] = None,
    source: Annotated[
        str | None, typer.Option("--source", help="patrol, drone, camera or public_report / 来源")
    ] = None,
    lon: Annotated[float | None, typer.Option("--lon", help="Longitude, CGCS2000 or WGS84 / 经度")] = None,
    lat: Annotated[float | None, typer.Option("--lat", help="Latitude / 纬度")] = None,
    file: Annotated[
        Path | None, typer.Option("--file", help="A CSV of results in place of one / 核实结果表")
    ] = None,
) -> None:
    """Record what somebody found at a fire point, or a table of findings / 登记核实结果."""
    session: Session = ctx.obj
    with session.reporting():
        from service.users import Permission

        session.refuse_past()
        single = (fire_point_id, finding, level, at, person, note, evidence, area, source, lon, lat)
        _one_or_table(file, single)
        store, actor, scope = _writer_of(session, Permission.VERIFY)
        if file is None:
            data = _one(
                session,
                store,
                evidence,
                fire_point_id=_given(fire_point_id, "FIRE_POINT_ID"),
                finding=_given(finding, "--finding"),
                level=_given(level, "--level"),
                found_at=_instant(at, "--at"),
                person=person or actor,
                note=note,
                area=area,
                source_kind=source,
                lon=lon,
                lat=lat,
                actor=actor,
                scope=scope,
            )
        else:
            data = _table(session, store, file, actor, scope)
    if file is None:
        session.emit("verify", data, text=_said(session, data), warnings=_contradiction(session, data))
        return
    session.emit(
        "verify.file", data, text=lambda: _print_table(session, data), warnings=_rejections(session, data)
    )
    if data["rejected"]:
        raise typer.Exit(1)


def publicise(
    ctx: typer.Context,
    fire_point_ids: Annotated[list[str], typer.Argument(help="Confirmed fire points / 已核实火点编号")],
    at: Annotated[str, typer.Option("--at", help="When, Beijing time / 公示时间")],
    notice: Annotated[str, typer.Option("--notice", help="Title or number of the notice / 公示名称或文号")],
) -> None:
    """Record that a public notice named these fire points / 登记公示."""
    session: Session = ctx.obj
    with session.reporting():
        from service.users import Permission
        from service.verification import publicise as run

        session.refuse_past()
        store, actor, scope = _writer_of(session, Permission.PUBLICISE)
        moment = _instant(at, "--at")
        data = run(store, fire_point_ids, published_at=moment, notice=notice, actor=actor, scope=scope)
    new, known = len(data["published"]), len(data["repeated"])
    session.emit(
        "publicise",
        data,
        text=session.pick(
            f"“{data['notice']}”：公示 {new} 个火点，{known} 个此前已登记",
            f"{data['notice']}: {new} fire points made public, {known} recorded before",
        ),
    )


def _one_or_table(file: Path | None, single: tuple[Any, ...]) -> None:
    """Refuse a call that names both a table and one finding, or neither."""
    given = any(value is not None for value in single)
    if (file is not None) == given:
        from gis.errors import UsageError

        raise UsageError(
            "one_or_table",
            "请给出一个火点编号及其结论，或用 --file 给出核实结果表，二者选一",
            "name one fire point with its finding, or a table with --file: one of the two",
        )


def _given(value: str | None, option: str) -> str:
    if value is None:
        from gis.errors import UsageError

        raise UsageError("option_missing", f"缺少 {option}", f"{option} is missing", value=option)
    return value


def _instant(text: str | None, option: str) -> dt.datetime:
    import datetime as dt

    from gis.errors import UsageError
    from gis.tables import parse_instant

    if text is None:
        return dt.datetime.now(dt.UTC)
    try:
        return parse_instant(text)
    except (ValueError, OverflowError):
        raise UsageError(
            "bad_time",
            f"{option} {text!r} 不是时间；例：2023-10-29 14:00（北京时间）",
            f"{option} {text!r} is not a time; example: 2023-10-29 14:00 (Beijing time)",
            value=text,
        ) from None


def _writer_of(session: Session, permission: Permission) -> tuple[Store, str, Scope]:
    """Return store, actor and scope of whoever writes; a role that may not is refused before anything is archived."""
    from service.users import require

    store = session.store()
    with store.reader() as reader:
        scope = session.scope(reader)
    require(scope, permission)
    return store, session.actor if session.settings.token is None else scope.actor, scope


def _one(session: Session, store: Store, evidence: Path | None, **said: Any) -> dict[str, Any]:
    from service.pipeline.archive import open_archive
    from service.verification import verify as run

    archive = open_archive(session.settings)
    sha = archive.put(_bytes(evidence)) if evidence is not None else None
    return run(store, said.pop("fire_point_id"), evidence_sha256=sha, archive=archive, **said)


def _table(session: Session, store: Store, file: Path, actor: str, scope: Scope) -> dict[str, Any]:
    from service.pipeline.archive import open_archive
    from service.verification import verify_table

    report = verify_table(
        store, _bytes(file), name=file.name, actor=actor, scope=scope, archive=open_archive(session.settings)
    )
    return report.as_dict()


def _bytes(path: Path) -> bytes:
    from gis.errors import NotFoundError

    try:
        return path.read_bytes()
    except OSError as error:
        raise NotFoundError(
            "no_such_file",
            f"无法读取文件 {path}：请核对路径",
            f"the file {path} cannot be read: check the path",
            value=str(path),
        ) from error


def _said(session: Session, data: dict[str, Any]) -> str:
    from service.reports.words import FINDING_WORDS, STATUS_WORDS, VERIFICATION_LEVEL_WORDS

    finding, status = FINDING_WORDS[data["finding"]], STATUS_WORDS[data["status"]]
    level = VERIFICATION_LEVEL_WORDS[data["level"]]
    return session.pick(
        f"核实 {data['verification_id']} 已登记：{data['fire_point_id']} {level.zh} {finding.zh}；现状：{status.zh}",
        f"verification {data['verification_id']} recorded: {data['fire_point_id']} {level.en}, {finding.en}; "
        f"it stands as {status.en}",
    )


def _contradiction(session: Session, data: dict[str, Any]) -> list[str]:
    if not data["contradicted"]:
        return []
    return [
        session.pick(
            "与上级结论不一致：两者均保留，以上级为准，待人工处理",
            "it contradicts a higher level: both are kept, the higher one stands, a person has to look",
        )
    ]


def _rejections(session: Session, data: dict[str, Any]) -> list[str]:
    left = data["rejected"] - _SHOWN
    shown = [
        session.pick(
            f"第 {one['line']} 行 {one['column']}：{one['message_zh']}",
            f"line {one['line']}, {one['column']}: {one['message_en']}",
        )
        for one in data["problems"][:_SHOWN]
    ]
    more = [session.pick(f"另有 {left} 行，见 --json", f"{left} more: see --json")] if left > 0 else []
    return [*shown, *more]


def _print_table(session: Session, data: dict[str, Any]) -> None:
    typer.echo(
        session.pick(
            f"{data['file']}：读入 {data['read']} 行，登记 {data['accepted']}，此前已登记 {data['repeated']}，"
            f"拒收 {data['rejected']}",
            f"{data['file']}: {data['read']} rows read, {data['accepted']} recorded, {data['repeated']} known before, "
            f"{data['rejected']} rejected",
        )
    )
