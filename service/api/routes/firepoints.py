"""Fire points: filtered and paged, and one by any id ever issued."""

from __future__ import annotations

import base64
import binascii
import dataclasses
import datetime as dt
import hashlib
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query

from gis.errors import UsageError
from gis.times import iso_beijing
from service.api.deps import ContextOf, ScopeOf, envelope
from service.api.queries import FirePointParameters, ReadParameters
from service.store.types import canonical_json

if TYPE_CHECKING:
    from service.reads import FirePointView

router = APIRouter(tags=["firepoints"])


@router.get("/firepoints")
def fire_points(
    context: ContextOf, scope: ScopeOf, query: Annotated[FirePointParameters, Query()]
) -> dict[str, Any]:
    """Fire points of a fire day or of a span of days, by id.

    Pages are taken at one revision: the cursor carries it, so an ingest between two pages neither repeats nor skips
    a point.
    """
    from service.reads import fire_points as read

    first, last = query.days(context.today())
    asked = _fingerprint(query, first, last)
    revision, after = _opened_cursor(query.cursor, asked) if query.cursor else (query.as_of, None)
    with context.open_store().reader(revision) as reader:
        found = read(
            reader,
            scope,
            start=first,
            end=last,
            unit=query.unit,
            screen=None if query.screen is None else [query.screen],
            bbox=query.box,
            after=after,
            limit=query.limit + 1,
        )
        rows = found[: query.limit]
        data = {
            "start": first.isoformat(),
            "end": last.isoformat(),
            "rows": [shown(point) for point in rows],
            "next": _cursor(reader.rev, rows[-1].fire_point_id, asked) if len(found) > len(rows) else None,
        }
        return envelope("firepoints", data, reader=reader, as_of=query.as_of)


@router.get("/firepoints/{fire_point_id}")
def fire_point(
    fire_point_id: str, context: ContextOf, scope: ScopeOf, query: Annotated[ReadParameters, Query()]
) -> dict[str, Any]:
    """One fire point by any id ever issued.

    A merged id answers 200 with the point it became and ``resolves_to``: the number stands on paper somewhere, and
    whoever asks for it has to see that it was merged, which a redirect would hide.
    """
    from service import untold
    from service.reads import fire_points as read
    from service.reads import resolve_id, rulings_of, unknown_fire_point
    from service.verification.shown import story

    with context.open_store().reader(query.as_of) as reader:
        live = resolve_id(reader, fire_point_id)
        found = read(reader, scope, ids=[live]) if live is not None else []
        if not found:
            raise unknown_fire_point(fire_point_id)
        data = {
            "asked": fire_point_id,
            "resolves_to": live if live != fire_point_id else None,
            **shown(found[0]),
            "rulings": plain(untold.rulings(scope, rulings_of(reader, scope, live or ""))),
            "verifications": story(reader, scope, live or "")["records"],
        }
        return envelope("firepoint", data, reader=reader, as_of=query.as_of)


def shown(point: FirePointView) -> dict[str, Any]:
    """Return a fire point as JSON-representable data, without the store's own row numbers."""
    row: dict[str, Any] = plain(point)
    del row["county_unit_id"]
    return row


def plain(value: Any) -> Any:
    """Return a view as JSON-representable data; instants in Beijing time."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {one.name: plain(getattr(value, one.name)) for one in dataclasses.fields(value)}
    if isinstance(value, dt.datetime):
        return iso_beijing(value)
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(one) for one in value]
    return value


def _fingerprint(query: FirePointParameters, first: dt.date, last: dt.date) -> str:
    asked = query.model_dump(mode="json", exclude={"cursor", "limit", "date", "start", "end", "as_of"})
    text = canonical_json({**asked, "first": first.isoformat(), "last": last.isoformat()})
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _cursor(revision: int, last: str, asked: str) -> str:
    return base64.urlsafe_b64encode(f"{revision}:{asked}:{last}".encode()).decode()


def _opened_cursor(cursor: str, asked: str) -> tuple[int, str]:
    try:
        revision, of, last = base64.urlsafe_b64decode(cursor.encode()).decode().split(":", 2)
        place = int(revision), last
    except (ValueError, binascii.Error):
        place, of = (-1, ""), ""
    if of != asked or place[0] < 0:
        raise UsageError(
            "bad_cursor",
            "cursor 不属于此查询：请用上一页返回的 next，筛选条件保持不变",
            "the cursor does not belong to this query: use the previous page's `next` with the same filters",
        )
    return place
