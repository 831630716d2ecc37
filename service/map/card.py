"""A fire point on the map's card: the story of `service.billing.explain` cut to what a person in the field asks.

Money (charge, clause, payer, rulings on either, papers) is told only to those who may see it; deadlines of verification
are everybody's.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import partial
from typing import Any

import sqlalchemy as sa

from grids.units import Purpose
from service.billing import explain_facts, explain_money, explain_people
from service.billing.explain import explain, find
from service.map.navigate import links
from service.map.runs import kept_run
from service.pipeline.register_store import load_register
from service.reads import FirePointView
from service.reports.words import (
    DATA_WORDS,
    LEVEL_WORDS,
    REGIME_WORDS,
    ROLE_WORDS,
    SCREEN_WORDS,
    STATUS_OF_DATA,
    STATUS_WORDS,
    Words,
)
from service.scope import Scope
from service.store.engine import Reader
from service.store.models import Zone, ZoneSet
from service.units import code_on
from service.users import Permission, may
from service.verification.closed import LEVELS
from service.verification.entry import highest_level

Story = Mapping[str, Any]

_CHAIN = ("city", "county", "township", "grid")
_SECTIONS = {
    "short": explain_facts.in_short,
    "place": explain_facts.place_of,
    "screening": explain_facts.screening,
    "rulings": explain_people.rulings,
    "verification": explain_people.verification,
    "money": explain_people.money,
    "doubts": explain_people.doubts,
}


def card(
    reader: Reader,
    scope: Scope,
    fire_point_id: str,
    *,
    at: dt.datetime | None = None,
    now: dt.datetime | None = None,
) -> dict[str, Any]:
    """Return the card of any id ever issued; a merged one answers with the point it became.

    Parameters
    ----------
    at, now
        As in `explain`: the instant at which deadlines are read, and what now is.

    Returns
    -------
    dict
        Facts under their names, and under ``words`` the sentences of the explanation in both languages, section by
        section; ``money`` is None for a role that may not see it.

    Raises
    ------
    NotFoundError
        ``unknown_fire_point``: never issued, or not within the scope: the two look the same.
    """
    told = partial(explain_money.verdicts, run=kept_run)
    story = explain(reader, scope, fire_point_id, at=at, now=now, verdicts=told)
    found = find(reader, scope, fire_point_id)
    view = found.view
    return {
        "asked": story["asked"],
        "fire_point_id": story["fire_point_id"],
        "resolves_to": story["resolves_to"],
        "withdrawn": story["withdrawn"],
        "recorded_at": story["known"]["recorded_at"],
        **_seen(story["point"]),
        "marks": _marks(story),
        "units": _units(reader, story, view),
        "shares": _shares(story["place"]),
        "zone": _zone(reader, story["place"]["zone"], view),
        "regime": _regime(story["place"]["regime"]),
        "boundary": _boundary(story["place"]),
        "screening": _screening(story),
        "verification": _verification(reader, scope, story, found.live, view),
        "rulings": [_ruling(one) for one in story["rulings"]],
        "pending": story["pending"],
        "money": None if story["untold"] else [_money(one) for one in story["money"]],
        "duties": [_duty(one) for one in view.duties],
        "lists": [_list(one) for one in story["lists"]],
        "layers": [_layer(one) for one in story["place"]["layers"]],
        "navigate": links(view.lon, view.lat, f"火点 {story['fire_point_id']}"),
        "words": {lang: _sentences(story, lang) for lang in ("zh", "en")},
    }


def _sentences(story: Story, lang: str) -> dict[str, list[str]]:
    """Return the sentences of each section; none of money where it is not told: a map leaves the section out."""
    silent = {"money"} if story["untold"] else set()
    return {
        name: [] if name in silent else [one.rstrip() for one in told(story, lang)]
        for name, told in _SECTIONS.items()
    }


def _seen(point: Mapping[str, Any]) -> dict[str, Any]:
    names = ("fire_day", "first_seen", "last_seen", "lon", "lat", "pixels", "satellites", "sources")
    return {name: point[name] for name in (*names, "frp_mw", "confidence")}


def _marks(story: Story) -> dict[str, Any]:
    """Return whether anything the card says rests on data or rules that are not official, and on which."""
    kinds = {str(one["status"]) for one in story["place"]["layers"] if one.get("status")}
    kinds |= {status for one in story["place"]["layers"] for status in one.get("statuses", ())}
    kinds |= {one["rulebook"]["status"] for one in story["money"] if one["rulebook"]}
    informal = bool(story["point"]["informal"] or kinds - {"official"})
    return {
        "informal": informal,
        "zh": "非正式" if informal else "",
        "en": "not official" if informal else "",
        "statuses": [_word(DATA_WORDS, one) for one in sorted(kinds - {"official"})],
    }


def _word(table: dict[str, Words], code: str) -> dict[str, str]:
    said = table.get(code, Words(code, code))
    return {"code": code, "zh": said.zh, "en": said.en}


def _units(reader: Reader, story: Story, view: FirePointView) -> list[dict[str, Any]]:
    """Return the units the point lies in, wide to narrow: the province of the register, then what was assessed."""
    found = []
    register = load_register(reader).register
    of = None if view.county_code is None else register.find(view.county_code, view.fire_day)
    if of is not None:
        province = register[register.chain(of.uid, Purpose.LEGAL, view.fire_day)[-1]]
        if province.uid != of.uid:
            code, name = code_on(province, view.fire_day), province.name(view.fire_day)
            found.append({"level": "province", "code": code, "name": name})
    place = story["place"]
    found += [{"level": level, **place[level]} for level in _CHAIN if place[level] is not None]
    return [
        {**one, "level_zh": LEVEL_WORDS[str(one["level"])].zh, "level_en": LEVEL_WORDS[str(one["level"])].en}
        for one in found
    ]


def _shares(place: Mapping[str, Any]) -> dict[str, Any]:
    context = place["context"] or {}
    return {
        "county_share": place["county_share"],
        "border_distance_m": place["border_distance_m"],
        "cropland_share": place["cropland_share"],
        "counties": [
            {"code": one["code"], "name": one["name"], "share": float(one["share"])}
            for one in context.get("shares", ())
        ],
    }


def _zone(reader: Reader, zone: Mapping[str, Any] | None, view: FirePointView) -> dict[str, Any] | None:
    """Return the zone with its kind (ban, restricted …), from the sets that the assessment used; None where unknown."""
    if zone is None:
        return None
    used = [(one.get("set"), one.get("version")) for one in view.layers.get("zones", ())]
    row, head = Zone.__table__, ZoneSet.__table__
    kinds = {
        found.kind
        for found in reader.rows(
            sa.select(row.c.kind, head.c.name, head.c.version)
            .join(head, head.c.id == row.c.set_id)
            .where(row.c.code == zone["code"], row.c.name == zone["name"], reader.known(ZoneSet))
        )
        if (found.name, found.version) in used
    }
    return {**zone, "kind": kinds.pop() if len(kinds) == 1 else None}


def _regime(regime: Mapping[str, str]) -> dict[str, str]:
    said = REGIME_WORDS.get(regime["code"], Words(regime["code"], regime["code"]))
    return {**regime, "title_zh": said.zh, "title_en": said.en}


def _boundary(place: Mapping[str, Any]) -> dict[str, Any]:
    levels = sorted(level for level, doubt in place["boundary_case"].items() if doubt)
    return {"doubtful": bool(levels), "levels": [_word(LEVEL_WORDS, one) for one in levels]}


def _screening(story: Story) -> dict[str, Any]:
    """Return the screening with its reasons in words, the evidence of each included."""
    code = story["screening"]["screen"]
    lines = {lang: list(explain_facts.screening(story, lang))[1:] for lang in ("zh", "en")}
    return {
        **_word(SCREEN_WORDS, code),
        "reasons": [
            {"code": one.get("code"), "flag": bool(one.get("flag")), "zh": zh, "en": en}
            for one, zh, en in zip(story["screening"]["reasons"], lines["zh"], lines["en"], strict=True)
        ],
    }


def _verification(
    reader: Reader, scope: Scope, story: Story, live: str | None, view: FirePointView
) -> dict[str, Any]:
    told = story["verification"]
    reports = may(scope, Permission.VERIFY) and live is not None
    return {
        **_word(STATUS_WORDS, view.status),
        "contradicted": told["contradicted"],
        "area_mu": told["area_mu"],
        "published_at": told["published_at"],
        "due": None if told["records"] or live is None else explain_money.earliest_due(reader, live, view),
        "levels": _levels(reader, scope) if reports else [],
        "records": [
            {
                **{name: one[name] for name in ("finding", "level", "found_at", "recorded_at", "person")},
                **{name: one[name] for name in ("note", "area_mu", "source_kind")},
                "evidence": one["evidence_sha256"] is not None,
                "decides": one["id"] == told["deciding"],
            }
            for one in told["records"]
        ],
    }


def _levels(reader: Reader, scope: Scope) -> list[str]:
    """Return the levels at which the reader may record, the reader's own first."""
    unit = None if scope.unit_uid is None else load_register(reader).register[scope.unit_uid].level
    return list(reversed(LEVELS[: LEVELS.index(highest_level(scope, unit)) + 1]))


