"""The unit register, dated: one unit by code, the children of one, a search by name; never beyond the scope."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from service.api.deps import ContextOf, ScopeOf, envelope
from service.api.queries import UnitParameters
from service.units import find_units

router = APIRouter(tags=["units"])


@router.get("/units")
def units(context: ContextOf, scope: ScopeOf, query: Annotated[UnitParameters, Query()]) -> dict[str, Any]:
    """Units of the register as they were on `date` (today without one)."""
    day = query.date or context.civil_today()
    with context.open_store().reader(query.as_of) as reader:
        found = find_units(
            reader,
            scope,
            day,
            code=query.code,
            parent=query.parent,
            name=query.q,
            purpose=query.purpose,
            limit=query.limit,
        )
        return envelope("units", found, reader=reader, as_of=query.as_of)
