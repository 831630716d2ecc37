"""What waits for a person: one queue (DESIGN section 3, "pending").

* ``outside_register``: the ground belongs to a polygon that no unit of the register answers for;
* ``boundary_county``: the footprint touches several counties, so the payer is in doubt;
* ``boundary_zone``: it touches the edge of a zone, so a fact the rule uses is in doubt;
* ``across_province``: it began outside the province but some of its pixels lie in our counties;
* ``recorded_later``: a zone that was recorded after the overpass, which never exempts by itself;
* ``plan_recorded_later``: a planned burn that was recorded, approved or taken back after the overpass;
* ``plan_exceeded``: a fire seen inside the window and ground of a planned burn and outside it;
* ``plan_edge``: the footprint touches the ground of a planned burn, the centre lies outside;
* ``heat_source_recorded_later``: a fixed heat source that explains it was listed after the overpass;
* ``grid_boundary_disagree``: the cell that holds it belongs to another county than its ground;
* ``no_cell``: no cell of the grid in force holds the point, so nobody answers on the ground.

Doubt between villages of one county is stated on the fire point and holds nothing up. A ruling on the unit or the zone
settles what it decides. What waits because of money and of findings joins in `service.billing.pending_money`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from gis.times import iso_beijing
from gis.types import Screen
from service.pipeline.plans_match import EDGE, EXCEEDED, later_plans
from service.reads import FirePointView, fire_points
from service.scope import Scope
from service.store.engine import Reader
from service.store.models import Ruling

WORDS = {
    "outside_register": (
        "界线上的单位不在登记册中，请补录或裁定",
        "the unit on the map is not in the register: add it or rule",
    ),
    "boundary_county": ("像元跨县界，付费单位待裁定", "the pixel touches several counties: rule who answers"),
    "boundary_zone": ("像元跨区划边界，分区待裁定", "the pixel touches the edge of a zone: rule which zone"),
    "across_province": (
        "起火像元在省外，但部分像元在我省县内，归属待裁定",
        "it began outside the province, with pixels in our counties: rule who answers",
    ),
    "recorded_later": (
        "区划在卫星过境之后才登记，须由人裁定",
        "the zone was recorded after the overpass: a person must rule",
    ),
    "plan_recorded_later": (
        "计划烧除在卫星过境之后才登记、批准或变更，不自动免责，须由人裁定",
        "the planned burn was recorded, approved or changed after the overpass: it exempts only by a ruling",
    ),
    "plan_exceeded": (
        "火点在计划烧除的时段或地块内外均被观测到，不自动免责，须由人裁定",
        "the fire was seen inside the window and ground of a planned burn and outside: it exempts only by a ruling",
    ),
    "plan_edge": (
        "像元压到计划烧除地块，但中心在地块之外，须由人裁定",
        "the pixel touches the ground of a planned burn, its centre lies outside: rule whether it was that burn",
    ),
    "heat_source_recorded_later": (
        "固定热源在卫星过境之后才登记，不自动排除，须由人裁定",
        "a fixed heat source that was listed after the overpass: it removes the fire point only by a ruling",
    ),
    "grid_boundary_disagree": (
        "网格所属县与界线所在县不一致，请核对网格或裁定归属",
        "the grid cell belongs to another county than the ground: correct the grid, or rule who answers",
    ),
    "no_cell": ("没有网格覆盖该点，请核对网格", "no grid cell covers this point: check the grid"),
}

_SETTLED_BY = {
    "outside_register": {"unit", "screen"},
    "boundary_county": {"unit", "screen", "duplicate"},
    "boundary_zone": {"zone", "screen", "duplicate"},
    "across_province": {"unit", "screen", "duplicate"},
    "recorded_later": {"zone", "screen", "duplicate"},
    "plan_recorded_later": {"screen", "duplicate"},
    "plan_exceeded": {"screen", "duplicate"},
    "plan_edge": {"screen", "duplicate"},
    "heat_source_recorded_later": {"screen", "duplicate"},
    "grid_boundary_disagree": {"unit", "screen", "duplicate"},
    "no_cell": {"unit", "screen", "duplicate"},
}

_UNIT = "huodian rule {id} --unit CODE --reason TEXT"
_ZONE = "huodian rule {id} --zone CODE --reason TEXT"
_SCREEN = "huodian rule {id} --screen counted|{screen} --reason TEXT"
COMMANDS = {
    "outside_register": _UNIT,
    "boundary_county": _UNIT,
    "boundary_zone": _ZONE,
    "across_province": _UNIT,
    "recorded_later": _ZONE,
    "plan_recorded_later": _SCREEN.replace("{screen}", str(Screen.PLANNED_BURN)),
    "plan_exceeded": _SCREEN.replace("{screen}", str(Screen.PLANNED_BURN)),
    "plan_edge": _SCREEN.replace("{screen}", str(Screen.PLANNED_BURN)),
    "heat_source_recorded_later": _SCREEN.replace("{screen}", str(Screen.FIXED_HEAT_SOURCE)),
    "grid_boundary_disagree": _UNIT,
    "no_cell": "huodian load grid FILE",
}
"""The command that settles a case."""


_WITHIN_PLAN = (Screen.PLANNED_BURN, Screen.RESTRICTED_WITHIN_PLAN)
_ASKED = (Screen.COUNTED, Screen.OUTSIDE, *_WITHIN_PLAN)


@dataclass(frozen=True, slots=True)
class PendingCase:
    """One thing a person must decide, with what is needed to decide it.

    Attributes
    ----------
    settled_by
        The command that settles it.
    due
        By when, as Beijing time or as a date; None where no rule says.
    at_stake
        Yuan that wait for it, as text; None where that is not known.
    """

    fire_point_id: str
    fire_day: str
    first_seen: str
    what: str
    zh: str
    en: str
    lon: float
    lat: float
    county_code: str | None
    county: str | None
    township: str | None
    county_share: float | None
    border_distance_m: float | None
    candidates: tuple[str, ...]
    settled_by: str = ""
    due: str | None = None
    at_stake: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the case as JSON-representable data."""
        return asdict(self)


