"""Parameters and bodies of the routes of statements and objections."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from service.api.queries import Name as Payer
from service.api.queries import Parameters, ReadParameters

Season = Annotated[str, Field(pattern=r"^[12][0-9]{3}(-[12][0-9]{3})?$", description="2023-2024, or 2017")]
Number = Annotated[int, Field(ge=1, le=1_000_000)]
Name = Annotated[str, Field(min_length=1, max_length=64)]
Words = Annotated[str, Field(min_length=4, max_length=2000)]
Sha = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
ObjectionState = Literal["open", "upheld", "rejected", "partly", "unanswered", "lapsed", "withdrawn"]


class StatementsParameters(ReadParameters):
    """Which statements are listed."""

    season: Season | None = None
    payer: Payer | None = None


class StatementParameters(ReadParameters):
    """One issued statement; the newest one without a number."""

    season: Season
    payer: Payer
    number: Number | None = None
    format: Literal["json", "document", "pdf", "xlsx"] = "json"


class RollParameters(ReadParameters):
    """The finance list of a season."""

    season: Season
    format: Literal["json", "pdf", "xlsx"] = "json"


class VerifyParameters(Parameters):
    """A hash as printed on a statement."""

    sha256: Sha


class ObjectionsParameters(ReadParameters):
    """Which objections are listed."""

    season: Season | None = None
    payer: Payer | None = None
    state: ObjectionState | None = None


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class IssueBody(_Body):
    """A statement to be issued."""

    payer: Payer
    season: Season
    rulebook: Name | None = None
    sample: bool = False
    preparer: Name | None = None
    reviewer: Name | None = None
    approver: Name | None = None


class FinalBody(_Body):
    """A statement to be declared final."""

    payer: Payer
    season: Season
    number: Number | None = None
    note: Annotated[str, Field(max_length=2000)] | None = None


class ObjectionBody(_Body):
    """An objection to one line of a statement."""

    payer: Payer
    season: Season
    number: Number | None = None
    fire_point_id: Name
    grounds: Words
    evidence_sha256: Sha | None = None
    late: Words | None = None


class AnswerBody(_Body):
    """The answer to an objection."""

    outcome: Literal["upheld", "rejected", "partly"]
    reason: Words
    evidence_sha256: Sha | None = None


class WithdrawBody(_Body):
    """A withdrawal."""

    reason: Annotated[str, Field(min_length=1, max_length=2000)] = "撤回"


class AppealBody(_Body):
    """An appeal against an answer."""

    grounds: Words
    evidence_sha256: Sha | None = None
