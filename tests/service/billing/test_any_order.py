"""Any order in which feeds come in gives the same charges, byte for byte, on both stores."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.accountability.rulebook import canonical
from service.billing.charges import charges_of, run_charges
from service.pipeline.assess import assess
from service.pipeline.ingest import Options, ingest
from service.scope import whole
from service.store import open_store
from service.verification.record import verify
from tests.service.billing.house import Fire
from tests.service.pipeline.world import HISTORIES, initialised, opened

AT = dt.datetime(2023, 11, 30, tzinfo=dt.UTC)
COUNTIES = ("220182", "220283", "220382")
FINDINGS = ("straw", "stubble", "nothing_found", "rubbish", None)


def _document(url: str, folder: Path, files: Sequence[Sequence[Fire]]) -> bytes:
    """Ingest files in their order, assess after all, verify by place, and return the charges as canonical bytes."""
    with opened(url, folder) as world:
        for number, fires in enumerate(files):
            if fires:
                path = world.feed(f"f{number}.csv", [one.row() for one in fires])
                ingest(world.store, world.archive, [path], actor="t", options=Options())
        assess(world.store, actor="t")
        said = {one.spot: one.finding for fires in files for one in fires}
        for point in world.points():
            finding = said[f"{point.lon:.5f}", f"{point.lat:.5f}"]
            if finding is not None:
                verify(
                    world.store,
                    point.fire_point_id,
                    finding=finding,
                    level="city",
                    found_at=point.last_at,
                    person="甲",
                    actor="t",
                    scope=whole("t"),
                )
        with world.store.reader() as reader:
            run = run_charges(reader, "2023-2024", rulebook="JL-1-PROVINCE", at=AT)
            data = charges_of(run, whole("t"), reader)
    del data["as_of"]  # how many revisions it took is told there, and there alone
    return canonical(json.loads(json.dumps(data)))


PLACES = st.tuples(
    st.sampled_from(COUNTIES),
    st.integers(0, 9),
    st.sampled_from(["2023-10-29T12:00", "2023-10-29T12:06", "2023-11-02T13:00"]),
)


@st.composite
def _histories(draw: st.DrawFn) -> tuple[list[list[Fire]], list[list[Fire]]]:
    places = draw(st.lists(PLACES, min_size=1, max_size=9, unique_by=lambda one: one[:2]))
    told = [Fire(*place, finding=draw(st.sampled_from(FINDINGS))) for place in places]

    def files() -> list[list[Fire]]:
        order = draw(st.permutations(told))
        cut = draw(st.integers(0, len(order)))
        return [list(order[:cut]), list(order[cut:])]

    return files(), files()


@settings(
    max_examples=min(HISTORIES, 6),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(_histories(), st.data())
def test_any_order_of_feeds_gives_the_same_bytes_on_both_stores(
    new_store_url: Callable[..., str], tmp_path: Path, histories: tuple[Any, Any], data: st.DataObject
) -> None:
    number = data.draw(st.integers(0, 10**9), label="folder")
    made: set[bytes] = set()
    for home in ("sqlite", "postgis"):
        for at, files in enumerate(histories):
            url = new_store_url(home, like=initialised(home))
            made.add(_document(url, tmp_path / f"{number}-{home}-{at}", files))
    assert len(made) == 1
    document = json.loads(next(iter(made)))
    billed = [one["fire_point_id"] for one in document["charges"]]
    assert len(billed) == len(set(billed)), "no fire is charged twice"
    counts = document["counts"]
    assert counts["facts"] == counts["billed"] + counts["held"] + counts["left_out"]
    total = sum(float(one["amount"]) for one in document["payers"])
    assert total == float(document["total"])


def test_an_open_store_is_left_as_it_was(new_store_url: Callable[..., str], tmp_path: Path) -> None:
    url = new_store_url("sqlite", like=initialised("sqlite"))
    _document(url, tmp_path, [[Fire("220182", 0, "2023-10-29T12:00")]])
    store = open_store(url)
    with store.reader() as reader:
        before = reader.rev
        run_charges(reader, "2023-2024", rulebook="JL-1")
    with store.reader() as reader:
        assert reader.rev == before, "charging records nothing"
    store.close()
