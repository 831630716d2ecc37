"""Rulings: a person's decision on a fire point, written once."""

from __future__ import annotations

import contextlib
import datetime as dt
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Response

from gis.errors import BusyError
from service.api.deps import ContextOf, ScopeOf
from service.api.idempotency import AlreadyAnsweredError, WriteOnce
from service.api.queries import Key, NoParameters, RulingBody
from service.scope import Scope
from service.store import Store

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
    store = context.open_store()
    once = WriteOnce.of(scope.actor, idempotency_key, "rulings", body.model_dump(mode="json"))
    answer = _answered(store, once)
    if answer is None:
        answer = _decide(store, scope, body, once)
    else:
        response.headers["Idempotency-Replayed"] = "true"
    return answer


def _answered(store: Store, once: WriteOnce) -> dict[str, Any] | None:
    with store.reader() as reader:
        found = once.answered(reader)
    return None if found is None else found[1]


def _decide(store: Store, scope: Scope, body: RulingBody, once: WriteOnce) -> dict[str, Any]:
    from service.pipeline.assess import assess
    from service.pipeline.rulings import APPLIED_KINDS
    from service.pipeline.rulings import rule as decide

    def document(done: dict[str, Any]) -> dict[str, Any]:
        # Sorted as the store keeps it, so that a repeated answer has the same bytes as the first.
        return {"as_of": None, "data": dict(sorted(done.items())), "schema": "ruling", "warnings": []}

    try:
        done = decide(
            store,
            body.fire_point_id,
            kind=body.kind,
            value=body.value,
            reason=body.reason,
            evidence_sha256=body.evidence_sha256,
            actor=scope.actor,
            scope=scope,
            also=lambda writer, said: once.record(writer, 201, document(said)),
        )
    except AlreadyAnsweredError as twin:
        return twin.answer
    if done["kind"] not in APPLIED_KINDS:
        return document(done)
    day = dt.date.fromisoformat(done["fire_day"])
    # The ruling stands. Where an ingest or another assessment holds the store, the next assessment applies it.
    with contextlib.suppress(BusyError):
        assess(store, actor=scope.actor, start=day, end=day)
    return document(done)
