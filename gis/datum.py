"""Datums of Chinese boundary files, and the one way into stored coordinates (CGCS2000, EPSG:4490, lon/lat).

Nothing is guessed: an undeclared datum is refused, because GCJ-02 looks exactly like WGS84 and is 600 m off.
Input and output are always (lon, lat) or (easting, northing), whatever axis order EPSG states.

Notes
-----
WGS84 is taken as equal to CGCS2000 (their realisations differ by less than a metre). Beijing 1954 and
Xi'an 1980 have no public transformation for north-east China: PROJ offers only a "ballpark" one (latitude and
longitude kept) and gives its accuracy as unknown (-1). The accuracy stated here is therefore an upper bound of
the whole offset, see `Datum.accuracy_note`, and it widens every border test that uses such a set.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from gis import gcj02
from gis.errors import UnknownDatumError

Array = npt.NDArray[np.float64]
Kind = Literal["geographic", "offset", "zoned", "projected"]

MAX_NORTHING_M = 6_100_000.0
"""No land of China lies north of this on a Gauss-Krueger grid (53.6 N is 5,940 km)."""


@dataclass(frozen=True, slots=True)
class Datum:
    """One way in which a file can state positions.

    Parameters
    ----------
    key
        Stable word stored with a set: ``gcj02``, ``epsg:4526``.
    zh, en
        Names for people.
    accuracy_m
        What converting to the stored CRS may be wrong by, in metres.
    accuracy_note
        Where that number comes from.
    kind
        ``geographic`` degrees; ``offset`` GCJ-02 and BD-09; ``zoned`` Gauss-Krueger with the zone taken from
        the prefix of the easting; ``projected`` one EPSG code.
    base
        Key of the geodetic datum below a projection; `key` itself otherwise.
    epsg
        EPSG code, None where there is none.
    """

    key: str
    zh: str
    en: str
    accuracy_m: float
    accuracy_note: str
    kind: Kind
    base: str
    epsg: int | None = None

    @property
    def metric(self) -> bool:
        """Whether coordinates are metres rather than degrees."""
        return self.kind in ("zoned", "projected")


_EXACT = "the stored CRS itself"
_WGS = "WGS84 and CGCS2000 realisations agree within a metre; taken as equal"
_GCJ = (
    "public formula, not the official one, inverted to 1e-9 m; the AMap counties so converted lie about 20 m "
    "west "
    "of the Tianditu ones, source differences included"
)
_BJ = (
    "PROJ gives 'ballpark, accuracy unknown' (-1) without grids and keeps latitude and longitude; parameter "
    "sets "
    "published for other regions of China put the whole offset at 83 to 92 m in Jilin"
)
_XA = (
    "PROJ gives 'ballpark, accuracy unknown' (-1) without grids and keeps latitude and longitude; no "
    "parameter set is "
    "public, so a bound well above the usual offset is stated"
)


_BASES = {
    datum.key: datum
    for datum in (
        Datum(
            "cgcs2000",
            "2000国家大地坐标系",
            "CGCS2000 geographic",
            0.0,
            _EXACT,
            "geographic",
            "cgcs2000",
            4490,
        ),
        Datum("wgs84", "WGS84经纬度", "WGS 84 geographic", 1.0, _WGS, "geographic", "wgs84", 4326),
        Datum("gcj02", "GCJ-02（火星坐标）", "GCJ-02", 10.0, _GCJ, "offset", "gcj02"),
        Datum("bd09", "BD-09（百度坐标）", "BD-09", 15.0, _GCJ, "offset", "bd09"),
        Datum(
            "beijing54",
            "1954年北京坐标系",
            "Beijing 1954 geographic",
            100.0,
            _BJ,
            "geographic",
            "beijing54",
            4214,
        ),
        Datum("xian80", "1980西安坐标系", "Xi'an 1980 geographic", 200.0, _XA, "geographic", "xian80", 4610),
    )
}
_ZONED = {
    f"{base}_gk3": Datum(
        f"{base}_gk3",
        f"{_BASES[base].zh} 3度带高斯投影（带号在横坐标前）",
        f"{_BASES[base].en.removesuffix(' geographic')} 3-degree Gauss-Krueger, zone in the easting",
        _BASES[base].accuracy_m,
        _BASES[base].accuracy_note,
        "zoned",
        base,
    )
    for base in ("cgcs2000", "beijing54", "xian80")
}
DATUMS = MappingProxyType(_BASES | _ZONED)
"""The catalogue by key. Single projections (``EPSG:4526``) are made by `datum_of`."""


@dataclass(frozen=True, slots=True)
class _Grid:
    """A run of EPSG codes of one Gauss-Krueger family: `first` belongs to `zone` and `meridian`."""

    base: str
    first: int
    count: int
    zone: int
    meridian: int
    width: int
    prefixed: bool


_GRIDS = (
    _Grid("cgcs2000", 4513, 21, 25, 75, 3, True),
    _Grid("cgcs2000", 4534, 21, 25, 75, 3, False),
    _Grid("cgcs2000", 4491, 11, 13, 75, 6, True),
    _Grid("cgcs2000", 4502, 11, 13, 75, 6, False),
    _Grid("xian80", 2349, 21, 25, 75, 3, True),
    _Grid("xian80", 2370, 21, 25, 75, 3, False),
    _Grid("xian80", 2327, 11, 13, 75, 6, True),
    _Grid("xian80", 2338, 11, 13, 75, 6, False),
    _Grid("beijing54", 2401, 21, 25, 75, 3, True),
    _Grid("beijing54", 2422, 21, 25, 75, 3, False),
    _Grid("beijing54", 21413, 11, 13, 75, 6, True),
    _Grid("beijing54", 21453, 11, 13, 75, 6, False),
)
_ALIASES = {
    "wgs1984": "wgs84",
    "gcswgs1984": "wgs84",
    "crs84": "wgs84",
    "ogc:crs84": "wgs84",
    "ogc:1.3:crs84": "wgs84",
    "cgcs": "cgcs2000",
    "国家2000": "cgcs2000",
    "大地2000": "cgcs2000",
    "chinageodeticcoordinatesystem2000": "cgcs2000",
    "gcschinageodeticcoordinatesystem2000": "cgcs2000",
    "gcj": "gcj02",
    "火星坐标": "gcj02",
    "bd": "bd09",
    "bd09ll": "bd09",
    "百度坐标": "bd09",
    "beijing1954": "beijing54",
    "gcsbeijing1954": "beijing54",
    "bj54": "beijing54",
    "北京54": "beijing54",
    "xian1980": "xian80",
    "gcsxian1980": "xian80",
    "西安80": "xian80",
}
_EPSG = re.compile(r"epsg:(?:[\d.]*:)?(\d{4,6})")


def datum_of(text: str | int | None) -> Datum:
    """Return the datum a declaration names.

    Parameters
    ----------
    text
        ``gcj02``, ``cgcs2000_gk3``, ``EPSG:4526``, ``urn:ogc:def:crs:EPSG::4490``, ``北京54``; 4490 as a
        number.

    Raises
    ------
    UnknownDatumError
        Nothing declared (``undeclared_datum``), or a name that is not in the catalogue (``unknown_datum``).
    """
    if text is None or not str(text).strip():
        raise UnknownDatumError(
            "undeclared_datum",
            "没有声明坐标系：经纬度可能是WGS84，也可能是偏移六百米的GCJ-02。请用 --crs EPSG:4490 或 --datum "
            "gcj02 声明。",
            "No CRS or datum is declared: degrees may be WGS84 or GCJ-02, 600 m off. Declare it with --crs "
            "EPSG:4490 "
            "or --datum gcj02.",
            known=sorted(DATUMS),
        )
    word = re.sub(r"[\s_\-'’]", "", str(text).strip().casefold()).removeprefix("urn:ogc:def:crs:")
    by_key = {key.replace("_", ""): datum for key, datum in DATUMS.items()}
    found = by_key.get(_ALIASES.get(word, word))
    if found is not None:
        return found
    number = _EPSG.fullmatch(word) or re.fullmatch(r"(\d{4,6})", word)
    datum = epsg_datum(int(number[1])) if number else None
    if datum is None:
        raise UnknownDatumError(
            "unknown_datum",
            f"不认识的坐标系“{str(text)[:80]}”。可用：{'、'.join(sorted(DATUMS))}，或 EPSG 代号（4490、4326、"
            "4513–4554 等）。",
            f"Unknown CRS or datum {str(text)[:80]!r}. Known: {', '.join(sorted(DATUMS))}, or an EPSG code "
            "(4490, "
            "4326, 4513 to 4554, ...).",
            value=str(text)[:200],
            known=sorted(DATUMS),
        )
    return datum


def epsg_datum(epsg: int) -> Datum | None:
    """Return the datum of an EPSG code, None when it is not one that boundary files of China use."""
    for base in _BASES.values():
        if base.epsg == epsg:
            return base
    for grid in _GRIDS:
        if grid.first <= epsg < grid.first + grid.count:
            return _grid_datum(grid, epsg)
    if epsg == 3857 or 32643 <= epsg <= 32653:
        name = "Web Mercator" if epsg == 3857 else f"UTM {epsg - 32600}N"
        wgs = _BASES["wgs84"]
        return Datum(
            f"epsg:{epsg}",
            f"WGS84 {name}",
            f"WGS 84 {name}",
            1.0,
            wgs.accuracy_note,
            "projected",
            "wgs84",
            epsg,
        )
    return None


def _grid_datum(grid: _Grid, epsg: int) -> Datum:
    """Return one Gauss-Krueger zone as a datum."""
    step = epsg - grid.first
    zone, meridian = grid.zone + step, grid.meridian + grid.width * step
    base = _BASES[grid.base]
    prefix_zh = f"带号{zone}" if grid.prefixed else "无带号"
    prefix_en = f"zone {zone}" if grid.prefixed else "no zone prefix"
    return Datum(
        f"epsg:{epsg}",
        f"{base.zh} {grid.width}度带高斯投影 中央经线{meridian}°（{prefix_zh}）",
        f"{base.en.removesuffix(' geographic')} {grid.width}-degree Gauss-Krueger CM {meridian}E "
        f"({prefix_en})",
        base.accuracy_m,
        base.accuracy_note,
        "projected",
        grid.base,
        epsg,
    )


def gk_epsg(base: str, *, meridian: int, prefixed: bool, width: int = 3) -> int | None:
    """Return the EPSG code of a Gauss-Krueger zone, None where there is none.

    Parameters
    ----------
    base
        ``cgcs2000``, ``beijing54`` or ``xian80``.
    meridian
        Central meridian in degrees east.
    prefixed
        Whether eastings carry the zone number.
    width
        3 or 6 degrees.
    """
    for grid in _GRIDS:
        step, rest = divmod(meridian - grid.meridian, grid.width)
        if (grid.base, grid.prefixed, grid.width) == (base, prefixed, width) and rest == 0:
            return grid.first + step if 0 <= step < grid.count else None
    return None


def datum_of_wkt(wkt: str) -> Datum | None:
    """Return the datum a ``.prj`` or GeoPackage definition names, None when it names none that is known.

    Notes
    -----
    Read from the definition's own numbers (geodetic datum, central meridian, false easting), because the EPSG
    look-up is not sure of the many ESRI spellings.
    """
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    try:
        crs = CRS.from_wkt(wkt)
    except CRSError:
        return None
    geodetic = crs.geodetic_crs
    base = (
        _base_of_name(f"{geodetic.name} {geodetic.datum.name if geodetic.datum else ''}")
        if geodetic
        else None
    )
    if base is None:
        return None
    if not crs.is_projected:
        return _BASES[base]
    operation = crs.coordinate_operation
    values = {param.name: param.value for param in operation.params} if operation else {}
    meridian = values.get("Longitude of natural origin")
    easting = values.get("False easting", 0.0)
    if (
        operation
        and operation.method_name == "Transverse Mercator"
        and meridian is not None
        and base != "wgs84"
    ):
        return _gk_of(base, float(meridian), float(easting))
    number = crs.to_epsg(min_confidence=70)
    return epsg_datum(number) if number else None


def _gk_of(base: str, meridian: float, easting: float) -> Datum | None:
    """Return the Gauss-Krueger zone with this central meridian and false easting."""
    prefix = int(easting // 1_000_000)
    width = 6 if prefix and prefix * 6 - 3 == meridian else 3
    number = gk_epsg(base, meridian=round(meridian), prefixed=prefix > 0, width=width)
    return epsg_datum(number) if number and meridian == round(meridian) else None


def _base_of_name(name: str) -> str | None:
    """Return the base datum a CRS or datum name stands for."""
    word = re.sub(r"[^a-z0-9]", "", name.casefold())
    for base, marks in {
        "cgcs2000": ("china2000", "chinageodetic", "cgcs"),
        "wgs84": ("wgs84", "wgs1984", "worldgeodeticsystem1984"),
        "beijing54": ("beijing1954", "beijing54"),
        "xian80": ("xian1980", "xian80"),
    }.items():
        if any(mark in word for mark in marks):
            return base
    return None


def contradicts(declared: Datum, stated: Datum) -> bool:
    """Whether a declaration contradicts what the file itself states.

    Notes
    -----
    WGS84 and CGCS2000 degrees are stored alike. GCJ-02 and BD-09 have no EPSG code, so files of them are
    labelled WGS84 or CGCS2000 by every GIS: declaring the offset over such a label is a correction, not a
    contradiction.
    """
    if declared.key == stated.key:
        return False
    degrees = ("wgs84", "cgcs2000")
    if stated.key in degrees and declared.key in (*degrees, "gcj02", "bd09"):
        return False
    if declared.kind == "zoned":
        return not (stated.kind == "projected" and stated.base == declared.base)
    return True


def to_stored(lon_or_x: Any, lat_or_y: Any, datum: Datum) -> tuple[Array, Array]:
    """Return stored positions (CGCS2000 degrees, lon and lat) of coordinates given in `datum`.

    Parameters
    ----------
    lon_or_x, lat_or_y
        Degrees or metres, equal shapes; longitude or easting first.
    datum
        What they are given in.

    Raises
    ------
    UnknownDatumError
        The numbers cannot be coordinates of this datum (``datum_mismatch``): metres under degrees, a zone
        prefix that is missing or belongs to another zone, axes swapped.
    """
    x, y = np.asarray(lon_or_x, dtype=np.float64), np.asarray(lat_or_y, dtype=np.float64)
    if x.size == 0:
        return x.copy(), y.copy()
    if not datum.metric:
        _check_degrees(x, y, datum)
        return _degrees_to_stored(x, y, datum)
    _check_metres(x, y, datum)
    if datum.kind == "projected":
        return _project(x, y, datum, inverse=False)
    zones = np.floor(x / 1e6).astype(np.int64)
    lon, lat = np.empty_like(x), np.empty_like(y)
    for zone in np.unique(zones):
        number = gk_epsg(datum.base, meridian=3 * int(zone), prefixed=True)
        single = epsg_datum(number) if number else None
        if single is None:
            raise _mismatch(datum, f"带号 {zone} 不存在", f"there is no 3-degree zone {zone}")
        here = zones == zone
        lon[here], lat[here] = _project(x[here], y[here], single, inverse=False)
    return lon, lat


def from_stored(lon: Any, lat: Any, datum: Datum) -> tuple[Array, Array]:
    """Return coordinates in `datum` of stored positions; the inverse of `to_stored`.

    Notes
    -----
    Under a ``zoned`` datum each position gets the 3-degree zone it lies in.
    """
    x, y = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    if datum.kind == "offset":
        shifted = gcj02.wgs84_to_gcj02(x, y)
        return gcj02.gcj02_to_bd09(*shifted) if datum.key == "bd09" else shifted
    if datum.kind == "projected":
        return _project(x, y, datum, inverse=True)
    if datum.kind == "zoned":
        zones = np.floor((x + 1.5) / 3.0).astype(np.int64)
        east, north = np.empty_like(x), np.empty_like(y)
        for zone in np.unique(zones):
            number = gk_epsg(datum.base, meridian=3 * int(zone), prefixed=True)
            single = epsg_datum(number) if number else None
            if single is None:
                raise _mismatch(datum, f"带号 {zone} 不存在", f"there is no 3-degree zone {zone}")
            here = zones == zone
            east[here], north[here] = _project(x[here], y[here], single, inverse=True)
        return east, north
    return x.copy(), y.copy()


def _degrees_to_stored(x: Array, y: Array, datum: Datum) -> tuple[Array, Array]:
    """Convert degrees; Beijing 1954 and Xi'an 1980 keep theirs (PROJ's ballpark operation does the same)."""
    if datum.key == "bd09":
        x, y = gcj02.bd09_to_gcj02(x, y)
    if datum.kind == "offset":
        return gcj02.gcj02_to_wgs84(x, y)
    return x.copy(), y.copy()


def _project(x: Array, y: Array, datum: Datum, *, inverse: bool) -> tuple[Array, Array]:
    """Run the map projection alone, from or to the geographic CRS below it, whose degrees are then kept.

    A transformer is made per call: pyproj's are not safe to share between threads.
    """
    from pyproj import CRS, Transformer

    crs = CRS.from_user_input(datum.epsg)
    source, target = (crs.geodetic_crs, crs) if inverse else (crs, crs.geodetic_crs)
    out = Transformer.from_crs(source, target, always_xy=True).transform(x, y)
    return np.asarray(out[0], dtype=np.float64), np.asarray(out[1], dtype=np.float64)


def _check_degrees(x: Array, y: Array, datum: Datum) -> None:
    """Refuse numbers that cannot be (lon, lat) degrees."""
    if float(np.abs(y).max()) <= 90.0 and float(np.abs(x).max()) <= 180.0:
        return
    if float(np.abs(x).max()) <= 90.0 and float(np.abs(y).max()) <= 180.0:
        raise _mismatch(
            datum, "经度和纬度的顺序反了（应为经度在前）", "the axes are swapped (longitude comes first)"
        )
    prefix = int(float(np.median(x)) // 1e6)
    number = gk_epsg("cgcs2000", meridian=3 * prefix, prefixed=True) if 25 <= prefix <= 45 else None
    hint_zh = f"，像是3度带{prefix}带，若是CGCS2000请声明 EPSG:{number}" if number else "，像是投影坐标（米）"
    hint_en = (
        f"; they look like 3-degree zone {prefix}: declare EPSG:{number} if CGCS2000"
        if number
        else "; they look like projected metres"
    )
    raise _mismatch(
        datum,
        f"坐标 ({x.flat[0]:.10g}, {y.flat[0]:.10g}) 不是度{hint_zh}",
        f"coordinates such as ({x.flat[0]:.10g}, {y.flat[0]:.10g}) are not degrees{hint_en}",
    )


def _check_metres(x: Array, y: Array, datum: Datum) -> None:
    """Refuse numbers that cannot be (easting, northing) of this projection."""
    if float(np.abs(x).max()) <= 180.0 and float(np.abs(y).max()) <= 180.0:
        raise _mismatch(datum, "坐标是度，不是米", "the coordinates are degrees, not metres")
    if datum.base == "wgs84":
        return
    if float(np.median(x)) < float(np.median(y)) and float(np.median(y)) > 1.3e7:
        raise _mismatch(
            datum, "横纵坐标的顺序反了（应为横坐标在前）", "the axes are swapped (easting comes first)"
        )
    if float(y.min()) < 0.0 or float(y.max()) > MAX_NORTHING_M:
        raise _mismatch(
            datum,
            f"纵坐标 {float(y.min()):.0f} 至 {float(y.max()):.0f} 米不在中国范围",
            f"northings {float(y.min()):.0f} to {float(y.max()):.0f} m are not in China (are the axes "
            "swapped?)",
        )
    _check_prefix(x, datum)


def _check_prefix(x: Array, datum: Datum) -> None:
    """Compare the zone prefix of the eastings with what the declaration implies."""
    found = int(float(np.median(x)) // 1e6)
    grid = next((g for g in _GRIDS if datum.epsg and g.first <= datum.epsg < g.first + g.count), None)
    if grid is None:
        expected_ok = 25 <= found <= 45
    else:
        expected_ok = found == ((grid.zone + (datum.epsg or 0) - grid.first) if grid.prefixed else 0)
    if expected_ok:
        return
    number = gk_epsg(datum.base, meridian=3 * found, prefixed=True)
    if found and number:
        zh, en = (
            f"横坐标带有带号 {found}，请声明 EPSG:{number}",
            f"eastings carry zone {found}: declare EPSG:{number}",
        )
    else:
        zh = "横坐标没有带号，请声明 EPSG:4549（120°）、4550（123°）、4551（126°）或 4552（129°）"
        en = (
            "eastings carry no zone: declare the EPSG code of the central meridian (CGCS2000: 4549 for 120E, "
            "4550 for "
            "123E, 4551 for 126E, 4552 for 129E)"
        )
    raise _mismatch(datum, zh, en)


def _mismatch(datum: Datum, zh: str, en: str) -> UnknownDatumError:
    """Return the refusal of a declaration that the numbers themselves contradict."""
    return UnknownDatumError(
        "datum_mismatch",
        f"声明为{datum.zh}，但{zh}。请改正 --crs 或 --datum。",
        f"Declared as {datum.en}, but {en}. Correct --crs or --datum.",
        declared=datum.key,
    )
