"""Rulings: a person's decision on unit, zone, screening or duplicate, written once."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Response

from service.api.deps import ContextOf, ScopeOf
from service.api.idempotency import WriteOnce
from service.api.queries import Key, NoParameters, RulingBody
from service.api.routes.firepoints import plain
from service.users import Permission, require

router = APIRouter(tags=["rulings"])


@router.post("/rulings", status_code=201)
def rule(
    body: RulingBody,
    response: Response,
    context: ContextOf,
    scope: ScopeOf,
    idempotency_key: Annotated[Key, Header()],
    _query: Annotated[NoParameters, Query()],
) -> dict[str, Any]:
    """Record a ruling of the token's holder; the same key and body again gives the same answer and writes nothing."""
    from service.pipeline.rule import rule as decide

    require(scope, Permission.RULE)
    store = context.open_store()
    once = WriteOnce.of(scope.actor, idempotency_key, "rulings", body.model_dump(mode="json"))
    with store.reader() as reader:
        before = once.answered(reader)
    if before is not None:
        response.headers["Idempotency-Replayed"] = "true"
        response.status_code = before[0]
        return before[1]
    done = decide(
        store,
        body.fire_point_id,
        body.kind,
        body.value,
        body.reason,
        body.evidence_sha256,
        actor=scope.actor,
        scope=scope,
    )
    return {"schema": "ruling", "as_of": None, "data": plain(done), "warnings": []}
