"""What the commands of money say on screen are words: no code, no English key, no half-width mark in Chinese."""

from __future__ import annotations

import getpass
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.service.billing.story import SEASON, YUSHU, B, C, Scene, scene
from tests.test_punctuation import wrong

BOOK = ("--rulebook", "JL-1")
_NAMES = re.compile(
    r"huodian( --?[\w-]+| [\w./|-]+| …)*|(SHA-256 )?[0-9a-f]{12,}|20\d{6}-[0-9a-f]{12}|JL-1|--[\w-]+|JSON|json|xlsx|pdf"
)
"""What has no Chinese name: commands, options, formats, numbers and hashes."""


@pytest.fixture
def told(store_home: str, new_store_url: Callable[..., str], tmp_path: Path) -> Iterator[Scene]:
    with scene(store_home, new_store_url, tmp_path / "scene") as opened:
        opened.house.data("rulebooks", "load", "JL-1")
        opened.house.data("rule", opened.at(C), "--order", "1", "--reason", "现场核实最早")
        opened.verify(opened.main)
        opened.verify(opened.at(B), finding="nothing_found", level="local")
        yield opened


def said(scene: Scene, *words: str) -> str:
    """Return what a command prints, warnings among it, without what has no Chinese name."""
    result = scene.house.run(*words)
    assert result.exit_code == 0, result.output
    return _NAMES.sub("", result.output.replace(getpass.getuser(), ""))


def test_chinese_answers_are_words(told: Scene) -> None:
    for words in (
        ("charge", "--season", SEASON, *BOOK),
        ("statement", "draft", "--payer", YUSHU, "--season", SEASON, *BOOK),
        ("statement", "issue", "--payer", YUSHU, "--season", SEASON, *BOOK, "--sample"),
        ("statement", "list"),
        ("objection", "file", f"{YUSHU}/{SEASON}/1", told.main, "--grounds", "火点位于邻县境内"),
        ("objection", "list"),
        ("standing", "--season", SEASON, *BOOK),
        ("whatif", "--season", SEASON, *BOOK, "--deny", told.main),
        ("pending",),
    ):
        text = said(told, *words)
        assert re.findall("[A-Za-z_]{3,}", text) == [], (words, text)
        assert wrong(text) == [], (words, text)


def test_what_is_pending_is_settled_by_a_command_beside_its_words(told: Scene) -> None:
    result = told.house.run("pending")
    assert "denial_unreviewed" not in result.output
    assert re.search("[一-鿿]：huodian verify ", result.output)
    english = told.house.run("--lang", "en", "pending").output
    assert "denial_unreviewed" not in english
    assert re.search("[a-z]: huodian verify ", english)


def test_the_status_of_what_is_not_official_is_a_word(told: Scene) -> None:
    zh = told.house.run("charge", "--season", SEASON, *BOOK).output
    assert "非正式（样例）：规则或图层不是正式文本，不得据此扣款" in zh
    en = told.house.run("--lang", "en", "charge", "--season", SEASON, *BOOK).output
    assert "not official (sample): a rulebook or a layer is no official text" in en
    assert re.search("JL-1 +样例 吉林省", told.house.run("rulebooks", "list").output)
