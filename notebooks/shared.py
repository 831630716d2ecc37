"""Where the real data live. They are read in place and never copied into the project."""

from __future__ import annotations

import os
from pathlib import Path


def real_data() -> Path:
    """Return the folder of the real data: ``HUODIAN_SHARED``/data, else ``shared/data`` beside the checkout.

    Raises
    ------
    FileNotFoundError
        It is not there; a notebook on real data says nothing without them.
    """
    found = Path(os.environ.get("HUODIAN_SHARED", Path(__file__).parents[2] / "shared")) / "data"
    if not found.is_dir():
        raise FileNotFoundError(
            f"real data not found at {found}: put shared/ beside the checkout or set HUODIAN_SHARED"
        )
    return found
