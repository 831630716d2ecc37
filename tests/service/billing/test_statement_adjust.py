"""Each cause of an adjustment, from facts alone: named once, in both languages, without anybody else's fire points."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from typing import Any

import pytest

from service.accountability.facts import Fact, told
from service.accountability.rulebook import Rulebook
from service.billing.adjust import Known
from service.billing.causes import CAUSES, sentence
from service.billing.chain import canonical_bytes
from service.billing.matching import Link
from service.billing.statement import Material
from service.rulebooks import check_rulebook, shipped_rulebook
from tests.service.accountability.facts import fire, units
from tests.service.accountability.test_rulebooks import BOOKS
from tests.service.billing.runs import issue, run_of

JL, PROVINCE = shipped_rulebook("JL-1"), shipped_rulebook("JL-1-PROVINCE")
HA6, WEIGHTS, LN3 = (shipped_rulebook(name) for name in ("HA-6", "CLASS-WEIGHTS", "LN-3"))


def _edited(before: str, after: str) -> Rulebook:
    """Return JL-1 with a change in its text."""
    text = (BOOKS / "jl-1.yaml").read_text(encoding="utf-8")
    assert before in text
    found = check_rulebook(text.replace(before, after))
    assert isinstance(found, Rulebook), found
    return found


COUNTS_SILENCE = _edited("overdue: waits", "overdue: counts")
PIXELS = _edited("unit: fire_point", "unit: pixel")
SILENT: dict[str, Any] = {"state": "overdue", "finding": None, "confirmed_at": None}
OWN, OTHER = "220182", "220382"
A, B = (fire(name, f"2020-11-11T12:0{minute}", OWN) for minute, name in enumerate("AB"))
THEIRS = fire("THEIRS", "2020-11-11T11:00", OTHER)


def _changed(
    before: list[Fact],
    after: list[Fact],
    book: Rulebook = JL,
    then: Rulebook | None = None,
    known: Known | None = None,
    links: tuple[Link, ...] = (),
) -> dict[str, dict[str, Any]]:
    """Return the adjustments of the payer's second issue by fire point."""
    first = issue(run_of(before, then or book), OWN)
    facts = {
        one.fire_point_id: {**told(one), "layers": [list(x) for x in sorted(one.layers)]} for one in after
    }
    known = dataclasses.replace(known or Known(), facts=facts)
    second = issue(run_of(after, book, links=links), OWN, [first], Material(known=known))
    found = {one["fire_point_id"]: one for one in second["adjustments"]}
    net = sum((Decimal(one["delta"]) for one in found.values()), Decimal(0))
    assert net == Decimal(second["amounts"]["net"])
    for one in found.values():
        assert one["cause"] in CAUSES
        assert one["en"].isascii()
        assert "THEIRS" not in one["zh"] + one["en"] + "".join(one["caused_by"])
    canonical_bytes(second)
    return found


def _causes(found: dict[str, dict[str, Any]]) -> dict[str, str]:
    return {name: one["cause"] for name, one in found.items()}


def _with(fact: Fact, **changes: Any) -> Fact:
    return dataclasses.replace(fact, **changes)


def _ruled(name: str, kind: str, value: str) -> Known:
    return Known(rulings={name: [{"kind": kind, "value": value, "reason": "裁定"}]})


DENIED = {"state": "denied", "finding": "nothing_found", "denial_reviewed_by": "province"}
GONE = {
    "denied": DENIED,
    "unreviewed": {**DENIED, "denial_reviewed_by": None},
    "finding": {"finding": "grave_paper"},
    "unverified": {"state": "listed", "finding": None},
    "silent": {"state": "overdue", "finding": None},
    "doubt": {"doubts": ("county",)},
    "layers": {"doubts": ("county",), "layers": (("county", "v2"),)},
    "zone": {"zone": "none", "layers": (("zone", "v4"),)},
    "plan": {"within_plan": True},
    "source": {"sources": ("public_report",)},
}
WHY_GONE = {
    "denied": "denied",
    "unreviewed": "waiting",
    "finding": "finding_changed",
    "unverified": "finding_changed",
    "silent": "waiting",
    "doubt": "waiting",
    "layers": "new_layers",
    "zone": "new_layers",
    "plan": "screened",
    "source": "other",
}


@pytest.mark.parametrize("what", GONE)
def test_a_point_that_is_charged_no_more_and_one_that_is_again_say_why(what: str) -> None:
    changed = _with(B, **GONE[what])
    found = _changed([A, B], [A, changed])
    assert _causes(found) == {"B": WHY_GONE[what]}
    assert found["B"]["after"] == "0.00"
    assert what == "denied" or "核实否定，不再计入" not in found["B"]["zh"], "nobody has upheld the denial"
    back = _changed([A, changed], [A, B])
    assert back["B"]["before"] == "0.00"
    assert back["B"]["cause"] in CAUSES - {"other", "moved"} or what == "source"


