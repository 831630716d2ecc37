"""Ids of fire points: stored facts that survive merges, splits and replaced founders (DESIGN section 3).

* A new cluster is named after its founding member, the first in canonical order.
* On a merge the earliest issued id lives and the others resolve to it for ever.
* On a split the id follows its founder; the other part gets an id of its own.
* A founder replaced by a better product passes its id to whatever replaced it.
* An id whose pixels all vanished resolves to nothing, and lives again when its founder comes back (a wrong boundary put
  in force and taken back must not cost the rulings and lists that name it).
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

import sqlalchemy as sa

from gis.times import instant_of, to_beijing
from service.store.engine import Reader
from service.store.models import DetectionState, FirePoint, FirePointAlias, FirePointState, Supersession

MAX_HOPS = 64


@dataclass(frozen=True, slots=True)
class Known:
    """An id issued before: its order of issue, its founder, the detections it last held, and whether it lives."""

    fire_point_id: str
    order: int
    founder: int
    members: tuple[int, ...]
    live: bool = True


@dataclass(frozen=True, slots=True)
class Founding:
    """The identity of a cluster's founding member."""

    detection: int
    satellite: str
    minute: int
    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class Naming:
    """The answer: an id per cluster, ids to register, and ids that end with what they resolve to.

    An id that lives again stands among the `ended` as resolving to itself.
    """

    ids: tuple[str, ...]
    new: tuple[tuple[str, int], ...]
    ended: tuple[tuple[str, str | None, str], ...]


def name_clusters(
    clusters: Sequence[Sequence[int]],
    founders: Sequence[Founding],
    known: Sequence[Known],
    heirs: Mapping[int, int],
    taken: Collection[str],
) -> Naming:
    """Give every cluster its id.

    Parameters
    ----------
    clusters
        Detection ids per cluster, clusters in canonical order of their founders.
    founders
        Founding member per cluster.
    known
        Ids that live in the days concerned, and those withdrawn at any time.
    heirs
        Replaced detection to the live one that replaced it.
    taken
        Ids ever issued that could be derived from the founders.
    """
    cluster_of = {detection: number for number, members in enumerate(clusters) for detection in members}
    claims: dict[int, list[Known]] = defaultdict(list)
    ended: list[tuple[str, str | None, str]] = []
    for one in sorted(known, key=lambda k: (not k.live, k.order)):
        place = _place(one, cluster_of, heirs)
        if place is not None:
            claims[place].append(one)
        elif one.live:
            ended.append((one.fire_point_id, None, "withdrawn"))
    ids: list[str] = []
    new: list[tuple[str, int]] = []
    used = set(taken)
    for number, founder in enumerate(founders):
        holders = claims.get(number)
        if holders:
            ids.append(holders[0].fire_point_id)
            if not holders[0].live:
                ended.append((ids[-1], ids[-1], "restored"))
            ended.extend((one.fire_point_id, holders[0].fire_point_id, "merged") for one in holders[1:])
            continue
        fresh = _fresh_id(founder, used)
        used.add(fresh)
        new.append((fresh, founder.detection))
        ids.append(fresh)
    return Naming(tuple(ids), tuple(new), tuple(ended))


def _place(one: Known, cluster_of: Mapping[int, int], heirs: Mapping[int, int]) -> int | None:
    """Return the cluster an id goes to: its founder's, or where most of its members went."""
    founder = heirs.get(one.founder, one.founder)
    if founder in cluster_of:
        return cluster_of[founder]
    votes = Counter(
        cluster_of[member] for member in (heirs.get(m, m) for m in one.members) if member in cluster_of
    )
    if not votes:
        return None
    most = max(votes.values())
    return min(number for number, count in votes.items() if count == most)


def candidate_ids(founder: Founding) -> Iterator[str]:
    """Yield the ids a founder can give, in order: the plain hash, then salted ones for later splits."""
    day = to_beijing(instant_of(founder.minute)).strftime("%Y%m%d")
    identity = f"{founder.satellite}|{founder.minute}|{founder.lon!r}|{founder.lat!r}"
    for salt in count():
        text = f"{identity}#{salt}" if salt else identity
        yield f"{day}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def _fresh_id(founder: Founding, used: set[str]) -> str:
    return next(one for one in candidate_ids(founder) if one not in used)


