"""A fire point with a past: two products, a merge, people, a list, a statement, an objection; at fixed instants."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from service.billing.explain import explain
from service.scope import whole
from service.store import open_store
from service.store.engine import Store
from service.store.models import Revision
from tests.service.billing.house import House, house, spots
from tests.service.pipeline import feeds
from tests.service.pipeline.feeds import Row, at

SEASON = "2023-2024"
YUSHU, SHULAN = "220182", "220283"
NOON = at("2023-10-29 04:30")
BEGAN = dt.datetime(2023, 10, 29, 5, 0, tzinfo=dt.UTC)
AT = "2023-11-05T08:00+08:00"

A, B = spots(YUSHU)[0], spots(YUSHU)[1]
C = spots(SHULAN)[0]


@dataclass
class Scene:
    """A house with one fire of 榆树 seen by two pixels and a later satellite, one more there, and one of 舒兰."""

    house: House

    @property
    def main(self) -> str:
        """The fire that was seen several times."""
        return self.at(A)

    def at(self, spot: tuple[str, str]) -> str:
        """Return the id of the live fire point nearest to a spot."""
        lon, lat = map(float, spot)
        found = self.house.ids()
        key = min(found, key=lambda one: abs(float(one[0]) - lon) + abs(float(one[1]) - lat))
        return found[key]

    def ingest(self, name: str, *rows: Row) -> None:
        self.house.data("ingest", str(feeds.write(self.house.folder / name, rows)))
        self.house.data("assess")

    def verify(self, fire_point_id: str, *words: str, finding: str = "straw", level: str = "city") -> None:
        self.house.data(
            *("verify", fire_point_id, "--finding", finding, "--level", level, "--person", "王某"),
            *("--at", "2023-10-29T15:00+08:00", *words),
        )
        self.house.data("assess")

    def explained(self, fire_point_id: str, *words: str, token: str = "") -> Any:
        return self.house.data("explain", fire_point_id, *words, token=token)

    @contextmanager
    def store(self) -> Iterator[Store]:
        store = open_store(self.house.url)
        try:
            yield store
        finally:
            store.close()

    def story(self, fire_point_id: str, **options: Any) -> dict[str, Any]:
        """Explain to somebody who sees everything, without the command line."""
        with self.store() as store, store.reader() as reader:
            return explain(reader, whole("test"), fire_point_id, **options)

    def on_fixed_instants(self) -> None:
        """Date every revision: the nth is recorded n minutes after the fire, however fast the test ran."""
        with self.store() as store, store.engine.begin() as connection:
            table = Revision.__table__
            for number in connection.execute(sa.select(table.c.id)).scalars().all():
                moment = BEGAN + dt.timedelta(minutes=number)
                connection.execute(sa.update(table).where(table.c.id == number).values(at=moment))


@contextmanager
def scene(home: str, new_store_url: Callable[..., str], folder: Path) -> Iterator[Scene]:
    """Open the scene."""
    with house(home, new_store_url, folder) as opened:
        made = Scene(opened)
        first = Row(NOON, *A)
        made.ingest(
            "nrt.csv",
            first,
            first.moved(400, 200, 0, frp="9.5"),
            first.moved(200, 100, 50, satellite="N"),
            Row(NOON + 60, *B),
            Row(NOON + 61, *C),
        )
        made.ingest("standard.csv", first.moved(50, 60, 3, version=feeds.STANDARD, confidence="high"))
        yield made
