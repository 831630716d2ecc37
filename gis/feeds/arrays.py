"""Arrow arrays from numpy and from lists, built from buffers.

``pyarrow.array`` imports pandas wherever it is installed: half a second and 60 MB that reading a feed does not need.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Mask = npt.NDArray[np.bool_]


def numbers(values: npt.NDArray[Any], missing: Mask | None = None) -> pa.Array:
    """Return a numeric array of the same type; `missing` marks nulls."""
    plain = np.ascontiguousarray(values)
    kind = pa.from_numpy_dtype(plain.dtype)
    return pa.Array.from_buffers(kind, len(plain), [_validity(missing), pa.py_buffer(plain)])


def strings(values: Sequence[str | None]) -> pa.Array:
    """Return a string array; None is null."""
    encoded = [b"" if value is None else value.encode("utf-8", "replace") for value in values]
    ends = np.zeros(len(encoded) + 1, np.int32)
    np.cumsum([len(item) for item in encoded], out=ends[1:])
    missing = np.array([value is None for value in values], np.bool_)
    buffers = [_validity(missing), pa.py_buffer(ends), pa.py_buffer(b"".join(encoded))]
    return pa.Array.from_buffers(pa.string(), len(encoded), buffers)


def coded(codes: npt.NDArray[Any], values: Sequence[str | None]) -> pa.Array:
    """Return a column of words from codes; equal words share one code, None is null."""
    distinct = sorted({value for value in values if value is not None})
    place = {value: at for at, value in enumerate(distinct)}
    mapped = np.array([-1 if value is None else place[value] for value in values], np.int32)[codes]
    return pa.DictionaryArray.from_arrays(numbers(mapped, mapped < 0), strings(distinct))


def _validity(missing: Mask | None) -> pa.Buffer | None:
    if missing is None or not missing.any():
        return None
    return pa.py_buffer(np.packbits(~missing, bitorder="little"))


def values_of(array: pa.Array) -> tuple[npt.NDArray[Any], Mask | None]:
    """Return the numbers of an array without copying, and where it is null (None: nowhere)."""
    validity, data = array.buffers()
    kind = np.dtype(array.type.to_pandas_dtype())
    start, count = array.offset, len(array)
    if data is None or not count:
        return np.empty(0, kind), None
    found = np.frombuffer(data, kind, count, start * kind.itemsize)
    if validity is None or not array.null_count:
        return found, None
    bits = np.unpackbits(np.frombuffer(validity, np.uint8), bitorder="little")[start : start + count]
    return found, bits == 0


def one_array(column: pa.ChunkedArray) -> pa.Array:
    """Return a column as one array."""
    if column.num_chunks == 1:
        return column.chunk(0)
    whole = column.unify_dictionaries().combine_chunks()
    return whole.chunk(0) if isinstance(whole, pa.ChunkedArray) else whole
