"""Pages hold together: every feature once, in one total order, whatever is written between two pages."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import shapely

from gis.errors import NotFoundError, UsageError
from gis.types import BBox
from service.layers.filters import parse_cql2_text
from service.layers.model import Page, Query
from service.layers.source import FeatureSource
from service.scope import whole
from service.store import Store, open_store
from service.store.models import GridCell, GridSet, HeatSource
from tests import components
from tests.service.layers.conftest import DAY, Home

COUNT = 5_000
NAMES = ("榆树", "a", "A", "_", "%", "舒兰", "Z", "é", "长", "")


def cells(store: Store, count: int, version: int, start: int = 0) -> None:
    """Load a grid whose names repeat and whose parents are often unknown."""
    with store.writer("test", "load.grid", {"version": version}) as writer:
        grid = writer.insert(
            GridSet,
            name="网格",
            version=version,
            status="reference",
            accuracy_m=0.0,
            source="test",
            content_hash=f"grid{version}",
            valid_from=None,
            valid_to=None,
        )
        first = writer.allocate(GridCell, count)
        numbers = range(start, start + count)
        box = shapely.multipolygons([shapely.box(125, 43, 126, 44)])
        writer.bulk(
            GridCell,
            {
                "id": list(range(first, first + count)),
                "set_id": grid,
                "code": [f"{number * 7919 % 1_000_003:07d}" for number in numbers],
                "level": "village",
                "name": [NAMES[number % len(NAMES)] for number in numbers],
                "parent_code": [None if number % 3 else str(number % 11) for number in numbers],
                "unit_code": None,
                "unit_id": None,
                "geom": [box] * count,
            },
        )


def heat_sources(store: Store, count: int) -> None:
    """List sources of heat."""
    with store.writer("test", "load.heat-sources", {}) as writer:
        first = writer.allocate(HeatSource, count)
        writer.bulk(
            HeatSource,
            {
                "id": list(range(first, first + count)),
                "rev": writer.revision,
                "code": [f"H{number * 7919 % 1_000_003}" for number in range(count)],
                "name": [NAMES[number % len(NAMES)] for number in range(count)],
                "kind": "kiln",
                "lon": [125.0 + number % 100 / 100 for number in range(count)],
                "lat": [43.0 + number % 89 / 100 for number in range(count)],
                "radius_m": [float(number % 7) for number in range(count)],
                "status": "reference",
                "source": "test",
                "valid_from": [None if number % 2 else dt.date(2020, 1, 1) for number in range(count)],
                "valid_to": None,
                "withdrawn_rev": None,
                "geom": [shapely.Point(125, 43)] * count,
            },
        )


def pages(source: FeatureSource, layer: str, query: Query) -> Iterator[Page]:
    """Yield every page of a question."""
    page = source.query(layer, query)
    yield page
    while page.next is not None:
        page = source.query(layer, replace(query, after=page.next))
        yield page


def whole_source(reader: Any) -> FeatureSource:
    return FeatureSource(reader, whole("test"), today=DAY)


@pytest.mark.parametrize("sort", [(), (("name", False),), (("parent_code", True), ("name", False))])
def test_every_one_of_5000_cells_once(store: Store, sort: tuple[tuple[str, bool], ...]) -> None:
    cells(store, COUNT, 1)
    with store.reader() as reader:
        source = whole_source(reader)
        query = Query(limit=617, sort=sort, properties=("name", "parent_code"), geometry=False)
        rows = [
            row
            for page in pages(source, "grid_cells", query)
            for row in zip(page.ids(), page.columns["parent_code"], page.columns["name"], strict=True)
        ]
        assert len(rows) == len({row[0] for row in rows}) == COUNT == source.count("grid_cells", Query())
        assert rows == sorted(rows, key=lambda row: in_order(row, sort))


def in_order(row: tuple[str, str | None, str], sort: tuple[tuple[str, bool], ...]) -> tuple[Any, ...]:
    code, parent, name = row
    if not sort:
        return (code,)
    if sort[0][0] == "name":
        return (name, code)
    descending = -int(parent) if parent not in (None, "10") else {"10": -1.5}.get(parent or "", 0.0)
    return (parent is None, descending, name, code)


def test_every_one_of_5000_sources_of_heat_once(store: Store) -> None:
    heat_sources(store, COUNT)
    with store.reader() as reader:
        source = whole_source(reader)
        for sort in ((), (("valid_from", True), ("radius_m", False)), (("name", True),)):
            found = list(pages(source, "heat_sources", Query(limit=900, sort=sort)))
            ids = [name for page in found for name in page.ids()]
            assert len(ids) == len(set(ids)) == COUNT
            assert {page.matched for page in found} == {COUNT}


def test_what_is_written_between_two_pages_changes_neither(store: Store) -> None:
    cells(store, 300, 1)
    query = Query(limit=100, geometry=False)
    with store.reader() as reader:
        first = whole_source(reader).query("grid_cells", query)
        wanted = whole_source(reader).query("grid_cells", replace(query, limit=1000)).ids()
    cells(store, 250, 2, start=1000)
    ids, cursor = first.ids(), first.next
    while cursor is not None:
        with store.reader() as reader:  # another request, another transaction, a newer revision
            page = whole_source(reader).query("grid_cells", replace(query, after=cursor))
        assert page.rev == first.rev < reader.rev
        ids += page.ids()
        cursor = page.next
    assert ids == wanted
    with store.reader() as reader:
        assert whole_source(reader).count("grid_cells", Query()) == 250


def test_a_cursor_belongs_to_its_question(home: Home) -> None:
    with home.store.reader() as reader:
        source = home.source(reader)
        cursor = source.query("fire_points", Query(limit=10)).next
        assert cursor is not None
        spoiled = [
            cursor[:-2] + ("AA" if cursor[-2:] != "AA" else "BB"),
            "x" + cursor[1:],
            "",
            "榆",
            "A" * 10_000,
            cursor + "AAAA",
        ]
        asked = [("fire_points", Query(limit=10, after=one)) for one in spoiled]
        asked += [
            ("fire_points", Query(limit=10, after=cursor, sort=(("pixels", True),))),
            ("fire_points", Query(limit=10, after=cursor, bbox=BBox(125, 43, 126, 44))),
            ("detections", Query(limit=10, after=cursor)),
        ]
        for layer, query in asked:
            with pytest.raises(UsageError) as caught:
                source.query(layer, query)
            assert caught.value.code == "bad_cursor"
        with pytest.raises(UsageError):
            home.source(reader, "220182").query("fire_points", Query(limit=10, after=cursor))
        assert source.query("fire_points", Query(limit=3, after=cursor)).rev == reader.rev


def test_wrong_questions_are_refused_by_name(home: Home) -> None:
    with home.store.reader() as reader:
        source = home.source(reader)
        with pytest.raises(NotFoundError, match="unheard"):
            source.query("unheard", Query())
        for query in (Query(sort=(("phone", False),)), Query(properties=("phone",))):
            with pytest.raises(UsageError, match="phone"):
                source.query("fire_points", query)
        with pytest.raises(UsageError, match="0"):
            source.query("fire_points", Query(limit=0))
        late, early = dt.datetime(2023, 10, 30, tzinfo=dt.UTC), dt.datetime(2023, 10, 29, tzinfo=dt.UTC)
        naive = dt.datetime(2023, 10, 29)  # noqa: DTZ001 - what is refused
        for time in ((late, early), (naive, None)):
            with pytest.raises(UsageError) as caught:
                source.count("fire_points", Query(time=time))
            assert caught.value.code == "bad_interval"


def test_a_server_that_sorts_as_people_do_changes_nothing(new_store_url: Callable[..., str]) -> None:
    """On a database with a Chinese collation comparisons and order stay those of code points."""
    cluster = components.cluster()
    name = "layers_zh"
    cluster.run(
        f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'zh-u-ks-level2'"
    )
    try:
        components.migrate(cluster.url(name))
        answers = []
        for url in (cluster.url(name), new_store_url("sqlite")):
            store = open_store(url)
            cells(store, 40, 1)
            with store.reader() as reader:
                answers.append(_spoken(whole_source(reader)))
            store.close()
        assert answers[0] == answers[1]
    finally:
        cluster.drop(name)


def _spoken(source: FeatureSource) -> list[Any]:
    info = source.describe("grid_cells")
    told: list[Any] = []
    for text in ("name < '榆'", "name >= 'a'", "name BETWEEN 'A' AND 'a'", "name LIKE 'a%'", "name = 'a'"):
        tree = parse_cql2_text(text, info)
        page = source.query("grid_cells", Query(filter=tree, sort=(("name", False),)))
        told.append((text, page.columns["name"]))
    found = list(pages(source, "grid_cells", Query(limit=7, sort=(("name", True),))))
    names = [name for page in found for name in page.columns["name"]]
    assert names == sorted(names, reverse=True)
    return [*told, names]


def test_a_forged_cursor_reaches_no_query(home: Home) -> None:
    """Whoever knows how the digest is made still gets a refusal, not an error of the database."""
    with home.store.reader() as reader:
        source = home.source(reader)
        for layer, sort, forged in (
            ("detections", (), [["x"], [1, 2], [], [True], [float("1e308") * 10], [2**70]]),
            ("fire_points", (("first_seen", False),), [[3, "x"], ["2023", "x"], [None, "a\0b"], [None, 3]]),
            ("fire_points", (("pixels", False),), [["2", "x"], [{"d": "2023-10-29"}, "x"], [[1], "x"]]),
        ):
            query = Query(limit=1, sort=sort)
            question = source._question(source.describe(layer), query)
            for values in forged:
                body = json.dumps({"r": reader.rev, "k": values}).encode()
                mark = hashlib.sha256(body + b"\0" + question.encode()).digest()[:16]
                cursor = base64.urlsafe_b64encode(mark + body).decode().rstrip("=")
                with pytest.raises(UsageError) as caught:
                    source.query(layer, replace(query, after=cursor))
                assert caught.value.code == "bad_cursor"


def test_thousands_of_ids(store: Store) -> None:
    cells(store, 2_000, 1)
    heat_sources(store, 10)
    with store.reader() as reader:
        source = whole_source(reader)
        ids = tuple(source.query("grid_cells", Query(limit=1_500, geometry=False)).ids())
        unknown = tuple(f"no{number}" for number in range(60_000))
        assert source.count("grid_cells", Query(ids=(*ids, *unknown))) == 1_500
        assert source.count("grid_cells", Query(ids=("\ud800", "a\0b", "'; DROP TABLE grid_cell"))) == 0
        assert source.count("detections", Query(ids=(*unknown, *map(str, range(1_000))))) == 0


def test_a_box_that_is_none_is_refused(home: Home) -> None:
    with home.store.reader() as reader:
        for box in (BBox(125, 45, 126, 44), BBox(float("nan"), 44, 126, 45), BBox(1, 2, float("inf"), 3)):
            with pytest.raises(UsageError) as caught:
                home.source(reader).query("counties", Query(bbox=box))
            assert caught.value.code == "bad_bbox"


def test_pages_go_on_after_midnight(home: Home) -> None:
    with home.store.reader() as reader:
        cursor = home.source(reader).query("fire_points", Query(limit=10)).next
        tomorrow = home.source(reader, today=DAY + dt.timedelta(days=1))
        assert len(tomorrow.query("fire_points", Query(limit=10, after=cursor))) == 10
