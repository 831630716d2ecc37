"""A statement as PDF: page one for the finance officer, then every line, the map, the basis and what a check needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from service.documents import paper
from service.documents.amount_words import upper
from service.documents.lettering import amount, clip, money, stamp
from service.documents.sketch import sketch
from service.documents.typeset import typeset

TEMPLATE = "statement.typ"
ON_PAGE_ONE = 16
"""Charges and adjustments offered to page one, texts clipped; the template prints as many as the page has room for."""
_CLIP = {
    "place": 60,
    "clause": 60,
    "reason": 200,
    "cause": 160,
    "heading": 200,
    "objection": 320,
    "people": 36,
}
"""Half widths at which a text of page one is clipped, where the whole stands on a later page."""
_TALL = 700
"""Characters from which a row may run over a page's end; below it stays in one piece."""


def statement_pdf(document: Mapping[str, Any]) -> bytes:
    """Return a statement document (``huodian.statement/1``) as PDF/A, A4.

    The same document gives the same bytes at every run and on every machine: the font is packaged, the time inside is
    the document's (`issued_at`, else `computed_at`).

    Raises
    ------
    NotFoundError
        ``no_font`` when the packaged font was not fetched (``make assets``).
    RefusedInputError
        ``document_amount`` when an amount of the document is no number.
    """
    return typeset(TEMPLATE, statement_view(document), stamp=stamp(document))


def statement_view(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the template prints, as plain data."""
    found = paper.lines(document)
    total = sum((amount(one.get("amount")) for one in document.get("lines") or ()), Decimal(0))
    return {
        "title": clip(paper.file_title(document), 100),
        "note": f"SHA-256 {paper.sha256(document)[:16]}…",
        "mark": str(document.get("mark") or ("征求意见" if paper.is_draft(document) else "")),
        "banners": _banners(document),
        "heading": paper.title(document),
        "heading_en": "Statement of deductions" + (", draft for comment" if paper.is_draft(document) else ""),
        "subtitle": paper.subtitle(document),
        "parties": [[name, clip(value, _CLIP["heading"])] for name, value in paper.parties(document)],
        "sums": [asdict(one) for one in paper.sums(document)],
        "deposit": paper.deposit(document),
        "deadline": paper.deadline(document),
        "objection": [clip(one, _CLIP["objection"]) for one in paper.objection_words(document)],
        **_page_one(document, found),
        "people": [[role, clip(name, _CLIP["people"])] for role, name in paper.people(document)],
        "lines": [_row(one) for one in found],
        "lines_sum": money(str(total)),
        "lines_upper": upper(total),
        "adjustments": [list(one) for one in paper.adjustments(document)],
        "held": [list(one) for one in paper.held(document)],
        "left_out": [list(one) for one in paper.left_out(document)],
        "basis": [list(one) for one in paper.basis(document)],
        **_map(document, found),
        "layers": [list(one) for one in paper.layers(document)],
        "provenance": [list(one) for one in paper.provenance(document)],
    }


def _banners(document: Mapping[str, Any]) -> list[dict[str, str]]:
    said = [paper.DRAFT] if paper.is_draft(document) else []
    if document.get("mark"):
        said.insert(0, paper.INFORMAL)
    return [{"zh": zh, "en": en} for zh, en in said]


def _page_one(document: Mapping[str, Any], found: list[paper.Line]) -> dict[str, Any]:
    """Return the lines shown on page one: what is new or changed in this issue first."""
    adjusted = paper.adjustments(document)
    changed = [one for one in found if one.change]
    picked = (changed + [one for one in found if not one.change])[:ON_PAGE_ONE]
    counts = [f"计费火点 {len(found)} 个"]
    for name, zh in (("adjustments", "调整"), ("held", "待定"), ("left_out", "不计")):
        if document.get(name):
            counts.append(f"{zh} {len(document[name])} 个")
    more = "全部明细、争议要点、调整与位置图见第 2 页起。" if found else "说明与依据见后页。"
    return {
        "summary_zh": "计费火点（" + "，".join(counts) + "）",
        "summary_en": "charged fire points",
        "summary": [
            {
                "no": one.no,
                "overpass": one.overpass,
                "place": clip(one.place, _CLIP["place"]),
                "clause": clip(f"{one.clause}，{one.ordinal}", _CLIP["clause"]),
                "amount": one.amount,
                "reason": clip(one.reason, _CLIP["reason"]),
            }
            for one in picked
        ],
        "adjusted_zh": f"调整（{len(adjusted)} 个，全部见第二部分）",
        "adjusted": [
            [clip(one, 40), delta, clip(cause, _CLIP["cause"])]
            for one, _before, _after, delta, cause, _by in adjusted[:ON_PAGE_ONE]
        ],
        "more": more,
        "count": len(found),
    }


def _row(one: paper.Line) -> dict[str, Any]:
    texts = [*one.disputed, one.reason, one.rulings, one.place, one.regime, one.clause, one.finding]
    return {
        "no": one.no,
        "change": one.change,
        "overpass": one.overpass,
        "satellite": one.satellite,
        "id": one.fire_point_id,
        "place": one.place,
        "codes": f"{one.county_code} / {one.township_code}",
        "position": one.position,
        "zone": one.zone,
        "regime": one.regime,
        "finding": one.finding,
        "verified": one.verified,
        "area": one.area,
        "clause": one.clause,
        "ordinal": one.ordinal,
        "amount": one.amount,
        "reason": one.reason,
        "extras": [text for text in (one.rulings, _linked(one), one.objection) if text],
        "disputed": list(one.disputed),
        "tall": sum(map(len, texts)) > _TALL,
    }


def _linked(one: paper.Line) -> str:
    return f"同一火的其他来源，不另计：{one.linked}" if one.linked else ""


def _map(document: Mapping[str, Any], found: list[paper.Line]) -> dict[str, Any]:
    codes = {one.county_code for one in found} | {str((document.get("payer") or {}).get("code"))}
    drawn = sketch(document, codes)
    approval = (document.get("map") or {}).get("approval")
    note = "示意图：界线经简化，仅供定位，不作划界依据；编号即明细序号；CGCS2000 经纬度。"
    note += f"审图号：{approval}。" if approval else "未设置审图号。"
    if drawn and drawn["unlabelled"]:
        note += f"有 {drawn['unlabelled']} 个点因密集未标编号，坐标见明细。"
    return {"map": drawn, "map_note": note}
