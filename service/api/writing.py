"""One way to write over HTTP: once per idempotency key, the answer kept in the transaction of the write itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Header, Query, Response

from service.api.deps import Context, ContextOf, ScopeOf
from service.api.idempotency import AlreadyAnsweredError, WriteOnce
from service.api.queries import Key, NoParameters
from service.scope import Scope
from service.store import Store, Writer

Record = Callable[[Writer, dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Writing:
    """What a route that writes is given: it takes a key, no parameters, and answers once.

    Attributes
    ----------
    context, scope
        As every route has them.
    """

    context: Context
    scope: Scope
    _key: str
    _response: Response

    @property
    def store(self) -> Store:
        """The store."""
        return self.context.open_store()

    def once(
        self, operation: str, asked: Any, schema: str, write: Callable[[Record], dict[str, Any]]
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
        once = WriteOnce.of(self.scope.actor, self._key, operation, asked)
        with self.store.reader() as reader:
            before = once.answered(reader)
        if before is not None:
            self._response.headers["Idempotency-Replayed"] = "true"
            return before[1]

        def document(done: dict[str, Any]) -> dict[str, Any]:
            # Sorted as the store keeps it, so that a repeated answer has the same bytes as the first.
            return {"as_of": None, "data": dict(sorted(done.items())), "schema": schema, "warnings": []}

        try:
            return document(write(lambda writer, done: once.record(writer, 201, document(done))))
        except AlreadyAnsweredError as twin:
            return twin.answer


def _writing(
    response: Response,
    context: ContextOf,
    scope: ScopeOf,
    idempotency_key: Annotated[Key, Header()],
    _query: Annotated[NoParameters, Query()],
) -> Writing:
    return Writing(context, scope, idempotency_key, response)


WritingOf = Annotated[Writing, Depends(_writing)]
