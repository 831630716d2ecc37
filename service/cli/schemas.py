"""The shape of what ``--json`` answers: models of the contract, and `huodian schemas`, which exports them.

The models say what a reader may rely on; a test validates real answers of both homes against them. Where an answer
carries more (the report of a boundary check), the model names the certain part and allows the rest.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from pydantic import BaseModel, ConfigDict, Field, create_model

from service.cli import charge_schemas, explain_schemas, screen_schemas, standing_schemas, statement_schemas
from service.cli.shapes import Closed, Open


class IngestFile(Closed):
    """One file of `ingest`; read = accepted + duplicate + outside + rejected."""

    path: str
    feed: str | None
    read: int
    accepted: int
    duplicate: int
    outside: int
    superseded: int
    rejected: int
    refused: str | None
    message_zh: str | None
    message_en: str | None
    known: bool


class IngestTotals(Closed):
    """Sums over all files; `refused` counts files."""

    read: int
    accepted: int
    duplicate: int
    outside: int
    superseded: int
    rejected: int
    refused: int


class Ingest(Closed):
    """Answer of `ingest`."""

    files: list[IngestFile]
    totals: IngestTotals


class Assess(Closed):
    """Answer of `assess`."""

    days: int
    redone: list[str]
    fire_points: int
    pixels: int
    begun: int
    ended: int
    merged: int
    withdrawn: int
    informal: bool


class Ruling(Closed):
    """Answer of `rule`."""

    ruling_id: int
    fire_point_id: str
    kind: Literal["unit", "zone", "screen", "duplicate", "order", "exempt", "payer", "distinct"]
    value: str
    revision: int
    supersedes: int | None
    fire_day: str


class RuledTable(Closed):
    """Answer of `rule --file`; read = accepted + repeated + rejected."""

    file: str
    sha256: str
    read: int
    accepted: int
    repeated: int
    rejected: int
    problems: list[standing_schemas.RowProblem]
    overruled: list[int]
    unknown_codes: list[int]
    fire_points: list[str]
    days: list[str]
    revision: int | None
    unchanged: bool


class Verified(Closed):
    """Answer of `verify` on one fire point: the record, and how the point stands with it."""

    verification_id: int
    fire_point_id: str
    fire_day: str
    finding: str
    level: Literal["local", "city", "province"]
    found_at: str
    person: str
    area_mu: str | None
    source_kind: str | None
    evidence_sha256: str | None
    evidence_archived: bool | None
    repeated: bool
    status: Literal["unverified", "confirmed", "denied", "denial_unreviewed", "unreachable"]
    contradicted: bool
    revision: int | None


class VerificationProblem(Closed):
    """One row of a table of findings that was not taken."""

    line: int
    column: str
    value: str
    reason: str
    message_zh: str
    message_en: str


class VerifiedTable(Closed):
    """Answer of `verify --file`; read = accepted + repeated + rejected."""

    file: str
    sha256: str
    read: int
    accepted: int
    repeated: int
    rejected: int
    problems: list[VerificationProblem]
    fire_points: list[str]
    revision: int | None
    unchanged: bool


class Publicised(Closed):
    """Answer of `publicise`: which points the notice made public, which it had named before."""

    notice: str
    published_at: str
    published: list[str]
    repeated: list[str]
    revision: int | None


class PendingCase(Closed):
    """One case of `pending`."""

    fire_point_id: str
    fire_day: str
    first_seen: str
    what: str
    zh: str
    en: str
    lon: float
    lat: float
    county_code: str | None
    county: str | None
    township: str | None
    county_share: float | None
    border_distance_m: float | None
    candidates: list[str]
    settled_by: str
    due: str | None
    at_stake: str | None


class RejectedRow(Closed):
    """One row of `rejected`."""

    file: str
    sha256: str
    line: int
    column: str
    value: str
    reason: str
    message_zh: str
    message_en: str
    raw: str


class FireListRow(Closed):
    """One row of `firelist` (DESIGN section 6)."""

    fire_point_id: str
    change: Literal["new", "changed", "withdrawn"] | None
    first_seen: str
    last_seen: str
    satellites: list[str]
    pixels: int
    lon: float
    lat: float
    county_code: str | None
    county: str | None
    township_code: str | None
    township: str | None
    grid_code: str | None
    grid: str | None
    duty: list[str]
    zone: str | None
    regime: str
    boundary_case: dict[str, bool]
    county_share: float | None
    cropland_share: float | None
    confidence: str
    frp_mw: float | None
    screen: str
    status: str


class FireListFeed(Closed):
    """One feed of the statistical day."""

    satellite: str
    state: Literal["arrived", "missing"]
    first_seen: str | None
    last_seen: str | None
    files: int


class FireListCounts(Closed):
    """Pixels beside fire points, always."""

    pixels: int
    fire_points: int
    listed: int
    listed_pixels: int
    left_out: dict[str, int]


class FireList(Closed):
    """Answer of `firelist`."""

    fire_day: str
    cut: str
    issue: int | None
    feeds: list[FireListFeed]
    counts: FireListCounts
    status: str
    rows: list[FireListRow]
    header: dict[str, Any]
    left_out: list[FireListRow]


class Init(Open):
    """Answer of `init`."""

    migrated: bool
    changed: bool
    clustering: str
    screening: str


class RulebookLine(Closed):
    """One rulebook of `rulebooks`."""

    id: str
    jurisdiction: str
    title: str
    number: str | None
    status: Literal["official", "reference", "sample", "synthetic"]
    confidence: str
    valid_from: str
    valid_to: str | None
    kinds: list[str]
    hash: str
    origin: Literal["loaded", "shipped", "file"]
    version: int | None
    withdrawn: bool


class RulebookProblem(Closed):
    """One thing wrong with a rulebook file."""

    line: int
    field: str
    code: str
    zh: str
    en: str


class RulebookCheck(Closed):
    """Answer of `rulebooks check`: what the file is, or all that is wrong with it."""

    file: str
    ok: bool
    rulebook: RulebookLine | None
    problems: list[RulebookProblem]


class RulebookShow(Closed):
    """Answer of `rulebooks show`."""

    hash: str
    informal: bool
    rulebook: dict[str, Any]


class MapOfStatement(Closed):
    """The map of a statement, written to a file; amounts in yuan."""

    path: str
    bytes: int
    payer: str
    season: str
    number: int
    status: str
    mark: str
    sha256: str
    net: str
    lines: int


class Tiles(Closed):
    """Answer of `tiles`: the PMTiles file and what is in it; `distinct` of its tiles are stored."""

    path: str
    bytes: int
    layer: str
    features: int
    tiles: int
    distinct: int
    min_zoom: int
    max_zoom: int
    bounds: tuple[float, float, float, float]


class Error(Open):
    """What was refused: a stable code, and the sentence in both languages."""

    code: str
    zh: str
    en: str


ANSWERS: dict[str, Any] = {
    "init": Init,
    "ingest": Ingest,
    "assess": Assess,
    "rule": Ruling,
    "rule.file": RuledTable,
    "verify": Verified,
    "verify.file": VerifiedTable,
    "publicise": Publicised,
    "pending": list[PendingCase],
    "rejected": list[RejectedRow],
    "firelist": FireList,
    "rulebooks": list[RulebookLine],
    "rulebooks.check": RulebookCheck,
    "rulebooks.show": RulebookShow,
    "tiles": Tiles,
    "map.statement": MapOfStatement,
    **charge_schemas.ANSWERS,
    **statement_schemas.ANSWERS,
    **explain_schemas.ANSWERS,
    **standing_schemas.ANSWERS,
    **screen_schemas.ANSWERS,
}
"""Model of `data` by the name of the answer's schema."""


def envelope(name: str) -> type[BaseModel]:
    """Return the model of a whole document: ``{schema, as_of, data, warnings}``."""
    fields: dict[str, Any] = {
        "schema_": (Literal[name], Field(alias="schema")),
        "as_of": (str | int, ...),
        "data": (ANSWERS[name], ...),
        "warnings": (list[Any], ...),
    }
    config = ConfigDict(extra="forbid")
    return create_model(f"{name.capitalize()}Answer", __config__=config, **fields)


def register(app: typer.Typer) -> None:
    """Add the command to the root."""
    app.command()(schemas)


def schemas(
    ctx: typer.Context,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Folder for one file each / 输出目录")
    ] = None,
) -> None:
    """Export the JSON Schemas of the answers that --json gives / 导出 JSON Schema."""
    del ctx
    documents = {name: envelope(name).model_json_schema() for name in ANSWERS}
    documents["error"] = Error.model_json_schema()
    if output is None:
        typer.echo(json.dumps(documents, ensure_ascii=False, indent=2))
        return
    output.mkdir(parents=True, exist_ok=True)
    for name, document in documents.items():
        text = json.dumps(document, ensure_ascii=False, indent=2) + "\n"
        (output / f"{name}.schema.json").write_text(text, encoding="utf-8")
