"""One finding as submitted, whatever way it came: checked in form and against closed lists, before any store."""

from __future__ import annotations

import datetime as dt
import hashlib
import math
import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from gis.errors import ForbiddenError, HuodianError, RefusedInputError, UsageError
from gis.times import iso_beijing, iso_utc, require_aware
from gis.types import Level
from service.reports.words import VERIFICATION_LEVEL_WORDS, zh
from service.scope import Scope
from service.verification.area import checked_mu, parse_area
from service.verification.closed import FINDINGS, LEVELS, SOURCE_KINDS
from service.wording import MOST_NAME, MOST_WORDS, require_shown

FIRST_YEAR, LAST_YEAR = 2000, 9000
CLOCK_SLACK = dt.timedelta(minutes=5)
"""How far a phone's clock may run ahead of ours."""

_SHA256 = re.compile(r"[0-9a-f]{64}")
_ROLE_LEVEL = {"local": "province", "province": "province", "city": "city", "county": "local"}
_UNIT_LEVEL = {Level.PROVINCE: "province", Level.CITY: "city"}


@dataclass(frozen=True, slots=True)
class Entry:
    """A finding on one fire point as somebody submits it; attributes as in `Record`."""

    fire_point_id: str
    finding: str
    level: str
    found_at: dt.datetime
    person: str = field(repr=False)
    note: str | None = field(default=None, repr=False)
    evidence_sha256: str | None = None
    area_mu: Decimal | None = None
    source_kind: str | None = None
    lon: float | None = None
    lat: float | None = None

    def key(self, unit_uid: str | None) -> str:
        """Return the hash by which the same row of a table, said by the same unit, is known again."""
        place = "" if self.lon is None else f"{self.lon!r} {self.lat!r}"
        area = "" if self.area_mu is None else format(self.area_mu, "f")
        parts = (
            *(unit_uid or "", self.fire_point_id, self.finding, self.level, iso_utc(self.found_at)),
            *(self.person, self.note or "", self.evidence_sha256 or "", area, self.source_kind or "", place),
        )
        return hashlib.sha256("\x1f".join(("huodian verification 1", *parts)).encode()).hexdigest()


def entry_of(
    fire_point_id: str,
    *,
    finding: str,
    level: str,
    found_at: dt.datetime,
    person: str,
    note: str | None = None,
    evidence_sha256: str | None = None,
    area: str | Decimal | None = None,
    source_kind: str | None = None,
    lon: float | None = None,
    lat: float | None = None,
) -> Entry:
    """Return a finding, every part of it checked; each error names its `field`.

    Raises
    ------
    UsageError
        A word that is in no closed list, no person, a naive or impossible time, an area or a place that is none.
    """
    place = _place(lon, lat)
    return Entry(
        fire_point_id=fire_point_id.strip(),
        finding=_listed("finding", finding, FINDINGS, "核实结论", "finding"),
        level=_listed("level", level, LEVELS, "核实级别", "level"),
        found_at=_instant(found_at),
        person=require_shown(
            person,
            MOST_NAME,
            "核实人",
            "the person who looked",
            field="person",
            code="bad_person",
            lines=False,
        )
        or _missing_person(),
        note=require_shown(note or "", MOST_WORDS, "备注", "the note", field="note", code="bad_note") or None,
        evidence_sha256=_sha256(evidence_sha256),
        area_mu=parse_area(area) if isinstance(area, str) else None if area is None else checked_mu(area),
        source_kind=None
        if source_kind is None
        else _listed("source_kind", source_kind, SOURCE_KINDS, "来源", "source"),
        lon=place[0],
        lat=place[1],
    )


def highest_level(scope: Scope, unit_level: Level | None) -> str:
    """Return the highest level at which an identity may record.

    A county records what it found itself; an inspector, a patrol or an administrator speaks for the unit it is of.
    """
    if scope.role in _ROLE_LEVEL:
        return _ROLE_LEVEL[scope.role]
    if scope.everything:
        return LEVELS[-1]
    return LEVELS[0] if unit_level is None else _UNIT_LEVEL.get(unit_level, LEVELS[0])


