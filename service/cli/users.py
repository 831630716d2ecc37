"""``huodian users``: identities and their tokens; only the operator at the machine manages them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli.session import Session

if TYPE_CHECKING:
    from service.users import Account

users_app = typer.Typer(no_args_is_help=True, help="Identities and tokens / 用户与令牌")


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.add_typer(users_app, name="users")


@users_app.command("add")
def add(
    ctx: typer.Context,
    name: str,
    role: Annotated[
        str, typer.Option("--role", help="admin | province | city | county | inspector | patrol")
    ],
    unit: Annotated[
        str | None, typer.Option("--unit", help="Code of the unit of its scope / 单位代码")
    ] = None,
    token_file: Annotated[
        Path | None, typer.Option("--token-file", help="Write the token there (0600) instead of showing it")
    ] = None,
) -> None:
    """Create an identity and show its token, this once / 新建用户并显示令牌（仅此一次）."""
    session: Session = ctx.obj
    with session.reporting():
        _operator_only(session)
        from service.users import add_user

        account, token = add_user(session.store(), name, role, unit, actor=session.actor)
        _hand_over(session, "users.add", account, token, token_file)


@users_app.command("list")
def listing(ctx: typer.Context) -> None:
    """List identities / 列出用户."""
    session: Session = ctx.obj
    with session.reporting():
        _operator_only(session)
        from service.users import list_users

        with session.store().reader() as reader:
            accounts = list_users(reader)
        lines = [_line(session, account) for account in accounts]
        nobody = session.pick(
            "尚无用户：服务只答复本机且不能写入", "no users: only this machine is served, read-only"
        )
        session.emit(
            "users.list", [account.as_dict() for account in accounts], text="\n".join(lines) or nobody
        )


@users_app.command("disable")
def disable(ctx: typer.Context, name: str) -> None:
    """End an identity's access at once / 立即停用用户."""
    session: Session = ctx.obj
    with session.reporting():
        _operator_only(session)
        from service.users import disable_user

        account = disable_user(session.store(), name, actor=session.actor)
        session.emit("users.disable", account.as_dict(), text=_line(session, account))


@users_app.command("rotate")
def rotate(
    ctx: typer.Context,
    name: str,
    token_file: Annotated[
        Path | None, typer.Option("--token-file", help="Write the token there (0600) instead of showing it")
    ] = None,
) -> None:
    """Replace an identity's token; the old one ends at once / 换发令牌，旧令牌立即失效."""
    session: Session = ctx.obj
    with session.reporting():
        _operator_only(session)
        from service.users import rotate_user

        account, token = rotate_user(session.store(), name, actor=session.actor)
        _hand_over(session, "users.rotate", account, token, token_file)


def _operator_only(session: Session) -> None:
    """Refuse to manage identities on behalf of a token: a reader of one unit must not see or make others."""
    if session.settings.token is None:
        return
    from gis.errors import ForbiddenError

    raise ForbiddenError(
        "operator_only",
        "用户管理只能由本机操作员执行：请去掉 --token 与 HUODIAN_TOKEN",
        "identities are managed by the operator at the machine only: drop --token and HUODIAN_TOKEN",
    )


def _hand_over(session: Session, schema: str, account: Account, token: str, token_file: Path | None) -> None:
    data: dict[str, Any] = account.as_dict()
    if token_file is not None:
        token_file.touch(mode=0o600, exist_ok=False)
        token_file.write_text(token + "\n", encoding="utf-8")
        data["token_file"] = str(token_file)
        session.emit(schema, data, text=f"{_line(session, account)}\n{token_file}")
        return
    data["token"] = token
    once = session.pick("令牌只显示这一次，请妥善转交", "the token is shown this once: hand it over safely")
    session.emit(schema, data, text=f"{_line(session, account)}\n{token}", warnings=[once])


def _line(session: Session, account: Account) -> str:
    state = session.pick("停用", "disabled") if account.disabled else session.pick("在用", "active")
    unit = account.unit_uid or session.pick("全部", "everything")
    return f"{account.name}\t{account.role}\t{unit}\t{state}"
