"""The document of a statement (扣款通知单): the whole account of one payer and season, as plain data.

Pure: a `ChargeRun` and what was gathered beside it come in, a document goes out. Amounts, coordinates and shares are
text; the same input in any order gives the same bytes (`service.billing.chain.canonical_bytes`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from gis.times import iso_beijing
from service.accountability.facts import Fact
from service.accountability.findings import Charge
from service.accountability.measures import Objection as ObjectionRule
from service.accountability.rulebook import Rulebook
from service.billing.adjust import Known, adjustments, marked
from service.billing.books import head_of
from service.billing.chain import SCHEMA
from service.billing.charges import DENIAL_WORDS, ChargeRun
from service.billing.deadlines import until
from service.billing.lines import basis_of, digest_of, line_of, plain
from service.documents.amount_words import upper, wan

MARK = "非正式"
_NOTHING = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class Material:
    """What stands beside the charges.

    Attributes
    ----------
    known
        For the causes of adjustments.
    contexts
        By fire point, what disputes are about.
    layers
        Layer versions used: ``{layer, name, version, status}``.
    outlines
        For the map.
    objections
        Newest objection by fire point: ``{state, instance}``.
    screened
        Screened fire points on this payer's ground, with the reason code and sentences.
    pixels
        Hashes of the pixels behind each fire point that is charged.
    """

    known: Known = field(default_factory=Known)
    contexts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    layers: Sequence[Mapping[str, Any]] = ()
    outlines: Sequence[Mapping[str, Any]] = ()
    objections: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    screened: Sequence[Mapping[str, Any]] = ()
    pixels: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Heading:
    """What a statement says of itself.

    Attributes
    ----------
    kind
        ``draft`` or ``issue``.
    number
        Of the issue; the one it would have, for a draft.
    sample
        Whether it is a sample however official its data are.
    rulebook
        The rulebook that was named, None for all that are loaded: with it the account is computed again.
    chain
        Number and hash of the issue before, of whatever status.
    account
        The document of the issue that the amounts continue: the newest of the same formality.
    program
        Name and version.
    map_approval
        Approval number (审图号) of the map, empty without one.
    """

    kind: str
    number: int
    issued_at: dt.datetime | None = None
    sample: bool = False
    rulebook: str | None = None
    chain: Mapping[str, Any] | None = None
    account: Mapping[str, Any] | None = None
    people: Mapping[str, str | None] = field(default_factory=dict)
    program: Mapping[str, str] = field(default_factory=dict)
    map_approval: str = ""


def own_charges(run: ChargeRun, payer: str) -> tuple[Charge, ...]:
    """Return the payer's charges in the order of the lines: overpass, fire point, rulebook."""
    found = [one for one in run.charges if one.payer == payer]
    return tuple(
        sorted(found, key=lambda one: (one.fact.overpass, one.fire_point_id, one.line.terms.head["rulebook"]))
    )


def paying(book: Rulebook, fact: Fact) -> str | None:
    """Return the code of whoever pays for a fact under a rulebook, as far as it is attributed."""
    if book.payer is None:
        return None
    if fact.special_payer is not None and fact.special_payer in {one.code for one in book.payer.special}:
        return fact.special_payer
    unit = fact.unit(book.payer.level)
    return None if unit is None else unit.payer


def own_points(run: ChargeRun, payer: str) -> frozenset[str]:
    """Return every fire point of the season that the payer pays for, or would: facts, and reports on its ground."""
    facts = run.facts
    books = {book.id: book for book in run.books}
    found = {one.fire_point_id for one in run.charges if one.payer == payer}
    for fact in facts.facts:
        name = fact.fire_point_id
        if name in facts.season_ids:
            covering = [books[facts.book_of[name]]] if facts.book_of.get(name) in books else run.books
            if any(paying(book, fact) == payer for book in covering):
                found.add(name)
    grounds = grounds_of(run, found, payer)
    unclear = (one.id for one in facts.unclear if one.id in facts.states)
    return frozenset(found | {name for name in unclear if facts.states[name].county_code in grounds})


def grounds_of(run: ChargeRun, own: Collection[str], payer: str) -> set[str]:
    """Return the codes of the counties that pay as this payer, as far as its own fire points show them."""
    return {
        unit.code
        for fact in run.facts.facts
        if fact.fire_point_id in own
        for unit in fact.units
        if unit.level == "county" and unit.payer == payer
    }


