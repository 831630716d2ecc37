"""Pages for people: the day's map, the phone list, signing in. They read only; nothing is written from a page."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Query, Request
from fastapi.routing import iter_route_contexts
from starlette.responses import HTMLResponse, RedirectResponse, Response

from gis.errors import ForbiddenError
from service.api.deps import Context, ContextOf, ScopeOf
from service.api.lists import day_page
from service.api.middleware import COOKIE
from service.api.queries import ListPageParameters, MapPageParameters, NoParameters, WebMapParameters
from service.users import UnauthenticatedError, authenticate
from service.web.listpage import View, nonce, page_policy, render_list, render_login
from service.web.mapfiles import POLICY, map_page

router = APIRouter(include_in_schema=False)

COOKIE_DAYS = 7
_INLINE = re.compile(r"<script(?=[ >])")
_NAVIGATION_GOES = '<p class="badges">'


_SERVICES = {
    "/api/v1/session": "session",
    "/api/v1/calendar": "calendar",
    "/api/v1/search": "search",
    "/api/v1/events": "events",
    "/api/v1/firepoints/{fire_point_id}/card": "card",
    "/ogc": "tiles",
}
"""What the web map may ask for, by the route that has to be there."""


@router.get("/")
def web_map(
    request: Request,
    context: ContextOf,
    scope: ScopeOf,
    query: Annotated[WebMapParameters, Query()],
) -> HTMLResponse:
    """Show the web map; where it was not built, the day's folium map."""
    paths = {str(route.path) for route in iter_route_contexts(request.app.routes)}
    page = map_page({name for path, name in _SERVICES.items() if path in paths})
    if page is None:
        return day_map_page(context, scope, MapPageParameters(date=query.date, lang=query.lang))
    return HTMLResponse(page, headers={"Content-Security-Policy": POLICY})


@router.get("/day")
def day_map_page(
    context: ContextOf, scope: ScopeOf, query: Annotated[MapPageParameters, Query()]
) -> HTMLResponse:
    """Show the day's folium map, every asset local: one plain page for old browsers."""
    today = context.today()
    day = query.date or today
    with context.open_store().reader() as reader:
        text = day_page(reader, scope, context.settings, day)
    once = nonce()
    # The page escapes whatever comes from data, so each literal <script is folium's or ours.
    text = _INLINE.sub(f'<script nonce="{once}"', text)
    text = text.replace(_NAVIGATION_GOES, _days(day, today) + _NAVIGATION_GOES, 1)
    return HTMLResponse(text, headers={"Content-Security-Policy": page_policy(once, script=True)})


@router.get("/m")
def list_page(
    context: ContextOf, scope: ScopeOf, query: Annotated[ListPageParameters, Query()]
) -> HTMLResponse:
    """Show the list for a weak phone."""
    from service.reports.build import build

    today = context.today()
    day = query.date or today
    with context.open_store().reader() as reader:
        fire_list = build(reader, scope, day, unit=query.unit)
    once = nonce()
    view = View(query.date, query.lang, query.page, query.unit)
    text = render_list(fire_list, view, today=today, nonce=once)
    return HTMLResponse(text, headers={"Content-Security-Policy": page_policy(once)})


@router.get("/login")
def login_page(request: Request, _query: Annotated[NoParameters, Query()]) -> HTMLResponse:
    """Show where a token is entered."""
    return _login(200, signed_in=COOKIE in request.cookies)


@router.post("/login")
def sign_in(
    request: Request,
    context: ContextOf,
    token: Annotated[str, Form(max_length=200)] = "",
    leave: Annotated[str, Form(max_length=1)] = "",
) -> Response:
    """Take a token into a cookie that scripts cannot read and other sites cannot send; or drop it."""
    _same_site(request, context)
    if leave:
        answer: Response = RedirectResponse("/login", 303)
        answer.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict", secure=_https(context))
        return answer
    try:
        with context.open_store().reader() as reader:
            authenticate(reader, token.strip())
    except UnauthenticatedError as error:
        return _login(401, fault=error)
    answer = RedirectResponse("/m" if _is_phone(request) else "/", 303)
    answer.set_cookie(
        COOKIE,
        token.strip(),
        max_age=COOKIE_DAYS * 86400,
        path="/",
        httponly=True,
        samesite="strict",
        secure=_https(context),
    )
    return answer


def _login(
    status: int, *, fault: UnauthenticatedError | None = None, signed_in: bool = False
) -> HTMLResponse:
    once = nonce()
    text = render_login(nonce=once, fault=fault, signed_in=signed_in)
    return HTMLResponse(text, status, {"Content-Security-Policy": page_policy(once)})


def _same_site(request: Request, context: Context) -> None:
    """Refuse a form sent from another site: it could sign a reader in under somebody else's token."""
    origin = request.headers.get("origin")
    known = {request.headers.get("host", ""), urlsplit(context.settings.public_url).netloc}
    foreign = origin is not None and urlsplit(origin).netloc not in known
    if foreign or request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise ForbiddenError(
            "foreign_form",
            "此表单来自其他网站，已拒绝：请直接打开本站的 /login",
            "this form came from another site and was refused: open /login here",
        )


def _https(context: Context) -> bool:
    return context.settings.public_url.startswith("https://")


def _is_phone(request: Request) -> bool:
    return "Mobile" in request.headers.get("user-agent", "")


def _days(day: dt.date, today: dt.date) -> str:
    """Return the navigation between days; what lies in the future is not offered."""
    before = day - dt.timedelta(days=1)
    links = [f'<a href="/day?date={before}" rel="prev" aria-label="前一天 Previous day">← {before:%m-%d}</a>']
    if day < today:
        after = day + dt.timedelta(days=1)
        links.append(
            f'<a href="/day?date={after}" rel="next" aria-label="后一天 Next day">{after:%m-%d} →</a>'
        )
        links.append('<a href="/day">今天 Today</a>')
    links.append(f'<a href="/m?date={day}">列表 List</a>')
    links.append(f'<a href="/?date={day}">监管地图 Map</a>')
    style = (
        "<style>.days{display:flex;flex-wrap:wrap;gap:2px 14px}.days a{padding:4px 0;color:#1d4e89}</style>"
    )
    return f'{style}<nav class="days" aria-label="日期 Day">{"".join(links)}</nav>'
