"""From parsed data with its lines to a rulebook, or to every complaint with line, field and reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from service.accountability.rulebook import Rulebook

LineOf = Callable[[tuple[str | int, ...]], int]

_SAID: dict[str, tuple[str, str, str]] = {
    "missing": ("missing", "缺少此项", "missing"),
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


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong with a rulebook file."""

    line: int
    field: str
    code: str
    zh: str
    en: str

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
    return Problem(line_of(path), ".".join(str(part) for part in path) or "(file)", code, zh, en)


def _sentence(one: dict[str, Any], context: dict[str, Any]) -> tuple[str, str, str]:
    kind = one["type"]
    if "zh" in context and "en" in context:
        return kind, context["zh"], context["en"]
    if kind in {"literal_error", "enum"}:
        words = context.get("expected", "")
        return "unknown_word", f"应为以下之一：{words}", f"expected one of {words}"
    if kind == "union_tag_invalid":
        words = context.get("expected_tags", "")
        return "unknown_kind", f"kind 应为以下之一：{words}", f"kind must be one of {words}"
    if kind == "union_tag_not_found":
        return "missing", "缺少 kind", "kind is missing"
    if kind in _SAID:
        return _SAID[kind]
    return kind, f"不符合要求：{one['msg']}", one["msg"]


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
