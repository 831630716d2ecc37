"""Duty-holders by role (网格长, 网格员, 包保, ...): many to many with cells and units, and careful with phones.

One point in a village has cost three people their post (domain reference, section 5), so the register names persons and
roles, not only units. Names and phones are personal data: a `Duty` never shows them in its representation, and nothing
here logs them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from gis.reasons import MISSING, WrongValueError, reason_of
from gis.tables import Problem, TableRow, parse_date, read_table, refuse_problems
from gis.types import Validity
from grids.cells import cell_code
from grids.units import ALWAYS


class Role(StrEnum):
    """Closed list of roles; the words a county uses stay beside it as the title."""

    HEAD = "head"
    WORKER = "worker"
    GUARANTOR = "guarantor"
    TOWNSHIP_HEAD = "township_head"
    TOWNSHIP_SECRETARY = "township_secretary"
    TOWNSHIP_DEPUTY = "township_deputy"
    VILLAGE_HEAD = "village_head"
    VILLAGE_SECRETARY = "village_secretary"
    LEADER = "leader"
    DUTY_PHONE = "duty_phone"
    OTHER = "other"


ROLE_WORDS = (
    (Role.HEAD, re.compile("网格长")),
    (Role.WORKER, re.compile("网格员|巡查员|巡护员|护秸员")),
    (Role.GUARANTOR, re.compile("包保|包联|包村|包屯|包户")),
    (Role.TOWNSHIP_SECRETARY, re.compile("(乡|镇|街道|党工委).{0,4}书记")),
    (Role.VILLAGE_SECRETARY, re.compile("书记")),
    (Role.TOWNSHIP_DEPUTY, re.compile("副(乡|镇)长|副主任|分管|主管")),
    (Role.TOWNSHIP_HEAD, re.compile("(乡|镇)长|街道.{0,3}主任")),
    (Role.VILLAGE_HEAD, re.compile("村长|村主任|村委会主任|屯长|组长")),
    (Role.LEADER, re.compile("市长|县长|区长|州长|局长|厅长|领导")),
    (Role.DUTY_PHONE, re.compile("值班|值守")),
)

COLUMNS: dict[str, tuple[str, ...]] = {
    "target": ("网格编码", "网格代码", "单位代码", "行政区划代码", "编码", "代码", "code", "target_code"),
    "role": ("角色", "职责", "职务类别"),
    "title": ("职务", "岗位", "职位"),
    "person": ("姓名", "责任人", "人员"),
    "phone": ("电话", "手机", "联系电话", "手机号", "手机号码"),
    "start": ("起始日期", "开始日期", "起", "from", "valid_from"),
    "end": ("截止日期", "结束日期", "止", "to", "valid_to"),
}


@dataclass(frozen=True, slots=True)
class Duty:
    """A person with a role for a cell or unit, in the days on which it holds."""

    target: str
    role: Role
    person: str = field(repr=False)
    phone: str | None = field(default=None, repr=False)
    title: str = ""
    validity: Validity = ALWAYS


@dataclass(frozen=True)
class DutyList:
    """The duty-holders of one file."""

    duties: tuple[Duty, ...] = field(repr=False)
    source: str

    @property
    def content_hash(self) -> str:
        """Return SHA-256 over the duties in a stated order; equal content, equal hash."""
        lines = sorted(
            "\x1f".join(
                (
                    d.target,
                    d.role,
                    d.person,
                    d.phone or "",
                    d.title,
                    str(d.validity.start),
                    str(d.validity.end),
                )
            )
            for d in self.duties
        )
        return hashlib.sha256("\n".join(["huodian duties 1", *lines]).encode()).hexdigest()

    def of(self, target: str) -> tuple[Duty, ...]:
        """Return the duties for a cell or unit, in the order of the roles."""
        order = {role: rank for rank, role in enumerate(Role)}
        mine = [duty for duty in self.duties if duty.target == target]
        return tuple(sorted(mine, key=lambda duty: (order[duty.role], duty.person)))

    def unknown_targets(self, known: Iterable[str]) -> tuple[str, ...]:
        """Return targets that are neither cell nor unit, so that a typing error is seen."""
        return tuple(sorted({duty.target for duty in self.duties} - set(known)))


def read_duties(source: Path | bytes, /, *, name: str = "duties") -> DutyList:
    """Read duty-holders from a CSV.

    Parameters
    ----------
    source
        The file or its bytes. Columns: target code, role (ours or Chinese), title, person, phone, from, to.
    name
        What to call the file when bytes are given.

    Raises
    ------
    RefusedInputError
        ``bad_table`` or ``bad_duties``; every wrong row is listed, without names and phones.
    """
    raw, label = (source.read_bytes(), source.name) if isinstance(source, Path) else (source, name)
    rows = read_table(raw, columns=COLUMNS, required=("target", "person"), name=label)
    problems: list[Problem] = []
    duties = [_duty(row, problems) for row in rows]
    refuse_problems(label, problems, "bad_duties")
    # The same line twice is one duty: the result must not depend on how often a sheet was pasted.
    return DutyList(tuple(dict.fromkeys(duty for duty in duties if duty is not None)), label)


def role_of(word: str, title: str = "") -> Role:
    """Return the role of a word of ours, or of a Chinese role or post; ``other`` when nothing fits."""
    clean = word.strip()
    if clean in set(Role):
        return Role(clean)
    for text in (clean, title):
        for role, pattern in ROLE_WORDS:
            if text and pattern.search(text):
                return role
    return Role.OTHER


def clean_phone(text: str) -> str | None:
    """Return digits with an optional leading plus, None for an empty cell.

    Raises
    ------
    ValueError
        Not 3 to 15 digits (110 and 12345 are answers too).
    """
    if not text:
        return None
    digits = re.sub(r"[\s\-()（）]|(?<=\d)\.0$", "", text)
    if not re.fullmatch(r"\+?\d{3,15}", digits):
        raise WrongValueError("not a phone number of 3 to 15 digits", "不是 3 至 15 位数字的电话号码")
    return digits


def _duty(row: TableRow, problems: list[Problem]) -> Duty | None:
    before = len(problems)
    if not row["target"]:
        problems.append(Problem(row.line, "target", "", *MISSING))
    if not row["person"]:
        problems.append(Problem(row.line, "person", "", *MISSING))
    phone = None
    try:
        phone = clean_phone(row["phone"])
    except ValueError as error:
        problems.append(Problem(row.line, "phone", "***", *reason_of(error)))
    validity = ALWAYS
    try:
        start = parse_date(row["start"]) if row["start"] else None
        validity = Validity(start, parse_date(row["end"]) if row["end"] else None)
    except ValueError as error:
        problems.append(Problem(row.line, "start/end", f"{row['start']} {row['end']}", *reason_of(error)))
    if len(problems) > before:
        return None
    title = row["title"] or (row["role"] if row["role"] not in set(Role) else "")
    role = role_of(row["role"], row["title"])
    return Duty(cell_code(row["target"]), role, row["person"], phone, title, validity)
