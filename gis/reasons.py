"""What is wrong with a value, in both languages: reasons that stand inside a sentence about a file and its line."""

from __future__ import annotations

import errno
import json
from collections.abc import Iterable
from xml.parsers.expat import ExpatError

from gis.errors import HuodianError

Reason = tuple[str, str]
"""English and Chinese, without a full stop."""

MISSING: Reason = ("missing", "缺少")
CODE_TWICE: Reason = ("this code stands twice", "该代码出现两次")
NO_LIST: Reason = ("expected a list", "应为列表")
NO_MAPPING: Reason = ("expected a mapping", "应为键值对")
ON_ONE_DAY: Reason = ("two of them hold on the same day", "其中两项在同一天有效")
NO_GROUND: Reason = ("neither a geometry nor unit codes", "既没有图形也没有单位代码")

_SYSTEM = {
    errno.ENOENT: "文件或目录不存在",
    errno.ENOTDIR: "路径中有一段不是目录",
    errno.EISDIR: "这是一个目录",
    errno.EACCES: "没有权限",
    errno.EPERM: "没有权限",
    errno.EROFS: "只读文件系统",
    errno.ENOSPC: "磁盘已满",
    errno.EEXIST: "同名文件已存在",
    errno.EADDRINUSE: "端口已被占用",
    errno.EADDRNOTAVAIL: "本机没有这个地址",
    errno.ENAMETOOLONG: "名称过长",
}
_RINGS = {
    "Ring Self-intersection": "环自相接",
    "Self-intersection": "环自相交",
    "Hole lies outside shell": "内环在外环之外",
    "Holes are nested": "内环互相嵌套",
    "Nested shells": "外环互相嵌套",
    "Interior is disconnected": "内部不连通",
    "Duplicate Rings": "环重复",
    "Too few points in geometry component": "环的点数不足",
    "Invalid Coordinate": "坐标无效",
    "Ring is not closed": "环未闭合",
}


def not_one_of(word: object, words: Iterable[str]) -> Reason:
    """Return the reason of a word that is none of a closed list, with the word."""
    en, zh = one_of(words)
    return f"{word!r} is {en}", f"“{word}”不在其列，{zh}"


class WrongValueError(ValueError):
    """A value that cannot be read, said in both languages.

    Parameters
    ----------
    en, zh
        Why, without a full stop.
    """

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.zh = zh


def one_of(words: Iterable[str]) -> Reason:
    """Return the reason of a word that is none of a closed list."""
    known = list(words)
    return f"not one of {', '.join(known)}", f"应为 {'、'.join(known)} 之一"


def in_both(text: str) -> tuple[str, str]:
    """Return the Chinese and the English part of a text that is kept as ``中文 | English``; else the text twice."""
    zh, mark, en = text.partition(" | ")
    return (zh, en) if mark else (text, text)


def reason_of(error: Exception) -> Reason:
    """Return why an error was raised; of one that speaks English only, Chinese says what kind of thing is wrong."""
    if isinstance(error, HuodianError):
        return error.en, error.zh.rstrip("。")
    if isinstance(error, WrongValueError):
        return str(error), error.zh
    if isinstance(error, json.JSONDecodeError):
        return str(error), f"第 {error.lineno} 行第 {error.colno} 列起有误"
    if isinstance(error, ExpatError):
        return str(error), f"第 {error.lineno} 行第 {error.offset + 1} 列起有误"
    if isinstance(error, OSError):
        return error.strerror or str(error), _SYSTEM.get(error.errno or 0, f"系统错误 {error.errno}")
    return str(error), "内容不符合格式"


def ring_reason(said: str) -> Reason:
    """Return what GEOS says of a geometry that is not valid, ``Self-intersection[125.3 43.9]``."""
    word, _, place = said.partition("[")
    return said, _RINGS.get(word.strip(), "不符合面的规则") + (f"，位置 {place.rstrip(']')}" if place else "")
