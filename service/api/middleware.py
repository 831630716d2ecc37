"""What surrounds every request: its number and log line, host check, identity, and the headers of the answer.

Identity is settled here, in front of the routing, so that a route cannot be added without it: a path is open only
when it stands in `OPEN_PATHS`.
"""

from __future__ import annotations

import ipaddress
import itertools
import re
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any, TextIO
from urllib.parse import urlsplit

import structlog
from anyio import to_thread
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gis.errors import ForbiddenError, UsageError
from service.api.problems import TooLargeError, internal, of_exception, respond
from service.scope import Scope as ReaderScope
from service.scope import whole
from service.settings import Settings
from service.store import Store
from service.users import UnauthenticatedError, authenticate, has_users, token_hash

OPEN_PATHS = frozenset({"/api/v1/health", "/login"})
"""Paths that answer without a token once identities exist."""

COOKIE = "huodian_token"
MAX_BODY = 65_536
"""Longest body taken: a ruling with its reason; files do not come in over HTTP."""

SAFE_METHODS = frozenset({"GET", "HEAD"})
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # with no-referrer a browser hides the Origin of our own sign-in form
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=()",
}
CSP_DATA = "default-src 'none'; frame-ancestors 'none'"


def make_log(stream: TextIO | None = None) -> Any:
    """Return the service's logger: one JSON object per line, without values, names, tokens or addresses of people."""
    return structlog.wrap_logger(
        structlog.PrintLogger(stream or sys.stderr),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
    )


class Envelope:
    """The outermost layer: numbers the request, catches what nobody foresaw, sets headers, writes one log line.

    Parameters
    ----------
    app
        The next layer.
    log
        A structlog logger.
    paths
        Path template by endpoint: a log line names the route, never the ids in an address.
    https
        Whether clients reach the service by https (adds HSTS).
    """

    def __init__(self, app: ASGIApp, *, log: Any, paths: Mapping[Any, str], https: bool) -> None:
        self.app = app
        self.log = log
        self.paths = paths
        self.https = https
        self._started = f"{time.time_ns() // 1_000_000:x}"
        self._numbers = itertools.count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        request_id = self._request_id(request)
        scope["huodian.request_id"] = request_id
        status = 0
        began = time.perf_counter()

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                self._set_headers(MutableHeaders(scope=message), request_id)
            await send(message)

        try:
            await self.app(scope, receive, send_with_headers)
        except Exception as error:
            # The kind and place of the failure are logged, its values are not: they may be a person's.
            self.log.error(
                "failed",
                request_id=request_id,
                kind=type(error).__name__,
                at=_place(error),
                path=self._path(scope),
            )
            if status:
                raise
            await respond(request, internal())(scope, receive, send_with_headers)
        finally:
            reader: ReaderScope | None = scope.get("huodian.scope")
            self.log.info(
                "request",
                request_id=request_id,
                method=scope["method"],
                path=self._path(scope),
                status=status,
                ms=round((time.perf_counter() - began) * 1000, 1),
                role=reader.role if reader else None,
            )

    def _path(self, scope: Scope) -> str:
        return self.paths.get(scope.get("endpoint"), "other")

    def _request_id(self, request: Request) -> str:
        given = request.headers.get("x-request-id", "")
        return given if _REQUEST_ID.fullmatch(given) else f"{self._started}-{next(self._numbers)}"

    def _set_headers(self, headers: MutableHeaders, request_id: str) -> None:
        for name, value in _HEADERS.items():
            headers[name] = value
        headers.setdefault("Content-Security-Policy", CSP_DATA)
        headers.setdefault("Cache-Control", "private, no-cache")
        headers.add_vary_header("Authorization")
        headers.add_vary_header("Cookie")
        headers["X-Request-ID"] = request_id
        if self.https:
            headers["Strict-Transport-Security"] = "max-age=31536000"


