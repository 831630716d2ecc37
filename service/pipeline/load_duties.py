"""``huodian load duties``: who answers for a cell. A file speaks for the cells it names; the rest stays as it was."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from gis.types import Validity
from grids.duties import Duty, Role, read_duties
from service.pipeline.register_store import load_register
from service.store import models
from service.store.engine import Reader, Store, Writer


def load_duty_file(store: Store, data: bytes, *, name: str, actor: str) -> dict[str, Any]:
    """Load duty-holders from CSV bytes; names and phones enter the store only, never a log or an answer.

    Raises
    ------
    RefusedInputError
        ``bad_table`` or ``bad_duties``; nothing is loaded then.
    """
    duties = read_duties(data, name=name)
    targets = {duty.target for duty in duties.duties}
    wanted = set(duties.duties)
    with store.writer(actor, "load.duties", {"file": name, "duties": len(wanted)}) as writer:
        known = stored_duties(writer)
        mine = {duty: number for number, duty in known.items() if duty.target in targets}
        gone = [number for duty, number in mine.items() if duty not in wanted]
        new = sorted((duty for duty in wanted if duty not in mine), key=_order)
        if gone:
            _withdraw(writer, gone)
        _write(writer, new, name)
        cells = _cell_codes(writer)
        register = load_register(writer).register
        revision = writer.revision if writer.wrote else None
    unknown = [code for code in sorted(targets) if code not in cells and register.find(code) is None]
    return {
        "file": name,
        "duties": len(wanted),
        "targets": len(targets),
        "added": len(new),
        "withdrawn": len(gone),
        "unknown_targets": unknown,
        "unchanged": revision is None,
        "revision": revision,
    }


def stored_duties(reader: Reader) -> dict[int, Duty]:
    """Return the duties known and not withdrawn at the reader's revision, by id."""
    table = models.Duty
    rows = reader.rows(
        sa.select(table.__table__).where(
            reader.known(table), sa.or_(table.withdrawn_rev.is_(None), table.withdrawn_rev > reader.rev)
        )
    )
    return {
        row.id: Duty(
            row.target_code,
            Role(row.role),
            row.person,
            row.phone,
            row.title or "",
            Validity(row.valid_from, row.valid_to),
        )
        for row in rows
    }


def _withdraw(writer: Writer, numbers: list[int]) -> None:
    for start in range(0, len(numbers), 500):
        part = numbers[start : start + 500]
        writer.connection.execute(
            sa.update(models.Duty).where(models.Duty.id.in_(part)).values(withdrawn_rev=writer.revision)
        )


def _write(writer: Writer, duties: list[Duty], source: str) -> None:
    if not duties:
        return
    first = writer.allocate(models.Duty, len(duties))
    writer.bulk(
        models.Duty,
        {
            "id": list(range(first, first + len(duties))),
            "rev": writer.revision,
            "target_code": [duty.target for duty in duties],
            "role": [duty.role.value for duty in duties],
            "person": [duty.person for duty in duties],
            "phone": [duty.phone for duty in duties],
            "title": [duty.title or None for duty in duties],
            "source": source,
            "valid_from": [duty.validity.start for duty in duties],
            "valid_to": [duty.validity.end for duty in duties],
        },
    )


def _cell_codes(reader: Reader) -> set[str]:
    return {code for (code,) in reader.rows(sa.select(models.GridCell.code).distinct())}


def _order(duty: Duty) -> tuple[str, str, str, str, str]:
    return duty.target, duty.role.value, duty.person, duty.phone or "", str(duty.validity.start)