def build(run: ChargeRun, payer: Mapping[str, Any], heading: Heading, material: Material) -> dict[str, Any]:
    """Return the document of a payer's account.

    Parameters
    ----------
    run
        The charges of the season.
    payer
        ``{code, name, level, uid}``.

    Returns
    -------
    dict
        See the contract ``huodian.statement/1`` in docs/statements.md; ready for canonical bytes.
    """
    code = payer["code"]
    status = "sample" if heading.sample and run.status == "official" else run.status
    mark = "" if status == "official" else MARK
    charges = own_charges(run, code)
    own = own_points(run, code)
    lines = [_line(run, one, material, own, mark) for one in charges]
    for number, (line, change) in enumerate(zip(lines, marked(heading.account, lines), strict=True), start=1):
        line.update(no=number, change=change)
    total = sum((one.amount for one in charges), _NOTHING)
    previous = _NOTHING if heading.account is None else Decimal(heading.account["amounts"]["total"])
    books = _books(run, charges, heading.account)
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "kind": heading.kind,
        "mark": mark,
        "status": status,
        "number": heading.number,
        "season": run.season,
        "payer": dict(payer),
        "collector": "、".join(sorted({one.collector for one in charges if one.collector}))
        or _collector(books),
        "jurisdiction": books[0].jurisdiction.model_dump(mode="json") if books else None,
        "selection": {"rulebook": heading.rulebook},
        "rulebooks": [_book(book) for book in books],
        "as_of": {"revision": run.as_of_rev, "recorded_at": iso_beijing(run.recorded_at)},
        "computed_at": iso_beijing(run.at),
        "layers": [dict(one) for one in material.layers],
        "amounts": _amounts(previous, total, heading.account),
        "lines": lines,
        "held": _held(run, own),
        "left_out": _left_out(run, own, material),
        "deposit": _deposit(run, code),
        "people": {name: heading.people.get(name) for name in ("preparer", "reviewer", "approver")},
        "program": dict(heading.program),
        "previous": None if heading.chain is None else dict(heading.chain),
        "map": _map(heading, material),
    }
    if heading.issued_at is not None:
        document["issued_at"] = iso_beijing(heading.issued_at)
    document["objection"] = _objections(books, heading.issued_at or run.at, lines)
    _date_lines(lines, heading.account, document["objection"])
    document["adjustments"] = adjustments(heading.account, document, material.known)
    document["basis"] = _basis(run, document)
    return document


def _map(heading: Heading, material: Material) -> dict[str, Any]:
    """Return what the map draws; its approval number stands there only where one is set."""
    drawn: dict[str, Any] = {"outlines": plain(material.outlines)}
    return {**drawn, "approval": heading.map_approval} if heading.map_approval else drawn


def _line(
    run: ChargeRun, charge: Charge, material: Material, own: frozenset[str], mark: str
) -> dict[str, Any]:
    facts, name = run.facts, charge.fire_point_id
    names = (name, *sorted(link.id for link in facts.links if link.of == name))
    return line_of(
        charge,
        state=facts.states.get(name),
        standings=[facts.standings[one] for one in names if one in facts.standings],
        rulings=facts.rulings.get(name, ()),
        context=material.contexts.get(name),
        objection=material.objections.get(name),
        linked=[(one, facts.states.get(one)) for one in names[1:]],
        own=own,
        mark=mark,
        pixels=[one for name in names for one in material.pixels.get(name, ())],
        waits=DENIAL_WORDS if name in facts.denials else None,
        eased=_eased(run, charge),
    )


def _eased(run: ChargeRun, charge: Charge) -> tuple[str, str] | None:
    """Return what the charge's rulebook calls the mitigation that lowers it."""
    line = charge.line
    for book in run.books:
        if book.id == line.terms.head["rulebook"]:
            for one in book.exemptions:
                if one.reason == line.weighing.eased_by:
                    return one.text.zh, one.text.en
    return None


def _basis(run: ChargeRun, document: Mapping[str, Any]) -> dict[str, str]:
    """Return one hash of the stored rows behind each fire point that is told of without a charge."""
    facts = run.facts
    charged = {line["fire_point_id"] for line in document["lines"]}
    told = {
        one["fire_point_id"] for part in ("held", "left_out", "adjustments") for one in document[part]
    } - charged
    return {
        name: digest_of(
            basis_of(
                [facts.states.get(name)],
                [facts.standings[name]] if name in facts.standings else [],
                facts.rulings.get(name, ()),
            )
        )
        for name in sorted(told)
    }


def _amounts(previous: Decimal, total: Decimal, account: Mapping[str, Any] | None) -> dict[str, Any]:
    net = total - previous
    return {
        "previous": str(previous),
        "total": str(total),
        "net": str(net),
        "total_wan": wan(total),
        "net_wan": wan(net),
        "total_upper": upper(total),
        "net_upper": upper(net),
        "previous_number": None if account is None else account["number"],
    }


def _books(run: ChargeRun, charges: Sequence[Charge], account: Mapping[str, Any] | None) -> list[Rulebook]:
    """Return the rulebooks the account rests on: those of its charges and of the issue before, or all of the season."""
    used = {one.line.terms.head["rulebook"] for one in charges}
    used |= {one["id"] for one in account["rulebooks"]} if account is not None else set()
    found = sorted(run.books, key=lambda book: book.id)
    return [book for book in found if book.id in used] or found


def _collector(books: Sequence[Rulebook]) -> str:
    return "、".join(sorted({book.payer.collector for book in books if book.payer}))


