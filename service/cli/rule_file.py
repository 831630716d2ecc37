"""``huodian rule --file``: a table of rulings, then one assessment of the days concerned."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from service.cli.session import Session
    from service.scope import Scope
    from service.store import Store

_SHOWN = 20


def rule_file(session: Session, store: Store, actor: str, scope: Scope, file: Path) -> dict[str, Any]:
    """Record the rulings of a table and assess the days they change; return the data of the answer."""
    from gis.errors import NotFoundError
    from service.billing.known_codes import known_codes
    from service.pipeline.archive import open_archive
    from service.pipeline.assess import assess
    from service.pipeline.rulings_table import rule_table

    try:
        data = file.read_bytes()
    except OSError as error:
        raise NotFoundError(
            "no_such_file",
            f"无法读取文件 {file}：请核对路径",
            f"the file {file} cannot be read: check the path",
            value=str(file),
        ) from error
    archive = open_archive(session.settings)
    report = rule_table(store, data, name=file.name, actor=actor, scope=scope, archive=archive)
    if report.days:
        assess(store, actor=session.actor, start=report.days[0], end=report.days[-1])
    with store.reader() as reader:
        known = known_codes(reader)
    unknown = [line for line, kind, value in report.recorded if not known.has(kind, value)]
    return {**report.as_dict(), "unknown_codes": unknown}


def emit_file(session: Session, data: dict[str, Any]) -> None:
    """Answer with the report of a table; exit 1 when a row was rejected."""
    session.emit("rule.file", data, text=_said(session, data), warnings=_warnings(session, data))
    if data["rejected"]:
        raise typer.Exit(1)


def _said(session: Session, data: dict[str, Any]) -> str:
    return session.pick(
        f"{data['file']}：读入 {data['read']} 行，裁定 {data['accepted']}，此前已裁定 {data['repeated']}，"
        f"拒收 {data['rejected']}；重算 {len(data['days'])} 日",
        f"{data['file']}: {data['read']} rows read, {data['accepted']} ruled, {data['repeated']} known before, "
        f"{data['rejected']} rejected; {len(data['days'])} days assessed again",
    )


def _warnings(session: Session, data: dict[str, Any]) -> list[str]:
    left = data["rejected"] - _SHOWN
    found = [
        session.pick(
            f"第 {one['line']} 行 {one['column']}：{one['zh']}",
            f"line {one['line']}, {one['column']}: {one['en']}",
        )
        for one in data["problems"][:_SHOWN]
    ]
    if left > 0:
        found.append(session.pick(f"另有 {left} 行，见 --json", f"{left} more: see --json"))
    if data["overruled"]:
        lines = "、".join(map(str, data["overruled"][:_SHOWN]))
        found.append(
            session.pick(
                f"第 {lines} 行此前已登记，其后另有裁定，以后者为准；要改回请写明新的理由",
                f"lines {lines} were recorded before and overruled since: the later ruling stands; to change it back, "
                "give a new reason",
            )
        )
    if data["unknown_codes"]:
        lines = "、".join(map(str, data["unknown_codes"][:_SHOWN]))
        found.append(
            session.pick(
                f"第 {lines} 行的代码不在已载入的区划图层或规则中：请核对，或改判",
                f"no zone layer or rulebook loaded has the codes of lines {lines}: check them, or rule again",
            )
        )
    return found
