"""A first register for a province that none is shipped for: every county stands once under its city."""

from __future__ import annotations

import datetime as dt

import pytest

from boundaries.builtin import builtin
from gis.errors import RefusedInputError
from gis.types import Level
from grids.registerfile import read_register_file
from grids.units import Purpose
from service.pipeline.province_register import province_register

DAY = dt.date(2023, 10, 29)


@pytest.mark.parametrize("province", ["230000", "410000", "130000", "110000", "460000", "420000"])
def test_every_county_of_the_built_in_set_is_a_unit_once(province: str) -> None:
    text = province_register(province)
    assert text == province_register(province)
    register = read_register_file(text, name="r").register()
    wanted = {unit.code for unit in builtin(Level.COUNTY, province=province).units}
    counties = [unit for unit in register if unit.level is Level.COUNTY]
    assert {unit.code(DAY) for unit in counties} == wanted
    assert len(counties) == len(wanted)
    for unit in counties:
        chain = register.chain(unit.uid, Purpose.LEGAL, DAY)
        assert register[chain[-1]].code(DAY) == province, "each lies in its province"
        assert register.payer(unit.uid, DAY) == unit.uid, "and pays for itself"


def test_an_unknown_province_is_refused() -> None:
    with pytest.raises(RefusedInputError):
        province_register("990000")
