"""What routes are given: the store, the settings, the reader's scope, and the envelope of every answer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request

from gis.times import BEIJING, fire_day, iso_utc
from service.api.middleware import reader_scope
from service.scope import Scope
from service.settings import Settings
from service.store import Reader, Store


@dataclass(frozen=True, slots=True)
class Context:
    """The parts of the service a request works with; one per application.

    Attributes
    ----------
    settings
        Effective settings.
    open_store
        Returns the store, opening it at the first request.
    clock
        Now; tests set it.
    """

    settings: Settings
    open_store: Callable[[], Store]
    clock: Callable[[], dt.datetime]

    def today(self) -> dt.date:
        """Return the current fire day."""
        return fire_day(self.clock(), self.settings.cut)

    def civil_today(self) -> dt.date:
        """Return today's date in Beijing."""
        return self.clock().astimezone(BEIJING).date()


def _context(request: Request) -> Context:
    context: Context = request.app.state.context
    return context


ContextOf = Annotated[Context, Depends(_context)]
ScopeOf = Annotated[Scope, Depends(reader_scope)]


def envelope(
    schema: str,
    data: Any,
    *,
    reader: Reader,
    as_of: int | dt.datetime | None = None,
    warnings: Sequence[Any] = (),
) -> dict[str, Any]:
    """Return the one shape of every JSON answer, that of the command line, and the revision it was read at."""
    return {
        "schema": schema,
        "as_of": iso_utc(as_of) if isinstance(as_of, dt.datetime) else as_of,
        "revision": reader.rev,
        "data": data,
        "warnings": list(warnings),
    }
