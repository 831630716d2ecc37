"""Which fire points of the store tell of one fire: matched by place and time, or ruled to repeat each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from gis.times import minutes_of
from gis.types import Screen
from service.billing.matching import SATELLITES, Matches, Spot, match
from service.pipeline import identity
from service.pipeline.footprints import extents_m
from service.pipeline.rulings import Rulings
from service.store.engine import Reader


def matched(reader: Reader, rows: Sequence[Any], rulings: Rulings) -> Matches:
    """Return the links between fire points of different sources, as rulings leave them.

    Parameters
    ----------
    rows
        States that are facts.
    """
    if all(SATELLITES & set(row.sources) for row in rows):
        return Matches()
    satellites = [row for row in rows if SATELLITES & set(row.sources)]
    scan, track = extents_m(reader, [row.representative_id for row in satellites])
    half = {
        row.fire_point_id: max(wide, high) / 2
        for row, wide, high in zip(satellites, scan.tolist(), track.tolist(), strict=True)
    }
    ended = identity.followed(rulings.steps)
    distinct = {
        frozenset((row.fire_point_id, ended.get(ruling.value) or ruling.value))
        for row in rows
        for ruling in rulings.by_point.get(row.fire_point_id, ())
        if ruling.kind == "distinct"
    }
    return match([_spot(row, half.get(row.fire_point_id, 0.0)) for row in rows], distinct=distinct)


def same_fires(matches: Matches, rows: Sequence[Any], rulings: Rulings) -> dict[str, list[str]]:
    """Return, by the id that stands for a fire, the others that tell of it: linked, or ruled to repeat it.

    Parameters
    ----------
    rows
        All states, those that are screened as duplicates among them.
    """
    same: dict[str, list[str]] = defaultdict(list)
    heads: dict[str, str] = {}
    for link in matches.links:
        same[link.of].append(link.id)
        heads[link.id] = link.of
    ended = identity.followed(rulings.steps)
    for row in rows:
        if row.screen != Screen.DUPLICATE:
            continue
        for ruling in rulings.of(row.fire_point_id):
            target = ended.get(ruling.value, ruling.value)
            if ruling.kind == "duplicate" and target is not None and target != row.fire_point_id:
                same[heads.get(target, target)].append(row.fire_point_id)
    return same


def _spot(row: Any, half_pixel_m: float) -> Spot:
    return Spot(
        row.fire_point_id,
        row.lon,
        row.lat,
        minutes_of(row.first_at),
        minutes_of(row.last_at),
        frozenset(row.sources),
        half_pixel_m,
    )
