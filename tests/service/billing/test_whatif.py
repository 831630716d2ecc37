"""What if: the answer is what would really happen, nothing is left behind, and each reader sees its own side."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from shapely import affinity

from boundaries.builtin import builtin
from boundaries.model import BoundarySet
from gis.cluster import ClusterParams
from gis.errors import RefusedInputError, UsageError
from gis.types import DataStatus, Level
from service.billing.trial import parameters, pinned
from service.billing.whatif import Change
from service.pipeline.boundary_store import store_set, use_set
from service.store import open_store
from service.store.engine import Store
from service.store.models import Clustering
from service.users import add_user
from tests.service.billing.house import House, amounts
from tests.service.billing.story import SEASON, SHULAN, YUSHU, A, B, C, Scene, scene

BOOK = ("--rulebook", "JL-1")
ASKED = ("whatif", "--season", SEASON, *BOOK)


@pytest.fixture
def billed(store_home: str, new_store_url: Callable[..., str], tmp_path: Path) -> Iterator[Scene]:
    """Two fires of 榆树 and one of 舒兰, all confirmed."""
    with scene(store_home, new_store_url, tmp_path / "scene") as opened:
        for spot in (A, B, C):
            opened.verify(opened.at(spot))
        yield opened


def picture(house: House) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of every table, those of the spatial index included."""
    store = open_store(house.url)
    with store.engine.connect() as connection:
        names = (
            "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1"
            if store.dialect == "sqlite"
            else "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
        )
        tables = [row[0] for row in connection.exec_driver_sql(names)]
        found = {
            table: sorted(map(repr, connection.exec_driver_sql(f'SELECT * FROM "{table}"')))
            for table in tables
        }
    store.close()
    return found  # type: ignore[return-value]


def after_of(data: Mapping[str, Any], charged: Mapping[str, str]) -> dict[str, str]:
    """Return what each payer would pay: the amounts now with those that would change put in."""
    found = {**charged, **{one["code"]: one["after"] for one in data["payers"]}}
    return {code: amount for code, amount in found.items() if Decimal(amount)}


def with_set(house: House, name: str, *, east_m: float) -> BoundarySet:
    """Store the built-in counties moved east, under a name of their own and not in force."""
    counties = builtin(Level.COUNTY, province="220000")
    moved = BoundarySet(
        name=name,
        version="1",
        level=counties.level,
        status=DataStatus.REFERENCE,
        accuracy_m=counties.accuracy_m,
        source="test",
        datum=counties.datum,
        units=tuple(
            replace(unit, geometry=affinity.translate(unit.geometry, east_m / 80_000, 0))
            for unit in counties.units
        ),
    )
    store = open_store(house.url)
    with store.writer("test", "load.boundaries") as writer:
        store_set(writer, moved)
    store.close()
    return moved


def sooner(told: Scene, write: Callable[[Store], None]) -> None:
    """Write to the store and assess."""
    store = open_store(told.house.url)
    write(store)
    store.close()
    told.house.data("assess")


def test_a_denied_first_reorders_and_is_what_a_denial_does(billed: Scene) -> None:
    before = amounts(billed.house.charge(SEASON, *BOOK))
    assert before == {YUSHU: "800000.00", SHULAN: "500000.00"}
    data = billed.house.data(*ASKED, "--deny", billed.main)
    assert data["total"] == {"before": "1300000.00", "after": "1000000.00", "delta": "-300000.00"}
    (payer,) = data["payers"]
    assert (payer["code"], payer["before"], payer["after"], payer["delta"]) == (
        *(YUSHU, "800000.00", "500000.00"),
        "-300000.00",
    )
    points = {one["fire_point_id"]: one for one in data["points"]}
    assert points[billed.main]["after"] == "0.00"
    second = points[billed.at(B)]
    assert (second["ordinal_before"], second["ordinal_after"], second["delta"]) == (2, 1, "200000.00")
    evidence = billed.house.folder / "photo.jpg"
    evidence.write_bytes(b"a photograph")
    billed.verify(billed.main, "--evidence", str(evidence), finding="nothing_found", level="province")
    assert amounts(billed.house.charge(SEASON, *BOOK)) == after_of(data, before)


