"""The entry point `huodian`: global options, and the modules that bring the commands."""

from __future__ import annotations

import importlib
import os
import sys
from functools import cache
from typing import Annotated

import typer

from service.cli.groups import boundaries_app, load_app

MODULES = (
    *("core", "load_boundaries", "load_tables", "firelist", "map", "rulebooks", "serve", "users", "demo"),
    "verify",
    "charge",
    *("statement", "objection"),
    *("explain", "whatif", "cluster"),
    "standing",
    "screen",
    "where",
    "tiles",
    "schemas",
)

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Huodian (火点): whose ground is this fire on, does it count, what does it cost, and why.",
)
app.add_typer(load_app, name="load")
app.add_typer(boundaries_app, name="boundaries")


@app.callback()
def _globals(
    ctx: typer.Context,
    db: Annotated[str | None, typer.Option("--db", help="Store URL / 存储地址")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout / 输出 JSON")] = False,
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="Read as of a time or revision / 以当时所知为准")
    ] = None,
    lang: Annotated[str, typer.Option("--lang", help="zh or en")] = "zh",
    token: Annotated[str | None, typer.Option("--token", help="Reader's token; prefer HUODIAN_TOKEN")] = None,
) -> None:
    from pydantic import ValidationError

    from gis.errors import HuodianError
    from service.cli.session import Session, parse_as_of
    from service.settings import Settings, bad_setting

    options = {name: value for name, value in (("db", db), ("token", token)) if value is not None}
    session = Session(Settings.model_construct(), json=as_json, lang=lang)
    ctx.obj = session
    ctx.call_on_close(session.close)
    try:
        session.settings = Settings(**options)  # type: ignore[arg-type]
    except ValidationError as error:
        session.fail(bad_setting(error))
    try:
        session.as_of = parse_as_of(as_of)
    except HuodianError as error:
        session.fail(error)


@cache
def application() -> typer.Typer:
    """Return the application with the commands of every module."""
    for name in MODULES:
        importlib.import_module(f"service.cli.{name}").register(app)
    return app


_WITH_VALUE = ("--db", "--as-of", "--lang", "--token")
_WITHOUT_VALUE = ("--json",)


def global_first(arguments: list[str]) -> list[str]:
    """Return the arguments with global options in front, where the parser wants them; people write them anywhere."""
    front: list[str] = []
    rest: list[str] = []
    waiting = iter(arguments)
    for argument in waiting:
        if argument == "--":
            rest += [argument, *waiting]
        elif argument in _WITH_VALUE:
            front += [argument, *(value for value in [next(waiting, None)] if value is not None)]
        elif argument in _WITHOUT_VALUE or argument.startswith(tuple(f"{name}=" for name in _WITH_VALUE)):
            front.append(argument)
        else:
            rest.append(argument)
    return front + rest


def main() -> None:
    """Run the command line; a reader that closed the pipe is not an error."""
    try:
        application()(args=global_first(sys.argv[1:]))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
