"""What a statement says, put into words once, for the PDF and the XLSX alike.

Input is the document of ``huodian.statement/1`` (amounts, coordinates, shares, metres are text). A part that is absent
is said to be unknown; nothing is computed here but sums that stand in the document already, and their writing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from service.documents import terms
from service.documents.amount_words import upper, wan
from service.documents.lettering import (
    DASH,
    Whole,
    amount,
    clean,
    day_words,
    instant,
    joined,
    metres,
    money,
    percent,
)
from service.documents.terms import word

Document = Mapping[str, Any]
INFORMAL = (
    "非正式：依据中有未经正式发布的界线、分区或办法，本单据仅供演示或核对，不作为扣款凭证。",
    "Informal: a layer or rulebook behind it is not official. For demonstration or checking, not a demand.",
)
DRAFT = (
    "征求意见稿：尚未下达，金额可因核查、裁定与异议而变。",
    "Draft for comment: not issued; amounts may change with verification, rulings and objections.",
)


@dataclass(frozen=True, slots=True)
class Sum:
    """One amount as a finance officer reads it."""

    label: str
    en: str
    yuan: str
    wan: str
    upper: str


@dataclass(frozen=True, slots=True)
class Line:
    """One charge in the words of the paper; every field is text."""

    no: str
    fire_point_id: str
    change: str
    overpass: str
    satellite: str
    place: str
    county: str
    county_code: str
    township: str
    township_code: str
    grid: str
    position: str
    zone: str
    regime: str
    regime_en: str
    finding: str
    verified: str
    area: str
    clause: str
    ordinal: str
    amount: str
    reason: str
    reason_en: str
    disputed: tuple[str, ...]
    rulings: str
    linked: str
    note: str
    objection: str


def sha256(document: Document) -> str:
    """Return the SHA-256 of the document's canonical JSON (RFC 8785), as `statement verify` computes it."""
    from service.billing.chain import canonical_bytes

    return hashlib.sha256(canonical_bytes(document)).hexdigest()


def is_draft(document: Document) -> bool:
    """Return whether the document is a draft for comment."""
    return document.get("kind") != "issue"


def title(document: Document) -> str:
    """Return the heading of the paper."""
    return "扣款通知单（征求意见稿）" if is_draft(document) else "扣款通知单"


def subtitle(document: Document) -> str:
    """Return issue, season and number of charges."""
    number = document.get("number")
    issue = f"第 {clean(number)} 期" if number is not None else "未编期"
    issue += "（拟）" if number is not None and is_draft(document) else ""
    return f"{clean(document.get('season'))} 考核期　{issue}"


def file_title(document: Document) -> str:
    """Return a title for file properties, page headers and lists."""
    mark = f"（{clean(document['mark'])}）" if document.get("mark") else ""
    payer = document.get("payer") or {}
    return f"{clean(payer.get('name'))} {subtitle(document).replace('　', ' ')} {title(document)}{mark}"


def sums(document: Document) -> list[Sum]:
    """Return what is due now, the account of the season and the account before, the first being the one to act on."""
    found = document.get("amounts") or {}
    net = amount(found.get("net", "0"))
    rows = (
        (
            "net",
            "本期净额（应退）" if net < 0 else "本期净额（应扣）",
            "due with this issue = total − previous",
        ),
        ("total", "本考核期累计应扣", "total of the season so far"),
        ("previous", "减：以前各期累计", "previous issues"),
    )
    return [_sum(found, key, zh, en) for key, zh, en in rows]


def _sum(found: Mapping[str, Any], key: str, zh: str, en: str) -> Sum:
    value = amount(found.get(key) or "0")
    return Sum(
        zh,
        en,
        money(found.get(key) or "0"),
        f"{Decimal(found.get(f'{key}_wan') or wan(value)):,f}",
        clean(found.get(f"{key}_upper") or upper(value)),
    )


