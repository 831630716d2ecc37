"""Setting a store up: everything at once, and a second time nothing at all."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import sqlalchemy as sa

from boundaries.builtin import builtin
from boundaries.model import BoundarySet
from gis.types import Level
from service.pipeline.boundary_store import store_set, use_set
from service.pipeline.init import initialise
from service.settings import Settings
from service.store import migrate, open_store
from service.store.models import Revision
from tests.service.pipeline.world import World


def _initialise(world: World) -> dict[str, object]:
    settings = Settings(db=world.url, archive=str(world.archive.root))
    return initialise(world.store, settings, actor="test")


def test_an_empty_store_gets_everything(empty_store_url: str, tmp_path: Path) -> None:
    store = open_store(empty_store_url, must_exist=False)
    settings = Settings(db=empty_store_url, archive=str(tmp_path / "archive"))
    done = initialise(store, settings, actor="test")
    assert done["migrated"]
    assert done["changed"]
    counts = {one["level"]: one["units"] for one in done["boundaries"]["sets"]}
    assert (counts["province"], counts["city"], counts["county"]) == (1, 9, 60)
    assert counts["neighbour"] > 5
    assert done["clustering"] == "v1"
    migrate.require_current(store)
    with store.reader() as reader:
        before = reader.rev
        commands = {row.command for row in reader.rows(sa.select(Revision.command))}
    assert commands == {"load.units", "load.boundaries", "init"}
    again = initialise(store, settings, actor="test")
    assert not again["changed"]
    with store.reader() as reader:
        assert reader.rev == before
    store.close()


def test_setting_up_again_takes_back_nothing_that_somebody_put_in_force(world: World) -> None:
    """The built-in set of the same name, with one county drawn anew, from the first day on."""
    counties = builtin(Level.COUNTY, province="220000")
    own = BoundarySet(
        name=counties.name,
        version="own",
        level=counties.level,
        status=counties.status,
        accuracy_m=counties.accuracy_m,
        source="test",
        datum=counties.datum,
        units=counties.units[1:],
    )
    with world.store.writer("test", "boundaries.use") as writer:
        stored = store_set(writer, own)
        assert use_set(writer, stored.set_id, "county", dt.date(2000, 1, 1))
    before = world.revision
    done = _initialise(world)
    assert not done["changed"]
    assert world.revision == before
    (county,) = (one for one in done["boundaries"]["sets"] if one["level"] == "county")  # type: ignore[index]
    assert (county["version"], county["units"]) == (stored.version, 59)
