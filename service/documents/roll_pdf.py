"""The finance list (扣拨清单) as PDF."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from service.documents import roll_view
from service.documents.lettering import clip, money, stamp
from service.documents.paper import INFORMAL
from service.documents.typeset import typeset

TEMPLATE = "roll.typ"


def roll_pdf(roll: Mapping[str, Any]) -> bytes:
    """Return a finance list (`service.billing.roll`) as PDF/A, A4 landscape; the same list gives the same bytes.

    Raises
    ------
    NotFoundError
        ``no_font`` when the packaged font was not fetched (``make assets``).
    RefusedInputError
        ``document_amount`` when an amount of the list is no number.
    """
    return typeset(TEMPLATE, view(roll), stamp=stamp(roll))


def view(roll: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the template prints, as plain data."""
    return {
        "title": clip(roll_view.title(roll), 100),
        "mark": str(roll.get("mark") or ""),
        "banners": [{"zh": INFORMAL[0], "en": INFORMAL[1]}] if roll.get("mark") else [],
        "heading": roll_view.TITLE,
        "heading_en": roll_view.TITLE_EN,
        "season": f"{roll.get('season')} 考核期",
        "head": [list(one) for one in roll_view.head(roll)],
        "columns": [list(roll_view.AMOUNT_WORDS[name]) for name in roll_view.AMOUNTS],
        "rows": [asdict(one) for one in roll_view.rows(roll)],
        "totals": [money(one) for one in roll_view.totals(roll)],
    }
