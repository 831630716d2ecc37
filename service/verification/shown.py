"""All that is on record about one fire point's verification, for a reader who may see the point."""

from __future__ import annotations

from typing import Any

from gis.times import iso_beijing
from service.scope import Scope
from service.store.engine import Reader
from service.verification.publicise import publications
from service.verification.review import UNVERIFIED, statuses
from service.verification.standing import standings
from service.verification.targets import visible_states


def story(reader: Reader, scope: Scope, fire_point_id: str) -> dict[str, Any]:
    """Return ``fire_point_id, status, deciding, contradicted, area_mu, sources, published_at, records``.

    Raises
    ------
    NotFoundError
        When the point does not exist or is outside the scope.
    """
    state = visible_states(reader, scope, [fire_point_id]).require(fire_point_id)
    live = state.fire_point_id
    standing = standings(reader, [live]).get(live)
    published = publications(reader).get(live)
    found: dict[str, Any] = {
        "asked": fire_point_id,
        "fire_point_id": live,
        "status": statuses(reader, [state]).get(live, UNVERIFIED),
        "deciding": None,
        "contradicted": False,
        "area_mu": None,
        "sources": [],
        "published_at": None if published is None else iso_beijing(published),
        "records": [],
    }
    if standing is not None:
        found |= {
            "deciding": None if standing.deciding is None else standing.deciding.id,
            "contradicted": standing.contradicted,
            "area_mu": None if standing.area_mu is None else format(standing.area_mu, "f"),
            "sources": list(standing.sources),
            "records": [one.as_dict() for one in standing.records],
        }
    return found
