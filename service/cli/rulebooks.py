"""``huodian rulebooks``: the rules there are, what is wrong with a file by line, and the format's schema.

None of it opens a store: a rule can be checked on any machine.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli.session import Session

if TYPE_CHECKING:
    from service.accountability.rulebook import Rulebook

rulebooks_app = typer.Typer(help="Rulebooks: list, check, show / 规则：列出、检查、查看")


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.add_typer(rulebooks_app, name="rulebooks")


@rulebooks_app.callback(invoke_without_command=True)
def _bare(ctx: typer.Context) -> None:
    """List the rulebooks when nothing more is said."""
    if ctx.invoked_subcommand is None:
        _list(ctx.obj)


@rulebooks_app.command("list")
def listing(ctx: typer.Context) -> None:
    """List the rulebooks that are shipped; none is official / 列出规则(均非正式)."""
    _list(ctx.obj)


def _list(session: Session) -> None:
    with session.reporting():
        from service.rulebooks import shipped_rulebooks

        books = shipped_rulebooks()
        lines = [f"{book.id:<14} {book.status:<10} {book.jurisdiction.name} {book.title}" for book in books]
        note = session.pick(
            "以上均为样例(非正式):正式规则文本须由客户提供",
            "all of these are samples, not official: the rule in force must be supplied by the customer",
        )
        session.emit("rulebooks", [_line(book) for book in books], text="\n".join([*lines, note]))


@rulebooks_app.command("check")
def check(ctx: typer.Context, file: Annotated[Path, typer.Argument(help="YAML file / 规则文件")]) -> None:
    """Say what is wrong with a rulebook file, by line / 逐行检查规则文件."""
    session: Session = ctx.obj
    with session.reporting():
        from service.accountability.rulebook import Rulebook
        from service.rulebooks import check_rulebook

        found = check_rulebook(file)
        if isinstance(found, Rulebook):
            informal = session.pick("(非正式)", " (not official)") if found.informal else ""
            text = f"{file.name}: {found.id} {found.status}{informal} sha256 {found.content_hash}"
            data = {"file": file.name, "ok": True, "rulebook": _line(found), "problems": []}
            session.emit("rulebooks.check", data, text=text)
            return
        lines = [f"{file.name}:{one.line}: {one.field}: {session.pick(one.zh, one.en)}" for one in found]
        total = session.pick(
            f"{len(found)} 处错误，请改正后重试", f"{len(found)} error(s); correct and try again"
        )
        problems = [one.as_dict() for one in found]
        data = {"file": file.name, "ok": False, "rulebook": None, "problems": problems}
        session.emit("rulebooks.check", data, text="\n".join([*lines, total]))
        raise typer.Exit(1)


@rulebooks_app.command("show")
def show(ctx: typer.Context, name: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """Show a shipped rulebook in its canonical form / 查看规则."""
    session: Session = ctx.obj
    with session.reporting():
        from service.rulebooks import shipped_rulebook

        book = shipped_rulebook(name)
        data = {"hash": book.content_hash, "informal": book.informal, "rulebook": book.canonical()}
        session.emit("rulebooks.show", data, text=json.dumps(data, ensure_ascii=False, indent=2))


@rulebooks_app.command("schema")
def schema(ctx: typer.Context) -> None:
    """Export the JSON Schema of a rulebook file / 导出规则文件的 JSON Schema."""
    del ctx
    from service.accountability.rulebook import json_schema

    typer.echo(json.dumps(json_schema(), ensure_ascii=False, indent=2))


def _line(book: Rulebook) -> dict[str, Any]:
    parts = (*book.charges, *book.escalations, *book.rewards)
    return {
        "id": book.id,
        "jurisdiction": book.jurisdiction.name,
        "title": book.title,
        "number": book.number,
        "status": book.status,
        "confidence": book.confidence,
        "valid_from": book.validity.from_.isoformat(),
        "valid_to": book.validity.to.isoformat() if book.validity.to else None,
        "kinds": [part.kind for part in parts] + (["deposit"] if book.deposit else []),
        "hash": book.content_hash,
    }
