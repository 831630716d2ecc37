"""The base map, where a key is configured."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from service.api.deps import ScopeOf
from service.api.queries import NoParameters
from service.map.tianditu import BROWSER_S, LAYERS, Tianditu

router = APIRouter(tags=["map"])

_IMAGE = {"schema": {"type": "string", "format": "binary"}}


@router.get(
    "/base/tianditu/{layer}/{z}/{x}/{y}",
    response_class=Response,
    responses={
        200: {"description": "a tile", "content": {"image/png": _IMAGE, "image/jpeg": _IMAGE}},
    },
)
def tianditu(
    layer: Literal[LAYERS],  # type: ignore[valid-type]
    z: int,
    x: int,
    y: int,
    request: Request,
    _scope: ScopeOf,
    _query: Annotated[NoParameters, Query()],
) -> Response:
    """Return a tile of 天地图, Web Mercator: vec and img with their labels cva and cia; 404 without a key."""
    source: Tianditu = request.app.state.tianditu
    tile = source.tile(layer, z, x, y)
    return Response(
        tile.data, media_type=tile.media_type, headers={"Cache-Control": f"private, max-age={BROWSER_S}"}
    )
