"""What verification is to money: silence, denials of the payer's own, reviews with evidence, publication."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.billing.verdicts import Verdict, verdict_of
from service.rulebooks import shipped_rulebook
from service.verification.closed import FINDINGS
from service.verification.standing import Record

BOOK = shipped_rulebook("JL-1")
"""Counts straw, stubble and weeds; 24 hours; a denial is reviewed by the city."""

LISTED = dt.datetime(2023, 10, 29, 6, tzinfo=dt.UTC)
SOON, LATE = LISTED + dt.timedelta(hours=24), LISTED + dt.timedelta(hours=24, seconds=1)
PAYER = "u220182"


def record(finding: str, level: str = "city", *, by: str | None = None, at: int = 1, **more: Any) -> Record:
    told: dict[str, Any] = {
        "id": at,
        "fire_point_id": "f",
        "level": level,
        "finding": finding,
        "found_at": LISTED + dt.timedelta(hours=at),
        "recorded_at": LISTED + dt.timedelta(hours=at),
        "rev": at,
        "person": "甲",
        "note": None,
        "evidence_sha256": None,
        "area_mu": None,
        "lon": None,
        "lat": None,
        "actor": "t",
        "unit_uid": by,
        "source_kind": None,
    }
    return Record(**{**told, **more})


def verdict(*records: Record, at: dt.datetime = SOON, published: dt.datetime | None = None) -> Verdict:
    return verdict_of(
        BOOK,
        records,
        published_at=published,
        issued_at=LISTED,
        at=at,
        is_payers=lambda one: one.level == "local" or one.unit_uid == PAYER,
    )


def test_silence_is_listed_until_the_deadline_and_overdue_after_it() -> None:
    assert verdict().state == "listed"
    assert verdict(at=LATE).state == "overdue"
    assert verdict(record("unreachable", "local"), at=LATE).state == "overdue"
    assert verdict(record("unreachable", "local"), at=SOON).state == "listed"


def test_a_finding_that_counts_confirms_at_any_level_with_the_first_time_and_the_area() -> None:
    found = verdict(record("straw", "local", at=2), record("straw", at=5, area_mu=Decimal("12.5")))
    assert (found.state, found.finding) == ("confirmed", "straw")
    assert found.confirmed_at == LISTED + dt.timedelta(hours=2)
    assert found.area_mu == Decimal("12.5")


def test_a_fire_is_confirmed_since_it_was_found_to_be_what_is_billed() -> None:
    later = verdict(
        record("rubbish", at=1), record("weeds", "local", at=3), record("straw", "province", at=9)
    )
    assert (later.finding, later.confirmed_at) == ("straw", LISTED + dt.timedelta(hours=3))
    other = verdict(record("straw", at=1), record("rubbish", "province", at=9))
    assert (other.finding, other.confirmed_at) == ("rubbish", LISTED + dt.timedelta(hours=1))


def test_a_public_notice_makes_a_confirmed_fire_publicised_and_no_other() -> None:
    assert verdict(record("straw"), published=SOON).state == "publicised"
    assert verdict(published=SOON).state == "listed"
    assert verdict(record("nothing_found"), published=SOON).state == "denied"


def test_a_denial_by_somebody_else_is_its_own_review() -> None:
    found = verdict(record("nothing_found", "city"))
    assert (found.state, found.denial_reviewed_by) == ("denied", "city")
    assert verdict(record("industrial", "province")).denial_reviewed_by == "province"


@pytest.mark.parametrize("finding", ["nothing_found", "outside", "duplicate", "rubbish", "grave_paper"])
def test_a_payers_own_word_waits_for_evidence_and_for_somebody_else(finding: str) -> None:
    own = record(finding, "local", evidence_sha256="a" * 64)
    alone = verdict(own)
    assert (alone.state, alone.denial_reviewed_by) == ("denied", None)
    agreed = verdict(own, record(finding, "city", at=2))
    assert (agreed.state, agreed.denial_reviewed_by) == ("denied", "city")
    bare = verdict(record(finding, "local"), record(finding, "city", at=2))
    assert bare.denial_reviewed_by is None, "no evidence"
    with_photo = verdict(record(finding, "local"), record(finding, "city", at=2, evidence_sha256="b" * 64))
    assert with_photo.denial_reviewed_by == "city"


@pytest.mark.parametrize(("level", "by"), [("local", None), ("city", PAYER)])
def test_a_payers_late_denial_leaves_what_was_found_until_somebody_else_agrees(
    level: str, by: str | None
) -> None:
    found = record("straw", "local", at=1)
    denial = record("nothing_found", level, by=by, at=5, evidence_sha256="a" * 64)
    alone = verdict(found, denial)
    assert (alone.state, alone.finding, alone.denial_waits) == ("confirmed", "straw", True)
    assert alone.confirmed_at == LISTED + dt.timedelta(hours=1)
    assert verdict(found, denial, published=SOON).state == "publicised"
    agreed = verdict(found, denial, record("nothing_found", "province", at=6))
    assert (agreed.state, agreed.denial_waits) == ("denied", False)
    refused = verdict(found, denial, record("straw", "province", at=6))
    assert (refused.state, refused.denial_waits) == ("confirmed", False)


def test_a_late_own_word_that_it_was_something_else_is_a_denial_too() -> None:
    found = verdict(record("straw", "local"), record("rubbish", "local", at=2))
    assert (found.state, found.finding, found.denial_waits) == ("confirmed", "straw", True)


def test_what_somebody_else_denied_does_not_come_back_by_an_older_confirmation() -> None:
    found = verdict(
        record("straw", "local"), record("nothing_found", "city", at=2), record("outside", "local", at=3)
    )
    assert (found.state, found.denial_waits) == ("denied", False)


def test_a_payer_of_city_level_does_not_review_itself() -> None:
    own = record("nothing_found", "city", by=PAYER, evidence_sha256="a" * 64)
    again = record("nothing_found", "city", by=PAYER, at=2)
    assert verdict(own, again).denial_reviewed_by is None
    assert verdict(own, record("nothing_found", "province", at=3)).denial_reviewed_by == "province"


def test_what_the_wider_level_says_stands_against_the_payer() -> None:
    found = verdict(record("straw", "city"), record("nothing_found", "local", at=9, evidence_sha256="a" * 64))
    assert found.state == "confirmed"
    overturned = verdict(record("nothing_found", "local", evidence_sha256="a" * 64), record("straw", at=2))
    assert overturned.state == "confirmed"


def test_a_reviewer_who_has_changed_its_mind_agrees_no_more() -> None:
    records = (
        record("nothing_found", "city", at=1, evidence_sha256="a" * 64),
        record("straw", "city", at=2),
        record("nothing_found", "city", by=PAYER, at=3),
    )
    assert verdict(*records).denial_reviewed_by is None


def test_another_burning_that_an_authority_found_is_confirmed_and_left_to_the_rule() -> None:
    found = verdict(record("rubbish", "city"))
    assert (found.state, found.finding) == ("confirmed", "rubbish")


RECORDS = st.lists(
    st.tuples(
        st.sampled_from(FINDINGS),
        st.sampled_from(["local", "city", "province"]),
        st.sampled_from([None, PAYER]),
        st.booleans(),
    ),
    max_size=5,
)


@given(RECORDS, st.randoms())
def test_the_order_of_records_given_does_not_matter_and_no_own_word_frees_alone(
    told: list[tuple[str, str, str | None, bool]], random: Any
) -> None:
    records = [
        record(finding, level, by=by, at=n + 1, evidence_sha256="a" * 64 if proven else None)
        for n, (finding, level, by, proven) in enumerate(told)
    ]
    found = verdict(*records)
    random.shuffle(records)
    assert verdict(*records) == found
    others = [one for one in records if one.level != "local" and one.unit_uid is None]
    if found.denial_reviewed_by is not None:
        assert any(one.level == found.denial_reviewed_by for one in others)
    own = [one for one in records if one not in others]
    if any(one.finding in BOOK.counts.findings for one in own) and not others:
        assert found.state == "confirmed", "whoever found it cannot take that back alone"
    if found.state == "confirmed" and found.finding not in BOOK.counts.findings:
        assert any(one.finding == found.finding for one in others), "somebody else found it"
