"""The description of the interface: OpenAPI 3.0.3, made of the operations themselves."""

from __future__ import annotations

import copy
import re
from collections.abc import Sequence
from typing import Any

from service.api.problems import MEDIA_TYPE, PROBLEM_SCHEMA
from service.ogc.links import Links
from service.ogc.operation import GEOJSON, JSON, OPENAPI, SCHEMA_JSON, STYLE, Operation
from service.ogc.parameters import LIMIT

CONFORMANCE = (
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/oas30",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/oas30",
)

_JSON_LIKE = frozenset((JSON, GEOJSON, SCHEMA_JSON, STYLE))
_IN_PATH = re.compile(r"\{(\w+)\}")
_NUMBERS = frozenset(("tileMatrix", "tileRow", "tileCol"))

_PROBLEMS = ("400", "401", "403", "404", "500", "503", "default")

_LINK: dict[str, Any] = {
    "type": "object",
    "required": ["href", "rel", "type"],
    "properties": {
        "href": {"type": "string"},
        "rel": {"type": "string"},
        "type": {"type": "string"},
        "title": {"type": "string"},
        "templated": {"type": "boolean"},
    },
}
_LINKS: dict[str, Any] = {"type": "array", "items": {"$ref": "#/components/schemas/link"}}
_ID: dict[str, Any] = {"oneOf": [{"type": "string"}, {"type": "integer"}]}
_URIS: dict[str, Any] = {"type": "array", "items": {"type": "string"}}

SCHEMAS: dict[str, Any] = {
    "link": _LINK,
    "document": {"type": "object"},
    "landing": {
        "type": "object",
        "required": ["links", "title"],
        "properties": {
            "title": {"type": "string"},
            "description": {"type": "string"},
            "links": _LINKS,
        },
    },
    "conformance": {
        "type": "object",
        "required": ["conformsTo"],
        "properties": {"conformsTo": _URIS},
    },
    "collection": {
        "type": "object",
        "required": ["id", "links"],
        "properties": {
            "id": {"type": "string", "pattern": "^[a-z_]+$"},
            "title": {"type": "string"},
            "description": {"type": "string"},
            "itemType": {"type": "string"},
            "extent": {"type": "object"},
            "crs": _URIS,
            "storageCrs": {"type": "string"},
            "links": _LINKS,
        },
    },
    "collections": {
        "type": "object",
        "required": ["collections", "links"],
        "properties": {
            "links": _LINKS,
            "crs": _URIS,
            "collections": {"type": "array", "items": {"$ref": "#/components/schemas/collection"}},
        },
    },
    "schema": {
        "type": "object",
        "required": ["type", "properties"],
        "properties": {"type": {"type": "string", "enum": ["object"]}, "properties": {"type": "object"}},
    },
    "geometry": {
        "type": "object",
        "nullable": True,
        "required": ["type", "coordinates"],
        "properties": {
            "type": {"type": "string", "enum": ["Point", "Polygon", "MultiPolygon"]},
            "coordinates": {"type": "array", "items": {}},
        },
    },
    "feature": {
        "type": "object",
        "required": ["type", "id", "geometry", "properties"],
        "properties": {
            "type": {"type": "string", "enum": ["Feature"]},
            "id": _ID,
            "geometry": {"$ref": "#/components/schemas/geometry"},
            "properties": {"type": "object"},
            "links": _LINKS,
        },
    },
    "featureCollection": {
        "type": "object",
        "required": ["type", "features"],
        "properties": {
            "type": {"type": "string", "enum": ["FeatureCollection"]},
            "features": {"type": "array", "items": {"$ref": "#/components/schemas/feature"}},
            "timeStamp": {"type": "string", "format": "date-time"},
            "numberMatched": {"type": "integer", "minimum": 0},
            "numberReturned": {"type": "integer", "minimum": 0},
            "links": _LINKS,
        },
    },
    "problem": PROBLEM_SCHEMA,
}


def document_of(operations: Sequence[Operation], links: Links, layers: Sequence[str]) -> dict[str, Any]:
    """Return the OpenAPI document.

    Parameters
    ----------
    layers
        Ids of the layers: what ``collectionId`` may be.
    """
    paths = {one.path: {"get": _operation(one, layers)} for one in operations}
    return copy.deepcopy(
        {
            "openapi": "3.0.3",
            "info": {
                "title": "Huodian 火点 · OGC API",
                "version": "1",
                "description": "Map layers within the reader's scope. 各人权限范围内的图层。",
            },
            "servers": [{"url": links.root}],
            "tags": [{"name": name} for name in dict.fromkeys(one.tag for one in operations)],
            "paths": paths,
            "components": {
                "schemas": SCHEMAS,
                "responses": {
                    "problem": {
                        "description": "RFC 9457 problem document in Chinese and English",
                        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/problem"}}},
                    }
                },
                # Where QGIS looks for the size of a page.
                "parameters": {LIMIT.name: LIMIT.described()},
                "securitySchemes": {
                    "token": {"type": "http", "scheme": "bearer"},
                    "cookie": {"type": "apiKey", "in": "cookie", "name": "huodian_token"},
                },
            },
            # An empty requirement: this machine's own operator reads while no identity exists.
            "security": [{"token": []}, {"cookie": []}, {}],
        }
    )


def _operation(one: Operation, layers: Sequence[str]) -> dict[str, Any]:
    in_path = [_path_parameter(name, layers) for name in _IN_PATH.findall(one.path)]
    responses: dict[str, Any] = {
        "200": {
            "description": one.summary,
            "content": {media: _content(media, one.schema) for media in one.formats.values()},
        },
        "304": {"description": "The client holds this answer (If-None-Match)"},
        **{status: {"$ref": "#/components/responses/problem"} for status in _PROBLEMS},
    }
    if one.empty:
        responses["204"] = {"description": "Nothing is in this tile"}
    return {
        "operationId": one.name,
        "summary": one.summary,
        "tags": [one.tag],
        "parameters": [*in_path, *(parameter.described() for parameter in one.known)],
        "responses": responses,
    }


def _content(media: str, schema: str) -> dict[str, Any]:
    if media in _JSON_LIKE:
        return {"schema": {"$ref": f"#/components/schemas/{schema}"}}
    if media == OPENAPI:
        return {"schema": {"type": "object"}}
    if media.startswith("text/"):
        return {"schema": {"type": "string"}}
    return {"schema": {"type": "string", "format": "binary"}}


def _path_parameter(name: str, layers: Sequence[str]) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    if name == "collectionId":
        schema["enum"] = list(layers)
    elif name == "tileMatrixSetId":
        schema["enum"] = ["WebMercatorQuad"]
    elif name in _NUMBERS:
        schema = {"type": "integer", "minimum": 0}
    return {"name": name, "in": "path", "required": True, "schema": schema}