def require_level(scope: Scope, level: str, highest: str) -> None:
    """Refuse a level above the identity's own.

    Raises
    ------
    ForbiddenError
        ``level_too_high``.
    """
    if LEVELS.index(level) > LEVELS.index(highest):
        raise ForbiddenError(
            "level_too_high",
            f"角色 {scope.role} 最高可登记{zh(VERIFICATION_LEVEL_WORDS, highest)}核实，"
            f"不能登记{zh(VERIFICATION_LEVEL_WORDS, level)}核实",
            f"role {scope.role} records up to level {highest}, not {level}",
            field="level",
            value=level,
        )


def require_possible_time(entry: Entry, first_at: dt.datetime, now: dt.datetime) -> None:
    """Refuse a finding that would be older than the fire, or of the future.

    Raises
    ------
    RefusedInputError
        ``found_before_overpass`` or ``found_in_future``.
    """
    said = iso_beijing(entry.found_at)
    if entry.found_at < first_at:
        raise RefusedInputError(
            "found_before_overpass",
            f"核实时间 {said} 早于卫星过境时间 {iso_beijing(first_at)}：请核对（北京时间）",
            f"found at {said}, before the overpass of {iso_beijing(first_at)}: check the time (Beijing)",
            field="found_at",
            value=said,
        )
    if entry.found_at > now + CLOCK_SLACK:
        raise RefusedInputError(
            "found_in_future",
            f"核实时间 {said} 在将来：请核对（北京时间）",
            f"found at {said}, which lies in the future: check the time (Beijing)",
            field="found_at",
            value=said,
        )


def _listed(name: str, value: str, allowed: tuple[str, ...], zh: str, en: str) -> str:
    if value not in allowed:
        raise UsageError(
            f"bad_{name}",
            f"{zh} {value[:80]!r} 不在清单内：{'、'.join(allowed)}",
            f"{en} {value[:80]!r} is not one of {', '.join(allowed)}",
            field=name,
            value=value[:80],
        )
    return value


def _instant(moment: dt.datetime) -> dt.datetime:
    if moment.utcoffset() is None or not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise bad_time(str(moment))
    return require_aware(moment).replace(microsecond=0)


def bad_time(value: str) -> HuodianError:
    """Return the refusal of a time that is none; the caller raises it."""
    shown = value[:80]
    return UsageError(
        "bad_found_at",
        f"核实时间 {shown!r} 不可用：请写成 2023-10-29 14:00（北京时间）",
        f"the time {shown!r} is not usable: write 2023-10-29 14:00 (Beijing time)",
        field="found_at",
        value=shown,
    )


def _missing_person() -> str:
    raise UsageError("bad_person", "请写明核实人", "name the person who looked", field="person", value="")


def _sha256(value: str | None) -> str | None:
    if value is None:
        return None
    clean = value.strip().lower()
    if not _SHA256.fullmatch(clean):
        raise UsageError(
            "bad_evidence",
            f"证据哈希 {value[:80]!r} 不是 64 位十六进制 SHA-256",
            f"evidence {value[:80]!r} is not a SHA-256 of 64 hexadecimal digits",
            field="evidence_sha256",
            value=value[:80],
        )
    return clean


def _place(lon: Any, lat: Any) -> tuple[float | None, float | None]:
    if lon is None and lat is None:
        return None, None
    if lon is None or lat is None or not (math.isfinite(lon) and math.isfinite(lat)):
        zh, en = "经度和纬度须同时给出", "give longitude and latitude together"
    elif not (-180 <= lon <= 180 and -90 <= lat <= 90):
        zh, en = "经度须在 ±180、纬度须在 ±90 之内", "longitude within ±180 and latitude within ±90"
    else:
        return float(lon), float(lat)
    raise UsageError(
        "bad_place",
        f"位置 {lon}, {lat}：{zh}",
        f"place {lon}, {lat}: {en}",
        field="lon",
        value=f"{lon}, {lat}",
    )
