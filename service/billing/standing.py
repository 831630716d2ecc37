"""How units stand in a season: listed, pushed, verified, charged, ranked, and what is known where nothing burnt.

A table of our own analysis, never a legal basis: ladders come only from a rulebook, intensities only from loaded
cropland, and "no fire" is said with what is known of passes, cloud and missing feeds.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from gis.errors import RefusedInputError, UsageError
from gis.times import beijing_date, iso_utc
from gis.types import Level
from grids.units import Purpose
from service import untold
from service.accountability.findings import Raised, Rewarded
from service.accountability.rulebook import Rulebook
from service.billing.books import stored_books
from service.billing.charges import ChargeRun, run_charges
from service.billing.layers_used import weakest
from service.billing.observation import Coverage, coverage_of
from service.billing.payers import Payers
from service.billing.seasons import calendar_of
from service.billing.tally import OUTCOMES, Point, Tally, points_of, statuses_used
from service.pipeline.load_indicators import CLOUD_DAYS, CROPLAND, OBSERVED, Figure, figures_of_season
from service.pipeline.register_store import StoredRegister, load_register
from service.scope import Scope
from service.store.engine import Reader
from service.units import code_on

LEVELS = ("city", "county", "township")
RANK_RULE = (
    "按查实火点数由多到少排名；数目相同者名次相同，其后名次顺延",
    "by verified fire points, most first; equal numbers share a rank and the next ranks are skipped",
)
_HUNDREDTH, _TEN_THOUSANDTH = Decimal("0.01"), Decimal("0.0001")
_MU_PER_1000_HA = 15_000


def standing(
    reader: Reader,
    scope: Scope,
    season: str,
    *,
    rulebook: str | None = None,
    at: dt.datetime | None = None,
    level: str = "county",
) -> dict[str, Any]:
    """Return the standing of the units that a reader may see.

    Parameters
    ----------
    rulebook
        Id of the rulebook that money, deadlines and ladders come from; without it those that are loaded. Where none is,
        or none covers the season, everything that needs one is null and a note says so.
    at
        The instant at which deadlines are read and through which the season is counted; now when None.
    level
        ``city``, ``county`` or ``township``: the units of that level in the assessment tree, so 梅河口 stands beside
        the cities.

    Returns
    -------
    dict
        ``rows`` (one per unit; listed = verified + denied + denial_unreviewed + other + overdue + unverified),
        ``totals``, ``zero`` (units without a verified fire point), ``coverage``, ``notes``; rates, amounts and
        intensities are text. A role that may not see money gets null for ``charged``, ``amount`` and ``held``, and no
        rewards.

    Raises
    ------
    UsageError
        ``bad_level`` or ``bad_season``.
    NotFoundError, RefusedInputError
        When a rulebook is named that is not there, or does not cover the season.
    """
    if level not in LEVELS:
        raise UsageError(
            "bad_level",
            f"级别 {level!r} 不在 {'、'.join(LEVELS)} 之中",
            f"level {level!r} is not one of {', '.join(LEVELS)}",
            value=level,
        )
    instant = at or dt.datetime.now(dt.UTC)
    run, notes = _money(reader, season, rulebook, instant)
    span = _span(season, run, instant)
    return untold.standing(
        scope, _Standing(reader, scope, season, level, instant, run, span, notes).document()
    )


def rate(part: int, whole: int) -> str | None:
    """Return a percentage to two decimals, half up; None of nothing."""
    if whole == 0:
        return None
    return str((Decimal(part * 100) / whole).quantize(_HUNDREDTH, ROUND_HALF_UP))


def change(before: int, now: int) -> str | None:
    """Return the change on `before` in percent to two decimals, half up; None where there is no base."""
    if before == 0:
        return None
    return str((Decimal((now - before) * 100) / before).quantize(_HUNDREDTH, ROUND_HALF_UP))


def intensity(count: int, cropland_mu: Decimal) -> str | None:
    """Return fire points per 1,000 ha of cropland to four decimals, half up; None without cropland."""
    if cropland_mu <= 0:
        return None
    return str((Decimal(count * _MU_PER_1000_HA) / cropland_mu).quantize(_TEN_THOUSANDTH, ROUND_HALF_UP))


# --- the season ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Span:
    """The days that are counted: those of the season in which a rulebook counts, up to now.

    Attributes
    ----------
    books
        The rulebooks whose windows count; without one every day does.
    """

    start: dt.date
    end: dt.date
    through: dt.date
    books: tuple[Rulebook, ...] = ()

    def holds(self, day: dt.date) -> bool:
        """Whether a day is counted."""
        return self.start <= day <= self.through and self.in_window(day)

    def in_window(self, day: dt.date) -> bool:
        """Whether a day lies in a window of one of the rulebooks."""
        return not self.books or any(
            book.counts.outside_windows == "as_later" or any(one.holds(day) for one in book.windows)
            for book in self.books
        )

    def days(self) -> list[dt.date]:
        """Return the days that are counted."""
        count = max(0, (self.through - self.start).days + 1)
        return [
            day for day in (self.start + dt.timedelta(days=n) for n in range(count)) if self.in_window(day)
        ]

    @property
    def runs(self) -> bool:
        """Whether days are still to come that will be counted."""
        left = (self.end - self.through).days
        return any(self.in_window(self.through + dt.timedelta(days=n)) for n in range(1, left + 1))

    def before(self) -> Span:
        """Return the same stretch of the year before: a season that runs on is compared with its own part."""
        start, end, through = (_year_before(day) for day in (self.start, self.end, self.through))
        return Span(start, end, through, self.books)


def _year_before(day: dt.date) -> dt.date:
    return day.replace(year=day.year - 1) if (day.month, day.day) != (2, 29) else day - dt.timedelta(days=366)


def _money(
    reader: Reader, season: str, rulebook: str | None, at: dt.datetime
) -> tuple[ChargeRun | None, list[dict[str, str]]]:
    if rulebook is None and not stored_books(reader):
        return None, [
            _note(
                "no_rulebook",
                "未载入规则：扣款、逾期与追责梯次未知（huodian rulebooks load FILE）",
                "no rulebook is loaded: charges, deadlines and ladders are unknown (huodian rulebooks load FILE)",
            )
        ]
    try:
        return run_charges(reader, season, rulebook=rulebook, at=at), []
    except RefusedInputError as error:
        if rulebook is not None:
            raise
        return None, [_note(error.code, error.zh, error.en)]


def _span(season: str, run: ChargeRun | None, at: dt.datetime) -> Span:
    today = beijing_date(at)
    if run is not None and run.books:
        calendar = calendar_of(run.books, season)
        return Span(calendar.start, calendar.end, min(calendar.end, today), tuple(run.books))
    first, _, second = season.partition("-")
    if len(first) != 4 or not first.isdigit() or second not in ("", f"{int(first) + 1:04}"):
        raise UsageError(
            "bad_season",
            f"考核季 {season!r} 应写作 2023-2024 或 2023",
            f"season {season!r} is written 2023-2024 or 2023",
            value=season,
        )
    year = int(first)
    start, end = (
        (dt.date(year, 10, 1), dt.date(year + 1, 9, 30))
        if second
        else (
            dt.date(year, 1, 1),
            dt.date(year, 12, 31),
        )
    )
    return Span(start, end, min(end, today))


def _note(code: str, zh: str, en: str) -> dict[str, str]:
    return {"code": code, "zh": zh, "en": en}


# --- the document --------------------------------------------------------------------------------------------------


class _Standing:
    """One standing under way: bulk reads first, then a row per unit."""

    def __init__(
        self,
        reader: Reader,
        scope: Scope,
        season: str,
        level: str,
        at: dt.datetime,
        run: ChargeRun | None,
        span: Span,
        notes: list[dict[str, str]],
    ) -> None:
        self.reader, self.scope, self.season, self.level, self.at = reader, scope, season, Level(level), at
        self.run, self.span, self.notes = run, span, notes
        self.stored: StoredRegister = load_register(reader)
        self.register = self.stored.register
        self.payers = Payers(self.stored, span.start)
        self.day = max(span.start, span.through)
        self.units = self._visible_units()
        self._roster = frozenset(self.units)
        self.figures = figures_of_season(reader, season)
        self.coverage: Coverage = coverage_of(reader, span.days())
        points = points_of(reader, scope, span, run)
        self.pushed_by = points.pushed_by
        self.tallies = Tally.by_unit(points.points, self._unit_of)
        self.before = Tally.by_unit(points_of(reader, scope, span.before(), None).points, self._unit_of)

    def document(self) -> dict[str, Any]:
        """Return the standing as plain data."""
        rows = [self._row(key) for key in self._keys()]
        ranked = [row for row in rows if row["level"] != "special" and row["code"] is not None]
        for row in ranked:
            row["rank"] = 1 + sum(other["verified"] > row["verified"] for other in ranked)
        status = weakest(self._statuses())
        return {
            "season": self.season,
            "level": self.level.value,
            "starts": self.span.start.isoformat(),
            "to": self.span.end.isoformat(),
            "through": self.span.through.isoformat(),
            "at": iso_utc(self.at),
            "as_of": self.reader.rev,
            "status": status,
            "informal": status != "official",
            "mark": "非正式" if status != "official" else "",
            "rulebooks": [book.id for book in self.run.books] if self.run else [],
            "rank_rule": {"zh": RANK_RULE[0], "en": RANK_RULE[1], "among": len(ranked)},
            "pushed_by": self.pushed_by,
            "coverage": self.coverage.as_dict(),
            "rows": rows,
            "totals": self._totals(),
            "zero": [self._zero(key) for key in self._keys() if self._is_zero(key)],
            "notes": [*self.notes, *self._said()],
        }

    # -- units -------------------------------------------------------------------------------------------------

    def _visible_units(self) -> tuple[str, ...]:
        """Return the units of the level whose whole ground the reader may see."""
        roster = self.register.roster(Purpose.ASSESSMENT, self.level, self.day)
        if self.scope.everything:
            return roster
        return tuple(
            uid
            for uid in roster
            if self.scope.unit_uid in self.register.chain(uid, Purpose.ASSESSMENT, self.day)
        )

    def _unit_of(self, point: Point) -> str | None:
        """Return the unit of the level that a fire point counts for: a special payer, or one of the roster."""
        if point.special is not None:
            return f"special:{point.special}"
        for number in (point.township_unit_id, point.county_unit_id):
            uid = None if number is None else self.payers.uids.get(number)
            if uid is None:
                continue
            chain = self.register.chain(uid, Purpose.ASSESSMENT, point.day)
            found = next((one for one in chain if one in self._roster), None)
            if found is not None:
                return found
        return None

    def _keys(self) -> list[str | None]:
        """Return the units of the table: the roster, then special payers, then what belongs to no unit."""
        special = sorted(key for key in self.tallies if key is not None and key.startswith("special:"))
        nobody: list[str | None] = [None] if None in self.tallies and self.scope.everything else []
        return [*self.units, *special, *nobody]

    # -- one unit ----------------------------------------------------------------------------------------------

    def _row(self, key: str | None) -> dict[str, Any]:
        tally, before = self.tallies.get(key, Tally()), self.before.get(key, Tally())
        code, name, level = self._named(key)
        cropland = self._figure(key, CROPLAND)
        return {
            "code": code,
            "name": name,
            "level": level,
            **self._counts(tally),
            "rank": None,
            "intensity": None if cropland is None else intensity(tally.listed, cropland.value),
            "cropland_ha": None if cropland is None else _plain(cropland.value / 15),
            "escalations": [_raised(one) for one in self._raised_of(key)],
            "change": {
                "listed": _change(before.listed, tally.listed),
                "verified": _change(before["verified"], tally["verified"]),
            },
        }

    def _counts(self, tally: Tally) -> dict[str, Any]:
        """Return the numbers of a tally; those that need a rulebook are null without one."""
        money = self.run is not None
        return {
            "listed": tally.listed,
            "pushed": tally.pushed,
            **{name: tally[name] for name in OUTCOMES},
            "overdue": tally["overdue"] if money else None,
            "out_of_season": tally.out_of_season,
            "verification_rate": rate(tally.confirmed_pushed, tally.pushed),
            "charged": tally.charged if money else None,
            "amount": str(tally.amount) if money else None,
            "held": tally.held if money else None,
        }

    def _totals(self) -> dict[str, Any]:
        total = Tally.sum(self.tallies.get(key, Tally()) for key in self._keys())
        before = Tally.sum(self.before.get(key, Tally()) for key in self._keys())
        return {
            **self._counts(total),
            "change": {
                "listed": _change(before.listed, total.listed),
                "verified": _change(before["verified"], total["verified"]),
            },
        }

    def _named(self, key: str | None) -> tuple[str | None, str, str]:
        if key is None:
            return None, "未归属", self.level.value
        if key.startswith("special:"):
            code = key.partition(":")[2]
            payer = self.run.facts.payers.get(code) if self.run else None
            return code, payer.name if payer else code, "special"
        unit = self.register[key]
        return code_on(unit, self.day) or key, unit.name(self.day), unit.level.value

    def _figure(self, key: str | None, name: str) -> Figure | None:
        return None if key is None else self.figures.get(key, {}).get(name)

    def _pays_as(self, key: str) -> str:
        """Return the code by which rulebooks know the unit: that of whoever pays for it at the county."""
        if self.level is Level.COUNTY:
            return self.payers.payer_of(key, self.span.start)[0]
        return self.payers.code(key)

    def _raised_of(self, key: str | None) -> list[Raised]:
        if self.run is None or key is None or key.startswith("special:"):
            return []
        own, code = self.run.facts.season_ids, self._pays_as(key)
        return [
            one
            for found in self.run.findings
            for one in found.escalations
            if (one.level, one.unit) == (self.register[key].level.value, code)
            and (one.period == self.season or own & set(one.fire_point_ids))
            and (self.scope.everything or self._whole(code))
        ]

    def _whole(self, code: str) -> bool:
        """Whether the reader sees the whole of the unit that an escalation is about."""
        uid = self.payers.uid_of(code, self.span.start)
        return uid is not None and self.scope.unit_uid in self.register.chain(
            uid, Purpose.ASSESSMENT, self.day
        )

    # -- no fire -----------------------------------------------------------------------------------------------

    def _is_zero(self, key: str | None) -> bool:
        return (
            key is not None
            and not key.startswith("special:")
            and not self.tallies.get(key, Tally())["verified"]
        )

    def _zero(self, key: str | None) -> dict[str, Any]:
        """Return what is known of a unit without a verified fire point: how much was looked, and what waits."""
        tally = self.tallies.get(key, Tally())
        code, name, level = self._named(key)
        observed, cloud = self._figure(key, OBSERVED), self._figure(key, CLOUD_DAYS)
        waiting = tally["unverified"] + tally["overdue"] + tally["denial_unreviewed"]
        proof = "not_proven" if observed is None else "proven" if observed.value == 1 else "disproven"
        return {
            "code": code,
            "name": name,
            "level": level,
            "state": "waiting" if waiting else "no_fire_point" if not tally.listed else "none_verified",
            "listed": tally.listed,
            "waiting": waiting,
            "observed": proof,
            "observed_source": None if observed is None else observed.source,
            "cloud_days": None if cloud is None else _plain(cloud.value),
            "days": self.coverage.days,
            "days_without_feed": len(self.coverage.without_any),
            "rewards": [_rewarded(one) for one in self._rewards_of(key)],
            **_seen(self.coverage, proof, cloud),
        }

    def _rewards_of(self, key: str | None) -> list[Rewarded]:
        if self.run is None or key is None:
            return []
        code, level = self._pays_as(key), self.register[key].level.value
        return [
            one
            for found in self.run.findings
            for one in found.rewards
            if (one.season, one.level, one.unit) == (self.season, level, code)
            and (self.scope.everything or self._whole(code))
        ]

    # -- said about the whole ----------------------------------------------------------------------------------

    def _statuses(self) -> Iterable[str]:
        shown = [
            figure.status
            for key in self.units
            for name, figure in self.figures.get(key, {}).items()
            if name in (CROPLAND, OBSERVED, CLOUD_DAYS)
        ]
        base = (
            [self.run.status] if self.run is not None else statuses_used(self.reader, self.scope, self.span)
        )
        return [*base, *shown]

    def _said(self) -> Iterable[dict[str, str]]:
        if not self.scope.everything:
            yield _note(
                "ranked_within_scope",
                "名次仅在您可见的单位之间计算",
                "ranks are among the units that you may see",
            )
        if self.pushed_by == "listed":
            yield _note(
                "pushed_is_listed",
                "本季没有已发布的火点清单，推送数按列入数计",
                "no fire list was published this season: pushed is counted as listed",
            )
        if not self.coverage.satellites:
            yield _note("no_feed", "本季没有任何数据源到达", "no feed arrived in this season")
        if self.span.runs:
            yield _note(
                "season_runs",
                f"本季统计至 {self.span.through}；同比为上年同期",
                f"counted through {self.span.through}; compared with the same part of the season before",
            )


def _seen(coverage: Coverage, proof: str, cloud: Figure | None) -> dict[str, str]:
    missing = len(coverage.without_any)
    zh = f"应观测 {coverage.days} 日，其中 {missing} 日没有任何数据源；"
    en = f"{coverage.days} days to be observed, {missing} of them without any feed; "
    zh += "云况未知；" if cloud is None else f"有云 {_plain(cloud.value)} 日；"
    en += "cloud unknown; " if cloud is None else f"cloud on {_plain(cloud.value)} days; "
    said = {
        "proven": ("已有观测充分的证明", "observation is vouched for"),
        "disproven": ("已查明观测不足，不奖励", "observation was found insufficient: no reward"),
        "not_proven": ("观测未经证明，未见火点不等于没有火点，不奖励", "observation not proven: no reward"),
    }[proof]
    return {"zh": zh + said[0], "en": en + said[1]}


def _change(before: int, now: int) -> dict[str, Any]:
    return {"before": before, "now": now, "percent": change(before, now)}


def _plain(value: Decimal) -> str:
    text = format(value.quantize(_HUNDREDTH, ROUND_HALF_UP), "f")
    return text.rstrip("0").rstrip(".")


def _raised(one: Raised) -> dict[str, Any]:
    found: dict[str, Any] = {
        name: getattr(one, name)
        for name in ("id", "clause", "kind", "level", "unit", "period", "count", "zh", "en")
    }
    detail: Mapping[str, str] = one.detail
    return {**found, "step": detail.get("step"), "detail": dict(detail)}


def _rewarded(one: Rewarded) -> dict[str, Any]:
    return {
        **{name: getattr(one, name) for name in ("id", "clause", "unit", "reason", "zh", "en")},
        "amount": None if one.amount is None else str(one.amount),
    }
