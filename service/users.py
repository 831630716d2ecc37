"""Identities: who may read what and who may write, by a token of which only the hash is kept.

Notes
-----
A token is 256 random bits (`secrets.token_urlsafe`), so there is nothing to guess or to look up in a dictionary: one
SHA-256 protects it as well as a slow password hash would, and costs nothing per request. It is shown once and cannot
be recovered; `rotate_user` replaces it.

The table of permissions (`PERMISSIONS`):

============= ==== ====== ==== ========= ===== ====== ===== ====================================================
role          read verify rule publicise issue object money within
============= ==== ====== ==== ========= ===== ====== ===== ====================================================
``admin``     yes  yes    yes  yes       yes   yes    yes   the whole store, or its unit when it has one
``province``  yes  yes    yes  yes       yes   yes    yes   its unit
``city``      yes  yes    yes  yes       no    yes    yes   its unit, but see `require_ruling`: it pays some fires
``county``    yes  yes    no   no        no    yes    yes   its unit: it pays, so its view is an objection
``inspector`` yes  yes    no   no        no    no     no    its unit: reports findings, somebody else decides
``patrol``    yes  yes    no   no        no    no     no    its unit
``local``     yes  yes    yes  yes       yes   yes    yes   the operator at the machine; over HTTP it may not write
============= ==== ====== ==== ========= ===== ====== ===== ====================================================

``issue`` is for statements and declares them final. Without ``money`` there are no charges, statements, objections nor
finance list (``may_not_see_money``), and they are missing in whatever else is read: see `service.untold`. The level of
a finding is limited by role (`service.verification.entry`).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from gis.errors import ConflictError, ForbiddenError, NotFoundError, UsageError
from gis.times import BEIJING, iso_beijing
from gis.types import Level
from grids.units import RANK
from service.scope import ROLES, Scope, scope_of
from service.store import Reader, Store
from service.store.engine import Writer
from service.store.models import Revision, User

TOKEN_PREFIX = "hd_"  # noqa: S105 - a prefix by which secret scanners know a leaked token
_NAME = re.compile(r"[\w][\w.@-]{0,63}")
_ROLE_LEVEL = {"province": Level.PROVINCE, "city": Level.CITY, "county": Level.COUNTY}


class Permission(StrEnum):
    """What a role may do within its scope."""

    READ = "read"
    RULE = "rule"
    VERIFY = "verify"
    PUBLICISE = "publicise"
    ISSUE = "issue"
    OBJECT = "object"
    MONEY = "money"


_REPORT = frozenset({Permission.READ, Permission.VERIFY})
_PAY = _REPORT | {Permission.OBJECT, Permission.MONEY}
_CITY = _PAY | {Permission.RULE, Permission.PUBLICISE}
_COLLECT = frozenset(Permission)
PERMISSIONS: Mapping[str, frozenset[Permission]] = {
    "admin": _COLLECT,
    "province": _COLLECT,
    "city": _CITY,
    "county": _PAY,
    "inspector": _REPORT,
    "patrol": _REPORT,
    "local": _COLLECT,
}


class UnauthenticatedError(ForbiddenError):
    """No identity: the token is missing, unknown, or its account is disabled."""


@dataclass(frozen=True, slots=True)
class Account:
    """An identity as listed: everything but the token's hash."""

    name: str
    role: str
    unit_uid: str | None
    disabled: bool
    since: dt.datetime

    def as_dict(self) -> dict[str, Any]:
        """Return JSON-representable data."""
        return {**asdict(self), "since": iso_beijing(self.since)}


