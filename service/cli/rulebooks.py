"""``huodian rulebooks``: the rules there are, what is wrong with a file by line, the format's schema, and loading them.

`check` and `schema` open no store, and neither does anything else where there is none: a rule can be checked on any
machine.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli.session import Session
from service.cli.words import status_word

if TYPE_CHECKING:
    from service.accountability.rulebook import Rulebook
    from service.billing.books import StoredBook

rulebooks_app = typer.Typer(
    help="Rulebooks: list, check, show, load, withdraw / 规则：列出、检查、查看、载入、撤回"
)


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
    """List the rulebooks that are loaded, and the shipped samples / 列出已载入的规则与样例."""
    _list(ctx.obj)


def _list(session: Session) -> None:
    with session.reporting():
        from service.rulebooks import shipped_rulebooks

        loaded = [
            _line(one.book, origin="loaded", version=one.version, withdrawn=one.withdrawn)
            for one in _stored(session)
        ]
        shipped = [_line(book) for book in shipped_rulebooks()]
        text = [_listed(session, one) for one in (*loaded, *shipped)]
        note = session.pick(
            "样例均非正式：正式规则文本须由客户提供，用 huodian rulebooks load FILE 载入",
            "no sample is official: the rule in force must be supplied by the customer and loaded with "
            "`huodian rulebooks load FILE`",
        )
        session.emit("rulebooks", [*loaded, *shipped], text="\n".join([*text, note]))


def _listed(session: Session, one: dict[str, Any]) -> str:
    if one["origin"] == "shipped":
        state = session.pick("样例", "sample")
    elif one["withdrawn"]:
        state = session.pick(f"第{one['version']}版 已撤回", f"version {one['version']}, withdrawn")
    else:
        state = session.pick(f"第{one['version']}版 已载入", f"version {one['version']}, loaded")
    status = status_word(session, one["status"])
    status = session.pick(status, f"{status:<10}")
    return f"{one['id']:<14} {status} {one['jurisdiction']} {one['title']} [{state}]"


def _stored(session: Session) -> tuple[StoredBook, ...]:
    """Return the loaded versions; none where there is no store yet."""
    from gis.errors import NotFoundError
    from service.billing.books import book_versions

    try:
        store = session.store()
    except NotFoundError:
        return ()
    with store.reader(session.as_of) as reader:
        return book_versions(reader)


@rulebooks_app.command("load")
def load(
    ctx: typer.Context,
    source: Annotated[str, typer.Argument(metavar="FILE|ID", help="YAML file, or a shipped id / 规则文件")],
) -> None:
    """Load a rulebook into the store; other content of the same id is its next version / 载入规则."""
    session: Session = ctx.obj
    with session.reporting():
        from service.billing.books import load_rulebook

        path = Path(source)
        named = path if path.is_file() or path.suffix.lower() in (".yaml", ".yml") else source
        data = load_rulebook(session.store(), named, actor=session.operator())
        done = (
            session.pick("没有变化", "nothing changed")
            if data["unchanged"]
            else session.pick("已载入", "loaded")
        )
        warnings = [_informal(session, data["status"])] if data["informal"] else []
        session.emit(
            "rulebooks.load",
            data,
            text=f"{data['id']} {session.pick('第', 'version ')}{data['version']}{session.pick('版', '')} {done}",
            warnings=warnings,
        )


@rulebooks_app.command("withdraw")
def withdraw(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="ID")],
    reason: Annotated[str, typer.Option("--reason", help="Why / 理由")],
) -> None:
    """Withdraw a loaded rulebook from now on; earlier answers stay readable with --as-of / 撤回规则."""
    session: Session = ctx.obj
    with session.reporting():
        from service.billing.books import withdraw_rulebook

        data = withdraw_rulebook(session.store(), name, reason=reason, actor=session.operator())
        session.emit("rulebooks.withdraw", data, text=session.pick(f"{name} 已撤回", f"{name} is withdrawn"))


def _informal(session: Session, status: str) -> str:
    word = status_word(session, status)
    return session.pick(
        f"{word}：非正式，据此计算的一切均标注非正式",
        f"{word}: not official, and whatever is computed by it says so",
    )


@rulebooks_app.command("check")
def check(ctx: typer.Context, file: Annotated[Path, typer.Argument(help="YAML file / 规则文件")]) -> None:
    """Say what is wrong with a rulebook file, by line / 逐行检查规则文件."""
    session: Session = ctx.obj
    with session.reporting():
        from service.accountability.rulebook import Rulebook
        from service.rulebooks import check_rulebook

        found = check_rulebook(file)
        if isinstance(found, Rulebook):
            informal = session.pick("（非正式）", " (not official)") if found.informal else ""
            text = f"{file.name}: {found.id} {status_word(session, found.status)}{informal} sha256 {found.content_hash}"
            data = {"file": file.name, "ok": True, "rulebook": _line(found, origin="file"), "problems": []}
            session.emit("rulebooks.check", data, text=text)
            return
        lines = [
            f"{file.name}:{one.line}: {session.pick(one.field_zh, one.field)}: {session.pick(one.zh, one.en)}"
            for one in found
        ]
        total = session.pick(
            f"{len(found)} 处错误，请改正后重试", f"{len(found)} error(s); correct and try again"
        )
        problems = [one.as_dict() for one in found]
        data = {"file": file.name, "ok": False, "rulebook": None, "problems": problems}
        session.emit("rulebooks.check", data, text="\n".join([*lines, total]))
        raise typer.Exit(1)


@rulebooks_app.command("show")
def show(ctx: typer.Context, name: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """Show a rulebook in its canonical form, the loaded one before a sample of the same id / 查看规则."""
    session: Session = ctx.obj
    with session.reporting():
        from service.rulebooks import shipped_rulebook

        loaded = {one.book.id: one.book for one in _stored(session) if not one.withdrawn}
        book = loaded.get(name) or shipped_rulebook(name)
        data = {"hash": book.content_hash, "informal": book.informal, "rulebook": book.canonical()}
        session.emit("rulebooks.show", data, text=json.dumps(data, ensure_ascii=False, indent=2))


@rulebooks_app.command("schema")
def schema(ctx: typer.Context) -> None:
    """Export the JSON Schema of a rulebook file / 导出规则文件的 JSON Schema."""
    del ctx
    from service.accountability.rulebook import json_schema

    typer.echo(json.dumps(json_schema(), ensure_ascii=False, indent=2))


def _line(
    book: Rulebook, *, origin: str = "shipped", version: int | None = None, withdrawn: bool = False
) -> dict[str, Any]:
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
        "origin": origin,
        "version": version,
        "withdrawn": withdrawn,
    }