def pending(
    reader: Reader,
    scope: Scope,
    *,
    unit: str | None = None,
    start: dt.date | None = None,
    end: dt.date | None = None,
) -> list[PendingCase]:
    """Return the queue within the scope, oldest fire day first.

    Parameters
    ----------
    unit
        Only this unit's cases.
    start, end
        Fire days, both included.
    """
    views = fire_points(reader, scope, unit=unit, start=start, end=end, screen=_ASKED)
    ruled = _ruled_kinds(reader, views)
    cases = [
        case_of(view, what)
        for view in views
        for what in _open_questions(view)
        if not (_SETTLED_BY[what] & ruled.get(view.fire_point_id, set()))
    ]
    return sorted(cases, key=lambda case: (case.fire_day, case.fire_point_id, case.what))


def _ruled_kinds(reader: Reader, views: Sequence[FirePointView]) -> dict[str, set[str]]:
    kinds = {
        row.id: row.kind for row in reader.rows(sa.select(Ruling.id, Ruling.kind).where(reader.known(Ruling)))
    }
    return {view.fire_point_id: {kinds[key] for key in view.ruling_ids} for view in views if view.ruling_ids}


def _open_questions(view: FirePointView) -> list[str]:
    if view.screen == Screen.OUTSIDE:
        return ["across_province"] if any(r.get("code") == "pixels_inside" for r in view.reasons) else []
    found = []
    if later_plans(view.reasons):
        found.append("plan_recorded_later")
    if view.screen in _WITHIN_PLAN:
        return found
    codes = {reason.get("code") for reason in view.reasons}
    found += [what for what in (EXCEEDED, EDGE) if what in codes]
    if view.county_code is not None and view.county_unit_id is None:
        found.append("outside_register")
    if view.boundary_case.get("county"):
        found.append("boundary_county")
    if view.boundary_case.get("zone"):
        found.append("boundary_zone")
    if "grid_boundary_disagree" in codes:
        found.append("grid_boundary_disagree")
    if "recorded_later" in codes:
        found.append("recorded_later")
    if any(
        reason.get("code") == Screen.FIXED_HEAT_SOURCE and reason.get("recorded_later")
        for reason in view.reasons
    ):
        found.append("heat_source_recorded_later")
    if "grid" in view.layers and view.grid_code is None:
        found.append("no_cell")
    return found


def case_of(
    view: FirePointView,
    what: str,
    *,
    words: tuple[str, str] | None = None,
    candidates: tuple[str, ...] | None = None,
    settled_by: str | None = None,
    due: str | None = None,
    at_stake: str | None = None,
) -> PendingCase:
    """Return a case about a fire point as its reader sees it.

    Parameters
    ----------
    words, settled_by
        Sentences in Chinese and English, and the command; of a kind that this module knows they are its own.
    candidates
        What the decision is between; by default the counties beside the one attributed.
    """
    zh, en = words or WORDS[what]
    command = COMMANDS[what] if settled_by is None else settled_by
    return PendingCase(
        view.fire_point_id,
        view.fire_day.isoformat(),
        iso_beijing(view.first_at),
        what,
        zh,
        en,
        view.lon,
        view.lat,
        view.county_code,
        view.county,
        view.township,
        view.county_share,
        view.border_distance_m,
        _candidates(view) if candidates is None else candidates,
        command.format(id=view.fire_point_id),
        due,
        at_stake,
    )


def _candidates(view: FirePointView) -> tuple[str, ...]:
    """Return the counties between which a person decides, besides the one attributed."""
    inside = [
        code
        for reason in view.reasons
        if reason.get("code") == "pixels_inside"
        for code in reason["counties"]
    ]
    return tuple(dict.fromkeys([*view.neighbours.get("county", ()), *inside]))
