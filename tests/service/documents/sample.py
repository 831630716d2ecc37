"""Statements and a finance list in the shape of ``huodian.statement/1``; every place, name and amount is made up."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from service.documents.amount_words import upper, wan

_NORTH = [
    ["123.3000", "43.4000"],
    ["123.9500", "43.3500"],
    ["124.0500", "43.7000"],
    ["123.6000", "43.9500"],
    ["123.2500", "43.7500"],
    ["123.3000", "43.4000"],
]
_SOUTH = [["123.9500", "43.3500"], ["124.5500", "43.2500"], ["124.6000", "43.6500"], ["124.0500", "43.7000"]]


def line(no: int, amount: str, **changed: Any) -> dict[str, Any]:
    """One charge; the numbers of the point follow `no`."""
    return {
        "no": no,
        "fire_point_id": f"fp{no:014x}",
        "change": "new",
        "overpass": f"2023-10-29T04:{no % 60:02d}:00Z",
        "satellite": "NOAA-20",
        "lon": f"{123.35 + (no * 37 % 100) * 0.006:.5f}",
        "lat": f"{43.45 + (no * 61 % 100) * 0.003:.5f}",
        "county_code": "220382",
        "county": "双辽市",
        "township_code": "220382101",
        "township": "茂林镇",
        "grid": f"{no} 号网格",
        "zone": "ban",
        "regime_zh": "两区制：禁烧区",
        "regime_en": "two zones: ban",
        "finding": "straw",
        "finding_zh": "秸秆焚烧",
        "verified_level": "city",
        "verified_at": "2023-10-29T08:30:00Z",
        "area_mu": "12.5",
        "clause": "首个与后续火点",
        "ordinal": no,
        "amount": amount,
        "reason_zh": f"位于禁烧区，市级核查为秸秆焚烧；为该县本考核期第 {no} 个计费火点，"
        f"按“首个与后续火点”计 {wan(Decimal(amount))} 万元。",
        "reason_en": f"Ban zone, straw confirmed by the city; point {no} of the county this season.",
        "trace": {"clause": "首个与后续火点", "ordinal": str(no), "amount": amount},
        "context": {
            "hot_days_365": 3,
            "hot_radius_m": "875",
            "heat_source": {
                "code": "HS-07",
                "name": "茂林生物质电厂",
                "kind": "biomass",
                "distance_m": "4210",
                "within": False,
            },
            "shares": [
                {"code": "220382", "name": "双辽市", "share": "0.935"},
                {"code": "220322", "name": "梨树县", "share": "0.065"},
            ],
            "border_distance_m": "312.4",
            "other_sets": [
                {
                    "set": "mca",
                    "version": "2",
                    "status": "reference",
                    "county_code": "220322",
                    "county": "梨树县",
                }
            ],
            "threshold_note_zh": "通常以 30 天以上疑为固定热源，此数仅供参考，不自动影响扣款",
        },
        "rulings": [],
        "linked": [],
        "objection": None,
        **changed,
    }


def amounts(previous: Decimal, total: Decimal) -> dict[str, str]:
    """The amounts of an account that stood at `previous` and now stands at `total`."""
    net = total - previous
    return {
        "previous": f"{previous:.2f}",
        "total": f"{total:.2f}",
        "net": f"{net:.2f}",
        "total_wan": wan(total),
        "net_wan": wan(net),
        "total_upper": upper(total),
        "net_upper": upper(net),
    }


def statement(**changed: Any) -> dict[str, Any]:
    """The first issue for Shuangliao: 500,000 and 300,000 yuan."""
    return {
        "schema": "huodian.statement/1",
        "kind": "issue",
        "mark": "非正式",
        "status": "sample",
        "number": 1,
        "season": "2023-2024",
        "payer": {"code": "220382", "name": "双辽市", "level": "county", "uid": "u-220382"},
        "collector": "省财政",
        "jurisdiction": "吉林省",
        "rulebooks": [
            {
                "id": "JL-1",
                "title": "吉林省秸秆禁烧量化责任追究办法",
                "number": None,
                "status": "sample",
                "confidence": "secondary",
                "hash": "5d" * 32,
                "valid_from": "2018-09-21",
                "valid_to": None,
                "sources": [
                    {"title": "2018年9月新闻报道（二手）", "confidence": "secondary", "url": None},
                    {
                        "title": "新华社2018年10月报道",
                        "confidence": "secondary",
                        "url": "https://example.org/a",
                    },
                ],
            }
        ],
        "as_of": {"revision": 17, "recorded_at": "2024-05-08T01:10:00Z"},
        "computed_at": "2024-05-08T01:15:00Z",
        "issued_at": "2024-05-08T01:15:00Z",
        "layers": [
            {"layer": "county", "name": "tianditu", "version": "1", "status": "reference"},
            {"layer": "zones", "name": "示例分区", "version": "3", "status": "sample"},
            {"layer": "regime", "name": "regime", "version": "", "status": ""},
        ],
        "amounts": amounts(Decimal(0), Decimal(800_000)),
        "lines": [
            line(
                1,
                "500000.00",
                rulings=[{"kind": "order", "value": "1", "reason": "同一分钟，以现场报告为先"}],
            ),
            line(2, "300000.00", objection={"state": "open", "instance": 1}),
        ],
        "adjustments": [],
        "held": [
            {
                "fire_point_id": "fp00000000000101",
                "reason": "payer_doubt",
                "zh": "跨县界，付款单位待裁定",
                "en": "payer in doubt",
                "at_stake": "300000.00",
            }
        ],
        "left_out": [
            {
                "fire_point_id": "fp00000000000202",
                "reason": "denied",
                "zh": "市级复核查否：未见过火痕迹",
                "en": "denied",
            }
        ],
        "objection": {
            "days": 7,
            "until": "2024-05-15",
            "suspends_payment": True,
            "suspended": "300000.00",
            "instances": [{"level": "city", "days": 15}, {"level": "province", "days": 30}],
            "zh": "如有异议，请于 2024-05-15（含当日，北京时间）前书面提出；异议期间暂缓扣缴异议金额",
            "en": "object in writing until the end of 2024-05-15 (Beijing time)",
        },
        "deposit": None,
        "people": {"preparer": "王编制", "reviewer": "李复核", "approver": None},
        "program": {"name": "huodian", "version": "0.1.0"},
        "previous": None,
        "map": {
            "outlines": [
                {"code": "220382", "name": "双辽市", "rings": [_NORTH]},
                {"code": "220322", "name": "梨树县", "rings": [[*_SOUTH, _SOUTH[0]]]},
            ]
        },
        **changed,
    }


def second_issue() -> dict[str, Any]:
    """A later issue in which the first point was denied: the second moves up, money goes back."""
    return statement(
        mark="",
        status="official",
        number=2,
        amounts=amounts(Decimal(800_000), Decimal(500_000)),
        lines=[line(2, "500000.00", change="changed", ordinal=1)],
        adjustments=[
            {"fire_point_id": "fp00000000000001", "before": "500000.00", "after": "0.00", "delta": "-500000.00",
             "cause": "denied", "zh": "核实否定，不再计入", "en": "denied",
             "caused_by": ["fp00000000000001"]},
            {"fire_point_id": "fp00000000000002", "before": "300000.00", "after": "500000.00",
             "delta": "200000.00", "cause": "reordered", "zh": "序次变更：成为首个", "en": "now first",
             "caused_by": ["fp00000000000001"]},
        ],
        previous={"number": 1, "sha256": "ab" * 32},
    )  # fmt: skip


def draft() -> dict[str, Any]:
    """A draft for comment: no number, no issue time."""
    made = statement(kind="draft", number=None, people={"preparer": None, "reviewer": None, "approver": None})
    del made["issued_at"]
    return made


def large(count: int = 300) -> dict[str, Any]:
    """A statement of many lines."""
    found = [line(no, "500000.00" if no == 1 else "300000.00") for no in range(1, count + 1)]
    total = sum((Decimal(one["amount"]) for one in found), Decimal(0))
    return statement(lines=found, amounts=amounts(Decimal(0), total))


def said_everywhere(text: str) -> dict[str, Any]:
    """A statement in which every free text is `text`."""
    made = statement(
        payer={"code": "220382", "name": text, "level": "county"},
        collector=text,
        lines=[
            line(1, "500000.00", county=text, township=text, grid=text, reason_zh=text, reason_en=text, clause=text,
                 regime_zh=text, finding_zh=text, satellite=text,
                 rulings=[{"kind": "zone", "value": text, "reason": text}])
        ],
        adjustments=[
            {"fire_point_id": text, "before": "1.00", "after": "2.00", "delta": "1.00", "cause": text, "zh": text,
             "en": text, "caused_by": [text]}
        ],
        held=[{"fire_point_id": text, "reason": text, "zh": text, "en": text, "at_stake": "1.00"}],
        left_out=[{"fire_point_id": text, "reason": text, "zh": text, "en": text}],
        people={"preparer": text, "reviewer": text, "approver": text},
        layers=[{"layer": text, "name": text, "version": text, "status": text}],
    )  # fmt: skip
    made["rulebooks"][0].update(title=text, number=text)
    made["objection"].update(zh=text)
    made["map"]["outlines"][0]["name"] = text
    return made


def roll(**changed: Any) -> dict[str, Any]:
    """The finance list of a season: a payer of one issue, and one whom a denial gave money back."""
    return {
        "season": "2023-2024",
        "mark": "非正式",
        "status": "sample",
        "samples_left_out": 0,
        "rows": [
            {
                "payer": {"code": "220200", "name": "吉林市"},
                "previous": "0.00",
                "new": "9500000.00",
                "adjustments": "0.00",
                "net": "9500000.00",
                "total": "9500000.00",
                "suspended": "0.00",
                "due": "9500000.00",
                "number": 1,
                "sha256": "cd" * 32,
                "state": "issued",
                "statements": [_issue(1, "cd", "9500000.00", "9500000.00", "issued")],
            },
            {
                "payer": {"code": "220382", "name": "双辽市"},
                "previous": "800000.00",
                "new": "0.00",
                "adjustments": "-300000.00",
                "net": "-300000.00",
                "total": "500000.00",
                "suspended": "500000.00",
                "due": "0.00",
                "number": 2,
                "sha256": "ef" * 32,
                "state": "objected",
                "statements": [
                    _issue(1, "ab", "800000.00", "800000.00", "final"),
                    _issue(2, "ef", "-300000.00", "500000.00", "objected"),
                ],
            },
        ],
        "totals": {
            "previous": "800000.00",
            "new": "9500000.00",
            "adjustments": "-300000.00",
            "net": "9200000.00",
            "total": "10000000.00",
            "suspended": "500000.00",
            "due": "9500000.00",
            "payers": 2,
            "statements": 3,
        },
        "as_of_revision": 21,
        **changed,
    }


def _issue(number: int, digits: str, net: str, total: str, state: str) -> dict[str, Any]:
    return {"number": number, "sha256": digits * 32, "net": net, "total": total, "state": state}
