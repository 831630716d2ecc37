from __future__ import annotations

import pytest

from grids.codelists import CodeList, read_code_list
from grids.register import Register
from grids.registerfile import builtin_register_file
from grids.townships import Grown, with_code_lists
from tests.shared import DATA


@pytest.fixture(scope="session")
def base() -> Register:
    return builtin_register_file().register()


@pytest.fixture(scope="session")
def lists() -> tuple[CodeList, ...]:
    files = sorted(path for path in (DATA / "codes").glob("*.csv") if "geonames" not in path.name)
    return tuple(read_code_list(path) for path in files)


@pytest.fixture(scope="session")
def grown(base: Register, lists: tuple[CodeList, ...]) -> Grown:
    return with_code_lists(base, lists)