def test_a_move_is_what_a_ruling_does(billed: Scene) -> None:
    before = amounts(billed.house.charge(SEASON, *BOOK))
    data = billed.house.data(*ASKED, "--move", billed.main, SHULAN)
    assert {one["code"]: one["after"] for one in data["payers"]} == {YUSHU: "500000.00", SHULAN: "800000.00"}
    moved = next(one for one in data["points"] if one["fire_point_id"] == billed.main)
    assert (moved["payer_before"], moved["payer_after"]) == (YUSHU, SHULAN)
    billed.house.data("rule", billed.main, "--unit", SHULAN, "--reason", "图上属舒兰")
    assert amounts(billed.house.charge(SEASON, *BOOK)) == after_of(data, before)


def test_another_rulebook_alone_or_in_place_of_one(billed: Scene) -> None:
    data = billed.house.data(*ASKED, "--rulebook-instead", "JL-1-PROVINCE")
    assert data["rulebooks"] == {"before": ["JL-1"], "after": ["JL-1-PROVINCE"]}
    charged = amounts(billed.house.charge(SEASON, "--rulebook", "JL-1-PROVINCE"))
    assert after_of(data, amounts(billed.house.charge(SEASON, *BOOK))) == charged
    billed.house.data("rulebooks", "load", "JL-1")
    alone = billed.house.data("whatif", "--season", SEASON, "--rulebook", "JL-1-PROVINCE")
    assert alone["payers"] == data["payers"]


def test_other_borders_are_what_putting_them_in_force_does(billed: Scene) -> None:
    counties = with_set(billed.house, "shifted", east_m=40_000)
    before = amounts(billed.house.charge(SEASON, *BOOK))
    data = billed.house.data(*ASKED, "--boundaries", "shifted")
    assert data["payers"], "the lines have moved over the fires"
    assert data["fire_points"] == {"before": 3, "after": 3}

    def use(store: Store) -> None:
        with store.writer("test", "boundaries.use") as writer:
            stored = store_set(writer, counties)
            use_set(writer, stored.set_id, "county", dt.date(2023, 10, 1))

    sooner(billed, use)
    assert amounts(billed.house.charge(SEASON, *BOOK)) == after_of(data, before)


@pytest.mark.parametrize(
    ("words", "params"),
    [
        ("distance_m=100,extent_m=200", {"distance_m": 100, "max_extent_m": 200}),
        ("distance_m=9000,extent_m=90000", {"distance_m": 9000, "max_extent_m": 90000}),
        ("gap_min=10", {"gap_minutes": 10}),
    ],
)
def test_another_clustering_is_what_pinning_it_does(
    billed: Scene, words: str, params: dict[str, int]
) -> None:
    before = amounts(billed.house.charge(SEASON, *BOOK))
    data = billed.house.data(*ASKED, "--clustering", words)
    assert data["pixels"] == {"before": 5, "after": 5}

    def pin(store: Store) -> None:
        with store.writer("test", "clustering") as writer:
            writer.insert(
                Clustering,
                version="v2",
                from_date=dt.date(2023, 10, 1),
                params=replace(ClusterParams(), **params).as_dict(),  # type: ignore[arg-type]
                reason="test",
            )

    sooner(billed, pin)
    charge = billed.house.charge(SEASON, *BOOK)
    assert amounts(charge) == after_of(data, before)
    assert charge["counts"]["fire_points"] == data["fire_points"]["after"]
    by_name = billed.house.data(*ASKED, "--clustering", "v1")
    assert by_name["fire_points"] == {
        "before": data["fire_points"]["after"],
        "after": data["fire_points"]["before"],
    }


def test_nothing_is_left_behind(billed: Scene) -> None:
    with_set(billed.house, "shifted", east_m=40_000)
    before, revision = picture(billed.house), billed.house.revision
    for words in (
        ("--deny", billed.main),
        ("--move", billed.main, SHULAN),
        ("--rulebook-instead", "JL-1-PROVINCE"),
        ("--boundaries", "shifted@1"),
        ("--clustering", "distance_m=9000,extent_m=90000"),
        ("--clustering", "distance_m=100,extent_m=200"),
    ):
        billed.house.data(*ASKED, *words)
        assert billed.house.revision == revision, words
        assert picture(billed.house) == before, words
    billed.house.data("cluster", "--sensitivity", "--season", SEASON, *BOOK)
    assert picture(billed.house) == before


