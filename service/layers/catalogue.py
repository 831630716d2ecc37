"""Every layer, in the order of a legend: what it shows, its properties with units, its id and its time."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from service.layers.model import Kind, LayerInfo, Property


def _p(name: str, kind: Kind, zh: str, en: str, unit: str | None = None) -> Property:
    return Property(name, kind, zh, en, unit=unit)


# What several layers tell, each declared once.
_POINT = (
    _p("fire_point_id", "string", "火点编号", "fire point id"),
    _p("fire_day", "date", "火点日", "fire day"),
)
_FIRST_SEEN = _p("first_seen", "datetime", "首次观测", "first seen")
_LON_LAT = (
    _p("lon", "number", "经度", "longitude", "deg"),
    _p("lat", "number", "纬度", "latitude", "deg"),
)
_PIXELS = _p("pixels", "integer", "像元数", "pixels")
_RADIANCE = (
    _p("frp_mw", "number", "辐射功率", "fire radiative power", "MW"),
    _p("confidence", "string", "置信度", "confidence"),
)
_COUNTY_CODE = _p("county_code", "string", "县区代码", "county code")
_COUNTY = _p("county", "string", "县区", "county")
_TOWNSHIP = _p("township", "string", "乡镇", "township")
_NAMED = (
    _p("code", "string", "代码", "code"),
    _p("name", "string", "名称", "name"),
)
_VALID = (
    _p("valid_from", "date", "起始日", "valid from"),
    _p("valid_to", "date", "截止日（含）", "valid to (included)"),
)
_SET = (
    _p("set_version", "integer", "版本", "version"),
    _p("set_status", "string", "数据状态", "status of the set"),
)

_FIRE_POINTS = LayerInfo(
    "fire_points",
    "火点",
    "Fire points",
    "聚类后的火点，位置为代表像元；像元数与火点数并列",
    "Clustered fire points at their representative pixel; pixels and points are counted side by side",
    "Point",
    (
        *_POINT,
        _FIRST_SEEN,
        _p("last_seen", "datetime", "末次观测", "last seen"),
        *_LON_LAT,
        _PIXELS,
        _p("satellites", "string", "卫星", "satellites"),
        _p("sources", "string", "来源", "sources"),
        *_RADIANCE,
        _p("city_code", "string", "市州代码", "city code"),
        _p("city", "string", "市州", "city"),
        _COUNTY_CODE,
        _COUNTY,
        _p("township_code", "string", "乡镇代码", "township code"),
        _TOWNSHIP,
        _p("grid_code", "string", "网格代码", "grid cell code"),
        _p("grid", "string", "网格", "grid cell"),
        _p("zone_code", "string", "分区代码", "zone code"),
        _p("zone", "string", "分区", "zone"),
        _p("regime", "string", "管控制度", "regime"),
        _p("screen", "string", "筛查", "screening"),
        _p("status", "string", "核实状态", "verification status"),
        _p("boundary_county", "boolean", "跨县界", "touches another county"),
        _p("boundary_township", "boolean", "跨乡镇界", "touches another township"),
        _p("boundary_grid", "boolean", "跨网格界", "touches another grid cell"),
        _p("boundary_zone", "boolean", "跨分区界", "touches the edge of a zone"),
        _p("county_share", "number", "县内占比", "share of the pixel inside the county"),
        _p("border_distance_m", "number", "距县界", "distance to the county border", "m"),
        _p("cropland_share", "number", "耕地占比", "share of cropland"),
        _p("informal", "boolean", "非正式", "informal: a layer used is not official"),
    ),
    "fire_point_id",
    "first_seen",
    ("fire_point_id",),
    private=True,
)

_OF_A_PIXEL = (
    _p("detection_id", "integer", "像元编号", "detection id"),
    *_POINT,
    _p("acquired", "datetime", "观测时间", "acquired"),
    _p("satellite", "string", "卫星", "satellite"),
    _p("instrument", "string", "传感器", "instrument"),
    _p("source_kind", "string", "来源", "source"),
    *_LON_LAT,
    *_RADIANCE,
    _p("scan_km", "number", "像元宽", "pixel extent across the track", "km"),
    _p("track_km", "number", "像元长", "pixel extent along the track", "km"),
    _p("daynight", "string", "昼夜", "day or night"),
)


def _pixel_layer(
    name: str, zh: str, en: str, says_zh: str, says_en: str, geometry: Literal["Point", "Polygon"]
) -> LayerInfo:
    """Return a layer of single pixels: what it tells of them is the same, what it draws is not."""
    return LayerInfo(
        name,
        zh,
        en,
        says_zh,
        says_en,
        geometry,
        _OF_A_PIXEL,
        "detection_id",
        "acquired",
        ("detection_id",),
        private=True,
    )


_DETECTIONS = _pixel_layer(
    "detections",
    "火点像元",
    "Detections",
    "每个卫星像元一条，取最高等级产品的属性",
    "One satellite pixel each, with the attributes of its best product",
    "Point",
)

_FOOTPRINTS = _pixel_layer(
    "footprints",
    "像元范围",
    "Pixel footprints",
    "像元在地面的矩形范围，沿经纬向放置（过境方位角未知）",
    "The rectangle a pixel covers, laid along the axes (the azimuth of the overpass is in no feed)",
    "Polygon",
)

_BORDER = (
    *_NAMED,
    _p("level", "string", "级别", "level"),
    _p("parent_code", "string", "上级代码", "parent code"),
    _p("set_name", "string", "界线集", "boundary set"),
    *_SET,
    _p("accuracy_m", "number", "位置精度", "positional accuracy", "m"),
)


def _border_layer(name: str, zh: str, en: str, says_zh: str, says_en: str) -> LayerInfo:
    return LayerInfo(
        name, zh, en, says_zh, says_en, "MultiPolygon", _BORDER, "code", None, ("code",), private=False
    )


_COUNTIES = _border_layer(
    "counties", "县区界", "Counties", "所选日期有效的县级界线", "County borders in force on the day"
)

_TOWNSHIPS = _border_layer(
    "townships", "乡镇界", "Townships", "所选日期有效的乡镇级界线", "Township borders in force on the day"
)

_GRID_CELLS = LayerInfo(
    "grid_cells",
    "网格",
    "Grid cells",
    "所选日期有效的监管网格；没有图形的网格也列出",
    "Cells of the supervision grid in force on the day, those without a polygon included",
    "MultiPolygon",
    (*_BORDER[:4], _p("unit_code", "string", "单位代码", "unit code"), *_BORDER[4:]),
    "code",
    None,
    ("code",),
    private=False,
)

_ZONES = LayerInfo(
    "zones",
    "禁限烧分区",
    "Zones",
    "所选日期有效的分区，附当日管控制度",
    "Zones in force on the day, with the regime of that day",
    "MultiPolygon",
    (
        _p("zone_id", "string", "分区编号", "zone id"),
        *_NAMED,
        _p("kind", "string", "类别", "kind"),
        _p("unit_codes", "string", "单位代码", "unit codes"),
        _p("regime", "string", "管控制度", "regime"),
        _p("regime_zh", "string", "管控制度（中文）", "regime in Chinese"),
        _p("regime_en", "string", "管控制度（英文）", "regime in English"),
        *_VALID,
        _p("set_name", "string", "分区集", "zone set"),
        *_SET,
    ),
    "zone_id",
    None,
    ("zone_id",),
    private=False,
)

_PLANNED_BURNS = LayerInfo(
    "planned_burns",
    "计划烧除",
    "Planned burns",
    "所选日期的计划烧除；给出时间范围时为在其中开始的全部计划",
    "Planned burns of the day; with an interval of time, all that start in it",
    "MultiPolygon",
    (
        _p("code", "string", "计划编号", "plan code"),
        _p("unit_code", "string", "单位代码", "unit code"),
        _p("starts_at", "datetime", "开始", "starts"),
        _p("ends_at", "datetime", "结束", "ends"),
        _p("area_mu", "number", "面积", "area", "mu"),
        _p("state", "string", "状态", "state"),
        _p("approved", "boolean", "已批准", "approved"),
        _p("set_status", "string", "数据状态", "status"),
    ),
    "code",
    "starts_at",
    ("code",),
    private=True,
)

_HEAT_SOURCES = LayerInfo(
    "heat_sources",
    "登记的固定热源",
    "Listed heat sources",
    "所选日期登记有效的固定热源及其影响半径",
    "Fixed heat sources listed on the day, with the radius in which each explains a detection",
    "Point",
    (
        _p("code", "string", "编号", "code"),
        _p("name", "string", "名称", "name"),
        _p("kind", "string", "类别", "kind"),
        *_LON_LAT,
        _p("radius_m", "number", "影响半径", "radius", "m"),
        _COUNTY_CODE,
        *_VALID,
        _p("set_status", "string", "数据状态", "status"),
    ),
    "code",
    None,
    ("code",),
    private=True,
)

_HEAT_CELLS = LayerInfo(
    "heat_cells",
    "学习的固定热源格",
    "Learned heat cells",
    "所选日期之前发布的固定热源表：由历史火点像元学习的方格",
    "The table of learned heat sources published before the day: squares learned from past detections",
    "Polygon",
    (
        _p("cell_id", "string", "格编号", "cell id"),
        _p("kind", "string", "类别", "kind"),
        _p("hot_days", "integer", "有火天数", "days with a detection"),
        _p("detections", "integer", "像元数", "detections"),
        _p("months", "integer", "月份数", "months"),
        _p("night_share", "number", "夜间占比", "share at night"),
        _p("first_day", "date", "首日", "first day"),
        _p("last_day", "date", "末日", "last day"),
        _COUNTY_CODE,
        _p("before", "date", "表的截止日（不含）", "learned from detections before"),
    ),
    "cell_id",
    "last_day",
    ("cell_id",),
    private=True,
)

_PENDING = LayerInfo(
    "pending",
    "待办",
    "Pending cases",
    "等待人裁定、核实或答复的事项；未给时间范围时为所选日期所在考核季",
    "What waits for a person; without an interval of time, of the season of the day",
    "Point",
    (
        _p("case_id", "string", "事项编号", "case id"),
        *_POINT,
        _FIRST_SEEN,
        _p("what", "string", "事项", "what"),
        _p("zh", "string", "说明（中文）", "in Chinese"),
        _p("en", "string", "说明（英文）", "in English"),
        _COUNTY_CODE,
        _COUNTY,
        _TOWNSHIP,
        _p("due", "string", "期限", "due"),
    ),
    "case_id",
    "fire_day",
    ("case_id",),
    private=True,
)

_STANDING = LayerInfo(
    "standing",
    "各县情况",
    "Standing of counties",
    "各县火点数与核实情况；未给时间范围时为所选日期所在考核季。自有分析，不是追责依据",
    "Fire points of each county and what became of them; without an interval of time, of the season of the day",
    "MultiPolygon",
    (
        _p("code", "string", "县区代码", "county code"),
        _p("name", "string", "县区", "county"),
        _p("listed", "integer", "列入", "listed"),
        _PIXELS,
        _p("confirmed", "integer", "查实", "confirmed"),
        _p("denied", "integer", "查否", "denied"),
        _p("denial_unreviewed", "integer", "查否待复核", "denial not reviewed"),
        _p("unverified", "integer", "未核实", "unverified"),
        _p("left_out", "integer", "筛除", "left out by screening"),
        _p("from_day", "date", "起始日", "from"),
        _p("to_day", "date", "截止日（含）", "to (included)"),
    ),
    "code",
    None,
    ("code",),
    private=True,
)

CATALOGUE: Mapping[str, LayerInfo] = MappingProxyType(
    {
        one.id: one
        for one in (
            *(_FIRE_POINTS, _DETECTIONS, _FOOTPRINTS, _PENDING, _STANDING),
            *(_COUNTIES, _TOWNSHIPS, _GRID_CELLS, _ZONES, _PLANNED_BURNS),
            *(_HEAT_SOURCES, _HEAT_CELLS),
        )
    }
)
"""Every layer by its id."""
