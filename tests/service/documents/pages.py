"""Reading the papers back, as a person would: the letters of each page, the cells of each sheet."""

from __future__ import annotations

import io
import re
from typing import Any

import openpyxl
import pypdf


def pages(pdf: bytes, first: int | None = None) -> list[str]:
    """The text of each page, or the first few, without white space: where a line breaks says nothing."""
    return [squeeze(page.extract_text()) for page in pypdf.PdfReader(io.BytesIO(pdf)).pages[:first]]


def squeeze(text: str) -> str:
    return re.sub(r"[\s\u200b\x00]+", "", text)


def sheets(xlsx: bytes) -> dict[str, list[list[Any]]]:
    """The values of each sheet, row by row."""
    book = openpyxl.load_workbook(io.BytesIO(xlsx))
    return {sheet.title: [[cell.value for cell in row] for row in sheet.iter_rows()] for sheet in book}


def cells(xlsx: bytes) -> list[Any]:
    book = openpyxl.load_workbook(io.BytesIO(xlsx))
    return [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
