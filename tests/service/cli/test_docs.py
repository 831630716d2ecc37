"""Each command line that READMEs and docs show exists: the command, and every option of it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from service.cli import app as cli

ROOT = Path(__file__).resolve().parents[3]
PAGES = [*sorted(ROOT.glob("README*.md")), *sorted((ROOT / "docs").glob("*.md"))]


@pytest.fixture(scope="module")
def root() -> Any:
    """The tree of commands, registered once."""
    return typer.main.get_command(cli.application())


def shown(page: str) -> Iterator[str]:
    """Yield every command line of a page, in blocks and in sentences, without its remark."""
    for line in re.findall(r"^\s*(?:\$ )?(huodian [^\n]*)", page, re.M):
        for part in re.split(r"\s{3,}|\s#\s", line):  # commands side by side, or a remark
            if part.startswith("huodian "):
                yield part.rstrip("\\ ")
    yield from re.findall(r"`(huodian [^`]+)`", page)


def wrong(line: str, root: Any) -> str | None:
    """Return what is wrong with a command line, or None."""
    words = shlex.split(line.replace("'", ""), comments=False)[1:]
    command, options = root, _options(root)
    for word in words:
        if word in ("&&", "|", ";", ">", "||") or word.startswith(("$(", ">")):
            break
        if word.startswith("-") and not re.fullmatch(r"-\d.*", word):
            for name in word.strip("[](),…").partition("=")[0].split("|"):
                if name.startswith("-") and name not in options:
                    return f"{line}: no option {name}"
        elif hasattr(command, "commands"):
            name = word.strip("[](),;.:")
            if name in command.commands:
                command = command.commands[name]
                options = options | _options(command)
            elif command is root and re.search(r"[^\w-]", name):
                return None  # a value of an option of the root, or dots
            elif not _is_value(line, word, root):
                return f"{line}: no command {name}"
    return None


def _is_value(line: str, word: str, root: Any) -> bool:
    """Whether a word follows an option of the root that takes a value, or stands for several commands."""
    before = line.split()[max(0, line.split().index(word) - 1)]
    valued = {name for one in root.params if not getattr(one, "is_flag", False) for name in one.opts}
    return before in valued or "|" in word or word.isupper() or "…" in word


def _options(command: Any) -> set[str]:
    return {"--help", *(name for one in command.params for name in (*one.opts, *one.secondary_opts))}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_that_is_shown_exists(page: Path, root: Any) -> None:
    lines = list(shown(page.read_text(encoding="utf-8")))
    assert [told for line in lines if (told := wrong(line, root)) is not None] == []


def test_a_command_or_an_option_that_does_not_exist_is_found(root: Any) -> None:
    for line in (
        "huodian charge --sesaon 2023-2024",
        "huodian statements list",
        "huodian statement isue",
        "huodian --lnag en where",
    ):
        assert wrong(line, root), line
    for line in (
        "huodian --lang en charge --season 2023-2024 --roll",
        "huodian load grid grid.geojson --name x",
        "huodian where 126.5 44.8 --at 2023-10-29T12:36 [--json]",
    ):
        assert wrong(line, root) is None, line
