"""A rulebook: the accountability rule of a jurisdiction as dated data (domain section 10)."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from service.accountability.clauses import Clause, LadderCharge, OrdinalCharge, Payer
from service.accountability.measures import (
    Deposit,
    Escalation,
    Exemption,
    Objection,
    Reward,
    Score,
    ShareEscalation,
)
from service.accountability.windows import Validity, Window, season_of, season_start
from service.accountability.words import (
    LEVELS,
    Confidence,
    Count,
    Evidence,
    Finding,
    Ident,
    Level,
    Match,
    MonthDay,
    Number,
    Part,
    Regime,
    State,
    Status,
    Word,
    Zone,
    wrong,
)


class Jurisdiction(Part):
    """Whose rule it is."""

    code: Annotated[Word, Field(pattern=r"^[0-9]{2,12}$")]
    level: Level
    name: Word


class Source(Part):
    """Where the rule, or a part of it, was read, and how far that can be relied on."""

    title: Word
    confidence: Confidence
    url: Word | None = None
    says: Word | None = None


class Place(Part):
    """A zone under a regime that counts; `any` asks for neither. Within a plan it counts only where said."""

    regime: Regime | Literal["any"]
    zones: Annotated[tuple[Zone | Literal["any"], ...], Field(min_length=1)]
    within_plan: Literal["exempt", "counts"] = "exempt"


class Weight(Part):
    """Shape 12: what a finding weighs in money; 1 where none is said."""

    finding: Finding
    weight: Number


class Verification(Part):
    """How long verification may take, what silence means, and who reviews a payer's own denial."""

    deadline_hours: Count | None
    overdue: Literal["waits", "counts"]
    denial_review: Level


class Counts(Part):
    """What counts."""

    findings: Annotated[tuple[Finding, ...], Field(min_length=1)]
    evidence: Annotated[tuple[Evidence, ...], Field(min_length=1)]
    places: Annotated[tuple[Place, ...], Field(min_length=1)]
    unit: Literal["fire_point", "pixel"]
    border_tie: Literal["centre", "any_pixel", "largest_share"]
    state: State = "confirmed"
    outside_windows: Literal["not_counted", "as_later"] = "not_counted"
    weights: tuple[Weight, ...] = ()
    verification: Verification

    @model_validator(mode="after")
    def _weights_once(self) -> Counts:
        seen: set[str] = set()
        for index, one in enumerate(self.weights):
            if one.finding in seen:
                wrong(
                    "twice",
                    f"{one.finding} 出现两次",
                    f"{one.finding} stands twice",
                    "weights",
                    index,
                    "finding",
                )
            if one.finding not in self.findings:
                wrong(
                    "not_counted",
                    f"{one.finding} 不在 findings 中",
                    f"{one.finding} is not among findings",
                    "weights",
                    index,
                    "finding",
                )
            seen.add(one.finding)
        return self


_SINCE = ("scores",)


