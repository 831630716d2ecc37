"""Typesetting with typst: a template of ours, data as one string, our font, and nothing else of the machine.

Data reach the template as JSON in ``sys.inputs`` and stay plain strings: typst never parses them as markup or code, and
the templates neither read files nor evaluate. The time inside the file is the document's own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from service.documents.fonts import drawable, font_files
from service.documents.lettering import Whole, breakable, clean

TEMPLATES = Path(__file__).parent / "templates"
PDF_STANDARD: Literal["a-2u"] = "a-2u"
"""PDF/A-2u: fonts embedded, all text can be searched and copied; what an archive takes."""


def typeset(template: str, data: Mapping[str, Any], *, stamp: int) -> bytes:
    """Return the PDF of a template and its data.

    Parameters
    ----------
    template
        Name of a file in `TEMPLATES`.
    data
        Plain data; every text in it is made drawable here, once, so that no caller can forget it.
    stamp
        Seconds since 1970 that the file names as its making.

    Raises
    ------
    NotFoundError
        ``no_font`` when the font is missing.
    """
    pages = _compile(template, data, stamp, "pdf")
    return pages if isinstance(pages, bytes) else b"".join(pages)


def pictures(template: str, data: Mapping[str, Any], *, ppi: float = 110.0) -> list[bytes]:
    """Return the pages as PNG, to be looked at."""
    pages = _compile(template, data, 0, "png", ppi)
    return [pages] if isinstance(pages, bytes) else pages


def _compile(
    template: str, data: Mapping[str, Any], stamp: int, kind: Literal["pdf", "png"], ppi: float | None = None
) -> bytes | list[bytes]:
    import typst

    made: bytes | list[bytes] = typst.compile(
        str(TEMPLATES / template),
        root=str(TEMPLATES),
        font_paths=_fonts(font_files()),
        ignore_system_fonts=True,
        format=kind,
        ppi=ppi,
        sys_inputs={"data": json.dumps(shown(data), ensure_ascii=False, sort_keys=True)},
        pdf_standards=[PDF_STANDARD] if kind == "pdf" else [],
        timestamp=stamp,
    )
    return made


@lru_cache(maxsize=2)
def _fonts(files: tuple[Path, ...]) -> Any:
    import typst

    return typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=False,
        font_paths=[path.parent for path in files],
    )


def shown(value: Any) -> Any:
    """Return plain data whose texts can be drawn: cleaned, with breaks in long words, unknown characters named."""
    if isinstance(value, Whole):
        return drawable(clean(value))
    if isinstance(value, str):
        return breakable(drawable(clean(value))) if value else ""
    if isinstance(value, Mapping):
        return {key: shown(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [shown(one) for one in value]
    return value
