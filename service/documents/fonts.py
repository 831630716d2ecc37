"""The one font of every paper: Noto Sans SC (OFL-1.1), fetched by ``make assets``; never a font of the system.

A font of the machine would change lines, pages and bytes, so its absence is an error that names the command.
"""

from __future__ import annotations

import re
import struct
from functools import lru_cache
from pathlib import Path

from gis.errors import NotFoundError
from service.documents.lettering import named
from service.web import vendor

FAMILY = "Noto Sans SC"
LICENCE = "OFL-1.1"
PACKAGE = "@expo-google-fonts/noto-sans-sc"
FILES = ("400Regular/NotoSansSC_400Regular.ttf", "700Bold/NotoSansSC_700Bold.ttf")
"""The two weights; both hold all of GB 2312, and of the Unified Ideographs of Unicode all but 16."""
_INVISIBLE = frozenset(" \u200b")


def font_files() -> tuple[Path, ...]:
    """Return the font files of the papers.

    Raises
    ------
    NotFoundError
        ``no_font`` when the assets were not built.
    """
    files = tuple(vendor.VENDOR / PACKAGE / name for name in FILES)
    for path in files:
        if not path.is_file():
            raise NotFoundError(
                "no_font",
                f"缺少中文字体 {path.name}：请运行 make assets（python -m service.web.build）后重试；不使用系统字体",
                f"the Chinese font {path.name} is missing: run `make assets` (python -m service.web.build) and try"
                " again; a font of the system is never used",
                value=path.name,
            )
    return files


def drawable(text: str) -> str:
    """Return text in which every character the font lacks is named, such as ``〔U+1F525〕``: no empty boxes."""
    if text.isascii():
        return text
    pattern = _missing(str(font_files()[0]))
    return pattern.sub(lambda found: named(found.group()), text)


@lru_cache(maxsize=4)
def _missing(path: str) -> re.Pattern[str]:
    has = sorted(ord(one) for one in _INVISIBLE | set(map(chr, _characters(Path(path).read_bytes()))))
    spans: list[list[int]] = []
    for code in has:
        if spans and spans[-1][1] == code - 1:
            spans[-1][1] = code
        else:
            spans.append([code, code])
    return re.compile("[^" + "".join(f"\\U{low:08x}-\\U{high:08x}" for low, high in spans) + "]")


def _characters(font: bytes) -> set[int]:
    """Return the code points of a TrueType font."""
    try:
        found = _mapped(font)
    except struct.error:
        found = set()
    if not found:
        raise NotFoundError(
            "no_font",
            "中文字体已损坏（没有字符表）：请删除 service/web/static/vendor 后运行 make assets 重新取得",
            "the Chinese font is damaged (no character map): delete service/web/static/vendor and run `make assets`",
        )
    return found


def _mapped(font: bytes) -> set[int]:
    """Read the `cmap` of format 12, which lists groups of characters; empty where there is none."""
    count = struct.unpack_from(">H", font, 4)[0]
    tables = [struct.unpack_from(">4s4xI", font, 12 + 16 * index) for index in range(count)]
    start = next((offset for tag, offset in tables if tag == b"cmap"), None)
    if start is None:
        return set()
    for index in range(struct.unpack_from(">H", font, start + 2)[0]):
        at = start + struct.unpack_from(">4xI", font, start + 4 + 8 * index)[0]
        if struct.unpack_from(">H", font, at)[0] == 12:
            groups = struct.unpack_from(">I", font, at + 12)[0]
            spans = (struct.unpack_from(">II", font, at + 16 + 12 * one) for one in range(groups))
            return {code for low, high in spans for code in range(low, high + 1) if 31 < code < 0x110000}
    return set()
