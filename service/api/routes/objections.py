"""Objections: list them, file, answer, withdraw and appeal, each written once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Response

from service.api.deps import Context, ContextOf, ScopeOf, envelope
from service.api.queries import Key, NoParameters
from service.api.statement_queries import (
    AnswerBody,
    AppealBody,
    ObjectionBody,
    ObjectionsParameters,
    WithdrawBody,
)
from service.api.writing import Record, write_once
from service.scope import Scope

router = APIRouter(tags=["objections"])


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
def file(
    body: ObjectionBody,
    response: Response,
    context: ContextOf,
    scope: ScopeOf,
    idempotency_key: Annotated[Key, Header()],
    _query: Annotated[NoParameters, Query()],
) -> dict[str, Any]:
    """Object to one line of an issued statement, for the payer."""
    from service.billing.objections import file as run

    asked = body.model_dump(mode="json")
    store = context.open_store()
    return _once(
        context,
        scope,
        idempotency_key,
        "objections",
        asked,
        response,
        lambda record: run(store, scope, actor=scope.actor, also=record, **asked),
    )


@router.post("/objections/{objection_id}/answer", status_code=201)
def answer(
    objection_id: int,
    body: AnswerBody,
    response: Response,
    context: ContextOf,
    scope: ScopeOf,
    idempotency_key: Annotated[Key, Header()],
    _query: Annotated[NoParameters, Query()],
) -> dict[str, Any]:
    """Answer an open objection; never by the payer or whoever is under it."""
    from service.billing.objections import answer as run

    asked = body.model_dump(mode="json")
    store = context.open_store()
    return _once(
        context,
        scope,
        idempotency_key,
        "objections.answer",
        {"objection": objection_id, **asked},
        response,
        lambda record: run(store, scope, objection_id, actor=scope.actor, also=record, **asked),
    )


@router.post("/objections/{objection_id}/withdraw", status_code=201)
def withdraw(
    objection_id: int,
    body: WithdrawBody,
    response: Response,
    context: ContextOf,
    scope: ScopeOf,
    idempotency_key: Annotated[Key, Header()],
    _query: Annotated[NoParameters, Query()],
) -> dict[str, Any]:
    """Withdraw an open objection, by whoever filed it."""
    from service.billing.objections import withdraw as run

    asked = body.model_dump(mode="json")
    store = context.open_store()
    return _once(
        context,
        scope,
        idempotency_key,
        "objections.withdraw",
        {"objection": objection_id, **asked},
        response,
        lambda record: run(store, scope, objection_id, actor=scope.actor, also=record, **asked),
    )


@router.post("/objections/{objection_id}/appeal", status_code=201)
def appeal(
    objection_id: int,
    body: AppealBody,
    response: Response,
    context: ContextOf,
    scope: ScopeOf,
    idempotency_key: Annotated[Key, Header()],
    _query: Annotated[NoParameters, Query()],
) -> dict[str, Any]:
    """Take an answered objection to the next instance."""
    from service.billing.objections import appeal as run

    asked = body.model_dump(mode="json")
    store = context.open_store()
    return _once(
        context,
        scope,
        idempotency_key,
        "objections.appeal",
        {"objection": objection_id, **asked},
        response,
        lambda record: run(store, scope, objection_id, actor=scope.actor, also=record, **asked),
    )


def _once(
    context: Context,
    scope: Scope,
    key: str,
    operation: str,
    asked: Any,
    response: Response,
    write: Callable[[Record], dict[str, Any]],
) -> dict[str, Any]:
    return write_once(
        context,
        scope,
        key,
        operation=operation,
        asked=asked,
        schema="objection",
        response=response,
        write=write,
    )
