"""The story of a fire point, its evidence as a file, and what if; all within the reader's scope."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from service.api.deps import ContextOf, ScopeOf, envelope
from service.api.files import TEXT, ZIP, also_files
from service.api.queries import ExplainParameters, WhatIfParameters

router = APIRouter(tags=["explain"])


@router.get("/firepoints/{fire_point_id}/explanation", response_model=None, responses=also_files(TEXT, ZIP))
def explanation(
    fire_point_id: str, context: ContextOf, scope: ScopeOf, query: Annotated[ExplainParameters, Query()]
) -> Response | dict[str, Any]:
    """Answer where a fire point comes from, whose it is, what it costs and why: JSON, a page of text, or a ZIP."""
    from service.billing.bundle import bundle
    from service.billing.explain import explain, read_at
    from service.billing.explain_page import page
    from service.pipeline.archive import open_archive

    with context.open_store().reader(query.as_of) as reader:
        options: dict[str, Any] = {
            "season": query.season,
            "rulebook": query.rulebook,
            "at": read_at(reader, query.as_of, query.at),
            "now": context.clock(),
        }
        if query.format == "zip":
            packed = bundle(reader, scope, fire_point_id, open_archive(context.settings), **options)
            name = f"{packed.story['fire_point_id']}.zip"
            disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
            return Response(packed.data, media_type="application/zip", headers=disposition)
        story = explain(reader, scope, fire_point_id, **options)
        if query.format == "text":
            return Response(page(story, query.lang), media_type="text/plain; charset=utf-8")
        return envelope("explain", story, reader=reader, as_of=query.as_of)


@router.get("/whatif")
def whatif(context: ContextOf, scope: ScopeOf, query: Annotated[WhatIfParameters, Query()]) -> dict[str, Any]:
    """Answer whose charges a denial, a move or another rulebook would change.

    Other borders and another clustering assess a season anew under the store's write lock: they are for the command
    line.
    """
    from service.billing.whatif import Change
    from service.billing.whatif import whatif as run

    store = context.open_store()
    moved = None if query.move is None else (query.move, query.to or "")
    data = run(
        store,
        scope,
        query.season,
        Change(deny=query.deny, move=moved, rulebook=query.instead),
        rulebook=query.rulebook,
        at=query.at or context.clock(),
        as_of=query.as_of,
    )
    with store.reader(query.as_of) as reader:
        return envelope("whatif", data, reader=reader, as_of=query.as_of)