def known_ids(reader: Reader, days: Sequence[object]) -> list[Known]:
    """Return the live ids of some fire days with founders and members."""
    state, member, point = FirePointState.__table__, DetectionState.__table__, FirePoint.__table__
    if not days:
        return []
    # A restriction by days only where they are few: SQLite limits the number of parameters.
    few = len(days) <= 500
    members: dict[str, list[int]] = defaultdict(list)
    rows = reader.connection.execute(
        sa.select(member.c.fire_point_id, member.c.detection_id)
        .where(member.c.rev_to.is_(None), member.c.fire_day.in_(list(days)) if few else sa.true())
        .order_by(member.c.detection_id)
    )
    for fire_point_id, detection in rows:
        members[fire_point_id].append(detection)
    rows = reader.connection.execute(
        sa.select(state.c.fire_point_id, point.c.id, point.c.founder_id, state.c.fire_day)
        .join(point, point.c.fire_point_id == state.c.fire_point_id)
        .where(state.c.rev_to.is_(None), state.c.fire_day.in_(list(days)) if few else sa.true())
    )
    wanted = set(days)
    return [
        Known(row.fire_point_id, row.id, row.founder_id, tuple(members[row.fire_point_id]))
        for row in rows
        if row.fire_day in wanted
    ]


def withdrawn_ids(reader: Reader) -> list[Known]:
    """Return the ids of which nothing is left, with their founders."""
    gone = [old for old, new in aliases(reader).items() if new is None]
    point = FirePoint.__table__
    found: list[Known] = []
    for start in range(0, len(gone), 20_000):
        rows = reader.rows(
            sa.select(point.c.fire_point_id, point.c.id, point.c.founder_id).where(
                point.c.fire_point_id.in_(gone[start : start + 20_000])
            )
        )
        found.extend(Known(row.fire_point_id, row.id, row.founder_id, (), live=False) for row in rows)
    return found


def heirs_of(reader: Reader) -> dict[int, int]:
    """Return for every replaced detection the live one at the end of its chain."""
    table = Supersession.__table__
    step = {
        row.older_id: row.newer_id
        for row in reader.connection.execute(
            sa.select(table.c.older_id, table.c.newer_id).where(table.c.rev_to.is_(None))
        )
    }
    found: dict[int, int] = {}
    for older in step:
        end, hops = older, 0
        while end in step and hops < MAX_HOPS:
            end, hops = step[end], hops + 1
        found[older] = end
    return found


def taken_ids(reader: Reader, founders: Sequence[Founding]) -> set[str]:
    """Return the ids ever issued for `founders`, and any other issued id that equals their first candidate."""
    table = FirePoint.__table__
    if reader.connection.execute(sa.select(table.c.id).limit(1)).first() is None:
        return set()
    found: set[str] = set()
    by_founder = sa.select(table.c.fire_point_id).where(
        table.c.founder_id.in_(sa.bindparam("keys", expanding=True))
    )
    by_name = sa.select(table.c.fire_point_id).where(
        table.c.fire_point_id.in_(sa.bindparam("keys", expanding=True))
    )
    for start in range(0, len(founders), 20_000):
        part = founders[start : start + 20_000]
        for query, keys in (
            (by_founder, [one.detection for one in part]),
            (by_name, [next(candidate_ids(one)) for one in part]),
        ):
            found.update(row[0] for row in reader.connection.execute(query, {"keys": keys}))
    return found


def aliases(reader: Reader) -> dict[str, str | None]:
    """Return every ended id with what it resolves to, chains followed to the end."""
    return followed(alias_steps(reader))


def alias_steps(reader: Reader) -> dict[str, str | None]:
    """Return every ended id with the id that took its place at the time, None when nothing was left."""
    rows = reader.rows(
        sa.select(FirePointAlias.old_id, FirePointAlias.new_id)
        .where(reader.known(FirePointAlias))
        .order_by(FirePointAlias.id)
    )
    return extended({}, ((row.old_id, row.new_id) for row in rows))


def extended(
    steps: Mapping[str, str | None], links: Iterable[tuple[str, str | None]]
) -> dict[str, str | None]:
    """Return steps with later links; one from an id to itself says that it lives again."""
    found = dict(steps)
    for old, new in links:
        if old == new:
            found.pop(old, None)
        else:
            found[old] = new
    return found


def followed(steps: Mapping[str, str | None]) -> dict[str, str | None]:
    """Return what every ended id resolves to in the end."""
    found: dict[str, str | None] = {}
    for old in steps:
        end: str | None = old
        hops = 0
        while end is not None and end in steps and hops < MAX_HOPS * 1024:
            end, hops = steps[end], hops + 1
        found[old] = end
    return found