def new_token() -> str:
    """Return a fresh token; a secret, the one random thing in the store."""
    return TOKEN_PREFIX + secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """Return what is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def add_user(
    store: Store, name: str, role: str, unit_code: str | None = None, *, actor: str
) -> tuple[Account, str]:
    """Create an identity and return it with its token, which is shown this once.

    Raises
    ------
    UsageError
        When name, role or unit do not fit together.
    NotFoundError
        When no unit has the code.
    ConflictError
        When the name is taken.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(
            "bad_name",
            f"用户名 {name!r} 不可用：请用 1 至 64 个字母、汉字、数字或 _ . @ -",
            f"user name {name!r} is not usable: 1 to 64 letters, Chinese characters, digits or _ . @ -",
            value=name,
        )
    token = new_token()
    params = {"name": name, "role": role, "unit": unit_code}
    with store.writer(actor, "users.add", params) as writer:
        unit_uid = _unit_of_role(writer, role, unit_code)
        if _account(writer, name) is not None:
            raise ConflictError(
                "name_taken",
                f"用户 {name} 已存在：请换一个名字，或用 huodian users rotate 换发令牌",
                f"user {name} exists: choose another name, or `huodian users rotate` for a new token",
                value=name,
            )
        writer.insert(
            User, name=name, role=role, unit_uid=unit_uid, token_hash=token_hash(token), disabled_rev=None
        )
        account = _must(writer, name)
    return account, token


def list_users(reader: Reader) -> list[Account]:
    """Return every identity by name, disabled ones included."""
    return [_as_account(row) for row in reader.rows(_accounts().order_by(User.name))]


def disable_user(store: Store, name: str, *, actor: str) -> Account:
    """Disable an identity at once; a second time changes nothing."""
    with store.writer(actor, "users.disable", {"name": name}) as writer:
        account = _must(writer, name)
        if not account.disabled:
            _update(writer, name, disabled_rev=writer.revision)
        return _must(writer, name)


def rotate_user(store: Store, name: str, *, actor: str) -> tuple[Account, str]:
    """Replace an identity's token; the old one ends at once.

    Raises
    ------
    ConflictError
        When the identity is disabled: a new token must not bring it back unnoticed.
    """
    token = new_token()
    with store.writer(actor, "users.rotate", {"name": name}) as writer:
        account = _must(writer, name)
        if account.disabled:
            raise ConflictError(
                "user_disabled",
                f"用户 {name} 已停用：请另建用户",
                f"user {name} is disabled: add another user",
                value=name,
            )
        _ = writer.revision
        _update(writer, name, token_hash=token_hash(token))
    return account, token


def has_users(reader: Reader) -> bool:
    """Whether identities exist; disabled ones count, so that disabling the last one does not open the service."""
    return bool(reader.connection.execute(sa.select(sa.exists(sa.select(User.id)))).scalar())


def authenticate(reader: Reader, token: str) -> Scope:
    """Return the scope of whoever holds `token`.

    Account and scope are those of now even when `reader` reads the past: a disabled user cannot step back behind
    the disabling, nor can anybody read through a membership that has been corrected since.

    Raises
    ------
    UnauthenticatedError
        When the token is unknown or disabled; the two are not told apart.
    """
    latest = reader.connection.execute(sa.select(sa.func.max(Revision.id))).scalar() or 0
    now = Reader(reader.connection, int(latest))
    query = sa.select(User.name, User.role, User.unit_uid).where(
        User.token_hash == token_hash(token), User.disabled_rev.is_(None)
    )
    row = now.connection.execute(query).one_or_none()
    if row is None:
        raise UnauthenticatedError(
            "bad_token",
            "令牌无效或已停用：请向管理员领取新令牌",
            "the token is not valid, or disabled: ask the administrator for a new one",
        )
    return scope_of(now, row.name, row.role, row.unit_uid)


def may(scope: Scope, permission: Permission) -> bool:
    """Whether the reader's role has a permission; a role nobody knows has none."""
    return permission in PERMISSIONS.get(scope.role, frozenset())


def require(scope: Scope, permission: Permission) -> None:
    """Refuse what the reader's role may not do.

    Raises
    ------
    ForbiddenError
        ``role_may_not``, or ``may_not_see_money``, naming the role and who may.
    """
    if may(scope, permission):
        return
    who = ", ".join(
        role for role, granted in PERMISSIONS.items() if permission in granted and role != "local"
    )
    if permission is Permission.MONEY:
        raise ForbiddenError(
            "may_not_see_money",
            f"金额、扣款通知单与异议不向角色 {scope.role} 显示；请向 {who} 查询",
            f"money, statements and objections are not shown to the role {scope.role}; ask {who}",
            value=scope.role,
        )
    raise ForbiddenError(
        "role_may_not",
        f"角色 {scope.role} 无权执行此操作（{permission}）；可由 {who} 执行",
        f"role {scope.role} may not do this ({permission}); {who} may",
        value=scope.role,
    )


