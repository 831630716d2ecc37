"""Verifications: what people found at a fire point, written once, and all that is on record about it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from service.api.deps import ContextOf, ScopeOf, envelope
from service.api.queries import ReadParameters, VerificationBody
from service.api.writing import WritingOf

router = APIRouter(tags=["verifications"])


@router.post("/firepoints/{fire_point_id}/verifications", status_code=201)
def verify(fire_point_id: str, body: VerificationBody, writing: WritingOf) -> dict[str, Any]:
    """Record a finding of the token's holder; the same key and body again gives the same answer and writes nothing."""
    from service.pipeline.archive import open_archive
    from service.verification import verify as run

    context, actor = writing.context, writing.scope.actor
    found = {**body.model_dump(), "person": body.person or actor}
    return writing.once(
        "verifications",
        {"fire_point_id": fire_point_id, **body.model_dump(mode="json")},
        "verify",
        lambda record: run(
            writing.store,
            fire_point_id,
            **found,
            actor=actor,
            scope=writing.scope,
            archive=open_archive(context.settings),
            now=context.clock(),
            also=record,
        ),
    )


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
