"""Planned burns (计划烧除) and special periods (春节, 两会): who may burn where and when, and when nobody may.

A fire point is within a plan only if it lies in its ground and its overpass in its window. A plan inside
a special period is refused on load: during these periods the whole area is banned, whatever was approved
before.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from shapely.geometry import MultiPolygon

from boundaries.zones import read_validity
from gis.codes import ancestors, parse_code
from gis.errors import RefusedInputError
from gis.features import looks_like_json, polygons, read_features
from gis.reasons import CODE_TWICE, MISSING, one_of, reason_of
from gis.tables import Problem, TableRow, parse_instant, read_table, refuse_problems
from gis.times import beijing_date, require_aware
from gis.types import DataStatus
from gis.yamldoc import Complaints, read_yaml

MAX_PLAN_DAYS = 60
"""A plan is a day or some days; a longer window is a typing error or a licence, and either needs a person."""


class PlanState(StrEnum):
    """Where a plan stands."""

    APPROVED = "approved"
    EXECUTED = "executed"
    CANCELLED = "cancelled"


_STATE_WORDS = {
    **{state.value: state for state in PlanState},
    **dict.fromkeys(("已批准", "批准", "已审批", "同意"), PlanState.APPROVED),
    **dict.fromkeys(("已实施", "已执行", "已燃除", "完成", "已完成"), PlanState.EXECUTED),
    **dict.fromkeys(("已取消", "取消", "作废", "撤销"), PlanState.CANCELLED),
}

COLUMNS: dict[str, tuple[str, ...]] = {
    "code": ("编号", "计划编号", "plan", "id"),
    "unit_code": ("村代码", "单位代码", "行政区划代码", "区划代码", "village_code"),
    "starts_at": ("开始时间", "起始时间", "start"),
    "ends_at": ("结束时间", "截止时间", "end"),
    "area_mu": ("面积", "面积(亩)", "面积亩", "亩", "area"),
    "person": ("责任人", "负责人", "现场负责人"),
    "approver": ("审批单位", "批准单位", "审批人", "批准机关"),
    "approved_at": ("审批时间", "批准时间"),
    "state": ("状态", "执行状态", "status"),
}


@dataclass(frozen=True, slots=True)
class SpecialPeriod:
    """A dated period with a whole-area ban; both days included, Beijing civil dates.

    Parameters
    ----------
    unit_codes
        Units it is proclaimed for; everything beneath them is meant.
    """

    name: str
    unit_codes: tuple[str, ...]
    start: dt.date
    end: dt.date
    source: str
    confidence: str
    status: DataStatus = DataStatus.REFERENCE
    effect: str = "whole_area"

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise ValueError(f"{self.name} ends ({self.end}) before it starts ({self.start})")

    def holds(self, day: dt.date, unit_codes: Iterable[str] | None = None) -> bool:
        """Whether the period is on `day`, and for one of `unit_codes` (a unit and those above it) if given."""
        if not self.start <= day <= self.end:
            return False
        return unit_codes is None or bool(set(unit_codes).intersection(self.unit_codes))


@dataclass(frozen=True, slots=True)
class PlannedBurn:
    """An approved burn: ground (polygon or village), window, and who answers for it."""

    code: str
    starts_at: dt.datetime
    ends_at: dt.datetime
    person: str
    approver: str
    state: PlanState
    unit_code: str | None = None
    geometry: MultiPolygon | None = None
    area_mu: float | None = None
    approved_at: dt.datetime | None = None
    status: DataStatus = DataStatus.SAMPLE
    source: str = ""
    line: int = 0

    def in_window(self, instant: dt.datetime, tolerance_minutes: int = 0) -> bool:
        """Whether an overpass falls into the window, both ends included, with a tolerance."""
        slack = dt.timedelta(minutes=tolerance_minutes)
        moment = require_aware(instant)
        return self.starts_at - slack <= moment <= self.ends_at + slack

    @property
    def days(self) -> tuple[dt.date, dt.date]:
        """First and last Beijing day of the window."""
        return beijing_date(self.starts_at), beijing_date(self.ends_at)

    def approved_before(self, instant: dt.datetime) -> bool:
        """Whether the approval is dated and earlier than the overpass; a later one goes to a person."""
        return self.approved_at is not None and self.approved_at < require_aware(instant)


def read_plans(
    source: Path | bytes,
    /,
    *,
    periods: Sequence[SpecialPeriod] = (),
    lineage: Mapping[str, Sequence[str]] | None = None,
    status: DataStatus | str = DataStatus.SAMPLE,
    datum: str | int | None = None,
    name: str = "plans",
) -> tuple[PlannedBurn, ...]:
    """Read burn plans from CSV (village codes) or GeoJSON (polygons); clock times without a zone are Beijing time.

    Parameters
    ----------
    periods
        Special periods: a plan that touches one is refused.
    lineage
        For a unit code the codes of all units above it, from the dated register. Without an entry the spelling of the
        code is used, which is wrong for units that moved (公主岭); a plan with no unit code is tested against every
        period.
    status
        How far the file can be relied on.

    Raises
    ------
    RefusedInputError
        ``bad_plans`` with every wrong row; ``plan_in_special_period``.
    """
    raw, label = (source.read_bytes(), source.name) if isinstance(source, Path) else (source, name)
    taken: list[tuple[TableRow, MultiPolygon | None]]
    if looks_like_json(raw):
        taken = [
            (
                TableRow(feature.number, {c: feature.text(c, *titles) for c, titles in COLUMNS.items()}),
                polygons(feature, label),
            )
            for feature in read_features(raw, datum=datum, name=label)
        ]
    else:
        needed = ("code", "unit_code", "starts_at", "ends_at")
        taken = [(row, None) for row in read_table(raw, columns=COLUMNS, required=needed, name=label)]
    problems: list[Problem] = []
    known = DataStatus(status)
    plans = [_plan(row, shape, known, label, problems) for row, shape in taken]
    kept = tuple(plan for plan in plans if plan is not None)
    _check_codes(kept, problems)
    refuse_problems(label, problems, "bad_plans")
    refuse_in_periods(kept, periods, lineage=lineage, name=label)
    return kept


def refuse_in_periods(
    plans: Iterable[PlannedBurn],
    periods: Sequence[SpecialPeriod],
    *,
    lineage: Mapping[str, Sequence[str]] | None = None,
    name: str = "plans",
) -> None:
    """Refuse plans whose window touches a special period of their unit; a cancelled plan burns nothing.

    Raises
    ------
    RefusedInputError
        ``plan_in_special_period``; the context lists each pair.
    """
    pairs: list[tuple[PlannedBurn, SpecialPeriod]] = []
    for plan in plans:
        if plan.state is PlanState.CANCELLED:
            continue
        units = _units_of(plan, lineage)
        first, last = plan.days
        pairs += [
            (plan, period)
            for period in periods
            if first <= period.end
            and period.start <= last
            and (units is None or units & set(period.unit_codes))
        ]
    if not pairs:
        return
    plan, period = pairs[0]
    raise RefusedInputError(
        "plan_in_special_period",
        f"{name}：计划 {plan.code} 落在特殊时段“{period.name}”（{period.start} 至 {period.end}，含首尾日）内，"
        f"该时段全域禁烧。共 {len(pairs)} 处。请改期或取消后重新加载。",
        f"{name}: plan {plan.code} falls into the special period {period.name} ({period.start} to {period.end}, both "
        f"days included), when the whole area is banned. {len(pairs)} in all. Move or cancel it and load again.",
        file=name,
        errors=[
            {
                "line": p.line,
                "plan": p.code,
                "period": s.name,
                "from": s.start.isoformat(),
                "to": s.end.isoformat(),
            }
            for p, s in pairs
        ],
    )


def _units_of(plan: PlannedBurn, lineage: Mapping[str, Sequence[str]] | None) -> set[str] | None:
    if plan.unit_code is None:
        return None
    above = (lineage or {}).get(plan.unit_code)
    return {plan.unit_code, *(above if above is not None else ancestors(plan.unit_code))}


def _plan(
    row: TableRow, shape: MultiPolygon | None, status: DataStatus, source: str, problems: list[Problem]
) -> PlannedBurn | None:
    before = len(problems)
    start = _instant(row, "starts_at", problems)
    end = _instant(row, "ends_at", problems)
    approved = _instant(row, "approved_at", problems) if row["approved_at"] else None
    state = _STATE_WORDS.get(row["state"] or "approved")
    if state is None:
        problems.append(Problem(row.line, "state", row["state"], *one_of(PlanState)))
    if not row["code"]:
        problems.append(Problem(row.line, "code", "", *MISSING))
    unit = _unit_code(row, problems)
    if unit is None and shape is None and len(problems) == before:
        problems.append(
            Problem(row.line, "unit_code", "", "neither a polygon nor a village code", "既没有面也没有村代码")
        )
    if start and end and not dt.timedelta(0) < end - start <= dt.timedelta(days=MAX_PLAN_DAYS):
        reason = (
            f"the window must end after it starts and last at most {MAX_PLAN_DAYS} days",
            f"结束时间应晚于开始时间，且时段不超过 {MAX_PLAN_DAYS} 天",
        )
        problems.append(Problem(row.line, "ends_at", row["ends_at"], *reason))
    area = _area(row, problems)
    if start is None or end is None or state is None or len(problems) > before:
        return None
    return PlannedBurn(
        code=row["code"],
        starts_at=start,
        ends_at=end,
        person=row["person"],
        approver=row["approver"],
        state=state,
        unit_code=unit,
        geometry=shape,
        area_mu=area,
        approved_at=approved,
        status=status,
        source=source,
        line=row.line,
    )


def _unit_code(row: TableRow, problems: list[Problem]) -> str | None:
    if not row["unit_code"]:
        return None
    try:
        return parse_code(row["unit_code"])
    except RefusedInputError as error:
        problems.append(Problem(row.line, "unit_code", row["unit_code"], *reason_of(error)))
        return None


def _area(row: TableRow, problems: list[Problem]) -> float | None:
    if not row["area_mu"]:
        return None
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*亩?", row["area_mu"].replace(",", ""))
    if not found or not 0 < float(found[1]) < 1e7:
        problems.append(Problem(row.line, "area_mu", row["area_mu"], "not an area in mu", "不是以亩计的面积"))
        return None
    return float(found[1])


def _instant(row: TableRow, column: str, problems: list[Problem]) -> dt.datetime | None:
    try:
        return parse_instant(row[column])
    except ValueError as error:
        problems.append(Problem(row.line, column, row[column], *reason_of(error)))
        return None


def _check_codes(plans: Iterable[PlannedBurn], problems: list[Problem]) -> None:
    seen: set[str] = set()
    for plan in plans:
        if plan.code in seen:
            problems.append(Problem(plan.line, "code", plan.code, *CODE_TWICE))
        seen.add(plan.code)


PERIOD_COLUMNS: dict[str, tuple[str, ...]] = {
    "name": ("名称", "时段", "特殊时段"),
    "unit_codes": ("单位代码", "区划代码", "行政区划代码", "unit_code"),
    "start": ("起始日期", "开始日期", "from", "starts_on"),
    "end": ("截止日期", "结束日期", "to", "ends_on"),
    "source": ("来源", "依据"),
    "confidence": ("置信度", "可信度"),
}


def read_periods(
    source: Path | bytes, /, *, status: DataStatus | str = DataStatus.SAMPLE, name: str = "periods"
) -> tuple[SpecialPeriod, ...]:
    """Read special periods from CSV or YAML (a list under ``periods``).

    Raises
    ------
    RefusedInputError
        ``bad_periods`` with every wrong row: a period has a name, units, both days and a source.
    """
    raw, label = (source.read_bytes(), source.name) if isinstance(source, Path) else (source, name)
    known = DataStatus(status)
    problems: list[Problem] = []
    if raw.removeprefix(b"\xef\xbb\xbf").lstrip()[:8].startswith((b"periods:", b"format:", b"#")):
        return _periods_of_yaml(raw, label, known)
    rows = read_table(raw, columns=PERIOD_COLUMNS, required=("name", "start", "end"), name=label)
    found = [_period(row, known, problems) for row in rows]
    refuse_problems(label, problems, "bad_periods")
    return tuple(period for period in found if period is not None)


def _periods_of_yaml(raw: bytes, label: str, status: DataStatus) -> tuple[SpecialPeriod, ...]:
    doc = read_yaml(raw, name=label)
    wrong = Complaints(doc, "bad_periods")
    wrong.known(doc.data, (), {"format", "periods"})
    entries = doc.data.get("periods") if isinstance(doc.data, dict) else None
    problems: list[Problem] = []
    found: list[SpecialPeriod | None] = []
    for index, entry in enumerate(entries if isinstance(entries, list) else []):
        path = ("periods", index)
        wrong.known(entry, path, {*PERIOD_COLUMNS, "from", "to", "unit_codes"})
        if isinstance(entry, dict):
            cells = {
                str(key): " ".join(map(str, v)) if isinstance(v, list) else str(v) for key, v in entry.items()
            }
            cells |= {"start": cells.get("from", ""), "end": cells.get("to", "")}
            found.append(_period(TableRow(doc.line(path), cells), status, problems))
    wrong.refuse()
    refuse_problems(label, problems, "bad_periods")
    return tuple(period for period in found if period is not None)


def _period(row: TableRow, status: DataStatus, problems: list[Problem]) -> SpecialPeriod | None:
    before = len(problems)
    validity = read_validity(row, problems)
    if len(problems) == before and (validity.start is None or validity.end is None):
        problems.append(
            Problem(
                *(row.line, "start/end", ""),
                "both days are needed: an open ban is a regime, not a period",
                "起止日期都要有：没有截止日期的禁烧是管控方式，不是时段",
            )
        )
    codes: list[str] = []
    for word in (row["unit_codes"] or "220000").replace(";", " ").replace(",", " ").split():
        try:
            codes.append(parse_code(word))
        except RefusedInputError as error:
            problems.append(Problem(row.line, "unit_codes", word, *reason_of(error)))
    if not row["name"]:
        problems.append(Problem(row.line, "name", "", *MISSING))
    if len(problems) > before or validity.start is None or validity.end is None:
        return None
    source, confidence = row["source"], row["confidence"] or "R"
    return SpecialPeriod(row["name"], tuple(codes), validity.start, validity.end, source, confidence, status)