def test_ends_of_a_fire_point_are_told_apart() -> None:
    both, one = [A, B], [A]
    assert _causes(_changed(both, one, known=Known(resolved={"B": None}))) == {"B": "withdrawn"}
    merged = _changed(both, one, known=Known(resolved={"B": "A"}))
    assert (merged["B"]["cause"], merged["B"]["caused_by"]) == ("merged", ["A"])
    foreign = _changed(both, [A, THEIRS], known=Known(resolved={"B": "THEIRS"}))
    assert (foreign["B"]["cause"], foreign["B"]["caused_by"]) == ("merged", [])
    linked = _changed(both, one, known=Known(linked={"B": "A"}), links=(Link("B", "A"),))
    assert (linked["B"]["cause"], linked["B"]["caused_by"]) == ("linked", ["A"])
    known = dataclasses.replace(_ruled("B", "duplicate", "A"), screened={"B": "duplicate"})
    assert _causes(_changed(both, one, known=known)) == {"B": "linked"}
    for reason, zh in (
        ("fixed_heat_source", "固定热源"),
        ("not_cropland", "非耕地"),
        ("outside_jurisdiction", "不在所用规则的适用地区"),
    ):
        screened = _changed(both, one, known=Known(screened={"B": reason}))
        assert _causes(screened) == {"B": "screened"}
        assert screened["B"]["zh"] == f"筛查结果变更：{zh}"
    assert _causes(_changed(both, one, known=Known(screened={"B": "denied"}))) == {"B": "denied"}
    assert _causes(_changed(both, one)) == {"B": "other"}


def test_a_point_that_changes_hands_says_by_what() -> None:
    away = _with(B, units=units(OTHER))
    assert _causes(_changed([A, B], [A, away], known=_ruled("B", "unit", OTHER))) == {"B": "unit_ruled"}
    assert _causes(_changed([A, B], [A, away])) == {"B": "moved"}
    newer = _with(away, layers=(("county", "v2"),))
    assert _causes(_changed([A, B], [A, newer])) == {"B": "new_layers"}
    assert _causes(_changed([A, away], [A, B], known=_ruled("B", "unit", OWN))) == {"B": "unit_ruled"}
    assert _causes(_changed([A, away], [A, B], known=Known(older=frozenset("B")))) == {"B": "moved"}
    assert _causes(_changed([A], [A, B])) == {"B": "new"}
    split = _changed([A], [A, B], known=Known(origins={"B": "A"}))
    assert (split["B"]["cause"], split["B"]["caused_by"]) == ("split", ["A"])
    foreign = _changed([A, THEIRS], [A, B, THEIRS], known=Known(origins={"B": "THEIRS"}))
    assert (foreign["B"]["cause"], foreign["B"]["caused_by"]) == ("split", [])


def test_a_first_that_leaves_or_comes_re_orders_those_after_it() -> None:
    left = _changed([A, B], [_with(A, **DENIED), B])
    assert _causes(left) == {"A": "denied", "B": "reordered"}
    assert left["B"]["caused_by"] == ["A"]
    assert "由第 2 变为第 1" in left["B"]["zh"]
    assert "核实否定" in left["B"]["zh"]
    assert "denied" in left["B"]["en"]
    earlier = fire("C", "2020-11-11T10:00", OWN)
    come = _changed([A, B], [A, B, earlier])
    assert _causes(come) == {"C": "new", "A": "reordered"}
    assert come["A"]["caused_by"] == ["C"]


def test_another_payers_point_that_re_orders_is_not_named() -> None:
    found = _changed([A, B], [A, B, THEIRS], PROVINCE)
    assert _causes(found) == {"A": "reordered"}
    assert found["A"]["caused_by"] == []
    assert "其他单位" in found["A"]["zh"]
    both = _changed([THEIRS, A, B], [B], PROVINCE)
    assert both["B"]["caused_by"] == ["A"]
    assert "其他单位" in both["B"]["zh"]


def test_a_ruled_tie_is_the_cause_for_everybody_it_concerns() -> None:
    mine, same = fire("M", "2020-11-11T12:00", OWN), fire("THEIRS", "2020-11-11T12:00", OTHER)
    first = _changed([mine, same], [_with(mine, tie_rank=1), same], PROVINCE)
    assert _causes(first) == {"M": "tie_ruled"}
    assert first["M"]["zh"] == "同一分钟的先后经裁定：列第 1"
    assert first["M"]["delta"] == "200000.00"
    shared = check_rulebook(
        (BOOKS / "jl-1-province.yaml").read_text(encoding="utf-8").replace("tie: ruling", "tie: shared")
    )
    assert isinstance(shared, Rulebook), shared
    ranked = Known(ranked=frozenset({told(mine)["overpass"]}))
    lost = _changed([mine, same], [mine, _with(same, tie_rank=1)], shared, known=ranked)
    assert lost["M"]["delta"] == "-100000.00"
    assert lost["M"]["cause"] in {"tie_ruled", "reordered"}


