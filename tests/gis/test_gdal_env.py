"""GDAL's drivers are cut down before it is imported; each case runs in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path

from gis.gdal_env import KEPT

VRT = '<OGRVRTDataSource><OGRVRTLayer name="x"><SrcDataSource>{target}</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>'


def _run(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True
    )
    assert "Warning" not in done.stderr
    return done.stdout


def test_only_the_needed_drivers_are_left() -> None:
    out = _run("""
        import json
        from gis import gdal_env
        assert gdal_env.restrict()
        import pyogrio
        import rasterio.env
        with rasterio.env.Env() as env:
            print(json.dumps([sorted(pyogrio.list_drivers()), sorted(env.drivers())]))
    """)
    vector, raster = json.loads(out)
    assert set(vector) <= KEPT, "a new GDAL brought a driver: add it to the lists of gis.gdal_env"
    assert {"ESRI Shapefile", "GPKG", "GeoJSON"} <= set(vector)
    assert "GTiff" in raster
    assert not {"VRT", "WMS", "WCS", "HTTP", "PDF", "netCDF", "HDF5", "GTI", "STACTA"} & set(raster)


def test_a_vrt_named_geojson_is_not_opened(tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("a,b\n1,2\n")
    disguised = tmp_path / "county.geojson"
    disguised.write_text(VRT.format(target=secret))
    out = _run(f"""
        from gis import gdal_env
        gdal_env.restrict()
        import pyogrio
        try:
            print("READ", pyogrio.read_dataframe({str(disguised)!r}))
        except pyogrio.errors.DataSourceError:
            print("REFUSED")
    """)
    assert out.strip() == "REFUSED"


def test_restricting_too_late_is_told() -> None:
    assert _run("import pyogrio\nfrom gis import gdal_env\nprint(gdal_env.restrict())").strip() == "False"


def test_a_client_may_keep_a_driver() -> None:
    out = _run("""
        from gis import gdal_env
        gdal_env.restrict("OAPIF")
        import pyogrio
        print("OAPIF" in pyogrio.list_drivers(), "WFS" in pyogrio.list_drivers())
    """)
    assert out.strip() == "True False"