class Gate:
    """Checks the host, settles who asks, and hands the reader's scope to the routes.

    Parameters
    ----------
    app
        The next layer.
    store
        Returns the store; called late, so that a missing one is an answer and not a crash.
    settings
        Effective settings.
    """

    def __init__(self, app: ASGIApp, *, store: Callable[[], Store], settings: Settings) -> None:
        self.app = app
        self.store = store
        public = urlsplit(settings.public_url)
        self.hosts = {host.lower() for host in settings.allowed_hosts} | {(public.hostname or "").lower()}
        self._cached: dict[str, tuple[int, ReaderScope]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request through, or answer why not."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        try:
            self._check_host(request)
            _check_size(request)
            if scope["path"] not in OPEN_PATHS:
                scope["huodian.scope"] = await to_thread.run_sync(self._identify, request)
        except Exception as error:
            answer = of_exception(error)
            if answer.code == "internal_error":
                raise
            await respond(request, answer)(scope, receive, send)
            return
        await self.app(scope, _limited(receive), send)

    def _check_host(self, request: Request) -> None:
        host = host_name(request.headers.get("host", ""))
        if host not in self.hosts:
            raise UsageError(
                "unknown_host",
                f"本服务不以主机名 {host!r} 应答：请使用公布的网址，或由管理员设置 HUODIAN_ALLOWED_HOSTS",
                f"this service does not answer to the host {host!r}: use its published address, or have "
                "HUODIAN_ALLOWED_HOSTS set",
            )

    def _identify(self, request: Request) -> ReaderScope:
        token = self._token(request)
        with self.store().reader() as reader:
            if token is None:
                if has_users(reader):
                    raise UnauthenticatedError(
                        "token_required",
                        "需要令牌：请带 Authorization: Bearer 请求头，或在浏览器打开 /login 登录",
                        "a token is needed: send Authorization: Bearer, or open /login in a browser",
                    )
                return self._local(request)
            digest = token_hash(token)
            held = self._cached.get(digest)
            newest = reader.rev
            if held is None or held[0] != newest:
                # A scope is worked out once per revision: whatever changes it, a disabled account included,
                # is a revision.
                if len(self._cached) > 1000:
                    self._cached.clear()
                held = self._cached[digest] = (newest, authenticate(reader, token))
            return held[1]

    @staticmethod
    def _token(request: Request) -> str | None:
        header = request.headers.get("authorization")
        if header is not None:
            kind, _, token = header.partition(" ")
            if kind.lower() != "bearer" or not token.strip():
                raise UnauthenticatedError(
                    "bad_token",
                    "Authorization 请求头须为 Bearer 令牌",
                    "the Authorization header must be a Bearer token",
                )
            return token.strip()
        # A page of another site can make a browser send the cookie, never read what comes back: so it reads, and it
        # writes only where the browser itself says that the request comes from a page of ours.
        if request.method in SAFE_METHODS or _from_our_page(request):
            return request.cookies.get(COOKIE)
        return None

    @staticmethod
    def _local(request: Request) -> ReaderScope:
        """Return the whole scope for the machine's own operator while no identity exists; anything else is refused."""
        client = request.client.host if request.client else ""
        forwarded = any(name in request.headers for name in ("forwarded", "x-forwarded-for", "x-real-ip"))
        if (
            forwarded
            or not is_loopback(client)
            or host_name(request.headers.get("host", "")) not in _LOOPBACK_NAMES
        ):
            raise ForbiddenError(
                "no_users",
                "尚未建立用户，服务只答复本机：请先运行 huodian users add",
                "no identity exists yet, so only this machine is answered: run `huodian users add` first",
            )
        if request.method not in SAFE_METHODS:
            raise ForbiddenError(
                "no_users",
                "尚未建立用户，服务拒绝写入：请先运行 huodian users add，再带令牌提交",
                "no identity exists yet, so writes are refused: run `huodian users add`, then send its token",
            )
        return whole("local")


def _from_our_page(request: Request) -> bool:
    """Whether a browser vouches that a page of this host sent the request; a form cannot set ``Idempotency-Key``."""
    origin = request.headers.get("origin")
    return (
        origin is not None
        and urlsplit(origin).netloc == request.headers.get("host", "")
        and request.headers.get("sec-fetch-site", "same-origin") == "same-origin"
        and "idempotency-key" in request.headers
    )


def _check_size(request: Request) -> None:
    length = request.headers.get("content-length", "0")
    if not length.isascii() or not length.isdigit() or int(length) > MAX_BODY:
        raise _too_large()


def _limited(receive: Receive) -> Receive:
    """Return a `receive` that also stops a body without a declared length at `MAX_BODY`."""
    taken = 0

    async def counted() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > MAX_BODY:
            raise _too_large()
        return message

    return counted


def _too_large() -> TooLargeError:
    return TooLargeError(
        "too_large",
        f"请求内容超过 {MAX_BODY} 字节：文件请用命令行 huodian 提交",
        f"the request has more than {MAX_BODY} bytes: submit files with the huodian command",
    )


def is_loopback(address: str) -> bool:
    """Whether a network address, or the name ``localhost``, is this machine."""
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def host_name(header: str) -> str:
    """Return the lower-case host of a Host header, without the port."""
    try:
        return (urlsplit(f"//{header}").hostname or "").lower()
    except ValueError:
        return ""


def reader_scope(request: Request) -> ReaderScope:
    """Return the scope the gate has settled; a request without one has no business reading."""
    scope: ReaderScope | None = request.scope.get("huodian.scope")
    if scope is None:
        raise UnauthenticatedError("token_required", "需要令牌", "a token is needed")
    return scope


def _place(error: BaseException) -> str:
    trace = error.__traceback__
    place = ""
    while trace is not None:
        code = trace.tb_frame.f_code
        place = f"{code.co_qualname if hasattr(code, 'co_qualname') else code.co_name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place