def parties(document: Document) -> list[tuple[str, str]]:
    """Return who pays whom under whose rule."""
    payer = document.get("payer") or {}
    books = document.get("rulebooks") or ()
    return [
        (
            "付款单位",
            f"{clean(payer.get('name'))}（{clean(payer.get('code'))}，{word(terms.LEVELS, payer.get('level'))}）",
        ),
        ("收款单位", _named(document.get("collector"))),
        ("管辖", _named(document.get("jurisdiction"))),
        ("依据", "、".join(f"《{clean(one.get('title'))}》" for one in books) or DASH),
        (
            "下达时间" if document.get("issued_at") else "计算时间",
            day_words(document.get("issued_at") or document.get("computed_at")),
        ),
    ]


def _named(value: Any) -> str:
    if isinstance(value, Mapping):
        code = f"（{clean(value['code'])}）" if value.get("code") else ""
        return f"{clean(value.get('name') or value.get('zh'))}{code}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "、".join(_named(one) for one in value) or DASH
    return clean(value)


def deadline(document: Document) -> str:
    """Return until when an objection may be filed: a Beijing civil day, itself included."""
    objection = document.get("objection") or {}
    until, days = objection.get("until"), objection.get("days")
    if until:
        return f"{day_words(until)}（含当日，北京时间）{_earlier(document, until)}"
    return f"自下达之日起 {clean(days)} 日内" if days is not None else "规则未规定"


def _earlier(document: Document, until: str) -> str:
    """Say that some terms end earlier: of unchanged lines, and under a rule that gives fewer days."""
    lines = [one for one in document.get("lines") or () if (one.get("objection_until") or until) < until]
    if not lines:
        return ""
    first = min(one["objection_until"] for one in lines)
    kind = "" if any(one.get("change") for one in lines) else "未变动"
    return f"；{len(lines)} 个{kind}火点的期限较早，最早 {day_words(first)}，见明细"


def objection_words(document: Document) -> list[str]:
    """Return how to object: the term and its effect, how it is filed, who answers in which instance."""
    objection = document.get("objection") or {}
    rules = objection.get("rules") or [objection]
    instances = [
        f"{clean(rule['rulebook']) + '：' if len(rules) > 1 and index == 0 else ''}"
        f"第{_ordinal(index)}级：{word(terms.LEVELS, one.get('level'))}，{clean(one.get('days'))} 日内答复"
        for rule in rules
        for index, one in enumerate(rule.get("instances") or ())
    ]
    how = (
        "逐个火点提出：写明本单期号与火点编号、事由，并附核查照片或其他证据；"
        "或由有权限的用户运行 huodian objection file。"
    )
    if objection.get("zh"):
        effect = clean(objection["zh"])
    else:
        effect = "异议期间暂停缴款。" if objection.get("suspends_payment") else "异议期间不停止缴款。"
    return [effect, how, "；".join(instances)]


def _ordinal(index: int) -> str:
    return "一二三四五六七八九"[index] if index < 9 else str(index + 1)


def lines(document: Document) -> list[Line]:
    """Return the charges, in the order of the document."""
    first_page = (document.get("objection") or {}).get("until")
    return [_line(one, first_page) for one in document.get("lines") or ()]


def _term(one: Mapping[str, Any], first_page: str | None) -> str:
    """Return until when a line may be objected to that is unchanged, or whose day is not that of the first page."""
    until = one.get("objection_until")
    told = one.get("change") and until == first_page
    return f"异议截止 {day_words(until)}" if until and not told else ""


