"""What the class numbers of the usual land-cover products mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from gis.errors import NotFoundError

GROUPS = ("cropland", "vegetation", "built", "water", "bare", "other")
"""What a class means here. ``vegetation`` off cropland goes to forestry."""


@dataclass(frozen=True, slots=True)
class ClassList:
    """What the numbers of a land-cover product mean.

    Attributes
    ----------
    groups
        Group (`GROUPS`) of each class number; a number that stands nowhere is unknown.
    nodata
        Numbers that say "nothing known", beside the one the file itself declares.
    source
        The document the list was read from.
    """

    name: str
    groups: Mapping[int, str]
    nodata: frozenset[int]
    source: str

    def table(self) -> npt.NDArray[np.uint8]:
        """Return group number + 1 for each class number 0 to 255; 0 where it is unknown."""
        found = np.zeros(256, dtype=np.uint8)
        for number, group in self.groups.items():
            found[number] = GROUPS.index(group) + 1
        return found


def _classes(**groups: str) -> Mapping[int, str]:
    return MappingProxyType(
        {int(number): group for group, listed in groups.items() for number in listed.split()}
    )


PRESETS: Mapping[str, ClassList] = MappingProxyType(
    {
        one.name: one
        for one in (
            ClassList(
                "mcd12_igbp",
                _classes(
                    cropland="12 14",
                    vegetation="1 2 3 4 5 6 7 8 9 10 11",
                    built="13",
                    water="0 17",
                    other="15",
                    bare="16",
                ),
                frozenset({255}),
                "MCD12 collection 6 user guide, IGBP legend (14 is a cropland mosaic; 0 is water in MCD12C1)",
            ),
            ClassList(
                "worldcover",
                _classes(
                    cropland="40",
                    vegetation="10 20 30 90 95 100",
                    built="50",
                    bare="60",
                    other="70",
                    water="80",
                ),
                frozenset({0}),
                "ESA WorldCover product user manual v2.0, table 2",
            ),
            ClassList(
                "clcd",
                _classes(cropland="1", vegetation="2 3 4 9", water="5", other="6", bare="7", built="8"),
                frozenset({0}),
                "Yang and Huang, Earth System Science Data 13, 3907 (2021), table of classes",
            ),
            ClassList(
                "globeland30",
                _classes(
                    cropland="10", vegetation="20 30 40 50 70", water="60", built="80", bare="90", other="100"
                ),
                frozenset({0, 255}),
                "GlobeLand30 2020 product description, table of classes",
            ),
        )
    }
)


def class_list(classes: ClassList | str) -> ClassList:
    """Return a class list by its name.

    Raises
    ------
    NotFoundError
        ``no_such_class_list``, naming those there are.
    """
    if isinstance(classes, ClassList):
        return classes
    if classes not in PRESETS:
        raise NotFoundError(
            "no_such_class_list",
            f"没有名为 {classes} 的土地覆盖分类表；现有：{'、'.join(PRESETS)}",
            f"there is no class list {classes!r}; there are {', '.join(PRESETS)}",
            value=classes,
        )
    return PRESETS[classes]
