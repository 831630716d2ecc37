"""Rulings: a person's decision on a fire point, written once."""

from __future__ import annotations

import contextlib
import datetime as dt
from typing import Any

from fastapi import APIRouter

from gis.errors import BusyError
from service.api.queries import RulingBody
from service.api.writing import Record, WritingOf

router = APIRouter(tags=["rulings"])


@router.post("/rulings", status_code=201)
def rule(body: RulingBody, writing: WritingOf) -> dict[str, Any]:
    """Record a ruling of the token's holder; the same key and body again gives the same answer and writes nothing."""
    from service.pipeline.assess import assess
    from service.pipeline.rulings import APPLIED_KINDS
    from service.pipeline.rulings import rule as decide

    store, actor = writing.store, writing.scope.actor
    asked = body.model_dump(mode="json")

    def decided(record: Record) -> dict[str, Any]:
        done = decide(store, **asked, actor=actor, scope=writing.scope, also=record)
        if done["kind"] in APPLIED_KINDS:
            day = dt.date.fromisoformat(done["fire_day"])
            # The ruling stands. Where an ingest or another assessment holds the store, the next assessment applies it.
            with contextlib.suppress(BusyError):
                assess(store, actor=actor, start=day, end=day)
        return done

    return writing.once("rulings", asked, "ruling", decided)
