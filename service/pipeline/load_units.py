"""``huodian load units``: code lists of any vintage and authored register files, into one dated register.

The register is a function of everything loaded: the shipped base, authored files in the order of loading, and all code
lists together, because a unit's dates follow from which vintages have it. So every load reads all lists again from the
archive and writes the difference.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from gis.errors import RefusedInputError
from gis.times import beijing_date
from gis.types import Level
from grids.codelists import CodeList, disagreement, read_code_list
from grids.register import Register, merged
from grids.registerfile import RegisterFile, builtin_register_file, read_register_file
from grids.townships import Grown, with_code_lists
from grids.units import Purpose
from service.pipeline.archive import Archive
from service.pipeline.register_store import RegisterChange, write_register
from service.store.engine import Reader, Store
from service.store.models import Revision

COMMAND = "load.units"

AUTHORED = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class _File:
    """A loaded file: hash and label are what a revision keeps of it."""

    sha256: str
    name: str
    data: bytes


def load_units(store: Store, files: Sequence[Path] = (), *, archive: Archive, actor: str) -> dict[str, Any]:
    """Load code lists and authored register files, or with none of them the shipped register alone.

    Parameters
    ----------
    files
        Files, or folders whose ``.csv`` and ``.yaml`` files are meant.

    Returns
    -------
    dict
        ``files``, ``skipped`` (files of a folder that are no code lists, and why), ``units`` (added, changed,
        withdrawn, same), ``rosters``, ``disagreement`` and ``lost``, all JSON-representable.

    Raises
    ------
    RefusedInputError
        A named file that is no code list and no register; nothing is loaded then.
    """
    opened, skipped = _opened(files)
    new = [_File(archive.put(file.data, file.sha256), file.name, file.data) for file in opened]
    with store.reader() as reader:
        before = _loaded(reader, archive)
        at_revision = reader.rev
    every = _once([*before, *new])
    built = _build(every)
    with store.writer(
        actor, COMMAND, {"files": [{"sha256": f.sha256, "name": f.name} for f in new]}
    ) as writer:
        if writer.rev != at_revision:  # another writer came between: what it loaded belongs to the result
            every = _once([*_loaded(writer, archive), *new])
            built = _build(every)
        change = write_register(writer, built.grown.register)
        fresh = _fresh(new, before)
        if fresh and not change.any:
            _ = writer.revision  # the file is known from now on, though it changed no unit
        today = beijing_date(writer.now)
        recorded = writer.revision if writer.wrote else None
    return {**_report(built, change, [f.name for f in new], today, recorded), "skipped": skipped}


@dataclass(frozen=True)
class _Built:
    grown: Grown
    lists: tuple[CodeList, ...]
    authored: tuple[RegisterFile, ...]


def _build(files: Sequence[_File]) -> _Built:
    authored = [builtin_register_file()]
    lists: list[CodeList] = []
    for file in files:
        if Path(file.name).suffix.lower() in AUTHORED:
            authored.append(_authored(file))
        else:
            lists.append(read_code_list(file.data, name=file.name))
    base = authored[0].register()
    for each in authored[1:]:
        base = merged(base, {unit.uid: unit for unit in each.units}, each.successions)
    return _Built(with_code_lists(base, lists), tuple(lists), tuple(authored))


def _authored(file: _File) -> RegisterFile:
    try:
        text = file.data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RefusedInputError(
            "bad_yaml",
            f"{file.name} 不是 UTF-8。请另存为 UTF-8 后重试。",
            f"{file.name} is not UTF-8. Save it as UTF-8 and try again.",
            file=file.name,
        ) from error
    return read_register_file(text, name=file.name)


def _opened(files: Sequence[Path]) -> tuple[list[_File], list[dict[str, str]]]:
    """Read the files named, and of each folder those that are code lists or registers; say what was passed over."""
    found: list[_File] = []
    skipped: list[dict[str, str]] = []
    for path in files:
        if path.is_dir():
            for one in sorted(p for p in path.iterdir() if p.suffix.lower() in (".csv", *AUTHORED)):
                file = _open(one)
                try:
                    if one.suffix.lower() not in AUTHORED:
                        read_code_list(file.data, name=file.name)
                except RefusedInputError as error:
                    if error.code != "unknown_code_list":
                        raise
                    skipped.append({"file": one.name, "zh": error.zh, "en": error.en})
                else:
                    found.append(file)
        elif path.is_file():
            found.append(_open(path))
        else:
            raise RefusedInputError(
                "no_file",
                f"文件 {path.name} 不存在。请核对路径。",
                f"The file {path.name} does not exist. Check the path.",
                file=path.name,
            )
    return found, skipped


def _open(path: Path) -> _File:
    data = path.read_bytes()
    return _File(hashlib.sha256(data).hexdigest(), path.name, data)


def _loaded(reader: Reader, archive: Archive) -> list[_File]:
    """Return the files of every earlier load, from the archive, in the order of loading."""
    rows = reader.rows(
        sa.select(Revision.params)
        .where(Revision.command == COMMAND, Revision.id <= reader.rev)
        .order_by(Revision.id)
    )
    return [
        _File(entry["sha256"], entry["name"], archive.get(entry["sha256"]))
        for (params,) in rows
        for entry in params.get("files", [])
    ]


def _once(files: Sequence[_File]) -> list[_File]:
    return list({(file.sha256, file.name): file for file in files}.values())


def _fresh(new: Sequence[_File], before: Sequence[_File]) -> bool:
    known = {(file.sha256, file.name) for file in before}
    return any((file.sha256, file.name) not in known for file in new)


def _report(
    built: _Built, change: RegisterChange, names: list[str], today: Any, revision: int | None
) -> dict[str, Any]:
    register = built.grown.register
    report = disagreement(built.lists, register)
    return {
        "files": names,
        "revision": revision,
        "unchanged": revision is None,
        "units": {
            "added": change.added,
            "changed": change.changed,
            "withdrawn": change.withdrawn,
            "same": change.same,
        },
        "rosters": _rosters(register, today),
        "disagreement": {
            "counts": [
                {
                    "list": c.name,
                    "vintage": c.vintage,
                    "scheme": c.scheme,
                    "counties": c.counties,
                    "development_zones": c.development_zones,
                    "townships": c.townships,
                    "villages": c.villages,
                }
                for c in report.counts
            ],
            "lines": report.lines(),
        },
        "problems": [
            {"list": each.name, "vintage": each.vintage, "line": line, "reason": reason}
            for each in built.lists
            for line, reason in each.problems
        ],
        "disputes": [
            {"about": d.about, "said": d.said, "against": d.against, "source": d.source}
            for each in built.authored
            for d in each.disputes
        ],
        "lost": list(built.grown.lost),
    }


def _rosters(register: Register, today: Any) -> list[dict[str, Any]]:
    found = []
    for purpose in (Purpose.LEGAL, Purpose.ASSESSMENT):
        for level in (Level.CITY, Level.COUNTY, Level.TOWNSHIP):
            check = register.check_roster(purpose, level, today)
            found.append(
                {
                    "purpose": purpose.value,
                    "level": level.value,
                    "date": today.isoformat(),
                    "units": len(check.units),
                    "adds_up": check.once,
                    "missing": list(check.missing[:20]),
                    "twice": list(check.twice[:20]),
                }
            )
    return found
