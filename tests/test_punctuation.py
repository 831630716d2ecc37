"""Chinese sentences of the sources carry Chinese punctuation."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("boundaries", "gis", "grids", "service")
SOURCES = sorted(
    path for room in ROOMS for path in (ROOT / room).rglob("*.py") if "node_modules" not in path.parts
)

HOLE = "\x00"
"""Stands for a value that is put into a sentence."""

CJK = "[一-鿿“”（）《》]"
HALF_WIDTH = re.compile(
    f"(?<={CJK})[,;:](?={CJK}|{HOLE}|$)"  # 禁烧,限烧 and 火点:{id}
    f"|(?<={HOLE})[,;:](?={CJK})"  # {id}:火点
    rf"|(?<={CJK})\(|\)(?={CJK})"  # 天地图(参考) and (参考)界线
    rf"|(?<={HOLE})\((?=[^)]*{CJK})"  # {{day}}(有效期自
    rf"|\)[,;:](?={CJK}|{HOLE})"  # {{file}}({{reason}});请检查
)
"""Half-width marks beside Chinese characters; a code, number or English word on both sides keeps its own."""

MEANT = re.compile(
    r"(过火)?面积\((亩|平方米|㎡)\)|半径\(米\)"  # headings of tables, as people type them
    "|西,南,东,北|[经纬]度,[经纬]度"  # the order of numbers in a value
)
PATTERNS = re.compile(r"\(\?[:<=]|\{\d|\(\w\|")
"""What is no sentence but a regular expression."""


def sentences(source: str) -> Iterator[tuple[int, str]]:
    """Yield every string of a source with Chinese in it, by line; what is put into one stands as a hole."""
    tree = ast.parse(source)
    inside = {
        id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)
    } - {id(node) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts = [one.value if isinstance(one, ast.Constant) else HOLE for one in node.values]
            text = "".join(map(str, parts))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside:
            text = node.value
        else:
            continue
        if re.search(CJK, text):
            yield node.lineno, text


def wrong(text: str) -> list[str]:
    """Return the half-width marks of a sentence with what stands around them."""
    text = MEANT.sub("", text)
    if PATTERNS.search(text):
        return []
    return [
        text[max(0, hit.start() - 8) : hit.end() + 8].replace(HOLE, "{}") for hit in HALF_WIDTH.finditer(text)
    ]


@pytest.mark.parametrize("room", ROOMS)
def test_chinese_sentences_carry_chinese_punctuation(room: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {one}"
        for path in SOURCES
        if path.relative_to(ROOT).parts[0] == room
        for line, text in sentences(path.read_text(encoding="utf-8"))
        for one in wrong(text)
    ]
    assert found == []


def test_what_is_wrong_and_what_is_not() -> None:
    for one in (
        "禁烧,限烧",
        "天地图(参考)",
        f"火点:{HOLE}",
        f"（{HOLE}）:{HOLE}",
        "请核对路径:",
        f"{HOLE}({HOLE});请检查",
        f"{HOLE}(有效期自 {HOLE} 起)",
    ):
        assert wrong(one), one
    for right in (
        "禁烧，限烧",
        "huodian rule ID --unit 代码",
        '例如 "10-01"',
        f"{HOLE}（{HOLE}）",
        "a, b 与 c",
    ):
        assert wrong(right) == []
    assert [text for _, text in sentences('x = f"第 {n} 行"')] == [f"第 {HOLE} 行"]
