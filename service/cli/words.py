"""Words that answers on screen share: the status of data, and that a bill is not official."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service.cli.session import Session


def status_word(session: Session, status: str) -> str:
    """Return the status of data as one word."""
    from service.reports.words import STATUS_OF_DATA, en, zh

    return session.pick(zh(STATUS_OF_DATA, status), en(STATUS_OF_DATA, status))


def no_bill(session: Session, status: str) -> str:
    """Return the warning that nothing may be billed on an answer."""
    word = status_word(session, status)
    return session.pick(
        f"非正式（{word}）：规则或图层不是正式文本，不得据此扣款",
        f"not official ({word}): a rulebook or a layer is no official text; not to be billed on",
    )
