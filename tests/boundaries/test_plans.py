from __future__ import annotations

import datetime as dt
import json

import pytest
from shapely.geometry import box, mapping

from boundaries.plans import PlanState, SpecialPeriod, read_periods, read_plans, refuse_in_periods
from gis.errors import RefusedInputError
from gis.times import BEIJING
from gis.types import DataStatus

CSV = """编号,村代码,开始时间,结束时间,面积(亩),责任人,审批单位,审批时间,状态
P1,220381100201,2024-04-11 08:30,2024-04-11 17:00,120.5,张三,公主岭市燃除指挥部,2024-04-10 16:00,已批准
P2,220381100202,2024-04-12 08:30,2024-04-12 17:00,80亩,李四,公主岭市燃除指挥部,,已取消
"""

CONGRESS = SpecialPeriod(
    "2024年全国两会", ("220000",), dt.date(2024, 3, 4), dt.date(2024, 3, 11), "Xinhua", "S"
)


def test_plans_read_with_beijing_clock_times() -> None:
    first, second = read_plans(CSV.encode("gb18030"))
    assert first.starts_at == dt.datetime(2024, 4, 11, 0, 30, tzinfo=dt.UTC)
    assert first.area_mu == 120.5
    assert second.state is PlanState.CANCELLED
    assert second.area_mu == 80
    assert first.days == (dt.date(2024, 4, 11), dt.date(2024, 4, 11))
    assert first.approved_before(dt.datetime(2024, 4, 11, 5, tzinfo=dt.UTC))
    assert not second.approved_before(dt.datetime(2024, 4, 12, 5, tzinfo=dt.UTC))


def test_a_point_is_in_the_window_to_the_minute_and_with_a_tolerance() -> None:
    plan = read_plans(CSV.encode())[0]
    end = dt.datetime(2024, 4, 11, 17, 0, tzinfo=BEIJING)
    assert plan.in_window(end)
    assert not plan.in_window(end + dt.timedelta(minutes=1))
    assert plan.in_window(end + dt.timedelta(minutes=10), tolerance_minutes=10)
    with pytest.raises(ValueError, match="naive"):
        plan.in_window(dt.datetime(2024, 4, 11, 12))  # noqa: DTZ001 - that is what is tested


def test_polygons_read_with_a_datum() -> None:
    properties = {
        "编号": "P9",
        "开始时间": "2024-04-11 08:30",
        "结束时间": "2024-04-11 17:00",
        "责任人": "张三",
    }
    feature = {
        "type": "Feature",
        "properties": properties,
        "geometry": mapping(box(124.9, 43.5, 124.91, 43.51)),
    }
    raw = json.dumps({"type": "FeatureCollection", "features": [feature]}).encode()
    (plan,) = read_plans(raw, datum="cgcs2000", status="reference")
    assert plan.geometry is not None
    assert plan.unit_code is None
    assert plan.status is DataStatus.REFERENCE


def test_a_plan_inside_a_special_period_is_refused_on_load() -> None:
    text = CSV.replace("2024-04-11", "2024-03-11")
    with pytest.raises(RefusedInputError) as caught:
        read_plans(text.encode(), periods=[CONGRESS])
    assert caught.value.code == "plan_in_special_period"
    assert "2024年全国两会" in caught.value.zh
    assert caught.value.context["errors"] == [
        {"line": 2, "plan": "P1", "period": "2024年全国两会", "from": "2024-03-04", "to": "2024-03-11"}
    ]


@pytest.mark.parametrize(
    ("day", "refused"), [("2024-03-03", False), ("2024-03-04", True), ("2024-03-12", False)]
)
def test_the_days_of_a_period_are_beijing_days_both_included(day: str, refused: bool) -> None:
    text = CSV.replace("2024-04-11", day)
    if refused:
        with pytest.raises(RefusedInputError):
            read_plans(text.encode(), periods=[CONGRESS])
    else:
        assert read_plans(text.encode(), periods=[CONGRESS])


def test_a_plan_that_only_touches_midnight_of_the_period_is_refused() -> None:
    text = CSV.replace("2024-04-11 17:00", "2024-03-04 00:00").replace("2024-04-11 08:30", "2024-03-03 08:30")
    with pytest.raises(RefusedInputError):
        read_plans(text.encode(), periods=[CONGRESS])


def test_a_period_of_another_unit_does_not_matter_and_the_dated_tree_decides() -> None:
    text = CSV.replace("2024-04-11", "2024-03-05")
    changchun = SpecialPeriod("长春", ("220100",), CONGRESS.start, CONGRESS.end, "s", "R")
    # The spelling of 220381 says 四平; the register knows that 公主岭 belongs to 长春 since 2020.
    assert read_plans(text.encode(), periods=[changchun])
    lineage = {"220381100201": ["220381100", "220381", "220100", "220000"]}
    with pytest.raises(RefusedInputError):
        read_plans(text.encode(), periods=[changchun], lineage=lineage)


def test_a_cancelled_plan_may_lie_in_a_period() -> None:
    plans = read_plans(CSV.replace("2024-04-12", "2024-03-05").encode())
    refuse_in_periods(plans, [CONGRESS])


@pytest.mark.parametrize(
    ("old", "new", "column"),
    [
        ("220381100201", "", "unit_code"),
        ("220381100201", "abc", "unit_code"),
        ("2024-04-11 17:00", "2024-04-11 08:00", "ends_at"),
        ("2024-04-11 17:00", "2025-04-11 17:00", "ends_at"),
        ("2024-04-11 08:30", "2024-04-11", "starts_at"),
        ("已批准", "也许", "state"),
        ("120.5", "-3", "area_mu"),
        ("P1", "", "code"),
    ],
)
def test_wrong_rows_are_refused_with_their_column(old: str, new: str, column: str) -> None:
    with pytest.raises(RefusedInputError) as caught:
        read_plans(CSV.replace(old, new, 1).encode())
    assert caught.value.code == "bad_plans"
    assert [(e["line"], e["column"]) for e in caught.value.context["errors"]] == [(2, column)]


def test_a_plan_number_twice_is_refused() -> None:
    with pytest.raises(RefusedInputError, match="stands twice"):
        read_plans(CSV.replace("P2", "P1").encode())


PERIODS = "名称,单位代码,起始日期,截止日期,来源,置信度\n2024年春节,220000,2024-02-09,2024-02-24,国办通知,Q\n"


def test_periods_read_from_both_forms() -> None:
    (period,) = read_periods(PERIODS.encode())
    text = 'periods:\n  - {name: 2024年春节, unit_codes: ["220000"], from: 2024-02-09, to: 2024-02-24, source: 国办通知, confidence: Q}\n'  # noqa: E501
    assert read_periods(text.encode()) == (period,)
    assert period.holds(dt.date(2024, 2, 24), ["220381", "220000"])
    assert not period.holds(dt.date(2024, 2, 25))
    assert not period.holds(dt.date(2024, 2, 24), ["230000"])


@pytest.mark.parametrize(
    ("old", "new"), [("2024-02-24", ""), ("2024-02-24", "2024-02-01"), ("2024年春节", "")]
)
def test_a_period_without_its_days_or_name_is_refused(old: str, new: str) -> None:
    with pytest.raises(RefusedInputError) as caught:
        read_periods(PERIODS.replace(old, new).encode())
    assert caught.value.code == "bad_periods"
