"""What makes an SQLite file a GeoPackage: the `gpkg_*` tables, the R*Trees, and their twins on PostGIS.

Source: OGC 12-128r19, GeoPackage Encoding Standard 1.4, clauses 1.1.2, 1.1.3, 2.1 and annex F.3 (RTree).
"""

from __future__ import annotations

import sqlalchemy as sa
from pyproj import CRS
from sqlalchemy.engine import Connection

from gis.types import STORED_EPSG
from service.store.models import INDEXED_GEOMETRY, Base
from service.store.types import Geometry

APPLICATION_ID = 0x47504B47
USER_VERSION = 10400

_TABLES = (
    """CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT NOT NULL, srs_id INTEGER PRIMARY KEY,
    organization TEXT NOT NULL, organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL,
    description TEXT)""",
    """CREATE TABLE gpkg_contents (table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL,
    identifier TEXT UNIQUE, description TEXT DEFAULT '',
    last_change DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
    min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER,
    FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id))""",
    """CREATE TABLE gpkg_geometry_columns (table_name TEXT NOT NULL, column_name TEXT NOT NULL,
    geometry_type_name TEXT NOT NULL, srs_id INTEGER NOT NULL, z TINYINT NOT NULL, m TINYINT NOT NULL,
    PRIMARY KEY (table_name, column_name), UNIQUE (table_name),
    FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name),
    FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id))""",
    """CREATE TABLE gpkg_extensions (table_name TEXT, column_name TEXT, extension_name TEXT NOT NULL,
    definition TEXT NOT NULL, scope TEXT NOT NULL, UNIQUE (table_name, column_name, extension_name))""",
)

_RTREE_DEFINITION = "http://www.geopackage.org/spec120/#extension_rtree"


def prepare_home(connection: Connection) -> None:
    """Lay the ground of a home before any table exists: `gpkg_*` on SQLite, the extension on PostgreSQL."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("CREATE EXTENSION IF NOT EXISTS postgis"))
        return
    connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.exec_driver_sql(f"PRAGMA user_version = {USER_VERSION}")
    for statement in _TABLES:
        connection.exec_driver_sql(statement)
    insert = "INSERT INTO gpkg_spatial_ref_sys VALUES (?, ?, ?, ?, ?, ?)"
    rows: list[tuple[str, int, str, int, str, str]] = [
        (
            "Undefined cartesian SRS",
            -1,
            "NONE",
            -1,
            "undefined",
            "undefined cartesian coordinate reference system",
        ),
        (
            "Undefined geographic SRS",
            0,
            "NONE",
            0,
            "undefined",
            "undefined geographic coordinate reference system",
        ),
    ]
    for code in (4326, STORED_EPSG):
        crs = CRS.from_epsg(code)
        rows.append(
            (crs.name, code, "EPSG", code, crs.to_wkt("WKT1_GDAL"), f"{crs.name}, longitude/latitude order")
        )
    for row in rows:
        connection.exec_driver_sql(insert, row)


def register_geometry(connection: Connection, table: str) -> None:
    """Register the geometry column of a new table and build its index."""
    kind = next(c.type.kind for c in Base.metadata.tables[table].columns if isinstance(c.type, Geometry))
    indexed = table in INDEXED_GEOMETRY
    if connection.dialect.name == "postgresql":
        if indexed:
            connection.exec_driver_sql(f'CREATE INDEX "gist_{table}_geom" ON "{table}" USING gist (geom)')
        return
    connection.exec_driver_sql(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, srs_id) VALUES (?, 'features', ?, ?)",
        (table, table, STORED_EPSG),
    )
    connection.exec_driver_sql(
        "INSERT INTO gpkg_geometry_columns VALUES (?, 'geom', ?, ?, 0, 0)", (table, kind, STORED_EPSG)
    )
    if indexed:
        connection.exec_driver_sql(
            f'CREATE VIRTUAL TABLE "rtree_{table}_geom" USING rtree(id, minx, maxx, miny, maxy)'
        )
        connection.exec_driver_sql(
            "INSERT INTO gpkg_extensions VALUES (?, 'geom', 'gpkg_rtree_index', ?, 'write-only')",
            (table, _RTREE_DEFINITION),
        )
