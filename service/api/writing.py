"""One way to write over HTTP: once per idempotency key, the answer kept in the transaction of the write itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import Response

from service.api.deps import Context
from service.api.idempotency import AlreadyAnsweredError, WriteOnce
from service.scope import Scope
from service.store import Writer

Record = Callable[[Writer, dict[str, Any]], None]


def write_once(
    context: Context,
    scope: Scope,
    key: str,
    *,
    operation: str,
    asked: Any,
    schema: str,
    response: Response,
    write: Callable[[Record], dict[str, Any]],
) -> dict[str, Any]:
    """Return the answer of a write; the same key and request again gives the same answer and writes nothing.

    Parameters
    ----------
    operation, asked
        What is asked for: a key used for something else is refused.
    schema
        Name of the answer's schema.
    write
        Does it and returns its data; it hands the data to the function it is given, within its transaction.
    """
    once = WriteOnce.of(scope.actor, key, operation, asked)
    with context.open_store().reader() as reader:
        before = once.answered(reader)
    if before is not None:
        response.headers["Idempotency-Replayed"] = "true"
        return before[1]

    def document(done: dict[str, Any]) -> dict[str, Any]:
        # Sorted as the store keeps it, so that a repeated answer has the same bytes as the first.
        return {"as_of": None, "data": dict(sorted(done.items())), "schema": schema, "warnings": []}

    try:
        return document(write(lambda writer, done: once.record(writer, 201, document(done))))
    except AlreadyAnsweredError as twin:
        return twin.answer
