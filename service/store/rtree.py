"""Filling SQLite's R*Tree: row by row for a few, packed for many.

Inserting one by one is the dear part of a bulk load (9 s of 14 s for a million rows, measured by `make bench`), because
every row walks and splits the tree. A sorted set packs directly into full nodes, as GDAL does when it writes a
GeoPackage. The node format is SQLite's own (``ext/rtree/rtree.c``, "Database Format of R-Tree Tables"): a 4-byte header
(depth in the root, number of cells), then cells of an 8-byte id and four big-endian float32, rounded outwards.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy.engine import Connection

CELLS = 51
"""Cells of a full two-dimensional node; SQLite never makes larger ones (RTREE_MAXCELLS)."""

PACK_FROM = 5_000
"""Batches smaller than this are inserted one by one."""

_CELL = np.dtype([("id", ">i8"), ("box", ">f4", (4,))])

Bounds = npt.NDArray[np.float64]


def add(connection: Connection, tree: str, ids: Any, bounds: Bounds) -> None:
    """Add rows to an R*Tree.

    Parameters
    ----------
    tree
        Name of the virtual table.
    ids
        Row ids, shape (n,).
    bounds
        ``min_lon, min_lat, max_lon, max_lat`` in degrees, shape (n, 4).
    """
    ids = np.asarray(ids, dtype=np.int64)
    boxes = _outwards(bounds)
    cursor: Any = connection.connection.cursor()
    if len(ids) >= PACK_FROM:
        stored = cursor.execute(f'SELECT count(*) FROM "{tree}_rowid"').fetchone()[0]  # noqa: S608
        if stored <= len(ids):
            if stored:
                known = np.array(
                    cursor.execute(f'SELECT id, minx, maxx, miny, maxy FROM "{tree}"').fetchall()  # noqa: S608
                )
                ids = np.concatenate([known[:, 0].astype(np.int64), ids])
                boxes = np.concatenate([known[:, 1:].astype(np.float32), boxes])
            _pack(cursor, tree, ids, boxes)
            return
    order = np.argsort(_morton(boxes), kind="stable")
    rows = zip(ids[order].tolist(), *boxes[order].T.tolist(), strict=True)
    cursor.executemany(f'INSERT INTO "{tree}" VALUES (?,?,?,?,?)', rows)  # noqa: S608


def _outwards(bounds: Bounds) -> npt.NDArray[np.float32]:
    """Return (min x, max x, min y, max y) as float32 that still enclose the double bounds."""
    boxes = bounds[:, [0, 2, 1, 3]].astype(np.float32)
    low, high = boxes[:, ::2], boxes[:, 1::2]
    exact_low, exact_high = bounds[:, :2], bounds[:, 2:]
    np.copyto(low, np.nextafter(low, np.float32(-np.inf)), where=low > exact_low)
    np.copyto(high, np.nextafter(high, np.float32(np.inf)), where=high < exact_high)
    boxes[:, ::2], boxes[:, 1::2] = low, high
    return boxes


def _pack(cursor: Any, tree: str, ids: npt.NDArray[np.int64], boxes: npt.NDArray[np.float32]) -> None:
    """Write the whole tree: leaves in space-filling order, then levels of parents up to the root, node 1."""
    order = np.argsort(_morton(boxes), kind="stable")
    ids, boxes = ids[order], boxes[order]
    for part in ("node", "parent", "rowid"):
        cursor.execute(f'DELETE FROM "{tree}_{part}"')  # noqa: S608
    next_node, depth, leaf_of = 2, 0, None
    while True:
        groups = -(-len(ids) // CELLS)
        is_root = groups == 1
        numbers = np.array([1]) if is_root else np.arange(next_node, next_node + groups)
        next_node += 0 if is_root else groups
        starts = np.arange(groups) * CELLS
        owner = np.repeat(numbers, np.diff(np.append(starts, len(ids))))
        _write_nodes(cursor, tree, numbers, starts, ids, boxes, depth if is_root else 0)
        target = "rowid" if leaf_of is None else "parent"
        by_id = np.argsort(ids, kind="stable")
        cursor.executemany(
            f'INSERT INTO "{tree}_{target}" VALUES (?,?)',  # noqa: S608
            zip(ids[by_id].tolist(), owner[by_id].tolist(), strict=True),
        )
        leaf_of = numbers
        if is_root:
            return
        low = np.minimum.reduceat(boxes[:, ::2], starts, axis=0)
        high = np.maximum.reduceat(boxes[:, 1::2], starts, axis=0)
        boxes = np.stack([low[:, 0], high[:, 0], low[:, 1], high[:, 1]], axis=1)
        ids, depth = numbers, depth + 1


def _write_nodes(
    cursor: Any,
    tree: str,
    numbers: npt.NDArray[np.int64],
    starts: npt.NDArray[np.int64],
    ids: npt.NDArray[np.int64],
    boxes: npt.NDArray[np.float32],
    depth: int,
) -> None:
    cells = np.empty(len(ids), dtype=_CELL)
    cells["id"], cells["box"] = ids, boxes
    body = cells.tobytes()
    size = _CELL.itemsize
    node_bytes = 4 + CELLS * size

    def node(start: int) -> bytes:
        count = min(CELLS, len(ids) - start)
        data = (
            depth.to_bytes(2, "big") + count.to_bytes(2, "big") + body[start * size : (start + count) * size]
        )
        return data.ljust(node_bytes, b"\0")

    rows = ((number, node(start)) for number, start in zip(numbers.tolist(), starts.tolist(), strict=True))
    cursor.executemany(f'INSERT INTO "{tree}_node" VALUES (?,?)', rows)  # noqa: S608


def _morton(boxes: npt.NDArray[np.float32]) -> npt.NDArray[np.uint64]:
    """Return a space-filling order key of box centres: interleaved bits of the two coordinates, 16 each."""
    lon = np.clip((boxes[:, 0].astype(np.float64) + boxes[:, 1]) / 2, -180, 180)
    lat = np.clip((boxes[:, 2].astype(np.float64) + boxes[:, 3]) / 2, -90, 90)
    x = ((lon + 180) / 360 * 65535).astype(np.uint64)
    y = ((lat + 90) / 180 * 65535).astype(np.uint64)
    return _spread(x) | (_spread(y) << np.uint64(1))


def _spread(bits: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    for shift, mask in ((8, 0x00FF00FF), (4, 0x0F0F0F0F), (2, 0x33333333), (1, 0x55555555)):
        bits = (bits | (bits << np.uint64(shift))) & np.uint64(mask)
    return bits
