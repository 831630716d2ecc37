"""The charges of a season, within the reader's scope."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from service.api.deps import ContextOf, ScopeOf, envelope
from service.api.queries import ChargeParameters
from service.users import Permission, require

router = APIRouter(tags=["charges"])


@router.get("/charges")
def charges(
    context: ContextOf, scope: ScopeOf, query: Annotated[ChargeParameters, Query()]
) -> dict[str, Any]:
    """Return what the season costs the reader under the loaded rulebooks, or under the one named."""
    from service.billing.charges import charges_of, run_charges

    require(scope, Permission.MONEY)
    then = context.clock() if query.as_of is None else None if isinstance(query.as_of, int) else query.as_of
    with context.open_store().reader(query.as_of) as reader:
        run = run_charges(reader, query.season, rulebook=query.rulebook, at=query.at or then)
        data = charges_of(run, scope, reader, payer=query.payer)
        return envelope("charge", data, reader=reader, as_of=query.as_of)
