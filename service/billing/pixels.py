"""A hash of every pixel behind a fire point, so that an edited detection or observation is found by `statement verify`.

Which file and line brought a row is left out: it depends on the order in which files came, which no statement does.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from gis.times import iso_utc
from service.store.engine import Reader
from service.store.models import Detection, DetectionState, Observation
from service.store.types import canonical_json

_PART = 10_000
_PIXEL = ("satellite", "acq_at", "lon", "lat", "source_kind")
_OBSERVED = (
    *("instrument", "version", "rank", "confidence_raw", "confidence_class", "frp_mw", "scan_km", "track_km"),
    *("daynight", "fire_type", "bright_1", "bright_2"),
)


def pixel_hashes(reader: Reader, ids: Sequence[str]) -> dict[str, list[str]]:
    """Return by fire point a SHA-256 of each observation of its live pixels, as they are known at the revision, sorted.

    Parameters
    ----------
    ids
        Live fire points.
    """
    state, pixel, seen = DetectionState.__table__, Detection.__table__, Observation.__table__
    columns = (*(pixel.c[name] for name in _PIXEL), *(seen.c[name] for name in _OBSERVED))
    query = (
        sa.select(state.c.fire_point_id, *columns)
        .join(pixel, pixel.c.id == state.c.detection_id)
        .join(seen, seen.c.detection_id == pixel.c.id)
        .where(reader.live(DetectionState), reader.known(Observation))
    )
    found: dict[str, list[str]] = defaultdict(list)
    for start in range(0, len(ids), _PART):
        part = ids[start : start + _PART]
        for row in reader.rows(query.where(state.c.fire_point_id.in_(part))):
            found[row.fire_point_id].append(_hash(row._mapping))
    return {name: sorted(hashes) for name, hashes in found.items()}


def _hash(row: Mapping[str, Any]) -> str:
    told = {name: _text(row[name]) for name in (*_PIXEL, *_OBSERVED)}
    return hashlib.sha256(canonical_json(told).encode()).hexdigest()


def _text(value: Any) -> Any:
    if isinstance(value, float):
        return repr(value)
    return iso_utc(value) if hasattr(value, "tzinfo") else value
