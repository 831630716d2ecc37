"""Identities: a token shown once, only its hash kept, ended at once."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from gis.errors import ConflictError, ForbiddenError, UsageError
from service.scope import ROLES, Scope
from service.store import Store
from service.store.models import Revision, User
from service.users import (
    PERMISSIONS,
    TOKEN_PREFIX,
    Permission,
    UnauthenticatedError,
    add_user,
    authenticate,
    disable_user,
    has_users,
    list_users,
    new_token,
    require,
    rotate_user,
)


def test_a_new_user_reads_with_the_token_and_the_store_does_not_have_it(store: Store) -> None:
    account, token = add_user(store, "张三", "admin", actor="test")
    assert token.startswith(TOKEN_PREFIX)
    assert account.role == "admin"
    with store.reader() as reader:
        scope = authenticate(reader, token)
        assert (scope.actor, scope.role, scope.everything) == ("张三", "admin", True)
        for table in (User, Revision):
            for row in reader.rows(sa.select(table.__table__)):
                assert token not in str(row)
                assert token.removeprefix(TOKEN_PREFIX) not in str(row)


def test_tokens_are_long_and_different() -> None:
    tokens = {new_token() for _ in range(100)}
    assert len(tokens) == 100
    assert min(map(len, tokens)) >= 43


@pytest.mark.parametrize("token", ["", "hd_", "hd_wrong", "' OR 1=1 --", "张三"])
def test_another_token_is_nobody(store: Store, token: str) -> None:
    add_user(store, "zhang", "admin", actor="test")
    with store.reader() as reader, pytest.raises(UnauthenticatedError):
        authenticate(reader, token)


def test_disabling_ends_access_at_once_and_stays(store: Store) -> None:
    _, token = add_user(store, "zhang", "admin", actor="test")
    assert disable_user(store, "zhang", actor="test").disabled
    with store.reader() as reader:
        revision = reader.rev
        with pytest.raises(UnauthenticatedError):
            authenticate(reader, token)
        assert has_users(reader), "the last one disabled does not open the service"
    disable_user(store, "zhang", actor="test")
    with store.reader() as reader:
        assert reader.rev == revision, "a second time writes nothing"
    with pytest.raises(ConflictError):
        rotate_user(store, "zhang", actor="test")


def test_a_disabled_user_cannot_read_the_past(store: Store) -> None:
    _, token = add_user(store, "zhang", "admin", actor="test")
    with store.reader() as reader:
        before = reader.rev
    disable_user(store, "zhang", actor="test")
    with store.reader(before) as reader, pytest.raises(UnauthenticatedError):
        authenticate(reader, token)


def test_rotation_replaces_the_token(store: Store) -> None:
    _, old = add_user(store, "zhang", "admin", actor="test")
    _, new = rotate_user(store, "zhang", actor="test")
    with store.reader() as reader:
        assert authenticate(reader, new).actor == "zhang"
        with pytest.raises(UnauthenticatedError):
            authenticate(reader, old)


def test_each_change_is_a_revision_with_its_actor(store: Store) -> None:
    add_user(store, "zhang", "admin", actor="wang")
    rotate_user(store, "zhang", actor="li")
    disable_user(store, "zhang", actor="zhao")
    with store.reader() as reader:
        rows = reader.rows(sa.select(Revision.actor, Revision.command).order_by(Revision.id))
    assert [tuple(row) for row in rows] == [
        ("wang", "users.add"),
        ("li", "users.rotate"),
        ("zhao", "users.disable"),
    ]


def test_the_listing_has_no_secret(store: Store) -> None:
    add_user(store, "b", "admin", actor="test")
    add_user(store, "a", "admin", actor="test")
    with store.reader() as reader:
        accounts = list_users(reader)
    assert [account.name for account in accounts] == ["a", "b"]
    assert "hash" not in str([account.as_dict() for account in accounts])


@pytest.mark.parametrize(
    ("name", "role", "unit", "code"),
    [
        ("", "admin", None, "bad_name"),
        ("a\nb", "admin", None, "bad_name"),
        ("=cmd()", "admin", None, "bad_name"),
        ("a", "king", None, "bad_role"),
        ("a", "county", None, "unit_required"),
        ("a", "local", None, "bad_role"),
    ],
)
def test_what_does_not_fit_is_refused_and_writes_nothing(
    store: Store, name: str, role: str, unit: str | None, code: str
) -> None:
    with pytest.raises(UsageError) as caught:
        add_user(store, name, role, unit, actor="test")
    assert caught.value.code == code
    with store.reader() as reader:
        assert reader.rev == 0
        assert not has_users(reader)


def test_a_name_is_taken_once(store: Store) -> None:
    add_user(store, "zhang", "admin", actor="test")
    with pytest.raises(ConflictError):
        add_user(store, "zhang", "admin", actor="test")


def test_permissions_name_every_role_and_who_rules() -> None:
    assert set(PERMISSIONS) == {*ROLES, "local"}
    assert all(Permission.READ in granted for granted in PERMISSIONS.values())
    may = {role for role, granted in PERMISSIONS.items() if Permission.RULE in granted}
    assert may == {"admin", "province", "city", "local"}
    require(Scope("a", "city", "u1"), Permission.RULE)
    for role in ("county", "inspector", "patrol", "unheard-of"):
        with pytest.raises(ForbiddenError):
            require(Scope("a", role, "u1"), Permission.RULE)
