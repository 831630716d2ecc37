"""Statements: list, read and issue them, declare them final; the finance list; whether a printed hash was issued."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from service.api.deps import ContextOf, ScopeOf, envelope
from service.api.files import PDF, XLSX, also_files
from service.api.statement_queries import (
    FinalBody,
    IssueBody,
    RollParameters,
    StatementParameters,
    StatementsParameters,
    VerifyParameters,
)
from service.api.writing import WritingOf

router = APIRouter(tags=["statements"])

_MEDIA = {
    "pdf": PDF,
    "xlsx": XLSX,
    "document": "application/json",
}


@router.get("/statements")
def statements(
    context: ContextOf, scope: ScopeOf, query: Annotated[StatementsParameters, Query()]
) -> dict[str, Any]:
    """Issued statements with their state, by payer, season and number."""
    from service.billing.issued import list_statements

    with context.open_store().reader(query.as_of) as reader:
        data = list_statements(reader, scope, season=query.season, payer=query.payer)
        return envelope("statement.list", data, reader=reader, as_of=query.as_of)


@router.get("/statements/one", response_model=None, responses=also_files(PDF, XLSX))
def statement(
    context: ContextOf, scope: ScopeOf, query: Annotated[StatementParameters, Query()]
) -> dict[str, Any] | Response:
    """One issued statement with its state; ``format=document`` gives the frozen bytes that the hash is of."""
    from service.billing.chain import canonical_bytes
    from service.billing.issued import show_statement

    with context.open_store().reader(query.as_of) as reader:
        data = show_statement(reader, scope, query.payer, query.season, query.number)
        if query.format == "json":
            return envelope("statement.show", data, reader=reader, as_of=query.as_of)
    document = data["document"]
    if query.format == "pdf":
        from service.documents.statement_pdf import statement_pdf

        content = statement_pdf(document)
    elif query.format == "xlsx":
        from service.documents.statement_xlsx import statement_xlsx

        content = statement_xlsx(document)
    else:
        content = canonical_bytes(document)
    suffix = "json" if query.format == "document" else query.format
    name = f"statement-{data['payer']}-{data['season']}-{data['number']}.{suffix}"
    return _file(content, query.format, name)


@router.get("/statements/verified")
def verified(
    context: ContextOf, scope: ScopeOf, query: Annotated[VerifyParameters, Query()]
) -> dict[str, Any]:
    """Whether a printed hash was issued here, and whether what stands behind it still holds."""
    from service.billing.audit import verify

    store = context.open_store()
    data = verify(store, scope, sha=query.sha256)
    with store.reader() as reader:
        return envelope("statement.verify", data, reader=reader)


@router.get("/roll", response_model=None, responses=also_files(PDF, XLSX))
def roll(
    context: ContextOf, scope: ScopeOf, query: Annotated[RollParameters, Query()]
) -> dict[str, Any] | Response:
    """Return the finance list of a season (扣拨清单), made of issued statements."""
    from service.billing.roll import roll as run

    with context.open_store().reader(query.as_of) as reader:
        data = run(reader, scope, query.season)
        if query.format == "json":
            return envelope("charge.roll", data, reader=reader, as_of=query.as_of)
    if query.format == "pdf":
        from service.documents.roll_pdf import roll_pdf

        content = roll_pdf(data)
    else:
        from service.documents.roll_xlsx import roll_xlsx

        content = roll_xlsx(data)
    return _file(content, query.format, f"roll-{query.season}.{query.format}")


@router.post("/statements", status_code=201)
def issue(body: IssueBody, writing: WritingOf) -> dict[str, Any]:
    """Issue the next statement of a payer and season."""
    from service.billing.issue import Wanted
    from service.billing.issue import issue as run

    people = {"preparer": body.preparer, "reviewer": body.reviewer, "approver": body.approver}
    approval = writing.context.settings.map_approval
    wanted = Wanted(body.payer, body.season, body.rulebook, None, body.sample, people, approval)
    scope = writing.scope
    return writing.once(
        "statements",
        body.model_dump(mode="json"),
        "statement",
        lambda record: run(
            writing.store,
            scope,
            wanted,
            actor=scope.actor,
            also=lambda writer, made: record(writer, made.as_dict()),
        ).as_dict(),
    )


@router.post("/statements/final", status_code=201)
def final(body: FinalBody, writing: WritingOf) -> dict[str, Any]:
    """Declare an issued statement final, once nothing about it is open any more."""
    from service.billing.issue import finalise

    asked, scope = body.model_dump(mode="json"), writing.scope
    return writing.once(
        "statements.final",
        asked,
        "statement.final",
        lambda record: finalise(writing.store, scope, actor=scope.actor, also=record, **asked),
    )


def _file(content: bytes, form: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=_MEDIA[form], headers=headers)
