"""The tables of the store: one set of models for both homes (DESIGN sections 3 and 4).

Three kinds of rows:

* *facts* carry the revision that recorded them (``rev``) and, where they hold for a time, ``valid_from``/``valid_to``
  (civil dates, both included). A fact is never changed; a later one supersedes it.
* *derived rows* carry ``rev_from``/``rev_to``: what was known when. ``rev_to`` is the revision that ended the row,
  exclusive; NULL means live.
* *issued documents* are frozen bytes with their hash.

Integer keys are allocated by the single writer (see `service.store.engine.Writer.allocate`), never random.
"""

from __future__ import annotations

from service.store.base import Base, Revision, RevisionSeal
from service.store.feed_tables import (
    Detection,
    FeedCoverage,
    FeedFile,
    Observation,
    RejectedRow,
    ServiceArea,
    Sighting,
    Supersession,
)
from service.store.layer_tables import (
    BoundaryRepair,
    BoundarySet,
    BoundaryUnit,
    BoundaryUse,
    Duty,
    GridCell,
    GridSet,
    PlannedBurn,
    RegimeRule,
    SpecialPeriod,
    Unit,
    UnitCode,
    UnitName,
    UnitParent,
    UnitSuccession,
    Zone,
    ZoneSet,
)
from service.store.money_tables import (
    HeatSource,
    Indicator,
    Objection,
    ObjectionEvent,
    Publication,
    RulebookVersion,
    Statement,
    StatementEvent,
)
from service.store.point_tables import (
    AssessedDay,
    Clustering,
    DetectionState,
    FireListIssue,
    FirePoint,
    FirePointAlias,
    FirePointState,
    IdempotentWrite,
    LayerStack,
    Lease,
    Ruling,
    User,
    Verification,
)
from service.store.screen_tables import HeatCell, HeatTable, LandCoverSet, ScreeningVersion

__all__ = [
    "INDEXED_GEOMETRY",
    "AssessedDay",
    "Base",
    "BoundaryRepair",
    "BoundarySet",
    "BoundaryUnit",
    "BoundaryUse",
    "Clustering",
    "Detection",
    "DetectionState",
    "Duty",
    "FeedCoverage",
    "FeedFile",
    "FireListIssue",
    "FirePoint",
    "FirePointAlias",
    "FirePointState",
    "GridCell",
    "GridSet",
    "HeatCell",
    "HeatSource",
    "HeatTable",
    "IdempotentWrite",
    "Indicator",
    "LandCoverSet",
    "LayerStack",
    "Lease",
    "Objection",
    "ObjectionEvent",
    "Observation",
    "PlannedBurn",
    "Publication",
    "RegimeRule",
    "RejectedRow",
    "Revision",
    "RevisionSeal",
    "RulebookVersion",
    "Ruling",
    "ScreeningVersion",
    "ServiceArea",
    "Sighting",
    "SpecialPeriod",
    "Statement",
    "StatementEvent",
    "Supersession",
    "Unit",
    "UnitCode",
    "UnitName",
    "UnitParent",
    "UnitSuccession",
    "User",
    "Verification",
    "Zone",
    "ZoneSet",
]

INDEXED_GEOMETRY = ("detection", "boundary_unit", "grid_cell", "zone", "fire_point_state", "heat_source")
"""Tables whose geometry has an R*Tree (SQLite) or GiST (PostGIS) index."""
