"""How much of a pixel's ground is cropland, by a categorical GeoTIFF with a class list.

A raster is read in windows, never whole. Each footprint is sampled on a regular lattice of points that is at least
twice as fine as the raster (64 x 64 at most, 8 x 8 at least), so a share is exact to one part in the number of
samples, and the same at every run. What the raster does not know (nodata, a class that is not in the list, ground
beyond its edge) is left out of the share and stated as ``known``: nothing known gives NaN, never a silent zero.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from gis.errors import NotFoundError, RefusedInputError, UnknownDatumError
from gis.landclasses import GROUPS, ClassList, class_list
from gis.plane import degrees_of, metres_per_degree
from gis.types import BBox

if TYPE_CHECKING:
    from rasterio.io import DatasetReader

Floats = npt.NDArray[np.float64]

_FOREIGN_SHARE = 0.01
"""More pixels than this with a class that the list does not have: the list is of another product."""
_LEAST_SAMPLES, _MOST_SAMPLES = 8, 64
_POINTS_AT_ONCE = 2_048
_CELLS_AT_ONCE = 4_000_000


@dataclass(frozen=True, slots=True)
class Cover:
    """What the ground of each footprint is; arrays of shape (n,).

    Attributes
    ----------
    share
        Part of the known ground in each of `GROUPS`, shape (n, 6); NaN where nothing is known.
    known
        Part of the footprint the raster knows, 0 to 1.
    coarse
        Whether one cell of the raster is larger than the footprint: such a raster only flags.
    """

    share: Floats
    known: Floats
    coarse: npt.NDArray[np.bool_]

    @property
    def cropland(self) -> Floats:
        """The part that is cropland."""
        return self.share[:, 0]

    @property
    def vegetation(self) -> Floats:
        """The part that is vegetation but no cropland."""
        return self.share[:, 1]


@dataclass(frozen=True, slots=True)
class LandCover:
    """A raster that may be asked, and what it is.

    Attributes
    ----------
    resolution_m
        Width and height of a cell near its middle, metres.
    has_nodata
        Whether the file declares what "nothing" is; where it does not, only the class list says it.
    coverage
        Part of the asked area the raster reaches, 0 to 1; None where no area was named.
    classes_found
        Class numbers met, with their share of the cells looked at.
    """

    path: Path
    classes: ClassList
    crs: str
    resolution_m: tuple[float, float]
    has_nodata: bool
    bounds: BBox
    coverage: float | None
    classes_found: Mapping[int, float]

    def cover(self, lon: Floats, lat: Floats, scan_m: Floats, track_m: Floats) -> Cover:
        """Return what the ground of footprints is.

        Parameters
        ----------
        lon, lat
            Centres, degrees, CGCS2000; shape (n,).
        scan_m, track_m
            Full extents in metres, east-west and north-south (`gis.footprint`).
        """
        lon, lat = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
        scan_m, track_m = np.asarray(scan_m, dtype=np.float64), np.asarray(track_m, dtype=np.float64)
        counts = np.zeros((len(lon), len(GROUPS) + 1), dtype=np.int64)
        across = _samples(scan_m, self.resolution_m[0])
        along = _samples(track_m, self.resolution_m[1])
        with _opened(self.path) as source:
            reader = _Cells(source, self.classes, self.crs)
            for rows in _chunks(lon, lat, across, along):
                counts[rows] = reader.groups(
                    lon[rows], lat[rows], scan_m[rows], track_m[rows], across[rows], along[rows]
                )
        known = counts[:, 1:].sum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            share = np.where(known[:, None] > 0, counts[:, 1:] / known[:, None], np.nan)
        coarse = (scan_m < self.resolution_m[0]) | (track_m < self.resolution_m[1])
        total = counts.sum(axis=1)
        return Cover(share, known / np.maximum(total, 1), coarse)


def open_landcover(
    path: Path, classes: ClassList | str, *, crs: str | None = None, area: BBox | None = None
) -> LandCover:
    """Return a raster that may be asked, or refuse it with the reason.

    Parameters
    ----------
    classes
        A class list, or the name of one of `gis.landclasses.PRESETS`.
    crs
        Declares the CRS of a file that carries none, or an unknown one, such as ``EPSG:4326``.
    area
        The area the service answers for: its part beyond the raster is stated.

    Raises
    ------
    NotFoundError
        ``no_such_file``, ``no_such_class_list``.
    UnknownDatumError
        ``raster_crs_unknown``: the file states no CRS that can be placed and none is declared.
    RefusedInputError
        ``not_a_geotiff``, ``not_categorical``, ``class_list_mismatch``, ``raster_elsewhere``.
    """
    listed = class_list(classes)
    with _opened(path) as source:
        _require_categorical(source, path)
        placed = _placed(source, crs, path)
        bounds = _bounds(source, placed)
        window = _asked(source, placed, area)
        if window is None:
            raise RefusedInputError(
                "raster_elsewhere",
                f"{path.name} 与服务范围没有重叠（范围 {bounds}）：请核对文件与坐标系",
                f"{path.name} does not reach the service area (it covers {bounds}): check the file and its CRS",
                value=path.name,
            )
        found = _histogram(source, window)
        _require_fit(found, listed, source.nodata, path)
        middle = (bounds.min_lat + bounds.max_lat) / 2
        return LandCover(
            path=path,
            classes=listed,
            crs=placed,
            resolution_m=_resolution(source, placed, middle),
            has_nodata=source.nodata is not None,
            bounds=bounds,
            coverage=None if area is None else _covered(bounds, area),
            classes_found=found,
        )


# --- opening and refusing --------------------------------------------------------------------------------------------


@contextmanager
def _opened(path: Path) -> Iterator[DatasetReader]:
    """Open as GeoTIFF and as nothing else: GDAL would follow a VRT to other files."""
    import warnings

    from gis import gdal_env

    gdal_env.restrict()
    import rasterio
    from rasterio.errors import NotGeoreferencedWarning, RasterioIOError

    if not path.is_file():
        raise NotFoundError(
            "no_such_file",
            f"找不到栅格文件 {path}：请核对路径",
            f"no such raster file {path}: check the path",
            value=str(path),
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            source = rasterio.open(path, driver="GTiff")
    except RasterioIOError as error:
        raise RefusedInputError(
            "not_a_geotiff",
            f"{path.name} 不是可读的 GeoTIFF：请提供分类栅格（.tif）",
            f"{path.name} is not a GeoTIFF that can be read: supply a categorical raster (.tif)",
            value=path.name,
        ) from error
    with source:
        yield source


def _require_categorical(source: DatasetReader, path: Path) -> None:
    if source.count == 1 and source.dtypes[0] in ("uint8", "int8", "int16", "uint16", "int32", "uint32"):
        return
    raise RefusedInputError(
        "not_categorical",
        f"{path.name} 有 {source.count} 个波段、类型 {source.dtypes[0]}：土地覆盖须为单波段整数分类栅格",
        f"{path.name} has {source.count} band(s) of {source.dtypes[0]}: land cover is one band of whole class numbers",
        value=source.dtypes[0],
    )


def _placed(source: DatasetReader, declared: str | None, path: Path) -> str:
    """Return the CRS as a text PROJ can place; "unknown based on Clarke 1866" is none."""
    from rasterio.crs import CRS
    from rasterio.errors import CRSError

    crs = source.crs
    if declared is not None:
        try:
            crs = CRS.from_user_input(declared)
        except (CRSError, ValueError) as error:
            raise UnknownDatumError(
                "raster_crs_unknown",
                f"无法识别声明的坐标系 {declared!r}；例：EPSG:4326",
                f"the declared CRS {declared!r} is not known; example: EPSG:4326",
                value=declared,
            ) from error
    if crs is None or not source.transform.a or _unnamed(crs):
        raise UnknownDatumError(
            "raster_crs_unknown",
            f"{path.name} 没有可用的坐标系（{_name(crs)}）：请用 --crs 声明，例：--crs EPSG:4326",
            f"{path.name} states no usable CRS ({_name(crs)}): declare it, for example --crs EPSG:4326",
            value=_name(crs),
        )
    return str(crs.to_wkt())


def _name(crs: Any) -> str:
    from pyproj import CRS

    return "none" if crs is None else str(CRS.from_wkt(crs.to_wkt()).name)


def _unnamed(crs: Any) -> bool:
    from pyproj import CRS

    found = CRS.from_wkt(crs.to_wkt())
    datum = found.geodetic_crs.datum if found.geodetic_crs is not None else None
    return datum is None or "unknown" in datum.name.lower() or "unspecified" in datum.name.lower()


def _transformer(placed: str, *, back: bool = False) -> Any:
    """Return lon, lat of CGCS2000 -> x, y of the raster; WGS84 counts as equal (`gis.types`)."""
    from pyproj import CRS, Transformer

    stored, raster = CRS.from_epsg(4490), CRS.from_wkt(placed)
    if raster.is_geographic and raster.to_epsg() in (4326, 4490):
        return None
    ends = (raster, stored) if back else (stored, raster)
    return Transformer.from_crs(*ends, always_xy=True)


def _bounds(source: DatasetReader, placed: str) -> BBox:
    back = _transformer(placed, back=True)
    left, bottom, right, top = source.bounds
    if back is None:
        return BBox(left, bottom, right, top)
    return BBox(*back.transform_bounds(left, bottom, right, top))


def _asked(source: DatasetReader, placed: str, area: BBox | None) -> Any:
    """Return the window of the raster that the area lies in; None when they do not meet."""
    from rasterio.windows import Window
    from rasterio.windows import from_bounds as window_of

    whole = Window(0, 0, source.width, source.height)
    if area is None:
        return whole
    there = _transformer(placed)
    box = (area.min_lon, area.min_lat, area.max_lon, area.max_lat)
    if there is not None:
        box = there.transform_bounds(*box)
    left, bottom, right, top = source.bounds
    if box[0] >= right or box[2] <= left or box[1] >= top or box[3] <= bottom:
        return None
    return window_of(*box, transform=source.transform).intersection(whole).round_lengths().round_offsets()


def _histogram(source: DatasetReader, window: Any) -> dict[int, float]:
    """Return the share of each class number in the window, from cells evenly decimated (never interpolated)."""
    from rasterio.enums import Resampling

    limit = int(np.sqrt(_CELLS_AT_ONCE))
    shape = (min(int(window.height) or 1, limit), min(int(window.width) or 1, limit))
    cells = source.read(1, window=window, out_shape=shape, resampling=Resampling.nearest)
    numbers, counts = np.unique(cells, return_counts=True)
    return {int(number): float(count) / cells.size for number, count in zip(numbers, counts, strict=True)}


def _require_fit(found: Mapping[int, float], classes: ClassList, nodata: float | None, path: Path) -> None:
    nothing = {*classes.nodata, *(() if nodata is None else (int(nodata),))}
    foreign = {number: part for number, part in found.items() if number not in {*nothing, *classes.groups}}
    known = sum(part for number, part in found.items() if number in classes.groups and number not in nothing)
    if sum(foreign.values()) <= _FOREIGN_SHARE * max(known, 0.0) or (not foreign and not known):
        return
    worst = sorted(foreign, key=lambda number: -foreign[number])[:8]
    raise RefusedInputError(
        "class_list_mismatch",
        f"{path.name} 含有分类表 {classes.name} 没有的类别 {worst}"
        f"（占 {sum(foreign.values()):.1%}）：请换用正确的分类表",
        f"{path.name} holds classes {worst} that the list {classes.name} does not have "
        f"({sum(foreign.values()):.1%} of the cells): name the right class list",
        value=worst,
    )


def _resolution(source: DatasetReader, placed: str, lat: float) -> tuple[float, float]:
    from pyproj import CRS

    width, height = abs(source.transform.a), abs(source.transform.e)
    crs = CRS.from_wkt(placed)
    if crs.is_geographic:
        per_lon, per_lat = metres_per_degree(lat)
        return float(width * per_lon), float(height * per_lat)
    to_metres = float(crs.axis_info[0].unit_conversion_factor or 1.0)
    return width * to_metres, height * to_metres


def _covered(bounds: BBox, area: BBox) -> float:
    width = min(bounds.max_lon, area.max_lon) - max(bounds.min_lon, area.min_lon)
    height = min(bounds.max_lat, area.max_lat) - max(bounds.min_lat, area.min_lat)
    whole = (area.max_lon - area.min_lon) * (area.max_lat - area.min_lat)
    return round(max(width, 0.0) * max(height, 0.0) / whole, 6)


# --- sampling --------------------------------------------------------------------------------------------------------


def _samples(extent_m: Floats, cell_m: float) -> npt.NDArray[np.int64]:
    wanted = 2 * np.ceil(extent_m / cell_m)  # even: no sample stands on the line through the centre
    samples: npt.NDArray[np.int64] = np.clip(wanted, _LEAST_SAMPLES, _MOST_SAMPLES).astype(np.int64)
    return samples


def _chunks(lon: Floats, lat: Floats, across: Any, along: Any) -> Iterator[npt.NDArray[np.int64]]:
    """Yield rows that lie near each other and have one lattice, so that one window serves them."""
    if not len(lon):
        return
    order = np.lexsort((lon, np.floor(lon * 4), np.floor(lat * 4), along, across))
    same = (
        (np.diff(across[order]) != 0)
        | (np.diff(along[order]) != 0)
        | (np.diff(np.floor(lat[order] * 4)) != 0)
        | (np.diff(np.floor(lon[order] * 4)) != 0)
    )
    for part in np.split(order, np.flatnonzero(same) + 1):
        for start in range(0, len(part), _POINTS_AT_ONCE):
            yield part[start : start + _POINTS_AT_ONCE]


class _Cells:
    """Looks class groups up under lattices of samples, one window at a time."""

    def __init__(self, source: DatasetReader, classes: ClassList, crs: str) -> None:
        self.source = source
        self.there = _transformer(crs)
        self.table = classes.table()
        nothing = {*classes.nodata, *(() if source.nodata is None else (int(source.nodata),))}
        for number in nothing:
            if 0 <= number < len(self.table):
                self.table[number] = 0
        self.inverse = ~source.transform

    def groups(
        self, lon: Floats, lat: Floats, scan_m: Floats, track_m: Floats, across: Any, along: Any
    ) -> npt.NDArray[np.int64]:
        """Return how many samples fall in unknown ground and in each group, shape (n, 7)."""
        x, y = _lattice(lon, lat, scan_m, track_m, int(across[0]), int(along[0]))
        if self.there is not None:
            x, y = self.there.transform(x, y)
        column = np.floor(self.inverse.a * x + self.inverse.b * y + self.inverse.c).astype(np.int64)
        row = np.floor(self.inverse.d * x + self.inverse.e * y + self.inverse.f).astype(np.int64)
        group = self._look_up(row, column)
        return np.stack([(group == number).sum(axis=1) for number in range(len(GROUPS) + 1)], axis=1)

    def _look_up(self, row: Any, column: Any) -> npt.NDArray[np.uint8]:
        from rasterio.windows import Window

        within = (row >= 0) & (row < self.source.height) & (column >= 0) & (column < self.source.width)
        found = np.zeros(row.shape, dtype=np.uint8)
        if not within.any():
            return found
        top, left = int(row[within].min()), int(column[within].min())
        height, width = int(row[within].max()) - top + 1, int(column[within].max()) - left + 1
        if height * width > _CELLS_AT_ONCE and len(row) > 1:
            half = len(row) // 2
            return np.concatenate(
                [self._look_up(row[:half], column[:half]), self._look_up(row[half:], column[half:])]
            )
        cells = self.source.read(1, window=Window(left, top, width, height))
        numbers = cells[row[within] - top, column[within] - left].astype(np.int64)
        fits = (numbers >= 0) & (numbers < len(self.table))
        found[within] = np.where(fits, self.table[np.where(fits, numbers, 0)], 0)
        return found


def _lattice(
    lon: Floats, lat: Floats, scan_m: Floats, track_m: Floats, across: int, along: int
) -> tuple[Floats, Floats]:
    """Return the middles of across x along equal parts of each footprint, degrees; shape (n, across * along)."""
    half_lon, _ = degrees_of(scan_m / 2, lat)
    _, half_lat = degrees_of(track_m / 2, lat)
    step_x = (2 * np.arange(across) + 1) / across - 1
    step_y = (2 * np.arange(along) + 1) / along - 1
    x = lon[:, None] + half_lon[:, None] * np.tile(step_x, along)[None, :]
    y = lat[:, None] + half_lat[:, None] * np.repeat(step_y, across)[None, :]
    return x, y
