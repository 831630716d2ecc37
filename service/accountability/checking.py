"""From parsed data with its lines to a rulebook, or to every complaint with line, field and reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from service.accountability.rulebook import Rulebook

WHOLE = "(file)"
"""What stands for a field where the whole file is wrong."""

LineOf = Callable[[tuple[str | int, ...]], int]

_SAID: dict[str, tuple[str, str, str]] = {
    "missing": ("missing", "缺少此项", "missing"),
    "union_tag_not_found": ("missing", "缺少 kind", "kind is missing"),
    "extra_forbidden": ("unknown_key", "没有这个字段", "unknown key"),
    "invalid_key": ("unknown_key", "字段名必须是文字", "a key must be a text"),
    "string_type": ("not_a_text", "应为文字，请加引号", "expected a text; put it in quotes"),
    "string_too_short": ("empty", "不能为空", "must not be empty"),
    "string_too_long": ("too_long", "文字太长", "the text is too long"),
    "too_short": ("empty", "列表不能为空", "the list must not be empty"),
    "int_type": ("not_a_number", "应为整数", "expected a whole number"),
    "bool_type": ("not_a_bool", "应为 true 或 false", "expected true or false"),
    "tuple_type": ("not_a_list", "应为列表", "expected a list"),
    "model_type": ("not_a_mapping", "应为映射", "expected a mapping"),
    "model_attributes_type": ("not_a_mapping", "应为映射", "expected a mapping"),
}


_WORDS: dict[str, tuple[str, str, str, str]] = {
    "literal_error": ("expected", "unknown_word", "应为以下之一：", "expected one of"),
    "enum": ("expected", "unknown_word", "应为以下之一：", "expected one of"),
    "union_tag_invalid": ("expected_tags", "unknown_kind", "kind 应为以下之一：", "kind must be one of"),
}
"""Complaints that list the words there are: where the list stands, the code, and what is said before it."""

_WITH: dict[str, tuple[str, str, str, str]] = {
    "greater_than_equal": ("ge", "out_of_range", "不能小于 {}", "must not be below {}"),
    "less_than_equal": ("le", "out_of_range", "不能大于 {}", "must not be above {}"),
    "string_pattern_mismatch": ("pattern", "bad_code", "写法不符，须符合 {}", "must match {}"),
}
"""Complaints that name a bound."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong with a rulebook file."""

    line: int
    field: str
    code: str
    zh: str
    en: str

    @property
    def field_zh(self) -> str:
        """The field for a Chinese sentence."""
        return "整个文件" if self.field == WHOLE else self.field

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON-representable data."""
        return {"line": self.line, "field": self.field, "code": self.code, "zh": self.zh, "en": self.en}


def check(data: Any, line_of: LineOf) -> Rulebook | tuple[Problem, ...]:
    """Return the rulebook that `data` is, or all that is wrong with it, by line.

    Parameters
    ----------
    data
        What a YAML or JSON parser gives.
    line_of
        The 1-based line of a path of keys and positions, or of its nearest known ancestor.
    """
    try:
        return Rulebook.model_validate(data)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
    return tuple(sorted({_problem(dict(one), data, line_of) for one in found}))


def _problem(one: dict[str, Any], data: Any, line_of: LineOf) -> Problem:
    context = one.get("ctx") or {}
    path = _path((*one["loc"], *context.get("at", ())), data)
    code, zh, en = _sentence(one, context)
    return Problem(line_of(path), ".".join(str(part) for part in path) or WHOLE, code, zh, en)


def _sentence(one: dict[str, Any], context: dict[str, Any]) -> tuple[str, str, str]:
    kind = one["type"]
    if "zh" in context and "en" in context:
        return kind, context["zh"], context["en"]
    if kind in _SAID:
        return _SAID[kind]
    if kind in _WORDS:
        key, code, zh, en = _WORDS[kind]
        words = str(context.get(key, ""))
        return code, zh + words.replace(" or ", "、").replace(", ", "、"), f"{en} {words}"
    if kind in _WITH:
        key, code, zh, en = _WITH[kind]
        return code, zh.format(context[key]), en.format(context[key])
    return kind, f"不符合要求（{one['msg']}）", str(one["msg"])


def _path(loc: tuple[str | int, ...], data: Any) -> tuple[str | int, ...]:
    """Return the path in the file: without the names of kinds that the validator puts between."""
    path: list[str | int] = []
    node = data
    for index, part in enumerate(loc):
        if isinstance(node, dict):
            if index and isinstance(loc[index - 1], int) and part == node.get("kind"):
                continue
            node = node.get(part)
        elif isinstance(node, list):
            node = node[part] if isinstance(part, int) and part < len(node) else None
        path.append(part)
    return tuple(path)
