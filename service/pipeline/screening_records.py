"""Writing what screening rests on: thresholds, land cover, and published tables of learned heat sources."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa

from gis.errors import ConflictError, RefusedInputError, UsageError
from gis.landclasses import GROUPS, ClassList, class_list
from gis.recurrence import CLASSES, HeatCells, RecurrenceParams, learn
from gis.screening import ScreenParams
from gis.times import fire_day_bounds, minutes_of
from gis.types import BBox, DataStatus
from service.pipeline.archive import Archive
from service.pipeline.area import current_area, no_area
from service.pipeline.live import live_detections
from service.pipeline.screens import nights
from service.store.engine import Reader, Store, Writer
from service.store.models import HeatCell, HeatTable, LandCoverSet, ScreeningVersion
from service.store.types import canonical_json

FIRST_DAY = dt.date(2000, 1, 1)
SCREENING_V1 = "1"
_MIN_REASON = 2
_MOST = {"pass_minutes": 60, "company_m": 10_000}
_EPOCH = dt.date(1970, 1, 1)


def first_screening(writer: Writer) -> str:
    """Record the first thresholds where none are; return the version in force from the first day or later."""
    table = ScreeningVersion.__table__
    known = writer.connection.execute(
        sa.select(table.c.version).order_by(table.c.rev.desc(), table.c.id.desc()).limit(1)
    ).scalar()
    if known is not None:
        return str(known)
    params = {**ScreenParams(version=SCREENING_V1).as_dict(), "status": DataStatus.REFERENCE.value}
    writer.insert(
        ScreeningVersion,
        version=SCREENING_V1,
        from_date=FIRST_DAY,
        params=_plain(params),
        reason="first thresholds; no official list of exclusions is known for Jilin",
    )
    return SCREENING_V1


def set_screening(
    store: Store,
    changes: Mapping[str, Any],
    *,
    version: str,
    from_date: dt.date,
    reason: str,
    status: str,
    actor: str,
) -> dict[str, Any]:
    """Record thresholds in force for fire days from `from_date`; those not named stay as they were on that day.

    Raises
    ------
    UsageError
        ``bad_threshold``: an unknown name, or a value of another kind; ``reason_missing``.
    ConflictError
        ``version_taken``: the version says something else already.
    """
    if len(reason.strip()) < _MIN_REASON:
        raise UsageError("reason_missing", "请写明理由", "say why, in words", value=reason)
    with store.writer(actor, "screen.set", {"version": version, "from": from_date.isoformat()}) as writer:
        rows = writer.rows(
            sa.select(ScreeningVersion.__table__).order_by(ScreeningVersion.from_date, ScreeningVersion.id)
        )
        before: Mapping[str, Any] = next(
            (row.params for row in reversed(rows) if row.from_date <= from_date), {}
        )
        params = _changed(before, changes) | {"version": version, "status": DataStatus(status).value}
        taken = next((row for row in rows if row.version == version), None)
        if taken is not None:
            if taken.params == _plain(params) and taken.from_date == from_date:
                return {
                    "version": version,
                    "first": from_date.isoformat(),
                    "params": taken.params,
                    "revision": None,
                }
            raise ConflictError(
                "version_taken",
                f"筛除参数版本 {version} 已存在且内容不同：请换一个版本号",
                f"screening version {version} exists and says something else: name another version",
                value=version,
            )
        writer.insert(
            ScreeningVersion,
            version=version,
            from_date=from_date,
            params=_plain(params),
            reason=reason.strip(),
        )
        return {
            "version": version,
            "first": from_date.isoformat(),
            "params": _plain(params),
            "revision": writer.revision,
        }


def _changed(before: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    params = ScreenParams.of(before).as_dict()
    for name, value in changes.items():
        if name not in params or name == "version":
            raise _bad_threshold(name, value, sorted(set(params) - {"version"}))
        params[name] = _of_kind(name, params[name], value)
    checked = ScreenParams.of(params)
    _check(checked)
    return params


def _of_kind(name: str, like: Any, value: Any) -> Any:
    try:
        if isinstance(like, tuple):
            parts = [part.strip() for part in str(value).split(",") if part.strip()]
            return tuple(int(part) if like and isinstance(like[0], int) else part for part in parts)
        return type(like)(value) if isinstance(like, int | float) else str(value)
    except ValueError:
        raise _bad_threshold(name, value, [name]) from None


def _check(params: ScreenParams) -> None:
    for name in ("cropland_least", "vegetation_most"):
        if not 0 <= getattr(params, name) <= 1:
            raise _bad_threshold(name, getattr(params, name), ["0 … 1"])
    if params.low_confidence not in ("all", "glint", "none"):
        raise _bad_threshold("low_confidence", params.low_confidence, ["all", "glint", "none"])
    if params.retrospective not in ("flag", "decide"):
        raise _bad_threshold("retrospective", params.retrospective, ["flag", "decide"])
    if not set(params.heat_kinds) <= set(CLASSES):
        raise _bad_threshold("heat_kinds", ",".join(params.heat_kinds), list(CLASSES))
    for name in ("pass_minutes", "company_m"):
        # A pass is minutes long and glint a pixel wide: what is longer or farther would forgive no glint at all.
        if not 0 <= getattr(params, name) <= _MOST[name]:
            raise _bad_threshold(name, getattr(params, name), [f"0 … {_MOST[name]}"])
    if len(params.glint_hours) != 2 or not 0 <= params.glint_hours[0] <= params.glint_hours[1] <= 24:
        raise _bad_threshold("glint_hours", params.glint_hours, ["10,15"])


def _bad_threshold(name: str, value: Any, allowed: list[str]) -> UsageError:
    return UsageError(
        "bad_threshold",
        f"筛除参数 {name}={value} 不可用；可用：{'、'.join(allowed)}",
        f"screening threshold {name}={value} is not usable; usable: {', '.join(allowed)}",
        value=name,
    )


def _plain(params: Mapping[str, Any]) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in params.items()}


# --- land cover ------------------------------------------------------------------------------------------------------


def load_landcover(
    store: Store,
    archive: Archive,
    path: Path,
    *,
    name: str,
    classes: str | ClassList,
    crs: str | None,
    status: str,
    source: str,
    valid_from: dt.date | None,
    valid_to: dt.date | None,
    actor: str,
) -> dict[str, Any]:
    """Check a raster against the service area, archive it and record it as a version of `name`.

    Raises
    ------
    RefusedInputError
        As `gis.landcover.open_landcover`; ``no_area`` where the service area is not known.
    """
    from gis.landcover import open_landcover

    listed = class_list(classes)
    with store.reader() as reader:
        area = _area_box(reader)
    raster = open_landcover(path, listed, crs=crs, area=area)
    facts = {
        "resolution_m": [round(size, 3) for size in raster.resolution_m],
        "coverage": raster.coverage,
        "has_nodata": raster.has_nodata,
        "classes_found": {
            str(number): round(part, 6) for number, part in sorted(raster.classes_found.items())
        },
    }
    sha256 = archive.put_file(path)
    said = {
        "status": DataStatus(status).value,
        "source": source,
        "sha256": sha256,
        "crs": crs,
        "classes": _classes_record(listed),
        "valid_from": valid_from,
        "valid_to": valid_to,
    }
    with store.writer(actor, "load.landcover", {"name": name, "sha256": sha256}) as writer:
        table = LandCoverSet.__table__
        last = writer.rows(
            sa.select(table).where(table.c.name == name).order_by(table.c.version.desc()).limit(1)
        )
        same = bool(last) and all(getattr(last[0], column) == value for column, value in said.items())
        version = last[0].version if same else (last[0].version + 1 if last else 1)
        if not same:
            writer.insert(LandCoverSet, name=name, version=version, facts=facts, **said)
        return {
            "name": name,
            "version": version,
            "classes": listed.name,
            "status": said["status"],
            "sha256": sha256,
            **facts,
            "unchanged": same,
            "revision": None if same else writer.revision,
        }


def _area_box(reader: Reader) -> BBox:
    area = current_area(reader)
    if area is None or area.geometry is None:
        raise no_area()
    return BBox(*area.geometry.bounds)


def _classes_record(listed: ClassList) -> dict[str, Any]:
    from gis.landclasses import PRESETS

    if PRESETS.get(listed.name) == listed:
        return {"name": listed.name}
    return {
        "name": listed.name,
        "groups": {str(number): group for number, group in sorted(listed.groups.items())},
        "nodata": sorted(listed.nodata),
        "source": listed.source,
    }


def read_class_list(data: bytes, *, file: str) -> ClassList:
    """Return a class list of a YAML file: ``name, source, nodata, groups {cropland: [1, 2], …}``.

    Raises
    ------
    RefusedInputError
        ``bad_class_list``, naming what is wrong.
    """
    from gis.yamldoc import read_yaml

    record = read_yaml(data, name=file).data
    try:
        groups = {
            int(number): str(group) for group, numbers in record["groups"].items() for number in numbers
        }
        found = ClassList(
            str(record["name"]),
            groups,
            frozenset(int(one) for one in record.get("nodata", [])),
            str(record["source"]),
        )
        wrong = [group for group in record["groups"] if group not in GROUPS]
        if wrong or not all(0 <= number < 256 for number in groups):
            raise ValueError(str(wrong or sorted(groups)))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RefusedInputError(
            "bad_class_list",
            f"{file} 不是分类表：须有 name、source、groups，组名为 {'、'.join(GROUPS)}，类别号 0–255",
            f"{file} is no class list ({error}): it has name, source, groups (of {', '.join(GROUPS)}), numbers 0-255",
            value=file,
        ) from error
    return found


# --- learned heat sources --------------------------------------------------------------------------------------------


def publish_heat_table(
    store: Store, before: dt.date, *, params: RecurrenceParams | None = None, actor: str
) -> dict[str, Any]:
    """Learn recurring cells from the live detections of the window before a day, and publish them as its table.

    The same detections and parameters give the same table, which is recorded once.

    Raises
    ------
    RefusedInputError
        ``no_area``: no service area is loaded.
    """
    params = params or RecurrenceParams()
    with store.reader() as reader:
        learned, used = learned_cells(reader, before, params)
    digest = _digest(learned)
    with store.writer(actor, "screen.publish", {"before": before.isoformat()}) as writer:
        table = HeatTable.__table__
        last = writer.rows(
            sa.select(table)
            .where(table.c.before == before)
            .order_by(table.c.rev.desc(), table.c.id.desc())
            .limit(1)
        )
        same = bool(last) and last[0].content_hash == digest and last[0].detections == used
        if not same:
            _write_table(writer, before, params, learned, used, digest)
        return {
            "before": before.isoformat(),
            "window_days": params.window_days,
            "detections": used,
            "cells": {kind: int((learned.kind == number).sum()) for number, kind in enumerate(CLASSES)},
            "content_hash": digest,
            "unchanged": same,
            "revision": None if same else writer.revision,
        }


def learned_cells(reader: Reader, before: dt.date, params: RecurrenceParams) -> tuple[HeatCells, int]:
    """Return the recurring cells of the window before a day, and how many detections they were learned from."""
    area = current_area(reader)
    if area is None:
        raise no_area()
    first = minutes_of(fire_day_bounds(before - dt.timedelta(days=params.window_days))[0])
    last = minutes_of(fire_day_bounds(before)[0])
    live = live_detections(reader, area, [(first, last)])
    night = np.array(nights(live, np.arange(len(live.ids))), dtype=bool)
    return learn(live.minute, live.lon, live.lat, night, before=before, params=params), len(live.ids)


def _digest(cells: HeatCells) -> str:
    columns = {
        name: getattr(cells, name).tolist()
        for name in ("column", "row", "kind", "hot_days", "detections", "months", "night_share")
    }
    return hashlib.sha256(canonical_json({"params": cells.params.as_dict(), **columns}).encode()).hexdigest()


def _write_table(
    writer: Writer, before: dt.date, params: RecurrenceParams, cells: HeatCells, used: int, digest: str
) -> None:
    table_id = writer.insert(
        HeatTable,
        before=before,
        params=params.as_dict(),
        detections=used,
        cells=len(cells),
        content_hash=digest,
    )
    if not len(cells):
        return
    lon, lat = cells.centres()
    first = writer.allocate(HeatCell, len(cells))
    writer.bulk(
        HeatCell,
        {
            "id": list(range(first, first + len(cells))),
            "table_id": table_id,
            "cell_column": cells.column.tolist(),
            "cell_row": cells.row.tolist(),
            "kind": [CLASSES[number] for number in cells.kind.tolist()],
            "hot_days": cells.hot_days.tolist(),
            "detections": cells.detections.tolist(),
            "months": cells.months.tolist(),
            "night_share": cells.night_share.tolist(),
            "first_day": [_EPOCH + dt.timedelta(days=day) for day in cells.first_day.tolist()],
            "last_day": [_EPOCH + dt.timedelta(days=day) for day in cells.last_day.tolist()],
            "lon": lon.tolist(),
            "lat": lat.tolist(),
        },
    )
