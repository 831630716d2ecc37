"""``huodian load boundaries``: read, compare with what is loaded, refuse or repair by name, store as a new version."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa

from boundaries.builtin import builtin
from boundaries.check import Report, dry_run
from boundaries.model import BoundarySet, BoundaryUnit, assign_codes, replace_unit
from boundaries.read import read_boundaries
from boundaries.repair import Repair, apply_repairs
from boundaries.shift import require_no_shift
from gis.errors import NotFoundError, RefusedInputError, UsageError
from gis.times import beijing_date
from gis.types import LEVELS, DataStatus, Level
from grids.units import Purpose
from service import failpoints
from service.pipeline.archive import Archive
from service.pipeline.area import refresh_area
from service.pipeline.boundary_store import StoredSet, latest_set, store_set, use_set
from service.pipeline.register_store import load_register
from service.scope import Scope
from service.settings import Settings
from service.store import models
from service.store.engine import Reader, Store, Writer

BUILTIN_LEVELS = (Level.PROVINCE, Level.CITY, Level.COUNTY)
MAX_POINTS_NAMED = 200
"""Fire points that would move and are named in a report; all are counted."""


@dataclass(frozen=True, slots=True)
class Declaration:
    """What the command says about a file (see `boundaries.read.read_boundaries`)."""

    name: str
    level: Level
    crs: str | None = None
    datum: str | None = None
    encoding: str | None = None
    code_field: str | None = None
    name_field: str | None = None
    parent_field: str | None = None
    layer: str | None = None
    accuracy_m: float | None = None
    status: DataStatus = DataStatus.REFERENCE
    origin: str = ""
    valid_from: dt.date | None = None


@dataclass(frozen=True, slots=True)
class _Known:
    """What the store says about the ground a file covers."""

    reference: BoundarySet | None
    parents: BoundarySet | None
    roster: Mapping[str, str] | None
    parent_of: Mapping[str, str]
    point_ids: tuple[str, ...]
    lon: np.ndarray[Any, np.dtype[np.float64]]
    lat: np.ndarray[Any, np.dtype[np.float64]]


def load_boundary_files(
    store: Store,
    sources: Sequence[Path],
    *,
    declared: Declaration,
    settings: Settings,
    actor: str,
    scope: Scope,
    archive: Archive | None = None,
    preview: bool = False,
    replace_units: bool = False,
    repairs_accepted_by: str = "",
) -> dict[str, Any]:
    """Load boundary files as the next version of the set `declared.name`; return the report of the dry run with it.

    Parameters
    ----------
    sources
        Files or folders; several make one set.
    declared
        What the command says about them.
    scope
        Whose fire points are compared.
    archive
        Where the original bytes are kept.
    preview
        Report only (``--dry-run``): nothing is written.
    replace_units
        The files hold single units that replace those of the newest version of the set.
    repairs_accepted_by
        Name of the person who accepts the repairs; blank refuses a set that needs some.

    Raises
    ------
    UnknownDatumError
        Undeclared, contradicted, or shifted against what is loaded.
    RefusedInputError
        Not a boundary file, units without codes, repairs nobody accepted.
    """
    new = _read(sources, declared)
    with store.reader() as reader:
        known = _known(reader, declared, settings, scope)
        base = _base(reader, declared) if replace_units else None
    new, report = _check(new, known)
    data = _describe(report, known)
    if preview:
        return data | {"dry_run": True, "loaded": None}
    if report.shift is not None:
        require_no_shift(report.shift)
    _require_codes(report)
    if report.repairs:
        new = apply_repairs(new, report.repairs, accepted_by=repairs_accepted_by, version=new.version)
    if base is not None:
        new = _with_units(base[1], new)
    digest = _archive(sources, archive)
    with store.writer(
        actor, "load.boundaries", {"set": declared.name, "level": str(declared.level)}
    ) as writer:
        stored = store_set(
            writer,
            new,
            valid_from=declared.valid_from,
            source_sha256=digest,
            replaces_id=base[0] if base else None,
        )
        if not stored.unchanged:
            _store_repairs(writer, stored, report.repairs, repairs_accepted_by)
        failpoints.reach("load.boundaries.before_commit")
        revision = writer.revision if writer.wrote else None
    loaded = {
        "set": stored.name,
        "version": stored.version,
        "level": stored.level,
        "content_hash": new.content_hash,
        "unchanged": stored.unchanged,
        "revision": revision,
    }
    return data | {"dry_run": False, "loaded": loaded}


def use_boundaries(
    store: Store,
    name: str,
    *,
    level: Level | str,
    from_date: dt.date,
    version: int | None = None,
    partial: bool = False,
    settings: Settings,
    actor: str,
) -> dict[str, Any]:
    """Put a version of a set in force for its level from a date (the newest version unless one is named).

    Parameters
    ----------
    partial
        Accept a set that lacks units of the one in force: their ground has no unit from then on.

    Raises
    ------
    NotFoundError
        ``unknown_set``.
    RefusedInputError
        ``partial_set`` when units would lose their ground and `partial` was not said.
    """
    with store.writer(actor, "boundaries.use", {"set": name, "level": str(level)}) as writer:
        row = _find_version(writer, name, str(level), version)
        missing = _missing_units(writer, row.id, Level(level), from_date)
        if missing and not partial:
            raise _partial_set(name, missing)
        changed = use_set(writer, row.id, str(level), from_date)
        area = refresh_area(writer, settings.service_area, settings.buffer_km) if changed else False
        revision = writer.revision if writer.wrote else None
    return {
        "set": name,
        "version": row.version,
        "level": str(level),
        "status": row.status,
        "from": from_date.isoformat(),
        "unchanged": not changed,
        "area_changed": area,
        "missing": missing,
        "revision": revision,
    }


def _missing_units(reader: Reader, set_id: int, level: Level, day: dt.date) -> list[dict[str, str]]:
    """Return the units of the set in force so far that the next one does not have: their ground would have no unit."""
    before = set_in_force(reader, level, day)
    if before is None:
        return []
    register = load_register(reader).register

    def identity(code: str) -> str:
        # 220381 and 220184 are one unit: sets of two vintages are compared by who is meant, not by the digits.
        unit = register.find(code, day)
        return code if unit is None else unit.uid

    covered = {identity(unit.code) for unit in read_set(reader, set_id).units}
    return [{"code": u.code, "name": u.name} for u in before.units if identity(u.code) not in covered]


def _partial_set(name: str, missing: Sequence[dict[str, str]]) -> RefusedInputError:
    names = "、".join(f"{one['name']} {one['code']}" for one in missing[:10])
    return RefusedInputError(
        "partial_set",
        f"界线 {name} 缺少现行界线中的 {len(missing)} 个单元（{names}…）：其范围内的火点将无归属。"
        "请补全，用 load boundaries --replace 只替换个别单元，或加 --partial 明确接受。",
        f"set {name} lacks {len(missing)} units of the set in force ({names}…): fires on their ground would have no "
        "unit. Complete it, replace single units with `load boundaries --replace`, or accept it with --partial.",
        missing=list(missing),
    )


def list_boundaries(reader: Reader) -> list[dict[str, Any]]:
    """Return every version of every set known at the reader's revision, with the dates it came into force."""
    uses: dict[int, list[str]] = {}
    for set_id, from_date in reader.rows(
        sa.select(models.BoundaryUse.set_id, models.BoundaryUse.from_date)
        .where(reader.known(models.BoundaryUse))
        .order_by(models.BoundaryUse.from_date)
    ):
        uses.setdefault(set_id, []).append(from_date.isoformat())
    table = models.BoundarySet
    rows = reader.rows(
        sa.select(table.__table__).where(reader.known(table)).order_by(table.level, table.name, table.version)
    )
    return [
        {
            "set": row.name,
            "version": row.version,
            "level": row.level,
            "status": row.status,
            "accuracy_m": row.accuracy_m,
            "datum": row.datum,
            "source": row.source,
            "content_hash": row.content_hash,
            "valid_from": row.valid_from.isoformat() if row.valid_from else None,
            "in_force_from": uses.get(row.id, []),
        }
        for row in rows
    ]