class Rulebook(Part):
    """The whole rule; see ``docs/rulebooks.md``."""

    format: Literal[1]
    id: Ident
    jurisdiction: Jurisdiction
    title: Word
    number: Word | None
    status: Status
    confidence: Confidence
    sources: Annotated[tuple[Source, ...], Field(min_length=1)]
    note: Word | None = None
    validity: Validity
    windows: Annotated[tuple[Window, ...], Field(min_length=1)]
    season_starts: MonthDay | None = None
    counts: Counts
    payer: Payer | None = None
    charges: tuple[Clause, ...] = ()
    escalations: tuple[Escalation, ...] = ()
    rewards: tuple[Reward, ...] = ()
    scores: tuple[Score, ...] = ()
    deposit: Deposit | None = None
    exemptions: tuple[Exemption, ...] = ()
    objection: Objection | None = None

    @model_validator(mode="after")
    def _coherent(self) -> Rulebook:
        _require_names_once(self)
        _require_known_windows(self)
        _require_known_escalations(self)
        if self.charges and self.payer is None:
            wrong("missing", "有扣款条款时必须写明付款方", "charges need a payer", "payer")
        if not (self.charges or self.escalations or self.rewards or self.scores):
            wrong(
                "does_nothing",
                "没有扣款、追责、奖励或评分",
                "it has no charge, escalation, reward or score",
                "charges",
            )
        if self.counts.outside_windows == "as_later" and not all(
            isinstance(one, OrdinalCharge) for one in self.charges
        ):
            wrong(
                "bad_outside",
                "as_later 只适用于按次序扣款",
                "as_later needs charges by ordinal",
                "counts",
                "outside_windows",
            )
        _require_reachable(self)
        return self

    @property
    def informal(self) -> bool:
        """Whether all that uses it must say 非正式."""
        return self.status != "official"

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 of the canonical form."""
        return hashlib.sha256(canonical(self.canonical())).hexdigest()

    def canonical(self) -> dict[str, Any]:
        """Return the content as plain data that reads back to the same rulebook: numbers as text, money in yuan."""
        found: dict[str, Any] = self.model_dump(mode="json", by_alias=True)
        for (
            name
        ) in _SINCE:  # a part that the format gained later must not change the hash of those without it
            if not found[name]:
                del found[name]
        return found

    def season(self, day: dt.date) -> str:
        """Return the label of the season of a Beijing date."""
        return season_of(day, self.season_begins)

    @cached_property
    def season_begins(self) -> str:
        """The month-day on which a season begins: as said, else the start of the first yearly window."""
        return self.season_starts or season_start(self.windows)

    def period(self, reset: str, day: dt.date) -> str:
        """Return the label of the stretch in which ordinals run on."""
        if reset == "season":
            return self.season(day)
        return str(day.year) if reset == "year" else "ever"


_CANONICAL = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def canonical(value: Any) -> bytes:
    """Return canonical JSON of plain data without floats: sorted keys, no spaces, UTF-8."""
    return _CANONICAL.encode(value).encode("utf-8")


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a rulebook file."""
    schema = Rulebook.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _require_names_once(book: Rulebook) -> None:
    for part, key in (
        ("windows", "name"),
        ("escalations", "id"),
        ("rewards", "id"),
        ("scores", "id"),
        ("exemptions", "reason"),
    ):
        seen: set[str] = set()
        for index, one in enumerate(getattr(book, part)):
            name = getattr(one, key)
            if name in seen:
                wrong("twice", f"{name} 出现两次", f"{name} stands twice", part, index, key)
            seen.add(name)


def matches(book: Rulebook) -> list[tuple[tuple[str | int, ...], Match | None]]:
    """Return every condition of charges, escalations and scores with its path in the file."""
    found: list[tuple[tuple[str | int, ...], Match | None]] = []
    for index, one in enumerate(book.charges):
        found.append((("charges", index, "when"), one.when))
        rates = one.rates if one.kind == "percent" else ()
        found += [(("charges", index, "rates", n, "when"), rate.when) for n, rate in enumerate(rates)]
    found += [(("escalations", index, "when"), one.when) for index, one in enumerate(book.escalations)]
    for index, score in enumerate(book.scores):
        found += [
            (("scores", index, "items", n, "when"), item.when)
            for n, item in enumerate(score.items)
            if item.kind == "fires"
        ]
    return found


def _require_known_windows(book: Rulebook) -> None:
    names = {one.name for one in book.windows}
    for path, match in matches(book):
        for index, name in enumerate((match.windows or ()) if match else ()):
            if name not in names:
                wrong(
                    "unknown_window",
                    f"没有名为 {name} 的时段",
                    f"no window is called {name}",
                    *path,
                    "windows",
                    index,
                )


def _require_known_escalations(book: Rulebook) -> None:
    levels = {one.id: one.level for one in book.escalations if one.kind in {"count", "window_count"}}
    for index, one in enumerate(book.escalations):
        if not isinstance(one, ShareEscalation):
            continue
        below = levels.get(one.of)
        if below is None or LEVELS.index(below) <= LEVELS.index(one.level):
            wrong(
                "unknown_escalation",
                f"{one.of} 不是更低一级的 count 或 window_count 追责",
                f"{one.of} is no escalation by count of a lower level",
                "escalations",
                index,
                "of",
            )


def _require_reachable(book: Rulebook) -> None:
    """Refuse an order by an instant that the billed state does not have, and a clause behind one for all."""
    for index, one in enumerate(book.charges):
        if index and book.charges[index - 1].when is None:
            wrong(
                "never_reached",
                "前一条款没有条件，本条款永远用不到",
                "the clause before it is for every fire point; this one is never reached",
                "charges",
                index,
            )
        if not isinstance(one, OrdinalCharge | LadderCharge):
            continue
        if one.order.basis == "publication" and book.counts.state != "publicised":
            wrong(
                "bad_basis",
                "按公布先后排序时，计费状态必须为 publicised",
                "order by publication needs the state publicised",
                "charges",
                index,
                "order",
                "basis",
            )
        if one.order.basis == "confirmation" and book.counts.state == "listed":
            wrong(
                "bad_basis",
                "按核实先后排序时，计费状态不能为 listed",
                "order by confirmation needs the state confirmed or publicised",
                "charges",
                index,
                "order",
                "basis",
            )
