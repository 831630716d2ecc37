"""The five-level supervision grid (五级网格): cells with or without geometry, any levels present or missing.

Polygons exist down to the village, sometimes the hamlet (屯); a household is a contact, not a cell. A hamlet has no
national code, so its cell carries the village code, a hyphen and a local number.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry import MultiPolygon
from shapely.geometry.base import BaseGeometry

from gis.codes import parse_code
from gis.errors import RefusedInputError
from gis.features import Feature, looks_like_json, polygons, read_features
from gis.parquet_features import looks_like_parquet, read_parquet_features
from gis.reasons import CODE_TWICE, MISSING, one_of, reason_of
from gis.tables import Problem, TableRow, read_table, refuse_problems
from gis.types import LEVELS, DataStatus, Level, Validity
from grids.units import ALWAYS, RANK

_WORDS = {
    Level.PROVINCE: "省",
    Level.CITY: "市 州 市州",
    Level.COUNTY: "县 区 县区 市县",
    Level.TOWNSHIP: "乡 镇 乡镇 街道",
    Level.VILLAGE: "村 社区 行政村",
    Level.HAMLET: "屯 组 自然屯 村民小组",
}
LEVEL_WORDS = {word: level for level, words in _WORDS.items() for word in (level.value, *words.split())}
"""Level by the words people write; 级 and 网格 behind a word are left out first."""

COLUMNS: dict[str, tuple[str, ...]] = {
    "code": ("网格编码", "网格代码", "编码", "代码", "grid_code"),
    "level": ("级别", "层级", "网格级别"),
    "name": ("名称", "网格名称", "grid_name"),
    "parent": ("上级编码", "上级网格", "上级", "parent_code"),
    "unit_code": ("行政区划代码", "单位代码", "区划代码", "adcode"),
}

EQUAL_AREA = "+proj=laea +lat_0=43.5 +lon_0=126.5 +ellps=GRS80 +units=m +no_defs"
"""Lambert equal area around Jilin; areas are exact on the ellipsoid anywhere, shapes are not our business here."""

ESCAPE_TOLERANCE_KM2 = 0.01
"""One hectare: drawn borders of one place differ by a few metres; less than this beyond the parent is no finding."""


@dataclass(frozen=True, slots=True)
class GridCell:
    """One cell.

    Parameters
    ----------
    code
        Key within the set. Where it is an administrative code it is canonical; any other text is taken as it is.
    parent
        Code of the cell above, or None at the top of what was delivered.
    unit_code
        The administrative unit the cell belongs to, where known.
    geometry
        CGCS2000 (lon, lat), or None: the cell is known by name only.
    """

    code: str
    level: Level
    name: str
    parent: str | None = None
    unit_code: str | None = None
    geometry: MultiPolygon | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to look at in a set that was read: it is reported, the set stays usable."""

    kind: str
    code: str
    detail: str
    area_km2: float = 0.0


