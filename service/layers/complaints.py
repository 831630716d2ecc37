"""The errors of a filter: what is wrong, the part that is wrong, what to write instead."""

from __future__ import annotations

from gis.errors import UsageError

_SHOWN = 80


def bad_filter(zh: str, en: str, value: str = "", code: str = "bad_filter") -> UsageError:
    """Return the error of a filter that cannot be read."""
    return UsageError(code, f"过滤条件有误：{zh}", f"the filter is wrong: {en}", value=shown(value))


def too_large(zh: str, en: str) -> UsageError:
    """Return the error of a filter beyond a cap."""
    return UsageError("filter_too_large", f"过滤条件过大：{zh}", f"the filter is too large: {en}")


def unknown_function(name: str) -> UsageError:
    """Return the error of a function that no layer has."""
    return bad_filter(
        f"没有函数 {shown(name)!r}：可用 S_INTERSECTS 等空间谓词与 T_AFTER 等时间谓词",
        f"there is no function {shown(name)!r}: use spatial (S_INTERSECTS) and temporal predicates (T_AFTER)",
        name,
        "unknown_function",
    )


def shown(value: object) -> str:
    """Return the beginning of what was given, fit for a message."""
    text = str(value)[:_SHOWN]
    return text.encode("utf-8", "replace").decode()
