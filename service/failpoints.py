"""Named places where a test can kill the process, to prove that a crash leaves the store before or after.

``HUODIAN_FAILPOINT=ingest.before_commit:2`` ends the process the second time the point is reached, as a power cut
would: no cleanup, no flush. Without the variable a point costs one dictionary lookup.
"""

from __future__ import annotations

import os

_counts: dict[str, int] = {}


def reach(point: str) -> None:
    """Die here when the environment asks for it."""
    wanted = os.environ.get("HUODIAN_FAILPOINT")
    if not wanted:
        return
    name, _, nth = wanted.partition(":")
    if name != point:
        return
    _counts[point] = _counts.get(point, 0) + 1
    if _counts[point] >= int(nth or 1):
        os._exit(137)