@dataclass(frozen=True)
class GridSet:
    """A version of the grid.

    Raises
    ------
    RefusedInputError
        ``bad_grid``: a code twice, an unknown parent, a parent that is not above its child.
    """

    name: str
    version: str
    status: DataStatus
    cells: tuple[GridCell, ...]
    source: str = ""
    validity: Validity = ALWAYS
    accuracy_m: float = 0.0
    units: Mapping[str, Level] = field(default_factory=dict, compare=False, repr=False)
    """Units of the register that may stand above a cell: a county lists its villages under townships it knows."""

    def __post_init__(self) -> None:
        refuse_problems(self.name, tuple(_contradictions(self.cells, units=self.units)), "bad_grid")

    @cached_property
    def by_code(self) -> Mapping[str, GridCell]:
        """Return the cells by code."""
        return {cell.code: cell for cell in self.cells}

    @cached_property
    def content_hash(self) -> str:
        """Return SHA-256 over the cells in code order: equal content, equal hash, whatever the file looked like."""
        digest = hashlib.sha256(b"huodian grid set 1\n")
        for cell in sorted(self.cells, key=lambda cell: cell.code):
            parts = (cell.code, cell.level.value, cell.name, cell.parent or "", cell.unit_code or "")
            digest.update("\x1f".join(parts).encode())
            digest.update(
                b"\x1e" if cell.geometry is None else shapely.to_wkb(shapely.normalize(cell.geometry))
            )
            digest.update(b"\n")
        return digest.hexdigest()

    def at(self, level: Level) -> tuple[GridCell, ...]:
        """Return the cells of one level, in code order."""
        return tuple(sorted((c for c in self.cells if c.level is level), key=lambda cell: cell.code))

    def above(self, code: str) -> tuple[GridCell, ...]:
        """Return the cell and those above it, narrow to wide; empty when the code is unknown."""
        found: list[GridCell] = []
        here: str | None = code
        while here is not None and here in self.by_code:
            cell = self.by_code[here]
            found.append(cell)
            here = cell.parent
        return tuple(found)

    def findings(self) -> tuple[Finding, ...]:
        """Return what is worth a look: cells that escape their parent, and levels that are missing in between."""
        return (*_escapes(self), *_skipped(self))


def read_grid(
    source: Path | bytes,
    /,
    *,
    name: str,
    version: str,
    status: DataStatus | str,
    datum: str | int | None = None,
    validity: Validity = ALWAYS,
    accuracy_m: float = 0.0,
    units: Mapping[str, Level] | None = None,
) -> GridSet:
    """Read a grid from CSV (no geometry), GeoJSON or GeoParquet (with or without).

    Parameters
    ----------
    source
        The file or its bytes; the content tells the format.
    name, version, status, validity, accuracy_m
        What the set is called and how far it can be relied on.
    datum
        What coordinates are given in; needed when there are any.
    units
        Levels by code of units outside the file that a cell may name as its parent.

    Raises
    ------
    RefusedInputError
        ``bad_table``, ``bad_geojson``, ``bad_geoparquet`` or ``bad_grid``; every wrong row is listed.
    """
    raw, label = (source.read_bytes(), source.name) if isinstance(source, Path) else (source, name)
    problems: list[Problem] = []
    if looks_like_json(raw) or looks_like_parquet(raw):
        reading = read_features if looks_like_json(raw) else read_parquet_features
        features = reading(raw, datum=datum, name=label)
        lines = [feature.number for feature in features]
        cells = [_cell_of_feature(feature, label, problems) for feature in features]
    else:
        rows = read_table(raw, columns=COLUMNS, required=("code", "level", "name"), name=label)
        lines = [row.line for row in rows]
        cells = [_cell_of_row(row, None, problems) for row in rows]
    refuse_problems(label, problems, "bad_grid")
    kept = tuple(cell for cell in cells if cell is not None)
    refuse_problems(label, _contradictions(kept, lines, units or {}), "bad_grid")
    return GridSet(name, version, DataStatus(status), kept, label, validity, accuracy_m, units or {})


def _cell_of_feature(feature: Feature, label: str, problems: list[Problem]) -> GridCell | None:
    cells = {column: feature.text(column, *titles) for column, titles in COLUMNS.items()}
    return _cell_of_row(TableRow(feature.number, cells), polygons(feature, label), problems)


def _cell_of_row(row: TableRow, geometry: MultiPolygon | None, problems: list[Problem]) -> GridCell | None:
    code = cell_code(row["code"])
    level = LEVEL_WORDS.get(re.sub(r"(级|网格)+$", "", row["level"]))
    if not code:
        problems.append(Problem(row.line, "code", row["code"], *MISSING))
    if level is None:
        problems.append(Problem(row.line, "level", row["level"], *one_of(LEVELS)))
    if not row["name"]:
        problems.append(Problem(row.line, "name", "", *MISSING))
    unit = row["unit_code"]
    if unit:
        try:
            unit = parse_code(unit)
        except RefusedInputError as error:
            problems.append(Problem(row.line, "unit_code", unit, *reason_of(error)))
    if level is None or not code:
        return None
    return GridCell(code, level, row["name"], cell_code(row["parent"]) or None, unit or None, geometry)