def _line(one: Mapping[str, Any], first_page: str | None) -> Line:
    ordinal = one.get("ordinal")
    names = [one.get("county"), one.get("township"), one.get("grid")]
    return Line(
        no=clean(one.get("no")),
        fire_point_id=clean(one.get("fire_point_id")),
        change=word(terms.CHANGES, one.get("change")) if one.get("change") else "",
        overpass=instant(one.get("overpass")),
        satellite=clean(one.get("satellite")),
        place=" ".join(clean(name) for name in names if name) or clean(one.get("county_code")),
        county=clean(one.get("county")),
        county_code=clean(one.get("county_code")),
        township=clean(one.get("township")),
        township_code=clean(one.get("township_code")),
        grid=clean(one.get("grid")),
        position=_position(one),
        zone=word(terms.ZONES, one.get("zone")),
        regime=clean(one.get("regime_zh")),
        regime_en=clean(one.get("regime_en")),
        finding=clean(one.get("finding_zh") or one.get("finding")),
        verified=_verified(one),
        area=f"{clean(one.get('area_mu'))} 亩" if one.get("area_mu") else "面积未报",
        clause=clean(one.get("clause")),
        ordinal=f"第 {clean(ordinal)} 个" if ordinal is not None else DASH,
        amount=money(one.get("amount")),
        reason=clean(one.get("reason_zh")),
        reason_en=clean(one.get("reason_en")),
        disputed=tuple(disputed(one.get("context") or {})),
        linked="、".join(clean(other) for other in one.get("linked") or ()),
        note=clean((one.get("context") or {}).get("threshold_note_zh") or ""),
        rulings=joined(
            f"{word(terms.RULINGS, rule.get('kind'))} {clean(rule.get('value'))}（{clean(rule.get('reason'))}）"
            for rule in one.get("rulings") or ()
        ),
        objection="；".join(
            part for part in (_objected(one.get("objection")), _term(one, first_page)) if part
        ),
    )


def _position(one: Mapping[str, Any]) -> str:
    if one.get("lon") is None or one.get("lat") is None:
        return "坐标未知"
    return f"{clean(one['lon'])}, {clean(one['lat'])}"


def _verified(one: Mapping[str, Any]) -> str:
    if not one.get("verified_level"):
        return "没有核查记录"
    return f"{word(terms.LEVELS, one['verified_level'])} {instant(one.get('verified_at'))}"


def _objected(found: Mapping[str, Any] | None) -> str:
    if not found:
        return ""
    instance = found.get("instance")
    at = f"（第{_ordinal(instance - 1)}级）" if isinstance(instance, int) and instance > 0 else ""
    return f"{word(terms.OBJECTIONS, found.get('state'))}{at}"


def disputed(context: Mapping[str, Any]) -> list[str]:
    """Return what disputes are about at a fire point; what is not known is said to be unknown."""
    hot = context.get("hot_days_365")
    radius = f"（{metres(context['hot_radius_m'])}内）" if context.get("hot_radius_m") else ""
    said = [f"前365天热点日{radius}：{clean(hot)} 天" if hot is not None else "前365天热点日：未知"]
    source = context.get("heat_source")
    if source:
        reach = "在其影响半径内" if source.get("within") else "在其影响半径外"
        kind = f"，{clean(source['kind'])}" if source.get("kind") else ""
        said.append(
            f"最近登记热源：{clean(source.get('name'))}（{clean(source.get('code'))}{kind}），"
            f"距 {metres(source.get('distance_m'))}，{reach}"
        )
    else:
        said.append("最近登记热源：无记录" if "heat_source" in context else "最近登记热源：未知")
    shares = [f"{clean(one.get('name'))} {percent(one.get('share'))}" for one in context.get("shares") or ()]
    said.append(f"各县占比：{'、'.join(shares) or '未知'}")
    said.append(f"距界线：{metres(context.get('border_distance_m'))}")
    said.extend(
        f"另一界线 {clean(one.get('set'))} {_version(one.get('version'))}"
        f"（{word(terms.STATUSES, one.get('status'))}）：{_answer(one)}"
        for one in context.get("other_sets") or ()
    )
    return said


def _answer(one: Mapping[str, Any]) -> str:
    if one.get("county_code") is None and one.get("county") is None:
        return "不在其任何县内"
    return f"{clean(one.get('county'))}（{clean(one.get('county_code'))}）"


def _version(value: Any) -> str:
    text = clean(value)
    return f"第 {text} 版" if text.isdecimal() else text


