"""What a zone means at an instant and place: two zones, whole-area ban, belts; special periods override.

The rules are dated data with source and confidence; law reads the Beijing civil date and end dates are
included. Where no rule covers a date the answer is ``unknown``, and nothing is billed on it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources
from pathlib import Path

from boundaries.plans import SpecialPeriod
from gis.codes import parse_code
from gis.errors import RefusedInputError
from gis.reasons import NO_LIST, not_one_of, reason_of
from gis.times import beijing_date
from gis.types import DataStatus, Validity
from gis.yamldoc import Complaints, Path_, read_yaml


class Regime(StrEnum):
    """The regimes, a closed list."""

    TWO_ZONE = "two_zone"
    WHOLE_AREA = "whole_area"
    WHOLE_AREA_BELTS = "whole_area_belts"
    UNKNOWN = "unknown"


WORDS = {
    Regime.TWO_ZONE: (
        "两区管理：禁烧区内禁止露天焚烧，限烧区内按计划烧除",
        "two zones: no open burning in the ban zone, burning only by plan in the restricted zone",
    ),
    Regime.WHOLE_AREA: (
        "全域禁烧：行政区内任何地方不得露天焚烧",
        "whole-area ban: no open burning anywhere in the unit",
    ),
    Regime.WHOLE_AREA_BELTS: (
        "全域禁烧，“一公里”和林缘100米为严控带，经批准可计划烧除",
        "whole-area ban with strict belts (one kilometre, 100 m of the forest edge) and approved planned burning",
    ),
    Regime.UNKNOWN: (
        "该日期没有已加载的管控规定，不计费",
        "no regime is loaded for this date; nothing is billed on it",
    ),
}

CONFIDENCES = ("Q", "S", "I", "R")


@dataclass(frozen=True, slots=True)
class RegimeRule:
    """The regime of a unit in its days (both included)."""

    unit_code: str
    regime: Regime
    validity: Validity
    source: str
    confidence: str
    status: DataStatus


@dataclass(frozen=True, slots=True)
class RegimeAnswer:
    """The regime of a place at an instant, in words, with where it comes from.

    Parameters
    ----------
    period
        Name of the special period that decides, or None.
    unit_code
        The unit whose rule or period decides; None when nothing is loaded.
    """

    regime: Regime
    period: str | None
    zh: str
    en: str
    source: str
    confidence: str
    status: DataStatus
    unit_code: str | None = None

    @property
    def known(self) -> bool:
        """Whether a rule or period covers the instant."""
        return self.regime is not Regime.UNKNOWN


class RegimeBook:
    """The loaded rules and periods.

    Parameters
    ----------
    rules
        Dated rules; two rules of one unit never hold on one day.
    periods
        Special periods (Spring Festival, 两会, ...).

    Raises
    ------
    RefusedInputError
        ``overlapping_regimes``: two rules of one unit hold on the same day.
    """

    def __init__(self, rules: Iterable[RegimeRule] = (), periods: Iterable[SpecialPeriod] = ()) -> None:
        by_unit: dict[str, list[RegimeRule]] = {}
        for rule in rules:
            for other in by_unit.setdefault(rule.unit_code, []):
                if rule.validity.overlaps(other.validity):
                    raise _overlap(rule, other)
            by_unit[rule.unit_code].append(rule)
        self.rules = tuple(rule for each in by_unit.values() for rule in each)
        self.periods = tuple(sorted(periods, key=lambda p: (p.start, p.end, p.name)))
        self._by_unit = by_unit
        self._cache: dict[tuple[tuple[str, ...], dt.date], RegimeAnswer] = {}

    def at(self, unit_codes: Sequence[str], instant: dt.datetime) -> RegimeAnswer:
        """Return the regime of a place at an aware instant.

        Parameters
        ----------
        unit_codes
            Codes of the units the place lies in, narrow to wide (the register's chain on that day). The narrowest unit
            with a rule decides.
        instant
            Aware; its Beijing civil date is asked.
        """
        return self.on(unit_codes, beijing_date(instant))

    def on(self, unit_codes: Sequence[str], day: dt.date) -> RegimeAnswer:
        """Return the regime of a place on a Beijing civil date."""
        key = (tuple(unit_codes), day)
        if key not in self._cache:
            self._cache[key] = self._answer(*key)
        return self._cache[key]

    def _answer(self, unit_codes: tuple[str, ...], day: dt.date) -> RegimeAnswer:
        for code in unit_codes:
            for period in self.periods:
                if period.holds(day, (code,)):
                    return _of_period(period, code)
        for code in unit_codes:
            for rule in self._by_unit.get(code, ()):
                if rule.validity.holds(day):
                    return _of_rule(rule)
        zh, en = WORDS[Regime.UNKNOWN]
        return RegimeAnswer(Regime.UNKNOWN, None, zh, en, "", "", DataStatus.SAMPLE)


def _of_period(period: SpecialPeriod, code: str) -> RegimeAnswer:
    zh = f"特殊时段“{period.name}”（{period.start} 至 {period.end}，含首尾日）：全域禁烧，计划烧除一律停止"
    en = (
        f"special period {period.name} ({period.start} to {period.end}, both days included): whole-area ban, "
        "no planned burning"
    )
    return RegimeAnswer(
        *(Regime.WHOLE_AREA, period.name, zh, en, period.source, period.confidence, period.status, code)
    )


def _of_rule(rule: RegimeRule) -> RegimeAnswer:
    zh, en = WORDS[rule.regime]
    start, end = rule.validity.start, rule.validity.end
    days_zh = f"（{start or '起始不详'} 至 {end or '今'}）"
    days_en = f" ({start or 'start unknown'} to {end or 'now'})"
    return RegimeAnswer(
        *(rule.regime, None, zh + days_zh, en + days_en),
        *(rule.source, rule.confidence, rule.status, rule.unit_code),
    )


def builtin_regimes() -> tuple[RegimeRule, ...]:
    """Return the regimes of Jilin shipped with the package, status reference: none is transcribed from an order."""
    text = resources.files("boundaries").joinpath("data/jilin_regimes.yaml").read_text(encoding="utf-8")
    return read_regimes(text, name="boundaries/data/jilin_regimes.yaml")


def read_regimes(source: Path | str, /, *, name: str = "") -> tuple[RegimeRule, ...]:
    """Read regime rules from YAML: a list under ``regimes``.

    Parameters
    ----------
    source
        A path, or the text itself.

    Raises
    ------
    RefusedInputError
        ``bad_regimes``: every error with its line and field; ``overlapping_regimes``.
    """
    doc = read_yaml(source, name=name)
    wrong = Complaints(doc, "bad_regimes")
    wrong.known(doc.data, (), {"format", "regimes"})
    entries = doc.data.get("regimes") if isinstance(doc.data, dict) else None
    if not isinstance(entries, list):
        wrong.add(("regimes",), *NO_LIST)
        entries = []
    rules = [_rule(entry, ("regimes", index), wrong) for index, entry in enumerate(entries)]
    wrong.refuse()
    kept = tuple(rule for rule in rules if rule is not None)
    RegimeBook(kept)  # refuses two rules on one day
    return kept


def _rule(entry: object, path: Path_, wrong: Complaints) -> RegimeRule | None:
    before = len(wrong.items)
    wrong.known(entry, path, {"unit", "regime", "from", "to", "source", "confidence", "status"})
    code = wrong.text(entry, path, "unit")
    try:
        code = parse_code(code)
    except RefusedInputError as error:
        wrong.add((*path, "unit"), *reason_of(error))
    word = wrong.text(entry, path, "regime")
    if word not in set(Regime) or word == Regime.UNKNOWN:
        wrong.add((*path, "regime"), *not_one_of(word, ("two_zone", "whole_area", "whole_area_belts")))
    confidence = wrong.text(entry, path, "confidence")
    if confidence not in CONFIDENCES:
        wrong.add((*path, "confidence"), *not_one_of(confidence, CONFIDENCES))
    status = wrong.text(entry, path, "status", "sample")
    if status not in set(DataStatus):
        wrong.add((*path, "status"), *not_one_of(status, DataStatus))
    validity = wrong.validity(entry, path)
    source = wrong.text(entry, path, "source")
    if len(wrong.items) > before:
        return None
    return RegimeRule(code, Regime(word), validity, source, confidence, DataStatus(status))


def _overlap(one: RegimeRule, other: RegimeRule) -> RefusedInputError:
    days = (
        str(one.validity.start),
        str(one.validity.end),
        str(other.validity.start),
        str(other.validity.end),
    )
    return RefusedInputError(
        "overlapping_regimes",
        f"{one.unit_code} 的两条管控规定日期重叠（{one.regime} 与 {other.regime}）。请改正起止日期（含首尾日）。",
        f"Two regimes of {one.unit_code} hold on the same day ({one.regime}, {other.regime}). Correct their dates; "
        "both ends are included.",
        unit=one.unit_code,
        dates=days,
    )