def _ruling(one: Mapping[str, Any]) -> dict[str, Any]:
    return {name: one[name] for name in ("kind", "value", "reason", "actor", "at", "in_force")}


def _money(one: Mapping[str, Any]) -> dict[str, Any]:
    charge, book = one.get("charge") or {}, one["rulebook"]
    names = ("clause", "amount", "ordinal", "payer", "payer_name")
    return {
        "rulebook": None
        if book is None
        else {name: book[name] for name in ("id", "title", "status", "informal")},
        "season": one["season"],
        "state": one["state"],
        "zh": one["zh"],
        "en": one["en"],
        **{name: charge.get(name) for name in names},
        "held": [
            {name: held[name] for name in ("reason", "zh", "en", "at_stake")} for held in one.get("held", ())
        ],
    }


def _duty(holder: Any) -> dict[str, Any]:
    return {
        "role": holder.role,
        "role_zh": ROLE_WORDS.get(holder.role, ROLE_WORDS["other"]).zh,
        "role_en": ROLE_WORDS.get(holder.role, ROLE_WORDS["other"]).en,
        "title": holder.title,
        "person": holder.person,
        "phone": holder.phone,
    }


def _list(one: Mapping[str, Any]) -> dict[str, Any]:
    names = ("unit", "unit_name", "number", "fire_day", "published_at", "listed", "change")
    return {name: one[name] for name in names}


def _layer(one: Mapping[str, Any]) -> dict[str, Any]:
    statuses = [one["status"]] if one.get("status") else list(one.get("statuses", ()))
    return {
        "layer": one["layer"],
        "name": one.get("set") or one.get("name"),
        "version": None if one.get("version") is None else str(one["version"]),
        "statuses": [_word(STATUS_OF_DATA, str(status)) for status in statuses],
        "informal": any(status != "official" for status in statuses),
    }
