"""Plain pages for people who open an address in a browser: one template, no script, nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from service.ogc.operation import HTML, Answer
from service.web.listpage import nonce, page_policy

TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True)
class Cell:
    """A text, and where it leads."""

    text: Any
    href: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A titled table."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[Cell]]


@dataclass(frozen=True, slots=True)
class PageText:
    """What stands on a page.

    Attributes
    ----------
    links
        Link objects as the JSON answer has them.
    crumbs
        The way to the page.
    """

    title: str
    paragraphs: Sequence[str]
    tables: Sequence[Table]
    links: Sequence[Mapping[str, Any]]
    crumbs: Sequence[Cell] = ()


def html(page: PageText, tag: str = "", headers: Mapping[str, str] | None = None) -> Answer:
    """Return a page as an answer."""
    once = nonce()
    text = _template().render(page=page, nonce=once)
    policy = {"Content-Security-Policy": page_policy(once)}
    return Answer(text.encode(), HTML, tag, headers={**policy, **(headers or {})})


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return environment.get_template("page.html")