def _book(book: Rulebook) -> dict[str, Any]:
    sources = [{"title": one.title, "confidence": one.confidence, "url": one.url} for one in book.sources]
    return {**head_of(book), "sources": sources}


def _held(run: ChargeRun, own: frozenset[str]) -> list[dict[str, Any]]:
    found = [
        {
            "fire_point_id": one.fire_point_id,
            "reason": one.reason,
            "zh": one.zh,
            "en": one.en,
            "at_stake": None if one.at_stake is None else str(one.at_stake),
        }
        for one in run.held
        if one.fire_point_id in own
    ]
    return _once(found)


def _left_out(run: ChargeRun, own: frozenset[str], material: Material) -> list[dict[str, Any]]:
    found = [
        {"fire_point_id": one.fire_point_id, "reason": one.reason, "zh": one.zh, "en": one.en}
        for one in run.left_out
        if one.fire_point_id in own
    ]
    return _once([*found, *(dict(one) for one in material.screened)])


def _once(entries: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return entries by fire point and reason, each once: two rulebooks may leave one out for one reason."""
    found = {(one["fire_point_id"], one["reason"]): one for one in entries}
    return [found[key] for key in sorted(found)]


def _deposit(run: ChargeRun, payer: str) -> dict[str, Any] | None:
    for finding in run.findings:
        for one in finding.deposits:
            if one.payer == payer and one.season == run.season:
                return {name: str(getattr(one, name)) for name in ("paid", "used", "balance", "beyond")}
    return None


def _objections(
    books: Sequence[Rulebook], start: dt.datetime, lines: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Return how and until when to object, as the rulebook of each line says it.

    Where they say different things, ``rules`` has what each says of its own lines, and the rest is what holds of the
    whole: the last day of all, and the sum that is suspended.
    """
    if len({_terms_of(book.objection) for book in books}) < 2:
        return _objection(books[0].objection if books else None, start, lines)
    titles = {book.id: book.title for book in books}
    parts = [
        {
            "rulebook": book.id,
            **_objection(
                book.objection, start, [line for line in lines if line["trace"]["rulebook"] == book.id]
            ),
        }
        for book in books
    ]
    longest = max(parts, key=lambda one: one["until"] or "")
    return {
        "days": longest["days"],
        "until": longest["until"],
        "suspends_payment": any(one["suspends_payment"] for one in parts),
        "suspended": str(sum((Decimal(one["suspended"]) for one in parts), _NOTHING)),
        "instances": longest["instances"],
        "zh": "；".join(f"按《{titles[one['rulebook']]}》扣款的：{one['zh']}" for one in parts),
        "en": "; ".join(f"under “{titles[one['rulebook']]}”: {one['en']}" for one in parts),
        "rules": parts,
    }


def _terms_of(rule: ObjectionRule | None) -> str:
    return "" if rule is None else rule.model_dump_json()


def _objection(
    rule: ObjectionRule | None, start: dt.datetime, lines: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Return how and until when to object under one rule; where it says nothing of it, that nothing is said."""
    if rule is None:
        return {
            "days": None,
            "until": None,
            "suspends_payment": False,
            "suspended": "0.00",
            "instances": [],
            "zh": "规则未规定异议期限与受理机关",
            "en": "the rulebook says nothing of objections",
        }
    last = until(start, rule.days)
    disputed = sum((Decimal(one["amount"]) for one in lines if _is_open(one)), _NOTHING)
    suspended = disputed if rule.suspends_payment else _NOTHING
    effect_zh = "异议期间暂缓扣缴异议金额" if rule.suspends_payment else "异议期间不停止扣缴"
    effect_en = "suspends the amount objected to" if rule.suspends_payment else "does not suspend payment"
    if suspended:
        effect_zh += f"，现暂缓 {suspended} 元"
        effect_en += f", {suspended} yuan now"
    return {
        "days": rule.days,
        "until": last.isoformat(),
        "suspends_payment": rule.suspends_payment,
        "suspended": str(suspended),
        "instances": [{"level": one.level, "days": one.days} for one in rule.instances],
        "zh": f"如有异议，请在 {last} 当日或之前（北京时间）书面提出；{effect_zh}",
        "en": f"object in writing until the end of {last} (Beijing time); an objection {effect_en}",
    }


def _date_lines(
    lines: Sequence[dict[str, Any]], account: Mapping[str, Any] | None, objection: Mapping[str, Any]
) -> None:
    """Say on each line until when it may be objected to: repeating an unchanged line opens no new term."""
    before = {
        (line["fire_point_id"], line["trace"]["rulebook"]): line["objection_until"]
        for line in (account or {}).get("lines", ())
    }
    until_now = {one["rulebook"]: one["until"] for one in objection.get("rules", ())}
    for line in lines:
        key = line["fire_point_id"], line["trace"]["rulebook"]
        line["objection_until"] = until_now.get(key[1], objection["until"]) if line["change"] else before[key]


def _is_open(line: Mapping[str, Any]) -> bool:
    return line["objection"] is not None and line["objection"]["state"] == "open"