@pytest.mark.parametrize(
    ("book", "before", "after", "delta", "cause"),
    [
        (HA6, {"area_mu": Decimal(1)}, {"area_mu": Decimal(50)}, "100000.00", "area_changed"),
        (HA6, {"area_mu": None}, {"area_mu": Decimal(50)}, "200000.00", "area_changed"),
        (WEIGHTS, {}, {"finding": "weeds"}, "-75000.00", "finding_changed"),
        (WEIGHTS, {}, {"exemptions": ("actively_stopped",)}, "-50000.00", "exempted"),
        (WEIGHTS, {}, {"exemptions": ("natural_cause",)}, "-100000.00", "exempted"),
        (WEIGHTS, {"exemptions": ("natural_cause",)}, {}, "100000.00", "exempted"),
        (LN3, {"state": "confirmed"}, {"state": "publicised"}, "200000.00", "publicised"),
        (COUNTS_SILENCE, SILENT | {"state": "listed"}, SILENT, "500000.00", "overdue_now"),
        (COUNTS_SILENCE, SILENT, {}, None, None),
        (PIXELS, {"pixels": 1}, {"pixels": 2}, "300000.00", "other"),
    ],
)
def test_what_else_an_amount_rests_on_is_told(
    book: Rulebook, before: dict[str, Any], after: dict[str, Any], delta: str | None, cause: str | None
) -> None:
    base = _with(A, state="publicised") if book is LN3 else A
    found = _changed([_with(base, **before)], [_with(base, **after)], book)
    wanted = {} if cause is None else {"A": (delta, cause)}
    assert {name: (one["delta"], one["cause"]) for name, one in found.items()} == wanted


def test_a_merge_and_a_split_tell_where_the_pixels_went() -> None:
    grown = _with(A, pixels=2)
    merged = _changed([A, B], [grown], PIXELS, known=Known(resolved={"B": "A"}))
    assert _causes(merged) == {"A": "merged", "B": "merged"}
    assert merged["A"]["caused_by"] == ["B"]
    split = _changed([grown], [A, B], PIXELS, known=Known(origins={"B": "A"}))
    assert _causes(split) == {"A": "split", "B": "split"}
    assert split["A"]["caused_by"] == ["B"]


def test_another_text_of_the_rule_is_the_cause_where_it_changes_a_price() -> None:
    assert _changed([A, B], [A, B], PROVINCE, then=JL) == {}, "another rule of the same price adjusts nothing"
    dearer = _edited('"30"', '"40"')
    assert _causes(_changed([A, B], [A, B], dearer, then=JL)) == {"B": "rulebook_changed"}
    stricter = _edited("findings: [straw, stubble, weeds]", "findings: [stubble]")
    assert _causes(_changed([A], [A], stricter, then=JL)) == {"A": "rulebook_changed"}


def test_every_cause_has_a_sentence_in_both_languages() -> None:
    for cause in CAUSES:
        zh, en = sentence(cause, "细节", "detail")
        assert zh.endswith("：细节")
        assert en.endswith(": detail")
        assert sentence(cause)[1].isascii()


def test_a_line_says_the_year_of_its_first_and_what_eases_it_in_words() -> None:
    yearly = _edited("reset: season", "reset: year")
    facts = [fire("A", "2020-12-31T23:59", OWN), fire("B", "2021-01-01T00:00", OWN)]
    lines = issue(run_of(facts, yearly), OWN)["lines"]
    assert [line["amount"] for line in lines] == ["500000.00", "500000.00"]
    assert [line["reason_zh"] for line in lines] == [
        "首个与后续火点：2020 年本单位第 1 个，计 50 万元",
        "首个与后续火点：2021 年本单位第 1 个，计 50 万元",
    ]
    assert [line["reason_en"].partition(":")[0] for line in lines] == [
        "number 1 of this payer in 2020",
        "number 1 of this payer in 2021",
    ]
    (eased,) = issue(run_of([_with(A, exemptions=("actively_stopped",))], WEIGHTS), OWN)["lines"]
    assert "减轻后保留 50%（主动制止并扑灭）" in eased["reason_zh"]
    assert "50 % kept (actively stopped and put out)" in eased["reason_en"]
