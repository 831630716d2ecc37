"""What changed between two statements of a payer and season: per fire point before, after and why.

Pure: two documents and what is known beside them come in. The deltas sum to the difference of the two totals by
construction, and every adjustment has one main cause of a closed list. Other payers' fire points are never named.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from service.billing.causes import screened_words, sentence
from service.billing.lines import FINDINGS_ZH

Line = Mapping[str, Any]

_LAYER_REASONS = {
    "payer_in_doubt": ("unit", "unit_ruled"),
    "payer_unknown": ("unit", "unit_ruled"),
    "scope_in_doubt": ("unit", "unit_ruled"),
    "zone_in_doubt": ("zone", "zone_ruled"),
    "zone_unknown": ("zone", "zone_ruled"),
    "zone_not_counted": ("zone", "zone_ruled"),
}
"""Reasons that a ruling of a kind, or else a newer layer, brings about or takes away."""

_REASON_CAUSE = {
    "denied": "denied",
    "finding_not_counted": "finding_changed",
    "finding_unknown": "finding_changed",
    "not_verified": "finding_changed",
    "exempt": "exempted",
    "area_unknown": "area_changed",
    "not_publicised": "publicised",
    "planned_burn": "screened",
    "restricted_within_plan": "screened",
    "duplicate": "linked",
}
_RULE_REASONS = frozenset({"out_of_season", "source_not_accepted", "no_clause", "finding_not_counted"})
"""Reasons that another rulebook explains, when there is one."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known beside the two documents, of this payer's fire points only unless said otherwise.

    Attributes
    ----------
    resolved
        Ended ids and what they resolve to; None where nothing is left.
    linked
        Ids that are another source of a fire, and the fire point that stands for both.
    screened
        Ids that screening left out, with the reason code.
    facts
        Facts now (as a trace tells them) with their layers, of any id that is still a fact, whoever pays.
    rulings
        Rulings in force: ``{kind, value, reason}`` by id.
    origins
        Ids that began since the issue before, and the id that their pixels were in then.
    older
        Ids that existed already at the issue before.
    ranked
        Overpass instants of candidates that a ruling ranked, whoever pays for them.
    """

    resolved: Mapping[str, str | None] = field(default_factory=dict)
    linked: Mapping[str, str] = field(default_factory=dict)
    screened: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    rulings: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    origins: Mapping[str, str] = field(default_factory=dict)
    older: frozenset[str] = frozenset()
    ranked: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Why:
    cause: str
    zh: str = ""
    en: str = ""
    caused_by: tuple[str, ...] = ()


def adjustments(
    before: Mapping[str, Any] | None, after: Mapping[str, Any], known: Known
) -> list[dict[str, Any]]:
    """Return the adjustments of a statement against the one before it, by fire point.

    Parameters
    ----------
    before
        The document before; None at the first issue, which adjusts nothing.
    after
        ``lines``, ``held``, ``left_out`` and ``rulebooks`` of the document under way.

    Returns
    -------
    list of dict
        ``{fire_point_id, before, after, delta, cause, zh, en, caused_by}``; amounts as text, their deltas sum to the
        difference of the totals.
    """
    if before is None:
        return []
    comparison = _Comparison(before, after, known)
    found = []
    for name in sorted(comparison.before.keys() | comparison.after.keys()):
        old, new = _sum(comparison.before.get(name)), _sum(comparison.after.get(name))
        if old == new:
            continue
        why = comparison.why(name)
        zh, en = sentence(why.cause, why.zh, why.en)
        found.append(
            {
                "fire_point_id": name,
                "before": str(old),
                "after": str(new),
                "delta": str(new - old),
                "cause": why.cause,
                "zh": zh,
                "en": en,
                "caused_by": list(why.caused_by),
            }
        )
    return found


def marked(before: Mapping[str, Any] | None, lines: Sequence[Line]) -> list[str | None]:
    """Return for each line whether it is new, changed or neither against the statement before."""
    old = {_key(line): line for line in (before or {}).get("lines", ())}
    return [
        "new" if _key(line) not in old else None if _same(old[_key(line)], line) else "changed"
        for line in lines
    ]


def _key(line: Line) -> tuple[str, str]:
    return line["fire_point_id"], line["trace"]["rulebook"]


def _same(one: Line, other: Line) -> bool:
    names = ("amount", "ordinal", "clause", "finding", "zone", "county_code", "township_code")
    return all(one[name] == other[name] for name in names)


def _steps(one: Line, other: Line) -> tuple[str, str]:
    """Say how the place in the order changed."""
    old, new = one["ordinal"], other["ordinal"]
    if old == new:
        return "同一分钟候选变化", "other candidates of its minute"
    return f"由第 {old} 变为第 {new}", f"from number {old} to {new}"


def _sum(lines: Sequence[Line] | None) -> Decimal:
    return sum((Decimal(line["amount"]) for line in lines or ()), Decimal("0.00"))


def _by_point(document: Mapping[str, Any]) -> dict[str, list[Line]]:
    found: dict[str, list[Line]] = defaultdict(list)
    for line in document.get("lines", ()):
        found[line["fire_point_id"]].append(line)
    return {name: sorted(lines, key=_key) for name, lines in found.items()}


def _reasons(document: Mapping[str, Any], part: str) -> dict[str, Mapping[str, Any]]:
    return {one["fire_point_id"]: one for one in document.get(part, ())}


class _Comparison:
    """Two documents side by side."""

    def __init__(self, before: Mapping[str, Any], after: Mapping[str, Any], known: Known) -> None:
        self.known = known
        self.before, self.after = _by_point(before), _by_point(after)
        self.held_before, self.held_after = _reasons(before, "held"), _reasons(after, "held")
        self.out_before, self.out_after = _reasons(before, "left_out"), _reasons(after, "left_out")
        self.own = self.before.keys() | self.after.keys() | self.held_after.keys() | self.out_after.keys()
        self.rules_before = {(one["id"], one["hash"]) for one in before.get("rulebooks", ())}
        self.rules_after = {(one["id"], one["hash"]) for one in after.get("rulebooks", ())}
        self._rulings_before = {
            line["fire_point_id"]: line.get("rulings", ()) for line in before.get("lines", ())
        }

    @property
    def new_rules(self) -> bool:
        """Whether a rulebook that the account rested on applies no more, or in another text."""
        return not self.rules_before <= self.rules_after

    def why(self, name: str) -> _Why:
        """Return the main cause of what changed for one fire point."""
        old, new = self.before.get(name), self.after.get(name)
        if old and new:
            return self._changed(name, old, new)
        return self._gone(name, old) if old else self._come(name, new or [])

    # --- a point that is charged no more --------------------------------------------------------------

    def _gone(self, name: str, old: Sequence[Line]) -> _Why:
        known = self.known
        if name in known.resolved:
            return self._ended(known.resolved[name])
        if name in known.linked:
            return self._same_fire(known.linked[name])
        if name in known.screened:
            return self._screened(name, known.screened[name])
        reason = self.out_after.get(name) or self.held_after.get(name)
        if reason is not None:
            return self._no_more(name, old, reason, waits=name not in self.out_after)
        if name in known.facts:
            return self._unit(name, old[0]["trace"])
        return _Why("rulebook_changed") if self.new_rules else _Why("other")

    def _ended(self, into: str | None) -> _Why:
        if into is None:
            return _Why("withdrawn")
        if into in self.own:
            return _Why("merged", f"并入火点 {into}", f"it is part of {into} now", (into,))
        return _Why("merged", "并入其他单位的火点", "it is part of a fire point of another unit now")

    def _same_fire(self, other: str) -> _Why:
        if other in self.own:
            return _Why("linked", f"与火点 {other} 为同一火", f"the same fire as {other}", (other,))
        return _Why("linked", "与其他单位的火点为同一火", "the same fire as one of another unit")

    def _screened(self, name: str, reason: str) -> _Why:
        if reason == "duplicate":
            other = self._ruled_value(name, "duplicate")
            return self._same_fire(other) if other else _Why("linked")
        if reason == "denied":
            return _Why("denied")
        return _Why("screened", *screened_words(reason))

    def _no_more(self, name: str, old: Sequence[Line], reason: Mapping[str, Any], *, waits: bool) -> _Why:
        code, zh, en = reason["reason"], reason["zh"], reason["en"]
        otherwise = "waiting" if waits else "other"
        if code in _RULE_REASONS and self.new_rules:
            cause = "rulebook_changed"
        elif code in _LAYER_REASONS:
            kind, ruled = _LAYER_REASONS[code]
            newer = self._layer_cause(name, old[0]["trace"]) == "new_layers"
            cause = ruled if self._newly_ruled(name, kind) else "new_layers" if newer else otherwise
        else:
            cause = _REASON_CAUSE.get(code, otherwise)
        return _Why(cause, zh, en)

    def _unit(self, name: str, trace: Mapping[str, Any]) -> _Why:
        """Return why a point that is still a fact is no longer this payer's."""
        if self._newly_ruled(name, "unit") or self._newly_ruled(name, "payer"):
            return _Why("unit_ruled")
        if self._layer_cause(name, trace) == "new_layers":
            return _Why("new_layers")
        return _Why("rulebook_changed") if self.new_rules else _Why("moved")

    # --- a point that was not charged before ----------------------------------------------------------

    def _come(self, name: str, new: Sequence[Line]) -> _Why:
        trace = new[0]["trace"]
        waited, was_out = self.held_before.get(name), self.out_before.get(name)
        if (origin := self.known.origins.get(name, name)) != name:
            return self._split_from(origin)
        if waited is not None:
            return self._no_longer_held(name, trace, waited["reason"])
        if was_out is not None:
            return self._counted_again(name, trace, was_out["reason"])
        return _Why(self._arrival(name, trace))

    def _split_from(self, origin: str) -> _Why:
        if origin in self.own:
            return _Why("split", f"由火点 {origin} 拆出", f"split from {origin}", (origin,))
        return _Why("split", "由其他单位的火点拆出", "split from a fire point of another unit")

    def _arrival(self, name: str, trace: Mapping[str, Any]) -> str:
        """Return why a point of which the statement before said nothing is this payer's now."""
        if self._newly_ruled(name, "unit") or self._newly_ruled(name, "payer"):
            return "unit_ruled"
        if trace["facts"]["state"] == "overdue":
            return "overdue_now"
        if name not in self.known.older:
            return "new"
        return "rulebook_changed" if self.new_rules else "moved"

    def _no_longer_held(self, name: str, trace: Mapping[str, Any], code: str) -> _Why:
        if code in _LAYER_REASONS:
            kind, ruled = _LAYER_REASONS[code]
            return _Why(ruled if self._newly_ruled(name, kind) else "new_layers")
        if trace["facts"]["state"] == "overdue":
            return _Why("overdue_now")
        if code in ("not_verified", "overdue", "finding_unknown"):
            return _Why("new", "核实后计入", "verified since")
        if code == "denial_unreviewed":
            return _Why("finding_changed", "否定意见未获采纳", "the denial was not upheld")
        return _Why(_REASON_CAUSE.get(code, "other"))

    def _counted_again(self, name: str, trace: Mapping[str, Any], code: str) -> _Why:
        if code in _RULE_REASONS and self.new_rules:
            return _Why("rulebook_changed")
        if code in _LAYER_REASONS:
            kind, ruled = _LAYER_REASONS[code]
            return _Why(ruled if self._newly_ruled(name, kind) else "new_layers")
        if code in ("denied", "finding_not_counted"):
            return _Why("finding_changed", "恢复计入", "it counts again")
        if trace["facts"]["state"] == "overdue":
            return _Why("overdue_now")
        cause = _REASON_CAUSE.get(code, "screened")
        return _Why(cause, "恢复计入", "it counts again")

    # --- a point whose amount changed -----------------------------------------------------------------

    def _changed(self, name: str, old: Sequence[Line], new: Sequence[Line]) -> _Why:
        one, other = self._differing(old, new)
        if one is None or other is None or one["trace"]["rulebook_hash"] != other["trace"]["rulebook_hash"]:
            return _Why("rulebook_changed")
        t0, t1 = one["trace"], other["trace"]
        if t0["kept_percent"] != t1["kept_percent"]:
            return _Why("exempted")
        if t0["places"] != t1["places"]:
            return self._pixels(name, t0, t1)
        if any(t0.get(key) != t1.get(key) for key in ("weight", "clause", "percent")):
            return self._facts_differ(name, t0, t1)
        if any(t0.get(key) != t1.get(key) for key in ("area_mu", "as_first_by_area", "base_amount")):
            based = t0.get("base_amount") != t1.get("base_amount")
            return _Why("other", "计算基数变化", "the base amount") if based else _Why("area_changed")
        return self._order(name, one, other)

    @staticmethod
    def _differing(old: Sequence[Line], new: Sequence[Line]) -> tuple[Line | None, Line | None]:
        """Return the first pair of lines under one rulebook whose amounts differ."""
        by_book = {line["trace"]["rulebook"]: line for line in new}
        for line in old:
            twin = by_book.get(line["trace"]["rulebook"])
            if twin is None:
                return line, None
            if twin["amount"] != line["amount"]:
                return line, twin
        return None, None

    def _pixels(self, name: str, t0: Mapping[str, Any], t1: Mapping[str, Any]) -> _Why:
        came = sorted(one for one, into in self.known.resolved.items() if into == name and one in self.before)
        if came:
            return _Why(
                "merged", f"火点 {'、'.join(came)} 并入", f"{', '.join(came)} became part of it", tuple(came)
            )
        parts = sorted(
            one for one, origin in self.known.origins.items() if origin == name and one in self.after
        )
        if parts:
            return _Why(
                "split", f"拆出火点 {'、'.join(parts)}", f"{', '.join(parts)} split off", tuple(parts)
            )
        one, two = t0["places"], t1["places"]
        return _Why("other", f"像元数 {one} → {two}", f"{one} to {two} pixels")

    def _facts_differ(self, name: str, t0: Mapping[str, Any], t1: Mapping[str, Any]) -> _Why:
        f0, f1 = t0["facts"], t1["facts"]
        if f0["finding"] != f1["finding"]:
            zh = " → ".join(FINDINGS_ZH.get(one["finding"], "未核实") for one in (f0, f1))
            return _Why("finding_changed", zh, f"{f0['finding']} to {f1['finding']}")
        if any(f0[key] != f1[key] for key in ("zone", "regime", "areas", "within_plan")):
            return _Why("zone_ruled" if self._newly_ruled(name, "zone") else "new_layers")
        return _Why("other")

    def _order(self, name: str, one: Line, other: Line) -> _Why:
        t0, t1 = one["trace"], other["trace"]
        f0, f1 = t0["facts"], t1["facts"]
        if t0.get("scope_unit") != t1.get("scope_unit"):
            newer = "new_layers" if t0["layers"] != t1["layers"] else "moved"
            return _Why("unit_ruled" if self._newly_ruled(name, "unit") else newer)
        basis, zh, en = t0.get("basis"), *_steps(one, other)
        if basis == "publication" and f0["published_at"] != f1["published_at"]:
            return _Why("publicised", zh, en)
        if basis == "confirmation" and f0["confirmed_at"] != f1["confirmed_at"]:
            return _Why("finding_changed", f"核实时间变更，{zh}", f"confirmed at another time, {en}")
        was_tied, is_tied = (
            part.get(name, {}).get("reason") == "tie" for part in (self.held_before, self.held_after)
        )
        settled = was_tied and not is_tied and f1["overpass"] in self.known.ranked
        if f0["tie_rank"] != f1["tie_rank"] or settled:
            if one["ordinal"] == other["ordinal"] and not is_tied:
                zh, en = f"列第 {other['ordinal']}", f"number {other['ordinal']} of the order"
            return _Why("tie_ruled", zh, en)
        tied = t0.get("tied") or t1.get("tied") or was_tied or is_tied
        if one["ordinal"] == other["ordinal"] and not tied:
            return _Why("other")
        return self._reordered(one, other)

    def _reordered(self, one: Line, other: Line) -> _Why:
        gone = self._before_it(one, self.before) - self._before_it(other, self.after)
        come = self._before_it(other, self.after) - self._before_it(one, self.before)
        caused_by = tuple(sorted(gone | come))
        old, new = one["ordinal"], other["ordinal"]
        step, step_en = _steps(one, other)
        if not caused_by:
            zh, en = (
                f"{step}，因其他单位的火点变动",
                f"{step_en}, as a fire point of another unit changed the order",
            )
            return _Why("reordered", zh, en)
        parts_zh, parts_en = [], []
        for names, word_zh, word_en in (
            (gone, "不再排在其前", "no longer before it"),
            (come, "排在其前", "now before it"),
        ):
            if names:
                listed = sorted(names)
                parts_zh.append(f"火点 {'、'.join(listed)} {word_zh}{self._fates(listed, zh=True)}")
                parts_en.append(f"{', '.join(listed)} {word_en}{self._fates(listed, zh=False)}")
        if isinstance(old, int) and isinstance(new, int) and new - old != len(come) - len(gone):
            parts_zh.append("并有其他单位的火点变动")
            parts_en.append("fire points of other units changed the order too")
        return _Why(
            "reordered", f"{step}，因{'；'.join(parts_zh)}", f"{step_en}: {'; '.join(parts_en)}", caused_by
        )

    def _fates(self, names: Sequence[str], *, zh: bool) -> str:
        """Say what became of points that left the order: a denied first is called denied."""
        causes = {
            self._gone(one, self.before[one]).cause
            for one in names
            if one in self.before and one not in self.after
        }
        told = sorted(sentence(cause)[0 if zh else 1] for cause in causes)
        return "" if not told else f"（{'；'.join(told)}）" if zh else f" ({'; '.join(told)})"

    @staticmethod
    def _before_it(line: Line, points: Mapping[str, Sequence[Line]]) -> set[str]:
        """Return this payer's points that stand before a line in its order."""
        trace, place = line["trace"], line["ordinal"]
        if place is None:
            return set()
        keys = ("rulebook", "clause", "scope", "scope_unit", "period")
        return {
            name
            for name, lines in points.items()
            for one in lines
            if one["ordinal"] is not None
            and one["ordinal"] < place
            and all(one["trace"].get(key) == trace.get(key) for key in keys)
        }

    # --- what is known --------------------------------------------------------------------------------

    def _newly_ruled(self, name: str, kind: str) -> bool:
        before = {
            (one["kind"], one["value"]) for one in self._rulings_before.get(name, ()) if one["kind"] == kind
        }
        now = {(one["kind"], one["value"]) for one in self.known.rulings.get(name, ()) if one["kind"] == kind}
        return now != before

    def _ruled_value(self, name: str, kind: str) -> str | None:
        return next((one["value"] for one in self.known.rulings.get(name, ()) if one["kind"] == kind), None)

    def _layer_cause(self, name: str, trace: Mapping[str, Any]) -> str:
        fact = self.known.facts.get(name)
        return "new_layers" if fact is None or fact["layers"] != trace["layers"] else "moved"
