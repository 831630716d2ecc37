"""The one store in two homes: a GeoPackage file on SQLite, or PostGIS (DESIGN section 4)."""

from service.store.engine import Reader, Store, Writer, open_store

__all__ = ["Reader", "Store", "Writer", "open_store"]
