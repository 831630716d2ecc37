"""Writing once however often a request arrives: the Idempotency-Key header and the table behind it.

A phone that lost its line sends the same ruling again. The first answer is stored in the transaction of the ruling
itself, so there is no moment at which one exists without the other.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from gis.errors import ConflictError
from service.store import Reader, Writer
from service.store.models import IdempotentWrite
from service.store.types import canonical_json


class AlreadyAnsweredError(Exception):
    """The twin of a request has written; its answer is this one's."""

    def __init__(self, answer: dict[str, Any]) -> None:
        super().__init__("already answered")
        self.answer = answer


@dataclass(frozen=True, slots=True)
class WriteOnce:
    """One submitted write.

    Attributes
    ----------
    actor
        Whose key it is: keys of different people never meet.
    key
        The header's value.
    request_hash
        What was asked, by hash, so that a reused key is noticed.
    """

    actor: str
    key: str
    request_hash: str

    @classmethod
    def of(cls, actor: str, key: str, operation: str, body: Any) -> WriteOnce:
        """Return the write of `actor` under `key`."""
        asked = canonical_json({"operation": operation, "body": body})
        return cls(actor, key, hashlib.sha256(asked.encode()).hexdigest())

    def answered(self, reader: Reader) -> tuple[int, dict[str, Any]] | None:
        """Return the answer given before, or None.

        Raises
        ------
        ConflictError
            When the key was used for another request.
        """
        query = sa.select(
            IdempotentWrite.request_hash, IdempotentWrite.status_code, IdempotentWrite.answer
        ).where(IdempotentWrite.actor == self.actor, IdempotentWrite.key == self.key)
        row = reader.connection.execute(query).one_or_none()
        if row is None:
            return None
        if row.request_hash != self.request_hash:
            raise ConflictError(
                "key_reused",
                "此 Idempotency-Key 已用于另一请求：每个新请求请换新键",
                "this Idempotency-Key was used for another request: take a new key for each new request",
                value=self.key,
            )
        return row.status_code, row.answer

    def record(self, writer: Writer, status_code: int, answer: dict[str, Any]) -> None:
        """Store the answer within the write's own transaction.

        Raises
        ------
        AlreadyAnsweredError
            When the same request came twice at once and the other one was first: there is one writer at a time, so
            here it is certain. The transaction is rolled back by it.
        """
        before = self.answered(writer)
        if before is not None:
            raise AlreadyAnsweredError(before[1])
        writer.insert(
            IdempotentWrite,
            actor=self.actor,
            key=self.key,
            request_hash=self.request_hash,
            status_code=status_code,
            answer=answer,
        )
