"""Authored YAML with line numbers: every complaint about a data file can name the line it is about.

Only the safe subset is read (scalars, lists, mappings): no tags, no anchors, so that no file can grow on
reading.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from gis.errors import RefusedInputError
from gis.reasons import MISSING, NO_MAPPING, reason_of
from gis.types import Validity

MAX_BYTES = 8 * 2**20
"""An authored file is written by hand; eight megabytes is far beyond any of them."""

Path_ = tuple[str | int, ...]

_INTEGER, _TIMESTAMP, _MERGE = (f"tag:yaml.org,2002:{name}" for name in ("int", "timestamp", "merge"))
_CONSTRUCTOR = yaml.constructor.SafeConstructor()
_DECIMAL = re.compile(r"[-+]?(0|[1-9][0-9]*)", re.ASCII)


@dataclass(frozen=True, slots=True)
class YamlDoc:
    """A parsed file with the line of every node.

    Parameters
    ----------
    data
        What ``yaml.safe_load`` gives.
    lines
        1-based line of each node, by its path of keys and list positions.
    name
        What to call the file in a message.
    """

    data: Any
    lines: Mapping[Path_, int]
    name: str

    def line(self, path: Path_) -> int:
        """Return the line of `path`, or of its nearest known ancestor."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def read_yaml(source: Path | str | bytes, /, *, name: str = "") -> YamlDoc:
    """Read a file (a `Path`), its bytes or a text (a `str`) as YAML with lines.

    Raises
    ------
    RefusedInputError
        ``bad_yaml``: not readable, too large, or using anchors or tags.
    """
    label = name or (source.name if isinstance(source, Path) else "yaml")
    if isinstance(source, Path):
        source = source.read_bytes()
    raw = source.encode() if isinstance(source, str) else source
    if len(raw) > MAX_BYTES:
        raise _bad(
            label,
            1,
            f"{len(raw)} bytes; at most {MAX_BYTES} are read",
            f"{len(raw)} 字节，最多 {MAX_BYTES} 字节",
        )
    try:
        text = raw.decode("utf-8-sig")
        for token in yaml.scan(text, Loader=yaml.SafeLoader):
            if isinstance(token, yaml.AliasToken | yaml.AnchorToken | yaml.TagToken):
                line = token.start_mark.line + 1
                raise _bad(label, line, "anchors, aliases and tags are not allowed", "不允许锚点、别名和标签")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        lines: dict[Path_, int] = {}
        _collect(label, node, (), lines)
        data = yaml.safe_load(text)
    except UnicodeDecodeError as error:
        raise _bad(label, 1, f"not UTF-8: {error.reason}", "不是 UTF-8 编码") from error
    except RecursionError as error:
        raise _bad(label, 1, "nested too deep", "嵌套过深") from error
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        reason = str(getattr(error, "problem", error))
        zh = "不是有效的 YAML，请检查缩进、引号和括号"
        raise _bad(label, mark.line + 1 if mark else 1, reason, zh) from error
    return YamlDoc(data, lines, label)


def _collect(label: str, node: yaml.Node | None, path: Path_, lines: dict[Path_, int]) -> None:
    if node is None:
        return
    lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.ScalarNode):
        _require_plain(label, node, path)
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            word = str(key.value)
            if word in seen:  # PyYAML keeps the last one silently: a lost fact nobody sees
                line = key.start_mark.line + 1
                raise _bad(label, line, f"the key {word!r} stands twice", f"{word} 出现两次", (*path, word))
            if key.tag == _MERGE:
                line = key.start_mark.line + 1
                raise _bad(label, line, "merge keys (<<) are not allowed", "不允许合并键（<<）")
            seen.add(word)
            _collect(label, value, (*path, word), lines)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            _collect(label, item, (*path, index), lines)