def read_set(reader: Reader, set_id: int) -> BoundarySet:
    """Return a stored set as it was loaded."""
    table = models.BoundarySet
    head = reader.rows(sa.select(table.__table__).where(table.id == set_id))[0]
    unit = models.BoundaryUnit
    rows = reader.rows(
        sa.select(unit.code, unit.name, unit.parent_code, unit.geom)
        .where(unit.set_id == set_id)
        .order_by(unit.code)
    )
    return BoundarySet(
        name=head.name,
        version=str(head.version),
        level=Level(head.level),
        status=DataStatus(head.status),
        accuracy_m=head.accuracy_m,
        source=head.source,
        datum=head.datum,
        units=tuple(BoundaryUnit(row.code, row.name, row.geom, row.parent_code) for row in rows),
        valid_from=head.valid_from,
    )


def set_in_force(reader: Reader, level: Level, day: dt.date) -> BoundarySet | None:
    """Return the set in force for a level on a day, None when there is none."""
    use = models.BoundaryUse
    found = reader.connection.execute(
        sa.select(use.set_id)
        .where(use.level == str(level), use.from_date <= day, reader.known(use))
        .order_by(use.from_date.desc(), use.rev.desc(), use.id.desc())
        .limit(1)
    ).scalar()
    return None if found is None else read_set(reader, int(found))


