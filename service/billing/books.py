"""Rulebooks in the store: loaded in canonical form, versioned by content, withdrawn with a reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from service.accountability.rulebook import Rulebook
from service.store.engine import Reader, Store


def load_rulebook(store: Store, source: Path | str, *, actor: str) -> dict[str, Any]:
    """Load a rulebook from a file (`Path`) or by the id of a shipped one (`str`)."""
    raise NotImplementedError


def withdraw_rulebook(store: Store, name: str, *, reason: str, actor: str) -> dict[str, Any]:
    """Withdraw the newest version of a rulebook."""
    raise NotImplementedError


def stored_books(reader: Reader) -> tuple[Rulebook, ...]:
    """Return the newest version of each loaded rulebook that is not withdrawn, by id."""
    raise NotImplementedError


def books_for(reader: Reader, rulebook: str | None) -> tuple[Rulebook, ...]:
    """Return the rulebooks that a command means."""
    raise NotImplementedError