def _require_plain(label: str, node: yaml.ScalarNode, path: Path_) -> None:
    """Refuse a number that YAML would read otherwise than people do, and a date that no calendar has."""
    line, text = node.start_mark.line + 1, node.value
    if node.tag == _INTEGER and not _DECIMAL.fullmatch(text):
        raise _bad(
            label,
            line,
            f"the number {text} is not written in plain decimal digits (YAML reads 050 as 40 and 1:30 as 90)",
            f"数 {text} 不是普通十进制写法（YAML 会把 050 读成 40，把 1:30 读成 90）",
            path,
        )
    if node.tag == _TIMESTAMP:
        try:
            _CONSTRUCTOR.construct_yaml_timestamp(node)
        except ValueError as error:
            raise _bad(
                label, line, f"{text} is no date: {error}", f"日期 {text} 在日历中不存在", path
            ) from error


def _bad(name: str, line: int, reason: str, zh: str, path: Path_ = ()) -> RefusedInputError:
    return RefusedInputError(
        "bad_yaml",
        f"{name} 第 {line} 行无法读取：{zh}。请改正后重试。",
        f"{name} line {line} cannot be read: {reason}. Correct it and try again.",
        file=name,
        line=line,
        reason=reason,
        reason_zh=zh,
        field=".".join(map(str, path)),
    )


class Complaints:
    """Collects every complaint about a file, so that one reading shows them all.

    Parameters
    ----------
    doc
        The file the complaints are about.
    code
        The error code of the refusal, such as ``bad_register``.
    """

    def __init__(self, doc: YamlDoc, code: str) -> None:
        self.doc = doc
        self.code = code
        self.items: list[dict[str, Any]] = []

    def add(self, path: Path_, reason: str, zh: str) -> None:
        """Note that the node at `path` is wrong, and why in English and Chinese."""
        field = ".".join(str(part) for part in path)
        item = {"line": self.doc.line(path), "field": field, "reason": reason, "reason_zh": zh}
        if item not in self.items:  # a node may be read for several facts; it is wrong once
            self.items.append(item)

    def text(self, entry: Any, path: Path_, key: str, default: str | None = None) -> str:
        """Return the text under `key`; missing without a default, or not a text, is noted."""
        value = entry.get(key, default) if isinstance(entry, dict) else default
        if value is None:
            self.add((*path, key), *MISSING)
            return ""
        if not isinstance(value, str):
            self.add(
                (*path, key), f"{value!r} is not a text; put it in quotes", f"{value} 不是文本，请加引号"
            )
            return str(value)
        return value

    def date(self, entry: Any, path: Path_, key: str) -> dt.date | None:
        """Return the date under `key`, or None when it is absent or null (an open end)."""
        value = entry.get(key) if isinstance(entry, dict) else None
        if value is None:
            return None
        if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
            return value
        self.add(
            (*path, key), f"{value!r} is not a date such as 2020-06-19", f"{value} 不是日期，例如 2020-06-19"
        )
        return None

    def validity(self, entry: Any, path: Path_) -> Validity:
        """Return the validity under ``from`` and ``to``; both days included."""
        start, end = self.date(entry, path, "from"), self.date(entry, path, "to")
        try:
            return Validity(start, end)
        except ValueError as error:
            self.add((*path, "to"), *reason_of(error))
            return Validity()

    def known(self, entry: Any, path: Path_, allowed: set[str]) -> None:
        """Note keys that mean nothing here: a misspelt key must not be a fact that is silently lost."""
        if not isinstance(entry, dict):
            self.add(path, *NO_MAPPING)
            return
        for key in entry:
            if key not in allowed:
                known = sorted(allowed)
                self.add(
                    (*path, str(key)),
                    f"unknown key; one of {', '.join(known)}",
                    f"不认识的键，应为 {'、'.join(known)} 之一",
                )

    def refuse(self) -> None:
        """Raise when something was noted."""
        if not self.items:
            return
        first = self.items[0]
        name = self.doc.name
        raise RefusedInputError(
            self.code,
            f"{name} 有 {len(self.items)} 处错误，第一处在第 {first['line']} 行"
            f"（{first['field']}）：{first['reason_zh']}。请改正后重试。",
            f"{name} has {len(self.items)} error(s), the first in line {first['line']} ({first['field']}): "
            f"{first['reason']}. Correct the file and try again.",
            file=name,
            errors=self.items,
        )