def _read(sources: Sequence[Path], declared: Declaration) -> BoundarySet:
    return read_boundaries(
        list(sources),
        level=declared.level,
        name=declared.name,
        crs=declared.crs,
        datum=declared.datum,
        encoding=declared.encoding,
        code_field=declared.code_field,
        name_field=declared.name_field,
        parent_field=declared.parent_field,
        layer=declared.layer,
        accuracy_m=declared.accuracy_m,
        status=declared.status,
        origin=declared.origin or ", ".join(source.name for source in sources),
        valid_from=declared.valid_from,
    )


def _known(reader: Reader, declared: Declaration, settings: Settings, scope: Scope) -> _Known:
    """Gather reference, parents, roster and fire points; the built-in set stands in where nothing is loaded."""
    day = declared.valid_from or beijing_date(dt.datetime.now(dt.UTC))
    reference = _reference(reader, declared.level, day, settings)
    roster, parent_of = _register_facts(reader, declared.level, day)
    same = reference is not None and reference.level is declared.level
    ids, lon, lat = _fire_points(reader, scope) if same else ((), np.empty(0), np.empty(0))
    return _Known(
        reference,
        _parents(reader, declared.level, day, settings),
        None if same else roster,
        parent_of,
        ids,
        lon,
        lat,
    )


def _reference(reader: Reader, level: Level, day: dt.date, settings: Settings) -> BoundarySet | None:
    """Return the set in force of the level, else the nearest wider one, else the built-in one."""
    wider = [each for each in reversed(LEVELS) if LEVELS.index(each) <= LEVELS.index(level)]
    for each in wider:
        found = set_in_force(reader, each, day)
        if found is not None:
            return found
        if each in BUILTIN_LEVELS:
            return builtin(each, province=settings.service_area)
    return None


def _parents(reader: Reader, level: Level, day: dt.date, settings: Settings) -> BoundarySet | None:
    """Return the set of the next wider level."""
    index = LEVELS.index(level)
    return _reference(reader, LEVELS[index - 1], day, settings) if index else None


def _register_facts(reader: Reader, level: Level, day: dt.date) -> tuple[dict[str, str], dict[str, str]]:
    """Return names and legal parents by code, of the units of a level that the register knows on a day."""
    register = load_register(reader).register
    names: dict[str, str] = {}
    parents: dict[str, str] = {}
    for unit in register:
        code = unit.code(day)
        if unit.level is not level or code is None or not unit.validity.holds(day):
            continue
        names[code] = unit.name(day)
        above = register.parent(unit.uid, Purpose.LEGAL, day)
        above_code = register[above].code(day) if above else None
        if above_code:
            parents[code] = above_code
    return names, parents


def _fire_points(reader: Reader, scope: Scope) -> tuple[tuple[str, ...], Any, Any]:
    """Return ids and positions of the live fire points in scope."""
    table = models.FirePointState
    rows = reader.rows(
        sa.select(table.fire_point_id, table.lon, table.lat)
        .where(reader.live(table), scope.condition(table))
        .order_by(table.fire_point_id)
    )
    ids = tuple(row.fire_point_id for row in rows)
    return ids, np.array([row.lon for row in rows]), np.array([row.lat for row in rows])


def _check(new: BoundarySet, known: _Known) -> tuple[BoundarySet, Report]:
    """Run the checks; units without a code take that of the one unit with exactly their name."""
    report = _report(new, known)
    named = {each.name: each.roster_code for each in report.matching.matched if not each.code}
    if named:
        new = assign_codes(new, named)
        report = _report(new, known)
    return new, report


def _report(new: BoundarySet, known: _Known) -> Report:
    return dry_run(
        new,
        reference=known.reference,
        parents=known.parents,
        roster=known.roster,
        parent_of=known.parent_of,
        points=(known.lon, known.lat) if known.point_ids else None,
    )


