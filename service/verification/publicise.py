"""Public notices (公示): the state that some rulebooks bill, and the instant by which some order a "first"."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa

from gis.errors import ConflictError, RefusedInputError, UsageError
from gis.times import iso_beijing, require_aware
from service.pipeline import identity
from service.scope import Scope
from service.store.engine import Reader, Store, Writer
from service.store.models import Publication
from service.users import Permission, require
from service.verification.closed import CONFIRMATIONS
from service.verification.entry import FIRST_YEAR, LAST_YEAR
from service.verification.standing import standings
from service.verification.targets import visible_states
from service.wording import is_shown

COMMAND = "publicise"
MAX_NOTICE = 500


def publications(reader: Reader) -> dict[str, dt.datetime]:
    """Return when each live fire point was first made public.

    Of one notice on one id the newest row stands, so that a wrong time can be put right; a later notice that names the
    point again does not make it younger. A merged point counts from the earliest of its ids.
    """
    table = Publication.__table__
    rows = reader.rows(
        sa.select(table.c.fire_point_id, table.c.notice, table.c.published_at)
        .where(reader.known(Publication))
        .order_by(table.c.id)
    )
    if not rows:
        return {}
    standing = {(row.fire_point_id, row.notice): row.published_at for row in rows}
    resolved = identity.aliases(reader)
    found: dict[str, dt.datetime] = {}
    for (name, _notice), at in standing.items():
        live = resolved.get(name, name)
        if live is not None:
            found[live] = min(at, found.get(live, at))
    return found


def publicise(
    store: Store,
    ids: Sequence[str],
    *,
    published_at: dt.datetime,
    notice: str,
    actor: str,
    scope: Scope,
    now: dt.datetime | None = None,
    also: Callable[[Writer, dict[str, Any]], None] | None = None,
) -> dict[str, Any]:
    """Record that a public notice named these fire points, all of them or none.

    The same points, time and notice again change nothing.

    Returns
    -------
    dict
        ``notice, published_at, published, repeated`` (live ids) and ``revision`` (None when nothing was written).

    Raises
    ------
    UsageError
        When no point or no notice is named.
    ForbiddenError
        When the role may not.
    NotFoundError
        When a point does not exist or is outside the scope.
    ConflictError
        ``not_confirmed``: a point that nobody confirmed cannot be made public.
    RefusedInputError
        When the notice would be older than the fire, or lies in the future.
    """
    require(scope, Permission.PUBLICISE)
    if not FIRST_YEAR <= published_at.year <= LAST_YEAR:
        raise _bad_time("公示时间不可用", "the time of the notice is not usable", str(published_at))
    moment = require_aware(published_at).replace(microsecond=0)
    said = _notice(notice)
    names = list(dict.fromkeys(ids))
    if not names:
        raise UsageError("no_fire_points", "请给出要公示的火点编号", "name the fire points to make public")
    with store.writer(actor, COMMAND, {"notice": said, "fire_points": len(names)}) as writer:
        if moment > (now or dt.datetime.now(dt.UTC)):
            raise _bad_time(
                "公示时间在将来", "the time of the notice lies in the future", iso_beijing(moment)
            )
        found = visible_states(writer, scope, names)
        for name in names:
            found.require(name)
        live = list(dict.fromkeys(found.require(name).fire_point_id for name in names))
        _require_confirmed(writer, live)
        for name in live:
            if moment < found.require(name).first_at:
                raise _bad_time(
                    f"公示时间早于火点 {name} 的过境时间",
                    f"it is before fire point {name}",
                    iso_beijing(moment),
                )
        known = _standing_rows(writer, live, said)
        new = [name for name in live if known.get(name) != moment]
        for name in new:
            writer.insert(Publication, fire_point_id=name, published_at=moment, notice=said, actor=actor)
        done = {
            "notice": said,
            "published_at": iso_beijing(moment),
            "published": new,
            "repeated": [name for name in live if name not in set(new)],
            "revision": writer.revision if new else None,
        }
        if also is not None:
            also(writer, done)
        return done


def _notice(text: str) -> str:
    said = " ".join(text.split())
    if not said or len(said) > MAX_NOTICE or not is_shown(said):
        raise UsageError(
            "bad_notice",
            f"请写明公示的名称或文号（1 至 {MAX_NOTICE} 个字）",
            f"name the notice by its title or number, 1 to {MAX_NOTICE} characters",
            value=said[:80],
        )
    return said


def _require_confirmed(reader: Reader, live: Sequence[str]) -> None:
    found = standings(reader, live)
    missing = []
    for name in live:
        deciding = found[name].deciding if name in found else None
        if deciding is None or deciding.finding not in CONFIRMATIONS:
            missing.append(name)
    if missing:
        shown = "、".join(missing[:5])
        raise ConflictError(
            "not_confirmed",
            f"{len(missing)} 个火点尚未核实属实，不能公示：{shown}。请先登记核实结论",
            f"{len(missing)} fire points are not confirmed and cannot be made public: {', '.join(missing[:5])}; "
            "record their verification first",
            value=missing[0],
            fire_points=missing,
        )


def _standing_rows(reader: Reader, live: Sequence[str], notice: str) -> dict[str, dt.datetime]:
    """Return the time this notice gives each point already."""
    table = Publication.__table__
    found: dict[str, dt.datetime] = {}
    for start in range(0, len(live), 20_000):
        rows = reader.rows(
            sa.select(table.c.fire_point_id, table.c.published_at)
            .where(table.c.fire_point_id.in_(live[start : start + 20_000]), table.c.notice == notice)
            .order_by(table.c.id)
        )
        found.update({row.fire_point_id: row.published_at for row in rows})
    return found


def _bad_time(zh: str, en: str, moment: str) -> RefusedInputError:
    return RefusedInputError("bad_published_at", f"{zh}：{moment}", f"{en}: {moment}", value=moment)
