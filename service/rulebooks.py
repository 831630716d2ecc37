"""Rulebooks as files: the shipped samples and those of a customer, read with their lines (docs/rulebooks.md)."""

from __future__ import annotations

from functools import cache
from importlib import resources
from pathlib import Path

from gis.errors import NotFoundError, RefusedInputError
from gis.yamldoc import read_yaml
from service.accountability.checking import WHOLE, Problem, check
from service.accountability.rulebook import Rulebook


def check_rulebook(source: Path | str, /, *, name: str = "") -> Rulebook | tuple[Problem, ...]:
    """Return the rulebook of a file (a `Path`) or text (a `str`), or all that is wrong with it.

    A file that is not YAML at all is one problem, with its line.

    Raises
    ------
    NotFoundError
        ``no_such_file``: it cannot be opened.
    """
    try:
        document = read_yaml(source, name=name)
    except RefusedInputError as error:
        line = int(error.context.get("line", 1))
        said = error.context
        zh, en = (
            str(said.get(name, whole)) for name, whole in (("reason_zh", error.zh), ("reason", error.en))
        )
        return (Problem(line, str(said.get("field") or WHOLE), error.code, zh, en),)
    except OSError as error:
        raise NotFoundError(
            "no_such_file",
            f"无法打开 {source}：请检查路径",
            f"cannot open {source} ({error.strerror}); check the path",
            value=str(source),
        ) from error
    return check(document.data, document.line)


def read_rulebook(source: Path | str, /, *, name: str = "") -> Rulebook:
    """Return the rulebook of a file or text.

    Raises
    ------
    RefusedInputError
        ``bad_rulebook``; the context lists every error with line, field and reason.
    """
    found = check_rulebook(source, name=name)
    if isinstance(found, Rulebook):
        return found
    label = name or (source.name if isinstance(source, Path) else "rulebook")
    first = found[0]
    raise RefusedInputError(
        "bad_rulebook",
        f"{label} 有 {len(found)} 处错误，第一处在第 {first.line} 行（{first.field_zh}）：{first.zh}。请改正后重试。",
        f"{label} has {len(found)} error(s), the first in line {first.line} ({first.field}): {first.en}. "
        "Correct the file and try again.",
        file=label,
        errors=[one.as_dict() for one in found],
    )


@cache
def shipped_rulebooks() -> tuple[Rulebook, ...]:
    """Return the sample rulebooks that are shipped, by id; none of them is official."""
    folder = resources.files("service.accountability").joinpath("books")
    files = [one for one in folder.iterdir() if one.name.endswith(".yaml")]
    books = [read_rulebook(one.read_text(encoding="utf-8"), name=one.name) for one in files]
    return tuple(sorted(books, key=lambda book: book.id))


def shipped_rulebook(name: str) -> Rulebook:
    """Return the shipped rulebook of an id.

    Raises
    ------
    NotFoundError
        ``no_such_rulebook``, naming those there are.
    """
    for book in shipped_rulebooks():
        if book.id == name:
            return book
    names = ", ".join(book.id for book in shipped_rulebooks())
    raise NotFoundError(
        "no_such_rulebook",
        f"没有规则 {name!r}；现有：{names}",
        f"there is no rulebook {name!r}; there are {names}",
        value=name,
    )