def _describe(report: Report, known: _Known) -> dict[str, Any]:
    """Return the report with fire points by their id rather than by position."""
    data = report.as_dict()
    moves = data["moves"]
    if moves is not None:
        indices = moves.pop("indices")
        moves["fire_points"] = [known.point_ids[index] for index in indices[:MAX_POINTS_NAMED]]
    data["compared_with"] = known.reference.describe() if known.reference is not None else None
    return data


def _require_codes(report: Report) -> None:
    """Refuse a set with units that nobody could name."""
    nameless = [each for each in report.matching.unmatched if not each.code]
    if not nameless:
        return
    names = "、".join(each.name for each in nameless[:10])
    raise RefusedInputError(
        "uncoded_units",
        f"{len(nameless)} 个单元没有代码，也没有唯一同名的单元：{names}。请用 --code-field 指明代码字段，或按 "
        "--dry-run 的建议补代码。",
        f"{len(nameless)} units have no code and no unit of exactly their name: {names}. Name the column with "
        "--code-field, or add codes as --dry-run proposes.",
        units=[each.as_dict() for each in nameless[:50]],
    )


def _base(reader: Reader, declared: Declaration) -> tuple[int, BoundarySet]:
    """Return the newest version of the set whose units are replaced."""
    row = _find_version(reader, declared.name, str(declared.level), None)
    return int(row.id), read_set(reader, int(row.id))


def _with_units(base: BoundarySet, new: BoundarySet) -> BoundarySet:
    """Return `base` with the units of `new` in place of its own; the weaker status and accuracy of both holds."""
    from dataclasses import replace

    made = base
    for unit in new.units:
        made = replace_unit(made, unit, version=base.version)
    order = list(DataStatus)
    status = max(base.status, new.status, key=order.index)
    return replace(made, status=status, accuracy_m=max(base.accuracy_m, new.accuracy_m))


def _find_version(reader: Reader, name: str, level: str, version: int | None) -> Any:
    """Return the row of a version of a set, the newest when none is named."""
    if version is None:
        row = latest_set(reader, name, level)
    else:
        table = models.BoundarySet
        row = next(
            iter(
                reader.rows(
                    sa.select(table.__table__).where(
                        table.name == name,
                        table.level == level,
                        table.version == version,
                        reader.known(table),
                    )
                )
            ),
            None,
        )
    if row is None:
        shown = name if version is None else f"{name} {version}"
        raise NotFoundError(
            "unknown_set",
            f"没有层级为 {level} 的边界集“{shown}”。用 huodian boundaries list 查看已载入的边界集。",
            f"There is no boundary set {shown!r} of level {level}. See `huodian boundaries list`.",
            set=name,
            level=level,
        )
    return row


def _archive(sources: Sequence[Path], archive: Archive | None) -> str:
    """Keep the original bytes of every file; return the hash of one, or of the list of hashes of several."""
    files = sorted(
        each
        for source in sources
        for each in (source.iterdir() if source.is_dir() else [source, *_beside(source)])
        if each.is_file()
    )
    digests = []
    for each in files:
        data = each.read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        digests.append(archive.put(data, digest) if archive is not None else digest)
    if len(digests) == 1:
        return digests[0]
    listing = "\n".join(digests).encode()
    digest = hashlib.sha256(listing).hexdigest()
    return archive.put(listing, digest) if archive is not None else digest


def _beside(source: Path) -> list[Path]:
    """Return the parts of a shapefile beside its ``.shp``."""
    if source.suffix.lower() != ".shp":
        return []
    return [each for each in source.parent.iterdir() if each.stem == source.stem and each != source]


def _store_repairs(writer: Writer, stored: StoredSet, repairs: Sequence[Repair], accepted_by: str) -> None:
    for repair in repairs:
        writer.insert(
            models.BoundaryRepair,
            set_id=stored.set_id,
            code=repair.code,
            kind=repair.kind,
            detail=f"{repair.zh} | {repair.en}",
            area_change_m2=repair.area_change_m2,
            accepted_by=accepted_by,
        )


def level_named(word: str) -> Level:
    """Return the level a command names.

    Raises
    ------
    UsageError
        ``bad_level``.
    """
    if word not in set(Level):
        raise UsageError(
            "bad_level",
            f"--level {word!r} 不是 {', '.join(Level)} 之一",
            f"--level {word!r} is not one of {', '.join(Level)}",
            value=word,
        )
    return Level(word)
