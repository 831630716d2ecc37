"""Which GDAL drivers may exist in this process: set before pyogrio or rasterio is imported.

GDAL opens by content. A VRT named ``county.geojson`` makes it read local files and fetch URLs, and neither
``driver=`` nor an allow-list at the call stops that; only drivers that were never registered do.
Registration reads ``OGR_SKIP`` and ``GDAL_SKIP`` once, at import, so `restrict` must run first. Where
another package imported GDAL before, the second lock holds: nothing reaches GDAL whose bytes were not
sniffed and copied under a name of ours (`boundaries.sniff`).
"""

from __future__ import annotations

import os
import sys

KEPT = frozenset(
    {"ESRI Shapefile", "GPKG", "GeoJSON", "LIBKML", "MEM", "Memory", "GTiff", "COG", "PNG", "NTv2", "DERIVED"}
)
"""Drivers the service uses: reading shapefiles and rasters, and opening its own exports again."""

_VECTOR = (  # noqa: SIM905
    "ADBC AIVector AVCBin AVCE00 AmigoCloud CAD CSV CSW Carto DGN DXF EDIGEO EEDA ESRIJSON Elasticsearch "
    "FlatGeobuf "
    "GDALG GML GMLAS GPSBabel GPX GTFS GeoRSS GeoJSONSeq HTTP Idrisi Interlis_1 Interlis_2 JML JSONFG KML "
    "LVBAG "
    "MBTiles MVT MapML MiraMonVector MongoDBv3 MSSQLSpatial MySQL NGW OAPIF ODBC ODS OGCAPI OGR_GMT OGR_PDS "
    "OGR_VRT "
    "OSM OpenFileGDB PCIDSK PDF PDS4 PGDUMP PGeo PLSCENES PMTiles PostgreSQL S57 SOSI SQLite SVG SXF Selafin "
    "TopoJSON "
    "VDV VFK VICAR WAsP WFS XLS XLSX XODR"
).split()
_RASTER = (  # noqa: SIM905
    "VRT WCS WMS WMTS HTTP STACIT STACTA GTI PLMOSAIC DAAS EEDAI NGW OGCAPI PDF MRF KMLSUPEROVERLAY "
    "Rasterlite SAFE "
    "SENTINEL2 DIMAP NITF HDF5 HDF5Image netCDF Zarr MBTiles GDALG ECRGTOC RPFTOC"
).split()
_SPACED = ("MapInfo File",)


def restrict(*also: str) -> bool:
    """Leave only the drivers in `KEPT` and `also`; return False when GDAL was already imported.

    Parameters
    ----------
    *also
        Further driver names to keep (a client of a remote layer, say).
    """
    keep = KEPT | set(also)
    skip = [name for name in dict.fromkeys((*_VECTOR, *_RASTER)) if name not in keep]
    # Commas allow the one name with a blank in it; GDAL splits at either.
    listed = ",".join([*skip, *(name for name in _SPACED if name not in keep)])
    os.environ["OGR_SKIP"] = listed
    os.environ["GDAL_SKIP"] = listed
    # Wheels differ in what they compile in; GDAL would print a line for every name it does not have.
    os.environ.setdefault("CPL_LOG", os.devnull)
    return not ({"pyogrio", "rasterio"} & set(sys.modules))
