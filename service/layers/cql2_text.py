"""CQL2 text into pygeofilter's nodes.

Written out because pygeofilter 0.4 reads an earlier draft: no doubled quote in a string, no line breaks, ``.`` for one
sign in LIKE, temporal predicates between their operands, no BBOX literal. Source: OGC 21-065r2 (CQL2), annex B.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pygeofilter import ast

from gis.errors import UsageError
from service.layers.complaints import bad_filter, too_large, unknown_function
from service.layers.literals import (
    MAX_DEPTH,
    MAX_TERMS,
    Instant,
    box_of,
    geometry_of_wkt,
    interval_of,
    number_of,
)
from service.layers.syntax import SPATIAL
from service.layers.temporal import TEMPORAL

SPATIAL_NAMES: dict[str, type[ast.SpatialComparisonPredicate]] = {
    f"s_{name}": kind for kind, name in SPATIAL.items()
}
COMPARISONS: dict[str, type[ast.Comparison]] = {
    "=": ast.Equal,
    "<>": ast.NotEqual,
    "<": ast.LessThan,
    "<=": ast.LessEqual,
    ">": ast.GreaterThan,
    ">=": ast.GreaterEqual,
}
_WKT = frozenset(
    (
        *("point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon"),
        "geometrycollection",
    )
)
_WORDS = frozenset(
    (
        *("and", "or", "not", "like", "between", "in", "is", "null", "true", "false"),
        *("date", "timestamp", "interval", "bbox", *_WKT),
    )
)
_OPENS = re.compile(r"\s*(?:zm|z|m)?\s*\(", re.IGNORECASE)
_PARENTHESIS = re.compile(r"[()]")
_WKT_DEPTH = 4
_TOKEN = re.compile(
    r"""\s*(?:
      (?P<string>'(?:''|\\'|[^'])*')
    | (?P<quoted>"[^"]*")
    | (?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
    | (?P<name>[^\W\d][\w.:]*|[:_][\w.:]*)
    | (?P<sign><>|<=|>=|[=<>(),])
    | (?P<arithmetic>[-+*/^%])
    | (?P<end>\Z)
    )""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    start: int
    end: int

    @property
    def word(self) -> str:
        """The text in lower case, of a bare name only."""
        return self.text.lower() if self.kind == "name" else ""


def parse_text(text: str, *, lat_first: bool = False) -> Any:
    """Return the tree of a CQL2 text, its literals typed, its properties not yet checked.

    Raises
    ------
    UsageError
        ``bad_filter`` with the place, ``unknown_function``, ``filter_too_large``.
    """
    return _Parser(text, lat_first).whole()


class _Parser:
    """Recursive descent; depth is counted, chains are loops."""

    def __init__(self, text: str, lat_first: bool) -> None:
        self._text, self._lat_first = text, lat_first
        self._now = _token(text, 0)
        self._depth = 0
        self._terms = 0

    def whole(self) -> Any:
        found = self._either()
        if self._now.kind != "end":
            raise self._unexpected("AND、OR 或结尾", "AND, OR or the end")
        return found

    # -- conditions --------------------------------------------------------------------------------------------

    def _either(self) -> Any:
        return self._chain("or", ast.Or, self._every)

    def _every(self) -> Any:
        return self._chain("and", ast.And, self._factor)

    def _chain(self, word: str, kind: type[ast.Combination], part: Callable[[], Any]) -> Any:
        parts = [part()]
        while self._take_word(word):
            parts.append(part())
        return kind.from_items(*parts) if len(parts) > 1 else parts[0]

    def _factor(self) -> Any:
        if self._take_word("not"):
            return ast.Not(self._deeper(self._factor))
        if self._take_sign("("):
            found = self._deeper(self._either)
            self._need_sign(")")
            return found
        self._terms += 1
        if self._terms > MAX_TERMS:
            raise too_large(f"条件多于 {MAX_TERMS} 个", f"more than {MAX_TERMS} conditions")
        return self._predicate()

    def _deeper(self, part: Callable[[], Any]) -> Any:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise too_large(f"嵌套深于 {MAX_DEPTH} 层", f"nested deeper than {MAX_DEPTH}")
        found = part()
        self._depth -= 1
        return found

    def _predicate(self) -> Any:
        if self._now.word in SPATIAL_NAMES or self._now.word in TEMPORAL:
            return self._function(self._next().word)
        left = self._operand()
        if self._now.kind == "sign" and self._now.text in COMPARISONS:
            kind = COMPARISONS[self._next().text]
            return kind(left, self._operand())
        if self._take_word("is"):
            negated = self._take_word("not")
            self._need_word("null")
            return ast.IsNull(left, negated)
        negated = self._take_word("not")
        found = self._test(left, negated)
        if found is not None:
            return found
        if negated:
            raise self._unexpected("LIKE、BETWEEN 或 IN", "LIKE, BETWEEN or IN")
        if isinstance(left, (ast.Attribute, bool)):
            return left
        raise self._unexpected("比较运算符", "a comparison")

    def _test(self, left: Any, negated: bool) -> Any:
        if self._take_word("like"):
            return ast.Like(left, self._operand(), False, "%", "_", "\\", negated)
        if self._take_word("between"):
            low = self._operand()
            self._need_word("and")
            return ast.Between(left, low, self._operand(), negated)
        if self._take_word("in"):
            self._need_sign("(")
            items = [self._operand()]
            while self._take_sign(","):
                items.append(self._operand())
            self._need_sign(")")
            return ast.In(left, items, negated)
        return None

    def _function(self, name: str) -> Any:
        self._need_sign("(")
        left = self._operand()
        self._need_sign(",")
        right = self._operand()
        self._need_sign(")")
        kind: Any = SPATIAL_NAMES.get(name) or TEMPORAL[name]
        return kind(left, right)

    # -- operands ----------------------------------------------------------------------------------------------

    def _operand(self) -> Any:
        token = self._next()
        if token.kind == "string":
            return _unquoted(token.text)
        if token.kind == "number":
            return number_of(token.text)
        if token.kind == "quoted":
            return self._property(token.text[1:-1])
        if token.kind != "name":
            raise _unexpected(token, "属性或常量", "a property or a literal")
        if token.word in _WORDS:
            return self._literal(token)
        return self._property(token.text)

    def _property(self, name: str) -> ast.Attribute:
        if self._now.kind == "sign" and self._now.text == "(":
            raise unknown_function(name)
        return ast.Attribute(name)

    def _literal(self, token: _Token) -> Any:
        if token.word in ("true", "false"):
            return token.word == "true"
        if token.word in ("date", "timestamp"):
            return self._instant(token)
        if token.word == "interval":
            self._need_sign("(")
            ends = [self._end()]
            self._need_sign(",")
            ends.append(self._end())
            self._need_sign(")")
            return interval_of(ends)
        if token.word == "bbox":
            return self._bbox()
        if token.word in _WKT:
            return self._wkt(token)
        raise _unexpected(token, "属性或常量", "a property or a literal")

    def _instant(self, token: _Token) -> Any:
        self._need_sign("(")
        text = _unquoted(self._need("string").text)
        self._need_sign(")")
        return Instant(text).date() if token.word == "date" else Instant(text).datetime()

    def _end(self) -> Any:
        token = self._next()
        if token.kind == "string":
            return Instant(_unquoted(token.text))
        if token.word in ("date", "timestamp"):
            return self._instant(token)
        raise _unexpected(token, "'..' 或时间", "'..' or an instant")

    def _bbox(self) -> Any:
        self._need_sign("(")
        numbers = [number_of(self._need("number").text)]
        while self._take_sign(","):
            numbers.append(number_of(self._need("number").text))
        self._need_sign(")")
        return box_of(numbers, lat_first=self._lat_first)

    def _wkt(self, token: _Token) -> Any:
        """Take the text up to the parenthesis that closes the geometry and leave it to GEOS."""
        opened = _OPENS.match(self._text, token.end)
        if opened is None:
            raise _unexpected(self._now, "'('", "'('")
        depth = 0
        for sign in _PARENTHESIS.finditer(self._text, opened.end() - 1):
            depth += 1 if sign[0] == "(" else -1
            if depth > _WKT_DEPTH:
                raise bad_filter("几何嵌套过深", "a geometry is nested too deeply", token.text)
            if depth == 0:
                self._now = _token(self._text, sign.end())
                return geometry_of_wkt(self._text[token.start : sign.end()], lat_first=self._lat_first)
        raise bad_filter("几何没有写完", "a geometry is not closed", token.text)

    # -- tokens ------------------------------------------------------------------------------------------------

    def _next(self) -> _Token:
        token = self._now
        if token.kind != "end":
            self._now = _token(self._text, token.end)
        return token

    def _take_word(self, word: str) -> bool:
        if self._now.word != word:
            return False
        self._next()
        return True

    def _take_sign(self, sign: str) -> bool:
        if self._now.kind != "sign" or self._now.text != sign:
            return False
        self._next()
        return True

    def _need_word(self, word: str) -> None:
        if not self._take_word(word):
            raise self._unexpected(word.upper(), word.upper())

    def _need_sign(self, sign: str) -> None:
        if not self._take_sign(sign):
            raise self._unexpected(repr(sign), repr(sign))

    def _need(self, kind: str) -> _Token:
        if self._now.kind != kind:
            names = {"string": ("引号中的文字", "a quoted text"), "number": ("数字", "a number")}
            raise self._unexpected(*names[kind])
        return self._next()

    def _unexpected(self, zh: str, en: str) -> UsageError:
        return _unexpected(self._now, zh, en)


def _unexpected(token: _Token, zh: str, en: str) -> UsageError:
    if token.kind == "arithmetic":
        return bad_filter(
            f"第 {token.start + 1} 个字符处的算术运算 {token.text!r} 不支持",
            f"arithmetic ({token.text!r} at character {token.start + 1}) is not supported",
            token.text,
        )
    return bad_filter(
        f"第 {token.start + 1} 个字符处应为{zh}，而不是 {token.text[:40] or '结尾'!r}",
        f"expected {en} at character {token.start + 1}, not {token.text[:40] or 'the end'!r}",
        token.text,
    )


def _token(text: str, at: int) -> _Token:
    match = _TOKEN.match(text, at)
    if match is None or match.lastgroup is None:
        place = at + len(text[at:]) - len(text[at:].lstrip())
        raise bad_filter(
            f"第 {place + 1} 个字符 {text[place : place + 1]!r} 无法识别",
            f"character {place + 1}, {text[place : place + 1]!r}, means nothing here",
            text[place : place + 20],
        )
    kind = match.lastgroup
    return _Token(kind, match[kind], match.start(kind), match.end(kind))


def _unquoted(text: str) -> str:
    return text[1:-1].replace("''", "'").replace("\\'", "'")
