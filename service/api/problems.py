"""RFC 9457 problem documents in Chinese and English: one table from our errors to HTTP statuses.

Notes
-----
A request that is wrong in form (unknown parameter, not a date, body of another shape) is 400; one that is well formed
but refused for its content is 422. What is not in the reader's scope is 404, exactly as what does not exist.
"""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from gis.errors import (
    BusyError,
    ConflictError,
    ForbiddenError,
    HuodianError,
    NotFoundError,
    RefusedInputError,
    UsageError,
)
from service.store.engine import busy
from service.users import UnauthenticatedError

MEDIA_TYPE = "application/problem+json"


class MethodError(UsageError):
    """The address exists, but not for this method."""


class TooLargeError(UsageError):
    """The request's body is longer than any the service takes."""


STATUS: tuple[tuple[type[HuodianError], int], ...] = (
    (UnauthenticatedError, 401),
    (ForbiddenError, 403),
    (NotFoundError, 404),
    (ConflictError, 409),
    (RefusedInputError, 422),
    (BusyError, 503),
    (MethodError, 405),
    (TooLargeError, 413),
    (UsageError, 400),
)
"""The most specific class first; any other error of ours is a 500."""

UNAVAILABLE = frozenset({"no_store", "schema_mismatch", "schema_newer", "store_unreachable"})
"""Errors about the installation: 503, and their values (paths) stay in the log."""

TITLES: Mapping[int, tuple[str, str]] = {
    400: ("请求有误", "Bad request"),
    401: ("需要令牌", "Token required"),
    403: ("无权操作", "Forbidden"),
    404: ("没有找到", "Not found"),
    405: ("方法不适用", "Method not allowed"),
    406: ("无法提供此格式", "Not acceptable"),
    409: ("与现有数据冲突", "Conflict"),
    413: ("请求过大", "Request too large"),
    415: ("不支持的内容类型", "Unsupported media type"),
    422: ("内容被拒收", "Content refused"),
    500: ("内部错误", "Internal error"),
    503: ("暂时不可用", "Temporarily unavailable"),
}

RETRY_AFTER_S = 10
PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "code", "title_en", "detail_en"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string", "description": "Chinese"},
        "title_en": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "Chinese"},
        "detail_en": {"type": "string"},
        "code": {"type": "string", "description": "stable machine word"},
        "instance": {"type": "string"},
        "values": {"type": "object", "description": "what the sentence is about"},
    },
}


def status_of(error: HuodianError) -> int:
    """Return the HTTP status of an error of ours."""
    if error.code in UNAVAILABLE:
        return 503
    return next((status for kind, status in STATUS if isinstance(error, kind)), 500)


def problem(error: HuodianError, request_id: str = "") -> JSONResponse:
    """Return the problem document of an error."""
    status = status_of(error)
    title, title_en = TITLES[status]
    hidden = error.code in UNAVAILABLE or status == 500
    detail, detail_en = (error.zh, error.en) if not hidden else _generic(status)
    body: dict[str, Any] = {
        "type": f"urn:huodian:problem:{error.code}",
        "title": title,
        "title_en": title_en,
        "status": status,
        "detail": detail,
        "detail_en": detail_en,
        "code": error.code,
    }
    if request_id:
        body["instance"] = f"urn:huodian:request:{request_id}"
    if error.context and not hidden:
        body["values"] = json.loads(json.dumps(error.context, default=str))
    return JSONResponse(body, status, _headers(error, status), MEDIA_TYPE)


def _headers(error: HuodianError, status: int) -> dict[str, str]:
    if status == 401:
        return {"WWW-Authenticate": 'Bearer realm="huodian"'}
    if status == 503:
        return {"Retry-After": str(error.context.get("retry_after_s", RETRY_AFTER_S))}
    if status == 405:
        return {"Allow": str(error.context.get("allow", "GET"))}
    return {}


def _generic(status: int) -> tuple[str, str]:
    if status == 503:
        return (
            "服务暂时不可用：请稍后重试，仍不行请联系管理员",
            "the service is not available now: try again later, then ask the administrator",
        )
    return (
        "服务出错，已记录：请把请求编号告诉管理员",
        "the service failed and has logged it: give the request number to the administrator",
    )


def internal() -> HuodianError:
    """Return the error of a failure nobody foresaw; what happened stays in the log."""
    return HuodianError("internal_error", *_generic(500))


def of_exception(error: Exception) -> HuodianError:
    """Return the error of ours that an exception stands for."""
    if isinstance(error, HuodianError):
        return error
    if isinstance(error, RequestValidationError):
        return _invalid(error)
    if isinstance(error, HTTPException):
        return _framework(error)
    if isinstance(error, sa.exc.OperationalError):
        text = str(error.orig).lower()
        if "locked" in text or "lock timeout" in text:
            return busy()
        return HuodianError("store_unreachable", *_generic(503))
    return internal()


def _invalid(error: RequestValidationError) -> UsageError:
    """Return what is wrong with a request, as a list of places; values are not echoed (they may be secrets)."""
    faults = [
        {
            "where": ".".join(str(part) for part in fault["loc"]),
            "fault": fault["type"],
            "message": str(fault["msg"]),
        }
        for fault in error.errors()
    ]
    places = ", ".join(str(fault["where"]) for fault in faults)
    unknown = ", ".join(str(fault["where"]) for fault in faults if fault["fault"] == "extra_forbidden")
    if unknown:  # a misspelt name often stands for one that is missing: say the misspelt one
        return UsageError(
            "unknown_parameter",
            f"没有参数 {unknown}：请对照 /api/v1/openapi.json",
            f"there is no parameter {unknown}: see /api/v1/openapi.json",
            faults=faults,
        )
    return UsageError(
        "bad_request",
        f"请求中 {places} 不合要求：请对照 /api/v1/openapi.json 修改",
        f"the request is wrong at {places}: compare it with /api/v1/openapi.json",
        faults=faults,
    )


def _framework(error: HTTPException) -> HuodianError:
    kind = {404: NotFoundError, 403: ForbiddenError, 409: ConflictError}.get(error.status_code, UsageError)
    if error.status_code == 404:
        return kind("no_such_page", "没有这个地址：请检查网址", "there is no such address: check it")
    if error.status_code == 405:
        return MethodError(
            "method_not_allowed", "此地址不支持该方法", "this address does not take that method"
        )
    return kind("bad_request", "请求有误", str(error.detail))


def respond(request: Request, error: HuodianError) -> Response:
    """Return the answer for an error: a problem document, or a page where a browser asked for one."""
    request_id = str(request.scope.get("huodian.request_id", ""))
    answer = problem(error, request_id)
    wants_page = "text/html" in request.headers.get("accept", "") and not request.scope["path"].startswith(
        "/api/"
    )
    if not wants_page:
        return answer
    if answer.status_code == 401 and request.method == "GET":
        return RedirectResponse("/login", 303)
    title, title_en = TITLES[answer.status_code]
    shown = json.loads(bytes(answer.body))
    rows = "".join(f"<p>{html.escape(str(shown[name]))}</p>" for name in ("detail", "detail_en"))
    page = (
        '<!doctype html><html lang="zh-CN"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{title} {title_en}</title><h1>{title} <small>{title_en}</small></h1>{rows}"
        f"<p><small>{html.escape(request_id)}</small></p>"
        '<p><a href="/">火点图 Map</a> <a href="/m">列表 List</a></p></html>'
    )
    headers = {
        name: value for name, value in answer.headers.items() if name in ("retry-after", "www-authenticate")
    }
    return HTMLResponse(page, answer.status_code, headers)
