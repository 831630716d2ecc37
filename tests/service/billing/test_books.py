"""Rulebooks in the store: canonical, versioned, withdrawn, chosen by day and place; no rule, no number."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path

import pytest

from gis.errors import NotFoundError, RefusedInputError, UsageError
from service.accountability.rulebook import Rulebook
from service.billing.books import (
    book_versions,
    books_for,
    load_rulebook,
    stored_books,
    withdraw_rulebook,
)
from service.billing.seasons import calendar_of
from service.rulebooks import shipped_rulebook, shipped_rulebooks
from service.store.engine import Store
from tests.service.billing.house import Fire, House, fires, house

BOOK = Path(str(resources.files("service.accountability").joinpath("books/jl-1.yaml")))
ONLY = {"220000"}


@pytest.fixture
def opened(store_home: str, new_store_url: Callable[..., str], tmp_path: Path) -> Iterator[House]:
    with house(store_home, new_store_url, tmp_path / "house") as made:
        yield made


def _write(folder: Path, name: str, *changes: tuple[str, str]) -> Path:
    text = BOOK.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_every_shipped_rulebook_reads_back_from_the_store(store: Store) -> None:
    for book in shipped_rulebooks():
        assert load_rulebook(store, book.id, actor="t")["hash"] == book.content_hash
    with store.reader() as reader:
        read = {book.id: book for book in stored_books(reader)}
    assert {name: book.content_hash for name, book in read.items()} == {
        book.id: book.content_hash for book in shipped_rulebooks()
    }
    assert all(read[book.id].canonical() == book.canonical() for book in shipped_rulebooks())


def test_the_same_content_twice_changes_nothing_and_other_content_is_a_version(
    store: Store, tmp_path: Path
) -> None:
    first = load_rulebook(store, BOOK, actor="t")
    again = load_rulebook(store, "JL-1", actor="t")
    assert (first["version"], first["unchanged"]) == (1, False)
    assert (again["version"], again["unchanged"], again["revision"]) == (1, True, None)
    spelled = _write(tmp_path, "b.yaml", ('wan_yuan: "50"', 'yuan: "500000"'))
    assert load_rulebook(store, spelled, actor="t")["unchanged"], "the hash is of the content"
    other = load_rulebook(store, _write(tmp_path, "c.yaml", ('"50"', '"60"')), actor="t")
    assert other["version"] == 2
    with store.reader() as reader:
        assert stored_books(reader)[0].content_hash == other["hash"]
        assert len(book_versions(reader)) == 2
    with store.reader(first["revision"]) as reader:
        assert stored_books(reader)[0].content_hash == first["hash"], "as it was known then"


def test_a_withdrawn_rulebook_is_in_force_no_more_but_was(store: Store) -> None:
    load_rulebook(store, "JL-1", actor="t")
    load_rulebook(store, "HL-1", actor="t")
    with store.reader() as reader:
        before = reader.rev
    withdraw_rulebook(store, "JL-1", reason="文本有误，重新下发", actor="t")
    with store.reader() as reader:
        assert [book.id for book in stored_books(reader)] == ["HL-1"]
        assert books_for(reader, "JL-1")[0].informal, "the sample of that id can still be named"
    with store.reader(before) as reader:
        assert [book.id for book in stored_books(reader)] == ["HL-1", "JL-1"]
    again = load_rulebook(store, "JL-1", actor="t")
    assert (again["unchanged"], again["version"]) == (False, 2)


def test_withdrawing_needs_a_reason_and_a_loaded_rulebook(store: Store) -> None:
    with pytest.raises(NotFoundError, match="JL-1"):
        withdraw_rulebook(store, "JL-1", reason="没有这一份", actor="t")
    load_rulebook(store, "JL-1", actor="t")
    with pytest.raises(UsageError):
        withdraw_rulebook(store, "JL-1", reason=" ", actor="t")


def test_a_bad_file_is_refused_with_its_lines_and_nothing_is_stored(store: Store, tmp_path: Path) -> None:
    with pytest.raises(RefusedInputError) as caught:
        load_rulebook(store, _write(tmp_path, "b.yaml", ("scope: county", "scope: district")), actor="t")
    assert caught.value.code == "bad_rulebook"
    assert caught.value.context["errors"][0]["line"] > 30
    with store.reader() as reader:
        assert (reader.rev, stored_books(reader)) == (0, ())


def test_without_a_rulebook_there_is_no_number(store: Store) -> None:
    with store.reader() as reader:
        with pytest.raises(RefusedInputError) as caught:
            books_for(reader, None)
        with pytest.raises(NotFoundError) as missing:
            books_for(reader, "JL-9")
    assert caught.value.code == "no_rulebook"
    assert "JL-1-PROVINCE" in missing.value.en


# --- days, seasons and places -----------------------------------------------------------------------


def _book(name: str = "JL-1", **changes: object) -> Rulebook:
    document = {**shipped_rulebook(name).canonical(), **changes}
    return Rulebook.model_validate(document)


def test_a_season_is_written_as_the_rulebook_writes_it() -> None:
    calendar = calendar_of([_book()], "2023-2024")
    assert (calendar.start, calendar.end) == (dt.date(2023, 10, 1), dt.date(2024, 9, 30))
    for wrong in ("2023", "2023-2025", "last", "2023-24"):
        with pytest.raises(UsageError) as caught:
            calendar_of([_book()], wrong)
        assert caught.value.code == "bad_season"
    year = calendar_of([shipped_rulebook("HA-2-DOUBLE")], "2017")
    assert (year.start, year.end) == (dt.date(2017, 1, 1), dt.date(2017, 12, 31))


def test_a_season_before_every_rulebook_is_refused() -> None:
    with pytest.raises(RefusedInputError) as caught:
        calendar_of([_book()], "2016-2017")
    assert caught.value.code == "no_rulebook"
    assert calendar_of([_book()], "2017-2018").season == "2017-2018", "in force in its last ten days"


def test_a_day_of_the_season_that_no_rulebook_covers_is_refused_and_other_days_are_not() -> None:
    new = _book(validity={"from": "2023-11-01", "to": None})
    calendar = calendar_of([new], "2023-2024")
    assert calendar.book_on(dt.date(2023, 11, 1), ONLY) is new
    with pytest.raises(RefusedInputError) as caught:
        calendar.book_on(dt.date(2023, 10, 31), ONLY)
    assert caught.value.code == "no_rulebook"
    assert calendar.book_on(dt.date(2023, 9, 30), ONLY) is None, "of another season"


def test_rulebooks_that_follow_each_other_share_a_season_and_two_of_one_day_are_refused() -> None:
    old = _book(validity={"from": "2018-09-21", "to": "2023-10-31"})
    new = _book(id="JL-2", validity={"from": "2023-11-01", "to": None})
    calendar = calendar_of([old, new], "2023-2024")
    assert calendar.book_on(dt.date(2023, 10, 31), ONLY) is old
    assert calendar.book_on(dt.date(2023, 11, 1), ONLY) is new
    both = calendar_of([_book(), new], "2023-2024")
    with pytest.raises(RefusedInputError, match="JL-1, JL-2") as caught:
        both.book_on(dt.date(2023, 11, 1), ONLY)
    assert caught.value.code == "several_rulebooks"
    assert both.book_on(dt.date(2023, 11, 1), {"410000"}) is None, "of another jurisdiction"


def test_an_order_that_runs_on_needs_the_fires_of_other_seasons() -> None:
    clause = shipped_rulebook("JL-1").canonical()["charges"][0]
    yearly = _book(charges=[{**clause, "order": {**clause["order"], "reset": "year"}}])
    calendar = calendar_of([yearly], "2023-2024")
    assert (calendar.loaded_from, calendar.loaded_to) == (dt.date(2023, 1, 1), dt.date(2024, 12, 31))
    assert calendar.book_on(dt.date(2023, 3, 1), ONLY) is yearly
    assert calendar.book_on(dt.date(2025, 3, 1), ONLY) is None
    ever = _book(charges=[{**clause, "order": {**clause["order"], "reset": "never"}}])
    assert calendar_of([ever], "2023-2024").book_on(dt.date(2019, 3, 1), ONLY) is ever


# --- through the command line -----------------------------------------------------------------------


def test_load_list_show_and_withdraw(opened: House, tmp_path: Path) -> None:
    assert all(one["origin"] == "shipped" for one in opened.data("rulebooks"))
    assert opened.data("rulebooks", "load", str(BOOK))["version"] == 1
    dearer = _write(tmp_path, "b.yaml", ('"50"', '"60"'))
    assert opened.data("rulebooks", "load", str(dearer))["version"] == 2
    loaded = [one for one in opened.data("rulebooks") if one["origin"] == "loaded"]
    assert [(one["id"], one["version"]) for one in loaded] == [("JL-1", 1), ("JL-1", 2)]
    shown = opened.data("rulebooks", "show", "JL-1")["rulebook"]
    assert shown["charges"][0]["tiers"][0]["each"] == {"yuan": "600000"}
    assert opened.data("rulebooks", "withdraw", "JL-1", "--reason", "另行下发")["id"] == "JL-1"
    assert opened.refused("charge", "--season", "2023-2024") == "no_rulebook"
    assert opened.refused("rulebooks", "load", "no/such.yaml") == "no_such_file"
    assert opened.refused("rulebooks", "load", "NO-SUCH") == "no_such_rulebook"
    assert "已撤回" in opened.run("rulebooks").stdout


def test_charges_change_with_the_version_and_are_refused_where_two_rules_hold(
    opened: House, tmp_path: Path
) -> None:
    opened.burn(fires("220182", 2, "2023-10-29T12:00"))
    opened.verify()
    opened.data("rulebooks", "load", str(BOOK))
    assert opened.charge("2023-2024")["total"] == "800000.00"
    before = opened.revision
    opened.data("rulebooks", "load", str(_write(tmp_path, "b.yaml", ('"50"', '"60"'))))
    assert opened.charge("2023-2024")["total"] == "900000.00"
    assert opened.charge("2023-2024", "--as-of", str(before))["total"] == "800000.00"
    opened.data("rulebooks", "load", str(_write(tmp_path, "c.yaml", ("id: JL-1\n", "id: JL-2\n"))))
    assert opened.refused("charge", "--season", "2023-2024") == "several_rulebooks"
    assert opened.charge("2023-2024", "--rulebook", "JL-2")["total"] == "800000.00"


def test_a_rule_of_another_province_is_refused(opened: House) -> None:
    opened.burn([Fire("220182", 0, "2023-10-29T12:00")])
    assert opened.refused("charge", "--season", "2023-2024", "--rulebook", "HL-1") == "other_jurisdiction"


def test_a_season_without_a_rule_and_a_wrong_label_are_told_apart(opened: House) -> None:
    assert opened.refused("charge", "--season", "2016-2017", "--rulebook", "JL-1") == "no_rulebook"
    assert opened.refused("charge", "--season", "2023", "--rulebook", "JL-1", code=2) == "bad_season"
    assert (
        opened.refused("charge", "--season", "2023-2024", "--rulebook", "JL-1", "--at", "x", code=2)
        == "bad_at"
    )


def test_a_sample_says_so_and_an_official_rule_is_still_marked_by_its_layers(
    opened: House, tmp_path: Path
) -> None:
    opened.burn(fires("220182", 1, "2023-10-29T12:00"))
    opened.verify()
    text = opened.run("charge", "--season", "2023-2024", "--rulebook", "JL-1")
    assert "非正式" in text.stdout
    assert "500,000.00" in text.stdout
    assert "非正式" in text.stderr
    official = _write(tmp_path, "b.yaml", ("status: sample", "status: official"))
    opened.data("rulebooks", "load", str(official))
    data = opened.charge("2023-2024")
    assert (data["status"], data["mark"]) == ("reference", "非正式"), "the built-in boundaries are reference"


def test_a_rule_replaced_mid_season_begins_its_first_anew(opened: House, tmp_path: Path) -> None:
    ended = _write(
        tmp_path, "old.yaml", ("{from: 2018-09-21, to: null}", "{from: 2018-09-21, to: 2023-10-31}")
    )
    begun = _write(
        tmp_path,
        "new.yaml",
        ("id: JL-1\n", "id: JL-2\n"),
        ("{from: 2018-09-21, to: null}", "{from: 2023-11-01, to: null}"),
        ('"50"', '"70"'),
    )
    for file in (ended, begun):
        opened.data("rulebooks", "load", str(file))
    opened.burn([*fires("220182", 2, "2023-10-29T12:00"), *fires("220182", 2, "2023-11-02T12:00", first=4)])
    opened.verify()
    data = opened.charge("2023-2024")
    told = sorted((one["overpass"][:10], one["trace"]["rulebook"], one["amount"]) for one in data["charges"])
    assert told == [
        ("2023-10-29", "JL-1", "300000.00"),
        ("2023-10-29", "JL-1", "500000.00"),
        ("2023-11-02", "JL-2", "300000.00"),
        ("2023-11-02", "JL-2", "700000.00"),
    ]
    assert [one["id"] for one in data["rulebooks"]] == ["JL-1", "JL-2"]
    empty = opened.charge("2024-2025")
    assert (empty["total"], [one["id"] for one in empty["rulebooks"]]) == ("0.00", ["JL-2"])
