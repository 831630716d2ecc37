"""Where the real data live. They are used in place and never copied into the project."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

DATA = Path(os.environ.get("HUODIAN_SHARED", Path(__file__).parents[2] / "shared")) / "data"

if not DATA.is_dir():
    pytest.fail(
        f"real data not found at {DATA}: put shared/ beside the checkout or set HUODIAN_SHARED",
        pytrace=False,
    )
