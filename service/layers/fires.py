"""Fire points, detections and footprints: selects within the reader's scope."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from service.kept import Kept
from service.layers.catalogue import CATALOGUE
from service.layers.model import LayerInfo
from service.layers.relation import Relation
from service.layers.spatial import FootprintShape, PointShape, Shape
from service.layers.sql import listed
from service.pipeline.live import best_first
from service.scope import Scope
from service.store.engine import Reader
from service.store.models import Detection, DetectionState, FirePointState, Observation
from service.verification import standings, statuses
from service.verification.review import UNVERIFIED

OF_PRODUCT = frozenset(("instrument", "frp_mw", "confidence", "scan_km", "track_km", "daynight"))
"""Properties of a detection that differ between the products that report it."""

_BOUNDARY_LEVELS = ("county", "township", "grid", "zone")
_PART = 20_000
_known: Kept[dict[str, list[str]]] = Kept(16)


def fire_points(reader: Reader, scope: Scope, *, with_status: bool = True) -> Relation:
    """Return the fire points that live at the reader's revision within the scope.

    Parameters
    ----------
    with_status
        Whether the verification status is asked: it is worked out from every finding in scope.
    """
    table = FirePointState.__table__
    info = CATALOGUE["fire_points"]
    columns: dict[str, Any] = {one.name: table.c[one.name] for one in info.properties if one.name in table.c}
    columns |= {
        "first_seen": table.c.first_at,
        "last_seen": table.c.last_at,
        "satellites": _joined(table.c.satellites),
        "sources": _joined(table.c.sources),
        "status": _status(reader, scope) if with_status else sa.literal(None, sa.Text()),
        **{f"boundary_{level}": _flag(table.c.boundary_case, level, reader) for level in _BOUNDARY_LEVELS},
    }
    where = (reader.live(FirePointState), scope.condition(FirePointState))
    return Relation(info, table, columns, where, PointShape(FirePointState, reader))


def detections(reader: Reader, scope: Scope, *, with_product: bool = True) -> Relation:
    """Return the detections of fire points as their best product reports them.

    Parameters
    ----------
    with_product
        Whether `OF_PRODUCT` is asked: the best of all observations is then looked up for each detection.
    """
    info = CATALOGUE["detections"]
    columns, source, where = _pixels(reader, scope, info, with_product)
    return Relation(info, source, columns, where, PointShape(Detection, reader))


def footprints(reader: Reader, scope: Scope) -> Relation:
    """Return the ground that each detection covers."""
    info = CATALOGUE["footprints"]
    columns, source, where = _pixels(reader, scope, info, True)
    shape: Shape = FootprintShape(Detection, columns, reader)
    return Relation(info, source, columns, where, shape)


def _pixels(
    reader: Reader, scope: Scope, info: LayerInfo, with_product: bool
) -> tuple[Mapping[str, Any], sa.FromClause, tuple[sa.ColumnElement[bool], ...]]:
    d, s, o = Detection.__table__, DetectionState.__table__, Observation.__table__
    other = o.alias("other")
    best = (
        sa.select(other.c.id)
        .where(other.c.detection_id == d.c.id, other.c.rev <= reader.horizon)
        .order_by(*best_first(other))
        .limit(1)
        .correlate(d)
        .scalar_subquery()
    )
    source = s.join(d, d.c.id == s.c.detection_id)
    if with_product:
        source = source.join(o, o.c.id == best)
    columns: dict[str, Any] = {}
    for one in info.properties:
        for table in (s, d, o) if with_product else (s, d):
            if one.name in table.c:
                columns.setdefault(one.name, table.c[one.name])
    columns |= {
        "detection_id": d.c.id,
        "fire_point_id": _own_fire_point(reader, scope),
        "acquired": d.c.acq_at,
    }
    if with_product:
        columns["confidence"] = o.c.confidence_class
    return columns, source, (reader.live(DetectionState), scope.condition(DetectionState))


def _own_fire_point(reader: Reader, scope: Scope) -> sa.ColumnElement[Any]:
    """Return the fire point of a detection; of one that others answer for a neighbour sees its own pixels only."""
    name = DetectionState.__table__.c.fire_point_id
    if scope.everything:
        return name
    seen = sa.select(FirePointState.fire_point_id).where(
        reader.live(FirePointState), scope.condition(FirePointState)
    )
    return sa.case((name.in_(seen), name), else_=sa.null())


def _joined(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """Return a stored list of words as one text, ``;`` between them."""
    text: Any = sa.type_coerce(column, sa.Text())
    for old, new in (('["', ""), ('"]', ""), ('","', ";"), ("[]", "")):
        text = sa.func.replace(text, old, new, type_=sa.Text())
    return text  # type: ignore[no-any-return]


def _flag(column: sa.ColumnElement[Any], level: str, reader: Reader) -> sa.ColumnElement[Any]:
    """Return whether a fire point is a boundary case on a level; unknown where no layer of the level was loaded."""
    text = sa.type_coerce(column, sa.Text())
    if reader.connection.dialect.name == "postgresql":
        member = sa.func.jsonb_extract_path_text(sa.cast(text, sa.dialects.postgresql.JSONB), level)
        return sa.cast(member, sa.Boolean())
    return sa.func.json_extract(text, f"$.{level}", type_=sa.Boolean())


def _status(reader: Reader, scope: Scope) -> sa.ColumnElement[Any]:
    name = FirePointState.__table__.c.fire_point_id
    cases = [
        (name.in_(listed(ids, reader)), sa.literal(word, sa.Text()))
        for word, ids in sorted(verified(reader, scope).items())
    ]
    unverified = sa.literal(UNVERIFIED, sa.Text())
    return sa.case(*cases, else_=unverified) if cases else unverified


def verified(reader: Reader, scope: Scope) -> dict[str, list[str]]:
    """Return the live fire points in scope that have a finding, by the word of their status."""
    home = hashlib.sha256(str(reader.connection.engine.url).encode()).hexdigest()
    return _known.get((home, scope.key(), reader.horizon), lambda: _verified(reader, scope))


def _verified(reader: Reader, scope: Scope) -> dict[str, list[str]]:
    table = FirePointState.__table__
    names = sorted(standings(reader))
    found: dict[str, list[str]] = {}
    for start in range(0, len(names), _PART):
        rows = reader.rows(
            sa.select(
                *(table.c[one] for one in ("fire_point_id", "fire_day", "county_unit_id", "township_unit_id"))
            ).where(
                reader.live(FirePointState),
                scope.condition(FirePointState),
                table.c.fire_point_id.in_(names[start : start + _PART]),
            )
        )
        for name, word in statuses(reader, rows).items():
            found.setdefault(word, []).append(name)
    return found
