"""What people write in words: text that can be shown, in a store, on a page and on a terminal."""

from __future__ import annotations

import unicodedata

from gis.errors import UsageError

LEAST_WORDS, MOST_WORDS, MOST_NAME = 4, 2000, 64
"""Characters: the fewest that say a reason, the most of a reason or note, the most of a name."""


def is_shown(text: str, *, lines: bool = False) -> bool:
    """Whether every character of a text can be shown.

    Spaces of any width are shown: people pad names with U+3000. What commands a terminal, turns the direction of
    writing or cannot be encoded (control and format characters, lone surrogates) is not.

    Parameters
    ----------
    lines
        Whether the text may have line breaks and tabs.
    """
    return all(
        one.isprintable() or unicodedata.category(one) == "Zs" or (lines and one in "\r\n\t") for one in text
    )


def require_shown(
    text: str, longest: int, zh: str, en: str, *, field: str = "", code: str = "bad_text", lines: bool = True
) -> str:
    """Return a text without space around it, refused when it is too long or cannot be shown.

    Parameters
    ----------
    longest
        Characters at most.
    zh, en
        What the text is called: 理由, the reason.
    lines
        Whether it may have line breaks and tabs.

    Raises
    ------
    UsageError
        `code`.
    """
    said = text.strip()
    if len(said) > longest or not is_shown(said, lines=lines):
        raise UsageError(
            code,
            f"{zh}超过 {longest} 个字或含控制字符：请改写",
            f"{en} is longer than {longest} characters or has control characters: write it otherwise",
            value=ascii(said[:40]),
            field=field,
        )
    return said
