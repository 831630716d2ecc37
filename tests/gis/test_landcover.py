"""Cropland shares: real rasters, rasters made to mislead, and the refusals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from gis.errors import NotFoundError, RefusedInputError, UnknownDatumError
from gis.landclasses import GROUPS, PRESETS, ClassList
from gis.landcover import LandCover, open_landcover
from gis.plane import degrees_of
from gis.types import BBox
from tests.shared import DATA

FOLDER = DATA / "landcover"
CLIP = FOLDER / "mcd12c1_igbp_2019_ne_clip_epsg4326.tif"
JILIN = BBox(121.6, 40.8, 131.4, 46.4)
WORLDCOVER = "worldcover"


def written(
    path: Path,
    cells: Any,
    *,
    west: float = 125.0,
    north: float = 44.0,
    cell: float = 0.001,
    crs: str | None = "EPSG:4326",
    nodata: int | None = 0,
) -> Path:
    import rasterio
    from rasterio.transform import from_origin

    cells = np.asarray(cells)
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        height=cells.shape[0],
        width=cells.shape[1],
        count=1,
        dtype=cells.dtype,
        crs=crs,
        transform=from_origin(west, north, cell, cell),
        nodata=nodata,
    ) as target:
        target.write(cells, 1)
    return path


def halves(path: Path, **how: Any) -> Path:
    """Cropland in the west, trees in the east; the line stands at 125.05."""
    cells = np.full((100, 100), 40, dtype=np.uint8)
    cells[:, 50:] = 10
    return written(path, cells, **how)


def one(
    raster: LandCover, lon: float, lat: float, size_m: float = 1000.0
) -> tuple[float, float, float, bool]:
    size = np.array([size_m])
    found = raster.cover(np.array([lon]), np.array([lat]), size, size)
    return float(found.cropland[0]), float(found.vegetation[0]), float(found.known[0]), bool(found.coarse[0])


def test_the_share_is_the_part_of_the_footprint_on_each_side_of_a_line(tmp_path: Path) -> None:
    raster = open_landcover(halves(tmp_path / "a.tif"), WORLDCOVER)
    assert one(raster, 125.02, 43.95) == (1.0, 0.0, 1.0, False)
    assert one(raster, 125.08, 43.95) == (0.0, 1.0, 1.0, False)
    cropland, vegetation, known, _ = one(raster, 125.05, 43.95)
    assert (cropland, vegetation, known) == (0.5, 0.5, 1.0)
    quarter = float(degrees_of(np.float64(250.0), 43.95)[0])
    assert one(raster, 125.05 + quarter, 43.95)[0] == pytest.approx(0.25, abs=1 / 16)


def test_ground_beyond_the_raster_is_unknown_and_never_zero(tmp_path: Path) -> None:
    raster = open_landcover(halves(tmp_path / "a.tif"), WORLDCOVER)
    cropland, vegetation, known, _ = one(raster, 126.0, 43.95)
    assert np.isnan(cropland)
    assert np.isnan(vegetation)
    assert known == 0.0
    at_the_edge = one(raster, 125.0, 43.95)
    assert at_the_edge[0] == 1.0
    assert at_the_edge[2] == pytest.approx(0.5, abs=1 / 8)


def test_nodata_is_unknown_and_leaves_the_rest_to_speak(tmp_path: Path) -> None:
    cells = np.full((100, 100), 40, dtype=np.uint8)
    cells[:, 50:] = 0
    raster = open_landcover(written(tmp_path / "a.tif", cells), WORLDCOVER)
    assert one(raster, 125.05, 43.95) == (1.0, 0.0, 0.5, False)


def test_a_raster_without_declared_nodata_says_so_and_trusts_the_class_list(tmp_path: Path) -> None:
    cells = np.full((100, 100), 40, dtype=np.uint8)
    cells[:, 50:] = 0
    raster = open_landcover(written(tmp_path / "a.tif", cells, nodata=None), WORLDCOVER)
    assert not raster.has_nodata
    assert one(raster, 125.05, 43.95)[2] == 0.5


def test_a_projected_raster_gives_the_same_shares(tmp_path: Path) -> None:
    from pyproj import Transformer

    east, north = Transformer.from_crs(4490, "EPSG:4549", always_xy=True).transform(125.05, 43.95)
    cells = np.full((200, 200), 40, dtype=np.uint8)
    cells[:, 100:] = 10
    path = written(
        tmp_path / "p.tif", cells, west=east - 5000, north=north + 5000, cell=50.0, crs="EPSG:4549"
    )
    raster = open_landcover(path, WORLDCOVER, area=BBox(125.0, 43.9, 125.1, 44.0))
    assert raster.resolution_m == (50.0, 50.0)
    assert one(raster, 125.05, 43.95)[0] == pytest.approx(0.5, abs=0.03)


def test_a_cell_larger_than_the_footprint_is_said_to_be_coarse() -> None:
    raster = open_landcover(CLIP, "mcd12_igbp", area=JILIN)
    assert raster.coverage == 1.0
    assert one(raster, 125.0, 44.0, 375.0)[3]
    assert not one(raster, 125.0, 44.0, 20_000.0)[3]


def test_most_real_ground_of_jilin_is_what_the_readme_of_the_data_says() -> None:
    raster = open_landcover(CLIP, "mcd12_igbp", area=JILIN)
    assert raster.classes_found[12] == pytest.approx(0.42, abs=0.02)


def test_the_same_product_with_and_without_clipping_answers_the_same() -> None:
    whole = open_landcover(
        FOLDER / "MCD12C1.A2019001.006.2020220162300.tif", "mcd12_igbp", crs="EPSG:4326", area=JILIN
    )
    clip = open_landcover(CLIP, "mcd12_igbp", area=JILIN)
    random = np.random.default_rng(7)
    lon, lat = random.uniform(122, 131, 500), random.uniform(41, 46, 500)
    size = random.uniform(375, 1600, 500)
    np.testing.assert_array_equal(
        whole.cover(lon, lat, size, size).share, clip.cover(lon, lat, size, size).share
    )


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=some.data())
def test_shares_add_up_and_do_not_depend_on_the_company(tmp_path: Path, data: Any) -> None:
    seed = data.draw(some.integers(0, 10_000))
    random = np.random.default_rng(seed)
    cells = random.choice(np.array([0, 10, 40, 50, 60, 80], dtype=np.uint8), (120, 120))
    raster = open_landcover(written(tmp_path / f"{seed}.tif", cells), WORLDCOVER)
    count = data.draw(some.integers(1, 30))
    lon, lat = random.uniform(124.95, 125.17, count), random.uniform(43.83, 44.05, count)
    scan, track = random.uniform(100, 3000, count), random.uniform(100, 3000, count)
    together = raster.cover(lon, lat, scan, track)
    known = together.known > 0
    np.testing.assert_allclose(together.share[known].sum(axis=1), 1.0)
    assert np.isnan(together.share[~known]).all()
    last = slice(count - 1, count)
    alone = raster.cover(lon[last], lat[last], scan[last], track[last])
    np.testing.assert_array_equal(alone.share, together.share[last])


def refused(
    kind: type[Exception], code: str, path: Path, classes: str | ClassList = WORLDCOVER, **how: Any
) -> str:
    with pytest.raises(kind) as caught:
        open_landcover(path, classes, **how)
    assert caught.value.code == code  # type: ignore[attr-defined]
    return str(caught.value)


def test_refusals_name_the_file_and_the_next_step(tmp_path: Path) -> None:
    assert "--crs" in refused(
        UnknownDatumError,
        "raster_crs_unknown",
        FOLDER / "MCD12C1.A2019001.006.2020220162300.tif",
        "mcd12_igbp",
    )
    refused(UnknownDatumError, "raster_crs_unknown", halves(tmp_path / "n.tif", crs=None))
    refused(UnknownDatumError, "raster_crs_unknown", halves(tmp_path / "m.tif"), crs="EPSG:nonsense")
    refused(NotFoundError, "no_such_file", tmp_path / "absent.tif")
    refused(NotFoundError, "no_such_class_list", CLIP, "corine")
    refused(RefusedInputError, "not_categorical", FOLDER / "heilongjiang_wheat_ma_2019.tif")
    assert "257" in refused(
        RefusedInputError, "class_list_mismatch", FOLDER / "heilongjiang_maize_ma_2019.tif", "mcd12_igbp"
    )
    refused(RefusedInputError, "class_list_mismatch", halves(tmp_path / "w.tif"), "clcd")
    assert "elsewhere" not in refused(
        RefusedInputError, "raster_elsewhere", halves(tmp_path / "e.tif", west=10.0), area=JILIN
    )


def test_a_vrt_named_tif_is_refused_and_nothing_behind_it_is_read(tmp_path: Path) -> None:
    target = halves(tmp_path / "real.tif")
    trap = tmp_path / "trap.tif"
    trap.write_text(
        f'<VRTDataset rasterXSize="1" rasterYSize="1"><VRTRasterBand dataType="Byte" band="1"><SimpleSource>'
        f"<SourceFilename>{target}</SourceFilename></SimpleSource></VRTRasterBand></VRTDataset>"
    )
    refused(RefusedInputError, "not_a_geotiff", trap)
    (tmp_path / "text.tif").write_bytes(b"not a raster at all")
    refused(RefusedInputError, "not_a_geotiff", tmp_path / "text.tif")


def test_a_raster_smaller_than_the_area_states_its_part(tmp_path: Path) -> None:
    raster = open_landcover(halves(tmp_path / "a.tif"), WORLDCOVER, area=BBox(125.0, 43.8, 125.2, 44.0))
    assert raster.coverage == pytest.approx(0.25)


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_every_class_list_gives_every_number_one_group(name: str) -> None:
    listed = PRESETS[name]
    assert set(listed.groups.values()) <= set(GROUPS)
    assert "cropland" in listed.groups.values()
    assert not listed.nodata & set(listed.groups)
    assert listed.source
