"""Whether the service can work: open to everybody, so it names no place, person, path or count."""

from __future__ import annotations

from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Query

from gis.times import iso_utc
from service.api.deps import ContextOf
from service.api.queries import NoParameters
from service.store.migrate import require_current
from service.store.models import FeedFile, Revision

router = APIRouter(tags=["health"])


@router.get("/health")
def health(context: ContextOf, _query: Annotated[NoParameters, Query()]) -> dict[str, Any]:
    """Store reachable, schema current, last ingest, last revision; 503 with a problem document otherwise."""
    store = context.open_store()
    require_current(store)
    with store.reader() as reader:
        last = reader.connection.execute(
            sa.select(sa.func.max(Revision.at)).where(
                Revision.id == sa.select(sa.func.max(FeedFile.rev)).scalar_subquery()
            )
        ).scalar()
        revision = reader.rev
    from service.store.migrate import current

    return {
        "status": "ok",
        "schema_version": current(store),
        "revision": revision,
        "last_ingest": None if last is None else iso_utc(last),
    }