def test_a_writer_that_comes_between_is_computed_with(billed: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody writes after the days were computed and before the lock was had: the answer is of the newer store."""
    from service.billing import trial

    real, late = trial.taken_back, iter([True, True])

    def other(store: Store) -> Any:
        if next(late, False):
            with store.writer("other", "load.duties") as writer:
                assert writer.revision
        return real(store)

    monkeypatch.setattr(trial, "taken_back", other)
    revision = billed.house.revision
    data = billed.house.data(*ASKED, "--clustering", "distance_m=100,extent_m=200")
    assert data["fire_points"]["after"] == 5
    assert billed.house.revision == revision + 2, "the other's, not ours"


def test_the_sum_of_changes_is_the_change_of_the_sum(billed: Scene) -> None:
    for words in (("--deny", billed.main), ("--move", billed.at(C), YUSHU)):
        data = billed.house.data(*ASKED, *words)
        for parts in (data["payers"], data["points"]):
            assert sum(Decimal(one["delta"]) for one in parts) == Decimal(data["total"]["delta"])


# --- readers -------------------------------------------------------------------------------------------------------


def reader_of(told: Scene, unit: str) -> str:
    store = open_store(told.house.url)
    _, token = add_user(store, f"reader{unit}", "county", unit, actor="test")
    store.close()
    return token


def test_a_reader_sees_its_own_side_of_a_change_and_no_other(billed: Scene) -> None:
    yushu, shulan = reader_of(billed, YUSHU), reader_of(billed, SHULAN)
    data = billed.house.data(*ASKED, "--move", billed.main, SHULAN, token=yushu)
    assert [(one["code"], one["delta"]) for one in data["payers"]] == [(YUSHU, "-300000.00")]
    gone = next(one for one in data["points"] if one["fire_point_id"] == billed.main)
    assert (gone["after"], gone["payer_after"], gone["ordinal_after"]) == ("0.00", None, None)
    assert "不在您的范围内" in gone["zh"]
    assert {one["fire_point_id"] for one in data["points"]} == {billed.main, billed.at(B)}
    theirs = billed.house.data(*ASKED, "--rulebook-instead", "JL-1-PROVINCE", token=shulan)
    assert [one["code"] for one in theirs["payers"]] == [SHULAN]
    assert {one["fire_point_id"] for one in theirs["points"]} == {billed.at(C)}
    assert billed.house.refused(*ASKED, "--deny", billed.main, token=shulan) == "unknown_fire_point"
    assert (
        billed.house.refused(*ASKED, "--deny", "20231029-000000000000", token=shulan) == "unknown_fire_point"
    )
    assert (
        billed.house.refused("cluster", "--sensitivity", "--season", SEASON, token=yushu) == "operator_only"
    )


def test_other_borders_within_a_scope(billed: Scene) -> None:
    with_set(billed.house, "shifted", east_m=40_000)
    whole = billed.house.data(*ASKED, "--boundaries", "shifted")
    for unit in (YUSHU, SHULAN):
        own = billed.house.data(*ASKED, "--boundaries", "shifted", token=reader_of(billed, unit))
        mine = [one for one in whole["payers"] if one["code"] == unit]
        assert [one for one in own["payers"] if one["code"] == unit] == mine
        assert {one["code"] for one in own["payers"]} <= {unit}


# --- refusals ------------------------------------------------------------------------------------------------------


def test_one_change_at_a_time_and_of_what_there_is(billed: Scene) -> None:
    refused = billed.house.refused
    assert refused(*ASKED, "--deny", billed.main, "--boundaries", "x", code=2) == "one_change"
    assert refused("whatif", "--season", SEASON, code=2) == "one_change"
    assert refused(*ASKED, "--boundaries", "nowhere") == "unknown_set"
    assert refused(*ASKED, "--clustering", "v9") == "unknown_clustering"
    assert refused(*ASKED, "--clustering", "distance=1", code=2) == "bad_parameters"
    assert refused(*ASKED, "--clustering", "distance_m=900,extent_m=100") == "bad_clustering"
    assert refused(*ASKED, "--move", billed.main, "999999") == "unknown_unit"
    assert refused(*ASKED, "--clustering", "v1", "--as-of", "3", code=2) == "whatif_past"
    billed.house.data("rule", billed.main, "--screen", "not_cropland", "--reason", "位于村镇建成区")
    assert refused(*ASKED, "--deny", billed.main) == "not_charged"
    with pytest.raises(UsageError):
        Change()


def test_as_of_asks_it_of_the_past(billed: Scene) -> None:
    revision = billed.house.revision
    early = billed.house.data(*ASKED, "--deny", billed.main)
    billed.verify(billed.at(B), finding="rubbish", level="province")
    late = billed.house.data(*ASKED, "--deny", billed.main)
    then = billed.house.data(*ASKED, "--deny", billed.main, "--as-of", str(revision))
    assert then["total"] == early["total"] != late["total"]


# --- the range of parameters ---------------------------------------------------------------------------------------


def test_sensitivity_prints_points_and_money_for_each(billed: Scene) -> None:
    data = billed.house.data(
        *("cluster", "--sensitivity", "--season", SEASON, *BOOK),
        *("--try", "distance_m=100,extent_m=200", "--try", "distance_m=9000,extent_m=90000"),
    )
    now, fine, coarse = data["rows"]
    assert (now["clustering"], now["amount"], now["fire_points"]) == ("v1", "1300000.00", 3)
    assert (fine["fire_points"], fine["pixels"]) == (5, 5)
    assert fine["amount"] == now["amount"], "parts that nobody verified are not billed"
    assert Decimal(fine["amount_if_confirmed"]) == Decimal(now["amount_if_confirmed"]) + 600_000
    assert coarse["fire_points"] < now["fire_points"]
    text = billed.house.run("cluster", "--sensitivity", "--season", SEASON, *BOOK)
    assert text.exit_code == 0, text.output
    assert "1,300,000.00" in text.stdout
    plain = billed.house.data("cluster", "--sensitivity", "--season", SEASON, "--try", "gap_min=10")
    assert [(row["fire_points"], row["amount"]) for row in plain["rows"]] == [(3, None), (4, None)]
    assert billed.house.refused("cluster", "--season", SEASON, code=2) == "cluster_what"


def test_the_text_names_payers_and_points(billed: Scene) -> None:
    said = billed.house.run(*ASKED, "--deny", billed.main)
    assert said.exit_code == 0, said.output
    assert "榆树市" in said.stdout
    assert "-300,000.00" in said.stdout
    assert "存储未作任何改动" in said.stdout
    shown = "".join(said.stdout.split())
    assert "第1个500,000.00元" in shown.replace("│", "")
    assert "+0.00" not in said.stdout, "only what changes"
    unchanged = billed.house.run("--lang", "en", *ASKED, "--clustering", "v1")
    assert "no payer's amount changes" in unchanged.stdout


def test_a_fire_point_whose_amount_stays_is_counted_and_not_printed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    from types import SimpleNamespace

    from service.cli.whatif import _print

    def point(name: str, delta: str, payer: str | None) -> dict[str, Any]:
        words = {"zh": "甲 → 乙", "en": "a → b"}
        return {
            "fire_point_id": name,
            "delta": delta,
            "payer_before": YUSHU,
            "payer_after": payer,
            **words,
        }

    sums = {"before": "1.00", "after": "1.00", "delta": "0.00"}
    points = [
        point("moved", "0.00", SHULAN),
        point("same", "0.00", YUSHU),
        point("dear", "300000.00", YUSHU),
    ]
    data = {
        "season": SEASON,
        "total": sums,
        "payers": [],
        "points": points,
        "fire_points": sums,
        "billed": sums,
    }
    session: Any = SimpleNamespace(pick=lambda zh, _en: zh)
    _print(session, data)
    shown = capsys.readouterr().out
    assert "moved" in shown
    assert "+300,000.00" in shown
    assert "same" not in shown
    assert "另有 1 个火点只是理由不同" in shown


def test_parameters_are_read_onto_those_in_force() -> None:
    base = ClusterParams(distance_m=750, gap_minutes=720, max_extent_m=1500, cut="17:00")
    assert parameters("gap_min=60", base) == replace(base, gap_minutes=60)
    assert parameters("distance_m=1, gap_min=2, extent_m=3", base) == ClusterParams(1, 2, 3, "17:00")
    for wrong in ("", "distance_m", "distance_m=-1", "distance_m=1.5", "cut=00", "distance_m=١"):
        with pytest.raises(UsageError):
            parameters(wrong, base)
    with pytest.raises(RefusedInputError):
        parameters("extent_m=1", base)


def test_a_pinned_record_holds_for_its_days_alone(billed: Scene) -> None:
    store = open_store(billed.house.url)
    with store.reader() as reader:
        found = pinned(reader, "distance_m=1", dt.date(2023, 10, 1), dt.date(2024, 5, 1))
    store.close()
    days = (dt.date(2023, 9, 30), dt.date(2023, 10, 1), dt.date(2024, 5, 1), dt.date(2024, 5, 2))
    assert [found.names[found.index_on(day)] for day in days] == ["v1", "whatif", "whatif", "v1"]
