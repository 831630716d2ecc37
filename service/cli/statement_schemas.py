"""The shape of what `statement`, `objection` and `charge --roll` answer; see `service.cli.schemas`."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from service.cli.shapes import Closed, Status

Mark = Literal["", "非正式"]
State = Literal["issued", "objected", "final"]
ObjectionState = Literal["open", "upheld", "rejected", "partly", "unanswered", "lapsed", "withdrawn"]


class StatementPayer(Closed):
    """Who pays."""

    code: str
    name: str
    level: str
    uid: str | None


class StatementAmounts(Closed):
    """Yuan as text, 万元 and capital words; `previous_number` is the issue that the account continues."""

    previous: str
    total: str
    net: str
    total_wan: str
    net_wan: str
    total_upper: str
    net_upper: str
    previous_number: int | None


class StatementRuling(Closed):
    """A ruling in force on a line's fire point."""

    kind: str
    value: str
    reason: str


class StatementBasis(Closed):
    """SHA-256 of each stored row a line rests on."""

    states: list[str]
    verifications: list[str]
    rulings: list[str]
    pixels: list[str]


class LineObjection(Closed):
    """The newest objection to a line when the statement was made."""

    state: ObjectionState
    instance: int
    answer_due: str | None


class StatementLine(Closed):
    """One charge."""

    no: int
    fire_point_id: str
    change: Literal["new", "changed"] | None
    mark: Mark
    overpass: str
    satellite: str
    lon: str | None
    lat: str | None
    county_code: str | None
    county: str | None
    township_code: str | None
    township: str | None
    grid: str | None
    zone: str | None
    regime_zh: str | None
    regime_en: str | None
    finding: str | None
    finding_zh: str | None
    verified_level: str | None
    verified_at: str | None
    area_mu: str | None
    clause: str
    ordinal: int | None
    amount: str
    reason_zh: str
    reason_en: str
    trace: dict[str, Any]
    context: dict[str, Any] | None
    rulings: list[StatementRuling]
    objection: LineObjection | None
    objection_until: str | None
    linked: list[str]
    basis: StatementBasis


class StatementAdjustment(Closed):
    """What changed for one fire point against the statement before."""

    fire_point_id: str
    before: str
    after: str
    delta: str
    cause: str
    zh: str
    en: str
    caused_by: list[str]


class StatementHeld(Closed):
    """What waits for a person."""

    fire_point_id: str
    reason: str
    zh: str
    en: str
    at_stake: str | None


class StatementLeftOut(Closed):
    """What does not count, and why."""

    fire_point_id: str
    reason: str
    zh: str
    en: str


class StatementInstance(Closed):
    """Who answers, and within how many days."""

    level: str
    days: int


class StatementObjection(Closed):
    """How and until when to object."""

    days: int | None
    until: str | None
    suspends_payment: bool
    suspended: str
    instances: list[StatementInstance]
    zh: str
    en: str


class RulebookObjection(StatementObjection):
    """What one rulebook says of objections to its own lines."""

    rulebook: str


class StatementObjections(StatementObjection):
    """How and until when to object to the whole; `rules` where its rulebooks say different things."""

    rules: list[RulebookObjection] = Field(default=[])


class StatementDocument(BaseModel):
    """``huodian.statement/1``; `issued_at` stands in an issue only."""

    model_config = ConfigDict(extra="allow")

    kind: Literal["draft", "issue"]
    mark: Mark
    status: Status
    number: int
    season: str
    payer: StatementPayer
    collector: str
    jurisdiction: dict[str, Any] | None
    selection: dict[str, Any]
    rulebooks: list[dict[str, Any]]
    as_of: dict[str, Any]
    computed_at: str
    issued_at: str | None = None
    layers: list[dict[str, str]]
    amounts: StatementAmounts
    lines: list[StatementLine]
    adjustments: list[StatementAdjustment]
    basis: dict[str, str]
    held: list[StatementHeld]
    left_out: list[StatementLeftOut]
    objection: StatementObjections
    deposit: dict[str, str] | None
    people: dict[str, str | None]
    program: dict[str, str]
    previous: dict[str, Any] | None
    map: dict[str, Any]


class StatementMade(Closed):
    """Answer of `statement draft` (no id) and `statement issue`; the hash is of the document's RFC 8785 bytes."""

    statement_id: int | None
    sha256: str
    document: StatementDocument


