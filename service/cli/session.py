"""What every command has at hand: the store, the reader's scope, and one way to answer."""

from __future__ import annotations

import datetime as dt
import getpass
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import typer

from gis.errors import ForbiddenError, HuodianError, UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from service.scope import Scope
    from service.settings import Settings
    from service.store import Reader, Store

_DIGITS = 19
"""A revision number has fewer."""


@dataclass
class Session:
    """One run of the command line.

    Attributes
    ----------
    settings
        Effective settings, options already applied.
    json
        Whether to answer with one JSON document on stdout; progress and logs go to stderr either way.
    as_of
        The instant or revision to read at.
    lang
        ``zh`` or ``en``, the language of texts.
    """

    settings: Settings
    json: bool = False
    as_of: int | dt.datetime | None = None
    lang: str = "zh"
    _store: Store | None = field(default=None, repr=False)

    @property
    def actor(self) -> str:
        """Who a revision names: the operating system's user, since the token is for readers."""
        return f"cli:{getpass.getuser()}"

    def operator(self) -> str:
        """Return the actor of a command that loads or computes for everybody, which a reader of one unit may not.

        What such a command answers counts everybody's points, and its work moves everybody's list.

        Raises
        ------
        UsageError
            ``write_as_of``: a write has no past.
        ForbiddenError
            ``operator_only``: the token is not that of an administrator of the whole.
        """
        self.refuse_past()
        if self.settings.token is None:
            return self.actor
        with self.store().reader() as reader:
            scope = self.scope(reader)
        if scope.role != "admin" or not scope.everything:
            raise ForbiddenError(
                "operator_only",
                "载入、导入与评估只能由本机操作员或全省管理员执行：请去掉 --token 与 HUODIAN_TOKEN",
                "loading, ingesting and assessing are for the operator at the machine or an administrator of the "
                "whole: drop --token and HUODIAN_TOKEN",
                value=scope.role,
            )
        return scope.actor

    def refuse_past(self) -> None:
        """Refuse ``--as-of`` on a command that writes: it would be ignored in silence."""
        if self.as_of is not None:
            raise UsageError(
                "write_as_of",
                "--as-of 只用于读取，不能与写入命令同用",
                "--as-of is for reading and does not go with a command that writes",
            )

    @property
    def console(self) -> Console:
        """A rich console on stderr."""
        from rich.console import Console

        return Console(stderr=True)

    def store(self) -> Store:
        """Open the store, which must exist and have this program's schema."""
        if self._store is None:
            from service.store import open_store
            from service.store.migrate import require_current

            self._store = open_store(self.settings.db, archive=self.settings.archive)
            require_current(self._store)
        return self._store

    def close(self) -> None:
        """Close the store where the command opened it: a program that runs many commands keeps no connections."""
        if self._store is not None:
            self._store.close()
            self._store = None

    def scope(self, reader: Reader) -> Scope:
        """Return the scope of whoever runs the command: the token's, or all of it for the local operator."""
        from service.scope import whole

        if self.settings.token is None:
            return whole(self.actor)
        from service.users import authenticate

        return authenticate(reader, self.settings.token.get_secret_value())

    def pick(self, zh: str, en: str) -> str:
        """Return the sentence of the session's language."""
        return zh if self.lang == "zh" else en

    def emit(
        self, schema: str, data: Any, *, text: str | Callable[[], None] = "", warnings: Sequence[Any] = ()
    ) -> None:
        """Answer: one document ``{schema, as_of, data, warnings}`` with ``--json``, else the text.

        Parameters
        ----------
        text
            What people read: a string for stdout, or a function that prints (a rich table).
        """
        if self.json:
            document = {
                "schema": schema,
                "as_of": as_of_text(self.as_of),
                "data": data,
                "warnings": list(warnings),
            }
            _write(document)
            return
        for warning in warnings:
            typer.echo(f"! {warning}", err=True)
        if callable(text):
            text()
        elif text:
            typer.echo(text)

    @contextmanager
    def reporting(self) -> Iterator[None]:
        """Turn an error of ours into its sentence (or its JSON) and the exit code of DESIGN section 6."""
        try:
            yield
        except HuodianError as error:
            self.fail(error)
        except Exception as error:
            if "sqlalchemy" not in sys.modules:
                raise
            from service.store.trouble import trouble_of

            told = trouble_of(error)
            if told is None:
                raise
            self.fail(told)

    def fail(self, error: HuodianError) -> None:
        """Report `error` and leave."""
        if self.json:
            document: dict[str, Any] = {
                "schema": "error",
                "as_of": as_of_text(self.as_of),
                "data": None,
                "error": error.as_dict(),
                "warnings": [],
            }
            _write(document)
        typer.echo(
            f"{error.code}: {self.pick(error.zh, error.en)}\n{self.pick(error.en, error.zh)}", err=True
        )
        raise typer.Exit(error.exit_code)


def _write(document: dict[str, Any]) -> None:
    """Write one JSON document; a file name of odd bytes must not cost the whole answer."""
    text = json.dumps(document, ensure_ascii=False, default=_plain)
    sys.stdout.write(text.encode("utf-8", "replace").decode() + "\n")


def as_of_text(as_of: int | dt.datetime | None) -> str | int:
    """Return the instant or revision an answer is of: as it was asked for, else now."""
    from gis.times import iso_utc

    return as_of if isinstance(as_of, int) else iso_utc(as_of or dt.datetime.now(dt.UTC))


def parse_as_of(text: str | None) -> int | dt.datetime | None:
    """Return the revision number or instant that ``--as-of`` names; a time without zone is Beijing time."""
    if text is None:
        return None
    if text.isascii() and text.isdigit() and len(text) < _DIGITS:
        return int(text)
    from gis.times import BEIJING, is_usable

    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        moment = dt.datetime.min.replace(tzinfo=dt.UTC)
    if not is_usable(moment):
        raise UsageError(
            "bad_as_of",
            f"--as-of {text!r} 既不是修订号也不是时间；例：2023-10-29T08:00+08:00",
            f"--as-of {text!r} is neither a revision number nor a time; example: 2023-10-29T08:00+08:00",
            value=text,
        )
    return moment if moment.tzinfo else moment.replace(tzinfo=BEIJING)


def parse_date(text: str | None, option: str) -> dt.date | None:
    """Return the date an option names.

    Raises
    ------
    UsageError
        When it is not a date as ``2023-10-29``.
    """
    if text is None:
        return None
    from gis.times import FIRST_YEAR, LAST_YEAR

    try:
        day: dt.date | None = dt.date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise UsageError(
            "bad_date",
            f"{option} {text!r} 不是可用的日期；请写成 2023-10-29",
            f"{option} {text!r} is not a date in use; write it as 2023-10-29",
            value=text,
        )
    return day


def _plain(value: Any) -> Any:
    if isinstance(value, dt.date | dt.datetime):
        return value.isoformat()
    if isinstance(value, tuple | set | frozenset):
        return list(value)
    raise TypeError(f"not JSON: {type(value).__name__}")