def require_ruling(scope: Scope, kind: str, value: str, evidence_sha256: str | None) -> None:
    """Refuse a ruling this reader may not make.

    A city may be the payer of its own fires, so it cannot uphold a denial (the province reviews those), exempt a fire,
    name another payer or the order of a tie, and takes a fire point out of the count only with evidence. Nobody gives a
    fire point to a unit outside the own scope; that is checked where the register is (`service.pipeline.rulings.rule`).

    Raises
    ------
    ForbiddenError
        Naming what is missing or who may.
    """
    require(scope, Permission.RULE)
    if scope.role == "city" and kind in ("order", "exempt", "payer"):
        raise ForbiddenError(
            "own_bill",
            "市级可能是付费方，不能裁定排序、免责或付费单位：请由省级裁定",
            "a city may be the payer and rules neither order nor exemption nor payer: the province does",
            value=kind,
        )
    if scope.role != "city" or kind not in ("screen", "duplicate") or value == "counted":
        return
    if kind == "screen" and value == "denied":
        raise ForbiddenError(
            "own_denial",
            "本级不能裁定本级的否认成立：请由省级复核后裁定",
            "a city cannot uphold a denial of its own fires: the province reviews and rules",
            value=value,
        )
    if evidence_sha256 is None:
        raise ForbiddenError(
            "evidence_required",
            "市级裁定不计入须附证据（evidence_sha256）",
            "a city that takes a fire point out of the count has to name the evidence (evidence_sha256)",
            value=value,
        )


def _unit_of_role(reader: Reader, role: str, unit_code: str | None) -> str | None:
    if role not in ROLES:
        raise UsageError(
            "bad_role",
            f"没有角色 {role}：可选 {'、'.join(ROLES)}",
            f"there is no role {role}: choose one of {', '.join(ROLES)}",
            value=role,
        )
    if unit_code is None:
        if role == "admin":
            return None
        raise UsageError(
            "unit_required",
            f"角色 {role} 必须用 --unit 指明单位代码",
            f"role {role} needs its unit: --unit CODE",
            value=role,
        )
    from service.pipeline.register_store import load_register

    unit = load_register(reader).register.find(unit_code, dt.datetime.now(BEIJING).date())
    if unit is None:
        raise NotFoundError(
            "unknown_unit",
            f"单位登记册中没有代码 {unit_code}：请核对代码，或先加载代码表",
            f"the unit register has no code {unit_code}: check it, or load the code lists first",
            value=unit_code,
        )
    level = _ROLE_LEVEL.get(role)
    if level is not None and unit.rank < RANK[level]:
        raise UsageError(
            "unit_too_wide",
            f"{unit.name()}（{unit.level}）高于角色 {role} 的级别",
            f"{unit.name()} ({unit.level}) is wider than the role {role}",
            value=unit_code,
        )
    return unit.uid


def _accounts() -> Any:
    return sa.select(User.name, User.role, User.unit_uid, User.disabled_rev, Revision.at).join(
        Revision, Revision.id == User.rev
    )


def _as_account(row: sa.Row[Any]) -> Account:
    return Account(row.name, row.role, row.unit_uid, row.disabled_rev is not None, row.at)


def _account(reader: Reader, name: str) -> Account | None:
    row = reader.connection.execute(_accounts().where(User.name == name)).one_or_none()
    return None if row is None else _as_account(row)


def _must(reader: Reader, name: str) -> Account:
    account = _account(reader, name)
    if account is None:
        raise NotFoundError(
            "unknown_user",
            f"没有用户 {name}：请用 huodian users list 查看",
            f"there is no user {name}: see `huodian users list`",
            value=name,
        )
    return account


def _update(writer: Writer, name: str, **values: Any) -> None:
    writer.connection.execute(sa.update(User).where(User.name == name).values(**values))
