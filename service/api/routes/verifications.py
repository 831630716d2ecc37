"""Verifications: what people found at a fire point, written once, and all that is on record about it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Response

from service.api.deps import ContextOf, ScopeOf, envelope
from service.api.idempotency import AlreadyAnsweredError, WriteOnce
from service.api.queries import Key, NoParameters, ReadParameters, VerificationBody

router = APIRouter(tags=["verifications"])


@router.post("/firepoints/{fire_point_id}/verifications", status_code=201)
def verify(
    fire_point_id: str,
    body: VerificationBody,
    response: Response,
    context: ContextOf,
    scope: ScopeOf,
    idempotency_key: Annotated[Key, Header()],
    _query: Annotated[NoParameters, Query()],
) -> dict[str, Any]:
    """Record a finding of the token's holder; the same key and body again gives the same answer and writes nothing."""
    from service.pipeline.archive import open_archive
    from service.verification import verify as record

    store = context.open_store()
    asked = {"fire_point_id": fire_point_id, **body.model_dump(mode="json")}
    once = WriteOnce.of(scope.actor, idempotency_key, "verifications", asked)
    with store.reader() as reader:
        before = once.answered(reader)
    if before is not None:
        response.headers["Idempotency-Replayed"] = "true"
        return before[1]

    def document(done: dict[str, Any]) -> dict[str, Any]:
        # Sorted as the store keeps it, so that a repeated answer has the same bytes as the first.
        return {"as_of": None, "data": dict(sorted(done.items())), "schema": "verify", "warnings": []}

    try:
        done = record(
            store,
            fire_point_id,
            finding=body.finding,
            level=body.level,
            found_at=body.found_at,
            person=body.person or scope.actor,
            note=body.note,
            evidence_sha256=body.evidence_sha256,
            area=body.area,
            source_kind=body.source_kind,
            lon=body.lon,
            lat=body.lat,
            actor=scope.actor,
            scope=scope,
            archive=open_archive(context.settings),
            now=context.clock(),
            also=lambda writer, said: once.record(writer, 201, document(said)),
        )
    except AlreadyAnsweredError as twin:
        return twin.answer
    return document(done)


@router.get("/firepoints/{fire_point_id}/verifications")
def verifications(
    fire_point_id: str, context: ContextOf, scope: ScopeOf, query: Annotated[ReadParameters, Query()]
) -> dict[str, Any]:
    """Everything recorded about one fire point, oldest first, and what stands of it."""
    from service.verification.shown import story

    with context.open_store().reader(query.as_of) as reader:
        return envelope(
            "verifications", story(reader, scope, fire_point_id), reader=reader, as_of=query.as_of
        )