def cell_code(text: str) -> str:
    """Return the canonical administrative code when the text is one, else the text itself."""
    try:
        return parse_code(text)
    except RefusedInputError:
        return text.strip()


def _contradictions(
    cells: Sequence[GridCell], lines: Sequence[int] = (), units: Mapping[str, Level] | None = None
) -> list[Problem]:
    """Return what the cells contradict each other in, at the lines they stand in (their positions without)."""
    found: list[Problem] = []
    known: dict[str, GridCell] = {}
    placed = list(zip(lines or range(1, len(cells) + 1), cells, strict=True))
    for position, cell in placed:
        if cell.code in known:
            found.append(Problem(position, "code", cell.code, *CODE_TWICE))
        known.setdefault(cell.code, cell)
    for position, cell in placed:
        if known[cell.code] is not cell:
            continue
        if cell.parent is None:
            continue
        parent = known.get(cell.parent)
        level = parent.level if parent is not None else (units or {}).get(cell.parent)
        if level is None:
            found.append(
                Problem(
                    position,
                    "parent",
                    cell.parent,
                    f"no cell has this code, nor has a known unit (child {cell.code}); "
                    "leave the parent of a top cell empty, or load the units first",
                    f"没有网格或已登记单位使用此代码（下级为 {cell.code}）：最上层网格的上级请留空，或先载入单位",
                )
            )
        elif RANK[level] >= RANK[cell.level]:
            # Levels only rise on the way up, so a cycle cannot be: it is caught here as well.
            reason = (
                f"a {level} cannot lie above the {cell.level} {cell.code}",
                f"{_WORDS[level].split()[0]}级不能是{_WORDS[cell.level].split()[0]}级 {cell.code} 的上级",
            )
            found.append(Problem(position, "parent", cell.parent, *reason))
    return found


def _escapes(grid: GridSet) -> list[Finding]:
    found: list[Finding] = []
    for cell in grid.cells:
        parent = grid.by_code.get(cell.parent) if cell.parent else None
        if parent is None or parent.geometry is None or cell.geometry is None:
            continue
        if parent.geometry.covers(cell.geometry):
            continue
        area = area_km2(cell.geometry.difference(parent.geometry))
        if area > ESCAPE_TOLERANCE_KM2:
            found.append(Finding("escape", cell.code, f"{area:.3f} km2 lie outside {parent.code}", area))
    return found


def _skipped(grid: GridSet) -> list[Finding]:
    present = {cell.level for cell in grid.cells}
    return [
        Finding("missing_level", cell.code, f"{cell.level} directly under {grid.by_code[cell.parent].level}")
        for cell in grid.cells
        if cell.parent
        and cell.parent in grid.by_code
        and any(
            level in present for level in LEVELS[RANK[grid.by_code[cell.parent].level] + 1 : RANK[cell.level]]
        )
    ]


def area_km2(geometry: BaseGeometry) -> float:
    """Return the area of a geometry in CGCS2000 degrees, in square kilometres, by an equal-area projection."""
    return float(areas_km2([geometry])[0])


def areas_km2(geometries: Sequence[BaseGeometry]) -> npt.NDArray[np.float64]:
    """Return the areas of many geometries at once, square kilometres; shape (n,)."""
    project = _equal_area()

    def move(pairs: Any) -> Any:
        return np.column_stack(project.transform(pairs[:, 0], pairs[:, 1]))

    flat = shapely.transform(np.asarray(geometries, dtype=object), move)
    return np.asarray(shapely.area(flat), dtype=np.float64) / 1e6


@lru_cache(maxsize=1)
def _equal_area() -> Any:
    """Return the projection; making one costs a thousand times what using it does."""
    from pyproj import Transformer

    return Transformer.from_crs("EPSG:4490", EQUAL_AREA, always_xy=True)
