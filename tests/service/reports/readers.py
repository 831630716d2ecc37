"""Reading each format back with the program people use for it."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pandas as pd
from openpyxl import load_workbook


def rows_of_csv(data: bytes) -> list[dict[str, str]]:
    """Return the rows of a CSV as text."""
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def rows_of_gdal(path: Path) -> list[dict[str, Any]]:
    """Return the rows GDAL reads, with their place as ``at``."""
    import pyogrio

    frame = pyogrio.read_dataframe(path)
    return [
        {name: None if pd.isna(value) else value for name, value in one.items() if name != "geometry"}
        | {"at": (one["geometry"].x, one["geometry"].y)}
        for one in frame.to_dict("records")
    ]


def rows_of_gdal_table(path: Path) -> list[dict[str, Any]]:
    """Return the rows GDAL reads from a file without geometry."""
    import pyogrio

    return [dict(one) for one in pyogrio.read_dataframe(path).to_dict("records")]


def rows_of_sheet(data: bytes, sheet: str = "火点清单") -> list[dict[str, Any]]:
    """Return the rows of a sheet."""
    lines = list(load_workbook(io.BytesIO(data))[sheet].iter_rows(values_only=True))
    return [dict(zip([str(name) for name in lines[0]], line, strict=True)) for line in lines[1:]]


def rows_of(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a list in any format, by its suffix."""
    if path.suffix == ".csv":
        return rows_of_gdal_table(path)
    if path.suffix == ".xlsx":
        return rows_of_sheet(path.read_bytes())
    if path.suffix == ".json":
        rows: list[dict[str, Any]] = json.loads(path.read_bytes())["data"]["rows"]
        return rows
    return rows_of_gdal(path)
