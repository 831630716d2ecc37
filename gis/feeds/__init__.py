"""Feeds of fire detections: any container, any variant, every row accounted for."""

from __future__ import annotations

from gis.feeds.columnmap import ColumnMap, builtin_map, builtin_map_names, load_column_map
from gis.feeds.container import Container, Limits, Member, open_container
from gis.feeds.model import REASONS, SCHEMA, Coverage, ParsedFeed, Rejected
from gis.feeds.read import read_feed

__all__ = [
    "REASONS",
    "SCHEMA",
    "ColumnMap",
    "Container",
    "Coverage",
    "Limits",
    "Member",
    "ParsedFeed",
    "Rejected",
    "builtin_map",
    "builtin_map_names",
    "load_column_map",
    "open_container",
    "read_feed",
]