def adjustments(document: Document) -> list[tuple[str, str, str, str, str, str]]:
    """Return id, before, after, delta, cause and the points that caused it, per adjustment."""
    return [
        (
            clean(one.get("fire_point_id")),
            money(one.get("before") or "0"),
            money(one.get("after") or "0"),
            money(one.get("delta") or "0"),
            clean(one.get("zh") or one.get("cause")),
            "、".join(clean(cause) for cause in one.get("caused_by") or ()) or DASH,
        )
        for one in document.get("adjustments") or ()
    ]


def held(document: Document) -> list[tuple[str, str, str]]:
    """Return id, reason and the amount at stake of points whose charge waits for a person."""
    return [
        (
            clean(one.get("fire_point_id")),
            clean(one.get("zh") or one.get("reason")),
            money(one.get("at_stake")),
        )
        for one in document.get("held") or ()
    ]


def left_out(document: Document) -> list[tuple[str, str]]:
    """Return id and reason of points that cost nothing."""
    return [
        (clean(one.get("fire_point_id")), clean(one.get("zh") or one.get("reason")))
        for one in document.get("left_out") or ()
    ]


def basis(document: Document) -> list[tuple[str, str, str, str]]:
    """Return title, standing, validity and sources of each rulebook."""
    found = []
    for one in document.get("rulebooks") or ():
        sources = joined(
            f"{clean(source.get('title'))}（{word(terms.CONFIDENCES, source.get('confidence'))}"
            f"{'，' + clean(source['url']) if source.get('url') else ''}）"
            for source in one.get("sources") or ()
        )
        number = f"，{clean(one['number'])}" if one.get("number") else "，无文号"
        until = day_words(one["valid_to"]) if one.get("valid_to") else "长期"
        found.append(
            (
                f"《{clean(one.get('title'))}》（{clean(one.get('id'))}{number}）",
                f"{word(terms.STATUSES, one.get('status'))}，{word(terms.CONFIDENCES, one.get('confidence'))}",
                f"{day_words(one.get('valid_from'))} 至 {until}",
                sources or "来源未注明",
            )
        )
    return found


def layers(document: Document) -> list[tuple[str, str, str, str]]:
    """Return layer, name, version and standing of each layer used."""
    return [
        (
            word(terms.LAYERS, one.get("layer")),
            clean(one.get("name")),
            clean(one.get("version")),
            word(terms.STATUSES, one.get("status")),
        )
        for one in document.get("layers") or ()
    ]


def deposit(document: Document) -> str:
    """Return the deposit charges are taken from first, or nothing where the rule has none."""
    found = document.get("deposit") or {}
    return "；".join(
        f"{zh} {money(found[key])} 元" for key, (zh, _en) in terms.DEPOSIT.items() if key in found
    )


def provenance(document: Document) -> list[tuple[str, str]]:
    """Return what a check needs: revision, instants, program, hashes."""
    as_of, program = document.get("as_of") or {}, document.get("program") or {}
    previous = document.get("previous")
    before = (
        (f"第 {clean(previous.get('number'))} 期 JSON 的 SHA-256", Whole(previous.get("sha256")))
        if previous
        else ("上一期", "无（首期）")
    )
    books = [
        (f"办法 {clean(one.get('id'))} 内容哈希", Whole(one.get("hash")))
        for one in document.get("rulebooks") or ()
    ]
    return [
        ("数据修订号", f"{clean(as_of.get('revision'))}（{instant(as_of.get('recorded_at'))} 北京时间）"),
        ("计算时间（时限按此刻判定）", f"{instant(document.get('computed_at'))} 北京时间"),
        ("程序", f"{clean(program.get('name'))} {clean(program.get('version'))}"),
        ("资料状态", word(terms.STATUSES, document.get("status"))),
        *books,
        before,
        ("本单 JSON（RFC 8785）的 SHA-256", Whole(sha256(document))),
    ]


def people(document: Document) -> list[tuple[str, str]]:
    """Return who prepared, reviewed and approved; an empty name leaves a line to sign on."""
    found = document.get("people") or {}
    roles = (("编制", "preparer"), ("复核", "reviewer"), ("批准", "approver"))
    return [(zh, clean(found[key]) if found.get(key) else "") for zh, key in roles]
