"""``huodian load plans``: burn plans, refused when they lie in a special period; of one number the newest row holds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from boundaries.plans import PlannedBurn, read_plans, refuse_in_periods
from gis.times import beijing_date
from grids.register import Register
from grids.units import Purpose
from service.pipeline.plans_match import plan_of
from service.pipeline.regime_store import load_regimes
from service.pipeline.register_store import load_register
from service.store import models
from service.store.engine import Reader, Store


def load_plan_file(
    store: Store, data: bytes, *, name: str, status: str, datum: str | None, actor: str
) -> dict[str, Any]:
    """Load burn plans from CSV or GeoJSON bytes.

    Raises
    ------
    RefusedInputError
        ``bad_plans``; ``plan_in_special_period`` with every pair. Nothing is loaded then.
    """
    plans = read_plans(data, status=status, datum=datum, name=name)
    written = 0
    with store.writer(actor, "load.plans", {"file": name}) as writer:
        register = load_register(writer).register
        refuse_in_periods(
            plans, load_regimes(writer)[0].periods, lineage=lineage_of(plans, register), name=name
        )
        known = {plan.code: _key(plan) for plan in stored_plans(writer)}
        for plan in plans:
            if known.get(plan.code) == _key(plan):
                continue
            writer.insert(
                models.PlannedBurn,
                code=plan.code,
                unit_code=plan.unit_code,
                starts_at=plan.starts_at,
                ends_at=plan.ends_at,
                area_mu=plan.area_mu,
                person=plan.person,
                approver=plan.approver,
                approved_at=plan.approved_at,
                state=plan.state.value,
                status=plan.status.value,
                source=plan.source,
                geom=plan.geometry,
            )
            written += 1
        revision = writer.revision if writer.wrote else None
    unknown = sorted({p.unit_code for p in plans if p.unit_code and register.find(p.unit_code) is None})
    return {
        "file": name,
        "plans": len(plans),
        "written": written,
        "unchanged": revision is None,
        "revision": revision,
        "unknown_units": unknown,
    }


def stored_plans(reader: Reader) -> list[PlannedBurn]:
    """Return the plans known at the reader's revision."""
    table = models.PlannedBurn
    rows = reader.rows(sa.select(table.__table__).where(reader.known(table)).order_by(table.rev, table.id))
    newest = {row.code: row for row in rows}
    return [plan_of(row) for row in newest.values()]


def lineage_of(plans: Iterable[PlannedBurn], register: Register) -> dict[str, list[str]]:
    """Return for each plan's unit the codes of the units above it on the day the plan starts, by every purpose.

    All trees count: a period of 长白山管委会 binds its townships, one of their legal city binds them as well.
    """
    found: dict[str, list[str]] = {}
    for plan in plans:
        unit = register.find(plan.unit_code, beijing_date(plan.starts_at)) if plan.unit_code else None
        if unit is None or plan.unit_code is None:
            continue
        day = beijing_date(plan.starts_at)
        above: list[str] = []
        for purpose in Purpose:
            for uid in register.chain(unit.uid, purpose, day):
                codes = {register[uid].code(day), register[uid].code(day, "local"), *_codes(register, uid)}
                above += [code for code in codes if code]
        found[plan.unit_code] = sorted(set(above))
    return found


def _codes(register: Register, uid: str) -> list[str]:
    """Return every statistics code a unit ever had: a period proclaimed for 220381 means 公主岭 after its move too."""
    return [code.code for code in register[uid].codes if code.scheme == "stats"]


def _key(plan: PlannedBurn) -> tuple[Any, ...]:
    ground = None if plan.geometry is None else plan.geometry.wkb
    window = (plan.starts_at.timestamp(), plan.ends_at.timestamp())
    approved = plan.approved_at.timestamp() if plan.approved_at else None
    return (
        *(plan.code, plan.unit_code, *window, plan.area_mu, plan.person, plan.approver, approved),
        *(plan.state, plan.status, ground),
    )
