"""Objections: list them, file, answer, withdraw and appeal, each written once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel

from service.api.deps import ContextOf, ScopeOf, envelope
from service.api.statement_queries import (
    AnswerBody,
    AppealBody,
    ObjectionBody,
    ObjectionsParameters,
    WithdrawBody,
)
from service.api.writing import Writing, WritingOf

router = APIRouter(tags=["objections"])
_SCHEMA = "objection"


@router.get("/objections")
def objections(
    context: ContextOf, scope: ScopeOf, query: Annotated[ObjectionsParameters, Query()]
) -> dict[str, Any]:
    """Objections to statements within the scope, with state and deadline."""
    from service.billing.objections import list_cases

    with context.open_store().reader(query.as_of) as reader:
        data = list_cases(reader, scope, payer=query.payer, season=query.season, state=query.state)
        return envelope("objection.list", data, reader=reader, as_of=query.as_of)


@router.post("/objections", status_code=201)
def file(body: ObjectionBody, writing: WritingOf) -> dict[str, Any]:
    """Object to one line of an issued statement, for the payer."""
    from service.billing.objections import file as run

    asked, scope = body.model_dump(mode="json"), writing.scope
    return writing.once(
        "objections",
        asked,
        _SCHEMA,
        lambda record: run(writing.store, scope, actor=scope.actor, also=record, **asked),
    )


@router.post("/objections/{objection_id}/answer", status_code=201)
def answer(objection_id: int, body: AnswerBody, writing: WritingOf) -> dict[str, Any]:
    """Answer an open objection; never by the payer or whoever is under it."""
    from service.billing.objections import answer as run

    return _step(writing, run, "answer", objection_id, body)


@router.post("/objections/{objection_id}/withdraw", status_code=201)
def withdraw(objection_id: int, body: WithdrawBody, writing: WritingOf) -> dict[str, Any]:
    """Withdraw an open objection, by whoever filed it."""
    from service.billing.objections import withdraw as run

    return _step(writing, run, "withdraw", objection_id, body)


@router.post("/objections/{objection_id}/appeal", status_code=201)
def appeal(objection_id: int, body: AppealBody, writing: WritingOf) -> dict[str, Any]:
    """Take an answered objection to the next instance."""
    from service.billing.objections import appeal as run

    return _step(writing, run, "appeal", objection_id, body)


def _step(
    writing: Writing, run: Callable[..., dict[str, Any]], name: str, objection_id: int, body: BaseModel
) -> dict[str, Any]:
    """Take one objection a step further, with what the body says."""
    asked, scope = body.model_dump(mode="json"), writing.scope
    return writing.once(
        f"objections.{name}",
        {"objection": objection_id, **asked},
        _SCHEMA,
        lambda record: run(writing.store, scope, objection_id, actor=scope.actor, also=record, **asked),
    )