class StatementSummary(Closed):
    """One statement of `statement list`."""

    statement_id: int
    payer: str
    payer_name: str
    season: str
    number: int
    status: Status
    mark: Mark
    previous: str
    total: str
    net: str
    sha256: str
    previous_sha256: str | None
    issued_at: str | None
    as_of_revision: int
    state: State
    open_objections: list[int]
    final_at: str | None


class ObjectionCase(Closed):
    """One objection of `objection list`."""

    objection_id: int
    payer: str
    payer_name: str
    season: str
    number: int
    fire_point_id: str
    instance: int
    appeals: int | None
    state: ObjectionState
    grounds: str
    evidence_sha256: str | None
    filed_at: str
    filed_by: str
    late_reason: str | None
    answer_due: str | None
    closed_at: str | None
    closed_by: str | None
    reason: str | None


class ObjectionDone(ObjectionCase):
    """Answer of `objection file|answer|withdraw|appeal`, with what has to be done next."""

    next_zh: str | None
    next_en: str | None
    revision: int


class StatementShown(StatementSummary):
    """Answer of `statement show`."""

    document: StatementDocument
    objections: list[ObjectionCase]


class StatementFinal(Closed):
    """Answer of `statement final`."""

    statement_id: int
    payer: str
    season: str
    number: int
    sha256: str
    state: Literal["final"]
    final_at: str


class Difference(Closed):
    """One thing that is not as it was issued."""

    code: str
    where: str
    expected: str
    found: str
    zh: str
    en: str


class SealedRevisions(Closed):
    """First and newest sealed revision, and the newest seal; 0 and empty where none is."""

    first: int
    last: int
    sha256: str


class StatementVerified(Closed):
    """Answer of `statement verify`."""

    ok: bool
    issued: bool
    statement: dict[str, Any] | None
    statements: int
    recomputed: bool
    programs: dict[str, str] | None
    differences: list[Difference]
    more: int
    reworded: int
    wording: list[Difference]
    revisions: SealedRevisions


class AllPayer(Closed):
    """Whose statement it is."""

    code: str
    name: str


class AllMade(Closed):
    """One payer's statement of a run; `statement_id` is null for a draft, `files` are names in the folder."""

    payer: AllPayer
    number: int
    lines: int
    held: int
    previous: str
    net: str
    total: str
    sha256: str
    statement_id: int | None
    files: list[str]


class AllLeft(Closed):
    """A payer that got none, and why; `number` is its newest statement, `files` its papers."""

    payer: AllPayer
    reason: str
    zh: str
    en: str
    number: int | None
    files: list[str]


class AllTotals(Closed):
    """Sums of the statements of a run."""

    statements: int
    left: int
    net: str
    total: str


class AllStatements(Closed):
    """Answer of `statement draft --all` and `statement issue --all`."""

    season: str
    kind: Literal["draft", "issue"]
    mark: Literal["", "非正式"]
    status: str
    as_of_revision: int
    computed_at: str
    statements: list[AllMade]
    left: list[AllLeft]
    totals: AllTotals
    folder: str | None
    roll_files: list[str]


class RollStatement(Closed):
    """One statement behind a row of the finance list."""

    number: int
    sha256: str
    net: str
    total: str
    state: State


class RollPayer(Closed):
    """Whose row it is."""

    code: str
    name: str


class RollRow(Closed):
    """One payer of the finance list: previous + new + adjustments = total; due = total - suspended."""

    payer: RollPayer
    previous: str
    new: str
    adjustments: str
    net: str
    total: str
    suspended: str
    due: str
    number: int
    sha256: str
    state: State
    statements: list[RollStatement]


class Roll(Closed):
    """Answer of `charge --roll` and `statement roll`."""

    season: str
    mark: Mark
    status: Status
    computed_at: str
    as_of_revision: int
    samples_left_out: int
    rows: list[RollRow]
    totals: dict[str, str | int]


ANSWERS: dict[str, Any] = {
    "statement.all": AllStatements,
    "statement": StatementMade,
    "statement.final": StatementFinal,
    "statement.list": list[StatementSummary],
    "statement.show": StatementShown,
    "statement.verify": StatementVerified,
    "objection": ObjectionDone,
    "objection.list": list[ObjectionCase],
    "charge.roll": Roll,
}
"""Model of `data` by the name of the answer's schema."""
