"""The generated nation of the benchmark: what it measures is what it says."""

from __future__ import annotations

from bench.adjudication import Nation, book, measure
from service.accountability.adjudicate import adjudicate


def test_a_generated_nation_is_the_same_for_a_seed_and_has_the_size_that_was_asked_for() -> None:
    nation = Nation(400, 1_000)
    facts = list(nation.facts())
    assert facts == list(Nation(400, 1_000).facts())
    assert len({one.fire_point_id for one in facts}) == 400
    units = list(nation.season_units())
    assert len({(one.level, one.code) for one in units}) == len(units) == 1_000
    known = {(one.level, one.code) for one in units}
    assert {(unit.level, unit.code) for one in facts for unit in one.units} <= known
    assert all(one.parent is None or one.code.startswith(one.parent) for one in units)


def test_every_part_of_the_answer_is_there_and_no_fire_point_is_lost() -> None:
    took = measure(Nation(400, 1_000), write=True)
    assert took["charges"] + took["held"] + took["left_out"] == 400
    found = adjudicate(book(), Nation(400, 1_000).facts(), Nation(400, 1_000).season_units())
    assert took["written_mb"] == round(len(found.to_bytes()) / 1e6)
    assert all((found.charges, found.held, found.left_out, found.escalations, found.rewards, found.deposits))
    assert took["total_yuan"] == str(found.total)
