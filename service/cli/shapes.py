"""What the models of answers share: closed and open models, the status of data, a step of a ladder."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

Status = Literal["official", "reference", "sample", "synthetic"]


class Closed(BaseModel):
    """A model that names everything an answer carries."""

    model_config = ConfigDict(extra="forbid")


class Open(BaseModel):
    """A model that names the certain part and allows the rest."""

    model_config = ConfigDict(extra="allow")


class Escalation(Closed):
    """A step of a ladder that a unit reached."""

    id: str
    clause: str
    kind: str
    level: str
    unit: str
    period: str
    count: int
    zh: str
    en: str
