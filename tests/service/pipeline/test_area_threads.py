"""The service area is asked by the workers of one feed at once, from its very first question on."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import shapely

from boundaries.builtin import builtin
from service.pipeline.area import Area


def test_workers_that_ask_first_at_once_get_the_same_answer() -> None:
    random = np.random.default_rng(3)
    lon, lat = random.uniform(121, 132, 20_000), random.uniform(40, 47, 20_000)
    outline = builtin("province", province="220000").units[0].geometry
    right = ~shapely.intersects_xy(outline, lon, lat)
    for _ in range(20):
        area = Area("test", shapely.from_wkb(shapely.to_wkb(outline)))
        with ThreadPoolExecutor(4) as pool:
            for found in pool.map(lambda _, a=area: a.outside(lon, lat), range(4)):
                np.testing.assert_array_equal(found, right)
