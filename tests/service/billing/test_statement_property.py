"""Random seasons of random changes: issued statements always sum to the adjudication of the facts as they are."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from service.accountability.facts import Fact
from service.accountability.rulebook import Rulebook
from service.billing.adjust import Known
from service.billing.causes import CAUSES
from service.billing.chain import canonical_bytes
from service.billing.charges import ChargeRun
from service.billing.statement import Material, own_points
from service.rulebooks import shipped_rulebook
from tests.service.accountability.facts import fire, units
from tests.service.billing.runs import issue, run_of

COUNTIES = ("220182", "220281", "220382")
BOOKS = tuple(shipped_rulebook(name) for name in ("JL-1", "JL-1-PROVINCE"))
STEPS = (
    *("add", "deny", "uphold", "move", "merge", "rank", "area", "zone", "doubt", "settle", "swap"),
    *("silent", "overdue", "unaccepted", "nobody"),
)


@dataclass
class Season:
    """Facts that change, and what was issued of them."""

    facts: dict[str, Fact] = field(default_factory=dict)
    book: int = 0
    resolved: dict[str, str | None] = field(default_factory=dict)
    issued: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    ever_own: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    count: int = 0

    @property
    def rulebook(self) -> Rulebook:
        return BOOKS[self.book]

    def step(self, what: str, number: int, other: int) -> None:
        names = sorted(self.facts)
        if what == "add" or not names:
            self._add(number, other)
            return
        name, second = names[number % len(names)], names[other % len(names)]
        county = COUNTIES[other % len(COUNTIES)]
        changes: Mapping[str, dict[str, Any]] = {
            "deny": {"state": "denied", "finding": "nothing_found", "denial_reviewed_by": "province"},
            "uphold": {"state": "confirmed", "finding": "straw", "denial_reviewed_by": None},
            "move": {"units": units(county)},
            "rank": {"tie_rank": other % 3 + 1},
            "area": {"area_mu": Decimal(other)},
            "zone": {"zone": ("ban", "none", "unknown")[other % 3]},
            "doubt": {"doubts": ("county",)},
            "settle": {"doubts": ()},
            "silent": {"state": "listed", "finding": None},
            "overdue": {"state": "overdue", "finding": None},
            "unaccepted": {"sources": ("public_report",)},
            "nobody": {"units": units(county)[:1]},  # ground of the province that no county stands for
        }
        if what == "swap":
            self.book = 1 - self.book
        elif what != "merge":
            self.facts[name] = dataclasses.replace(self.facts[name], **changes[what])
        elif name != second:
            kept, gone = self.facts[name], self.facts.pop(second)
            self.facts[name] = dataclasses.replace(kept, pixels=kept.pixels + gone.pixels)
            self.resolved[second] = name
            for old, into in self.resolved.items():
                self.resolved[old] = name if into == second else into

    def _add(self, number: int, other: int) -> None:
        self.count += 1
        start = dt.datetime.fromisoformat("2020-10-05T12:00")
        when = start + dt.timedelta(minutes=number % 7, days=other % 3)
        self.facts[f"F{self.count:03}x"] = fire(
            f"F{self.count:03}x", when.isoformat(), COUNTIES[number % len(COUNTIES)]
        )

    def run(self) -> ChargeRun:
        return run_of(self.facts.values(), self.rulebook)

    def issue(self) -> None:
        """Issue a statement to every payer with a charge now or an issue before."""
        run = self.run()
        for code in sorted(set(run.by_payer) | set(self.issued)):
            before = self.issued[code]
            self.ever_own[code] |= own_points(run, code)
            document = issue(run, code, before, Material(known=self._known(run)))
            self.check(code, document, run)
            if before:
                self.check_causes(before[-1], document)
            before.append(document)

    def _known(self, run: ChargeRun) -> Known:
        told = {
            fact.fire_point_id: {"layers": [list(pair) for pair in sorted(fact.layers)]}
            for fact in run.facts.facts
        }
        return Known(resolved=dict(self.resolved), facts=told)

    def check(self, code: str, document: dict[str, Any], run: ChargeRun) -> None:
        deltas = [Decimal(one["delta"]) for one in document["adjustments"]]
        amounts = document["amounts"]
        if amounts["previous_number"] is None:
            assert deltas == [], "a first issue adjusts nothing"
        else:
            assert sum(deltas, Decimal(0)) == Decimal(amounts["net"])
        assert Decimal(amounts["previous"]) + Decimal(amounts["net"]) == Decimal(amounts["total"])
        assert Decimal(amounts["total"]) == run.by_payer.get(code, 0)
        names = [line["fire_point_id"] for line in document["lines"]]
        assert len(set(names)) == len(names), "no fire is charged twice"
        for line in document["lines"]:
            assert line["trace"]["facts"]["state"] == "confirmed"
            facts = line["trace"]["facts"]
            assert [one[2] for one in facts["units"] if one[0] == "county"] == [code], "somebody pays"
            assert "satellite" in facts["sources"], "and the source is one that the rule accepts"
            assert line["trace"]["rulebook_hash"] == self.rulebook.content_hash
            assert line["mark"] == "非正式"
        for one in document["adjustments"]:
            assert one["cause"] in CAUSES
            assert one["zh"]
            assert one["en"].isascii()
            assert set(one["caused_by"]) <= self.ever_own[code]
        text = canonical_bytes(document).decode()
        foreign = {f"F{number:03}x" for number in range(1, self.count + 1)} - self.ever_own[code]
        assert not [name for name in foreign if name in text], "another payer's point is never named"

    def check_causes(self, before: dict[str, Any], document: dict[str, Any]) -> None:
        """Hold each adjustment to what happened to its fire point, worked out from the facts alone."""
        old, new = ({line["fire_point_id"]: line for line in one["lines"]} for one in (before, document))
        for one in document["adjustments"]:
            name, cause = one["fire_point_id"], one["cause"]
            if name in self.resolved:
                assert cause == "merged"
            elif name in old and name not in new and self.facts[name].state == "denied":
                assert cause == "denied"
                assert "核实否定" in one["zh"]
            elif cause == "reordered":
                steps = (old[name]["ordinal"], new[name]["ordinal"])
                assert steps[0] == steps[1] or f"由第 {steps[0]} 变为第 {steps[1]}" in one["zh"]
                for first in self._denied_before(old, name):
                    assert first in one["caused_by"], "a denied first is what re-orders"
                    assert first in one["zh"]
                    assert "核实否定" in one["zh"]

    def _denied_before(self, old: dict[str, Any], name: str) -> list[str]:
        """Return this payer's fire points that stood before another one in its order and are denied now."""
        line = old[name]
        keys = ("rulebook", "scope_unit", "period")
        return [
            other
            for other, it in old.items()
            if it["ordinal"] < line["ordinal"]
            and all(it["trace"][key] == line["trace"][key] for key in keys)
            and other not in self.resolved
            and self.facts[other].state == "denied"
        ]


_STEP = st.tuples(st.sampled_from((*STEPS, "issue", "add")), st.integers(0, 60), st.integers(0, 60))


@settings(max_examples=150, deadline=None)
@given(st.lists(_STEP, max_size=40))
def test_issues_and_adjustments_sum_to_the_adjudication_of_the_facts_as_they_are(
    steps: list[tuple[str, int, int]],
) -> None:
    season = Season()
    for what, number, other in steps:
        if what == "issue":
            season.issue()
        else:
            season.step(what, number, other)
    season.issue()
    final = season.run()
    nets = {
        code: sum((Decimal(one["amounts"]["net"]) for one in issues), Decimal(0))
        for code, issues in season.issued.items()
    }
    assert {code: net for code, net in nets.items() if net} == final.by_payer
    assert sum(nets.values(), Decimal(0)) == final.total
