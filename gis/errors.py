"""One root of errors: what went wrong, with which value, and what to do next, in two languages."""

from __future__ import annotations

from typing import Any


class HuodianError(Exception):
    """Root of every error the service raises on purpose.

    Parameters
    ----------
    code
        Stable machine word, such as ``unknown_feed``. Part of the contract of the command line and the API.
    zh, en
        What went wrong and the next step, as a sentence for people, in Chinese and English.
    **context
        The values the sentence is about (file, line, column, value, ...); JSON-representable.
    """

    exit_code = 1

    def __init__(self, code: str, zh: str, en: str, **context: Any) -> None:
        super().__init__(f"{zh} | {en}")
        self.code = code
        self.zh = zh
        self.en = en
        self.context = context

    def as_dict(self) -> dict[str, Any]:
        """Return the error as JSON-representable data."""
        return {"code": self.code, "zh": self.zh, "en": self.en, **self.context}


class RefusedInputError(HuodianError):
    """Input that is refused whole, without partial effect (a feed, a boundary file, a table)."""


class UnknownDatumError(RefusedInputError):
    """CRS or datum is not declared, not known, or contradicted by the data."""


class NotFoundError(HuodianError):
    """A named thing (unit, fire point, set, issue) does not exist, or is outside the reader's scope."""


class ForbiddenError(HuodianError):
    """The identity may not do this."""


class ConflictError(HuodianError):
    """The request contradicts what is stored (a reused idempotency key, an issued document)."""


class BusyError(HuodianError):
    """The store is held by another writer for longer than the busy timeout; try again."""


class UsageError(HuodianError):
    """The command or request itself is wrong (exit code 2, HTTP 400)."""

    exit_code = 2
