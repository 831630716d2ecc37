"""Source of location_engine.ipynb (`notebooks.run`)."""

# %% [markdown]
# # 定位引擎与同类工具 · The location engine beside its peers
#
# Which polygon holds each point: `gis.locate.Layer`, geopandas, shapely's STRtree, and SedonaDB where it is installed. This
# is a small run to look at; PostGIS and the full size (1,000,000 points, 9,300 polygons) stand in `make bench` and
# `docs/benchmarks.md`. Ratios travel, times do not.

# %%
import tempfile
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from matplotlib import pyplot

from bench.coverage import bricks
from boundaries.builtin import builtin
from gis.locate import Layer
from gis.types import Level

BOX = (121.0, 40.0, 132.0, 47.0)
POINTS = 100_000
shapes = bricks(50, 50, 19, 7, BOX)
codes = [f"22{number:010d}" for number in range(len(shapes))]
random = np.random.default_rng(11)
lon, lat = random.uniform(BOX[0], BOX[2], POINTS), random.uniform(BOX[1], BOX[3], POINTS)
took = {}


def clock(name, work):
    """Time one call."""
    start = time.perf_counter()
    answer = work()
    took[name] = time.perf_counter() - start
    return answer


print(f"{POINTS:,} points, {len(shapes):,} polygons, {shapely.get_num_coordinates(shapes).sum():,} vertices")

# %% [markdown]
# ## 1 本引擎 · Ours
# The first large question builds the index; `locate` gives one unit for each point.

# %%
Layer(codes[:50], shapes[:50]).locate(lon, lat)  # the first call of a process loads compiled code
layer = Layer(codes, shapes)
clock("huodian, first answer, index built on the way", lambda: layer.locate(lon, lat))
unit = clock("huodian locate", lambda: layer.locate(lon, lat))

# %% [markdown]
# ## 2 同类 · Peers

# %%
left = gpd.GeoDataFrame({"point": np.arange(POINTS)}, geometry=gpd.points_from_xy(lon, lat), crs=4490)
right = gpd.GeoDataFrame({"unit": np.arange(len(shapes))}, geometry=shapes, crs=4490)
gpd.sjoin(left[:1000], right[:100], predicate="intersects")
joined = clock("geopandas.sjoin", lambda: gpd.sjoin(left, right, predicate="intersects"))

points = shapely.points(lon, lat)
tree_pairs = clock("shapely STRtree", lambda: shapely.STRtree(shapes).query(points, predicate="intersects"))

try:
    import sedonadb
except ImportError:
    sedona_pairs = None
    print("SedonaDB is not installed: left out")
else:
    session = sedonadb.connect()
    session.create_data_frame(left.set_crs(4326, allow_override=True)).to_view("points")
    session.create_data_frame(right.set_crs(4326, allow_override=True)).to_view("units")
    query = "SELECT p.point, u.unit FROM points AS p JOIN units AS u ON ST_Intersects(p.geometry, u.geometry)"
    session.sql(query.replace("p.point, u.unit", "count(*) AS n")).to_pandas()  # to warm up
    sedona_pairs = clock("SedonaDB", lambda: session.sql(query).to_pandas())

# %% [markdown]
# ## 3 答案相同 · The same answers
# Every pair of point and unit, not a count.

# %%
ours = {pair for pair in zip(range(POINTS), unit.tolist(), strict=True) if pair[1] >= 0}
assert ours == set(zip(joined.point.tolist(), joined.unit.tolist(), strict=True))
assert ours == set(zip(tree_pairs[0].tolist(), tree_pairs[1].tolist(), strict=True))
if sedona_pairs is not None:
    assert ours == set(zip(sedona_pairs.point.tolist(), sedona_pairs.unit.tolist(), strict=True))
print(f"{len(ours):,} pairs, the same from everybody")

# %% [markdown]
# ## 4 边界上的点 · Points on edges
# A vertex belongs to every polygon that touches it, which is no answer where one of them pays. One rule: of the units
# that touch it, the one whose code sorts first. No point of a clean coverage has two, none has none.

# %%
corners = np.unique(shapely.get_coordinates(shapes[1000:1040]), axis=0)
alone = layer.locate(corners[:, 0], corners[:, 1])
point, hit = layer.hits(corners[:, 0], corners[:, 1])
touching = shapely.STRtree(shapes).query(shapely.points(corners), predicate="intersects")
assert set(zip(point.tolist(), hit.tolist(), strict=True)) == set(zip(*touching.tolist(), strict=True))
first = np.full(len(corners), len(shapes))
np.minimum.at(first, point, hit)
assert (alone == first).all()
pd.Series(np.bincount(point)).value_counts().rename_axis("units that touch it").rename("vertices").to_frame()

# %% [markdown]
# ## 5 真实县界 · Real counties
# The 60 built-in counties of Jilin: the same as GEOS, and how far the border is.

# %%
counties = builtin(Level.COUNTY, province="220000").units
real = Layer([one.code for one in counties], [one.geometry for one in counties])
west, south, east, north = real.bounds
x, y = random.uniform(west, east, 50_000), random.uniform(south, north, 50_000)
found = real.locate(x, y)
tree = shapely.STRtree(real.geometries).query(shapely.points(x, y), predicate="intersects")
by_geos = np.full(len(x), -1)
by_geos[tree[0]] = tree[1]
assert (found == by_geos).all()
border = real.border_distance_m(x, y, found)
held = found >= 0
print(f"{held.sum():,} of {len(x):,} points in a county, 0 differences from GEOS")
print(
    f"within 375 m of a county line: {np.mean(border[held] < 375):.1%}; within 1 km: {np.mean(border[held] < 1000):.1%}"
)

# %% [markdown]
# ## 6 保存与打开 · Saved and opened
# The index lies beside the layer and is mapped into memory when it is opened.

# %%
with tempfile.TemporaryDirectory() as work:
    path = Path(work) / "layer.idx"
    layer.save(path)
    again = clock(
        "open a saved index, 10,000 lookups", lambda: Layer.open(path).locate(lon[:10_000], lat[:10_000])
    )
    size = path.stat().st_size
assert (again == unit[:10_000]).all()
print(f"{size / 1e6:.1f} MB")

# %% [markdown]
# ## 7 时间 · Times of this run
# One run each on whatever machine made this notebook, others at work beside it; our index is built once per layer version.

# %%
mine = took["huodian locate"]
times = pd.DataFrame(
    {
        "ms": {name: seconds * 1000 for name, seconds in took.items()},
        "× locate": {n: s / mine for n, s in took.items()},
    }
)
times.sort_values("ms").round(1)

# %%
figure, (chart, detail) = pyplot.subplots(1, 2, figsize=(9, 3.2), dpi=80)
peers = times[
    times.index.isin(["huodian locate", "shapely STRtree", "geopandas.sjoin", "SedonaDB"])
].sort_values("ms")
chart.barh(
    peers.index, peers.ms, color=["#c0392b" if "huodian" in name else "#999999" for name in peers.index]
)
chart.set_xlabel(f"milliseconds for {POINTS:,} points")
zoom = (126.0, 43.0, 126.7, 43.4)
near = (lon > zoom[0]) & (lon < zoom[2]) & (lat > zoom[1]) & (lat < zoom[3])
gpd.GeoSeries(shapes).boundary.plot(ax=detail, color="#555555", linewidth=0.6)
detail.scatter(lon[near], lat[near], c=unit[near] % 7, cmap="tab10", s=8)
detail.set(xlim=(zoom[0], zoom[2]), ylim=(zoom[1], zoom[3]), title="points coloured by the unit found")
figure.tight_layout()
