"""The part of an explanation's page that people made: rulings, verification, money, papers, doubts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from service.billing import explain_words as words
from service.billing.explain_words import (
    clock,
    counted,
    evidence,
    listed,
    mark,
    named,
    person,
    pick,
    ruled,
    yuan,
)
from service.reports.words import (
    FINDING_WORDS,
    LEVEL_WORDS,
    SCREEN_WORDS,
    STATUS_OF_DATA,
    VERIFICATION_LEVEL_WORDS,
)

Story = Mapping[str, Any]


def rulings(story: Story, lang: str) -> Iterator[str]:
    """Yield what people ruled."""
    zh = lang == "zh"
    names = named(story["place"])
    for one in story["rulings"]:
        kind = pick(words.RULING_WORDS, one["kind"], lang)
        value = ruled(one["kind"], one["value"], names, lang)
        state = "" if one["in_force"] else ("（已被取代）" if zh else " (superseded)")
        shown, who = evidence(one, lang), person(one["actor"], lang)
        yield (
            f"{clock(one['at'])} {who} 裁定{kind}：{value}{state}；理由：{one['reason']}{shown}"
            if zh
            else f"{clock(one['at'])} {who} ruled on {kind}: {value}{state}; why: {one['reason']}{shown}"
        )


def verification(story: Story, lang: str) -> Iterator[str]:
    """Yield what people found on the ground."""
    zh = lang == "zh"
    told = story["verification"]
    for one in told["records"]:
        level = pick(VERIFICATION_LEVEL_WORDS, one["level"], lang)
        finding = pick(FINDING_WORDS, one["finding"], lang)
        source = f"，{pick(words.SOURCE_WORDS, one['source_kind'], lang)}" if one["source_kind"] else ""
        area = (
            ""
            if one["area_mu"] is None
            else (f"，过火 {one['area_mu']} 亩" if zh else f", {one['area_mu']} mu burnt")
        )
        note = f"：{one['note']}" if one["note"] else ""
        decides = ("　← 采信" if zh else "  <- decides") if one["id"] == told["deciding"] else ""
        if not zh:
            source, note = source.replace("，", ", "), note.replace("：", ": ")
        yield (
            f"{clock(one['found_at'])} {level}核查，{one['person']}：{finding}{source}{area}{note}"
            f"{evidence(one, lang)}{decides}"
            if zh
            else f"{clock(one['found_at'])} {level} level ({one['person']}): {finding}{source}{area}{note}"
            f"{evidence(one, lang)}{decides}"
        )
    if told["records"]:
        yield (
            "采信规则：发言的最高一级中最新的一条；未能到达者不作数"
            if zh
            else "what decides: the newest record of the highest level that has spoken; one that got nowhere decides "
            "nothing"
        )
    if told["contradicted"]:
        yield (
            "有后来的不一致意见，已留存待复核"
            if zh
            else "a later record contradicts it: kept, and waiting for review"
        )
    if told["published_at"]:
        yield f"公示：{clock(told['published_at'])}" if zh else f"publicised: {clock(told['published_at'])}"
    due = [one for one in story["money"] if one.get("verification_due") and not told["records"]]
    for one in due:
        at = clock(one["verification_due"])
        yield f"核查期限：{at}{mark(one, lang)}" if zh else f"verification due: {at}{mark(one, lang)}"
    if story["untold"] and story["untold"]["verification_due"]:
        at = clock(story["untold"]["verification_due"])
        yield f"核查期限：{at}" if zh else f"verification due: {at}"


def _untold(story: Story, lang: str) -> Iterator[str]:
    """Yield the sentence that stands for what a role is not shown."""
    if story["untold"]:
        yield story["untold"][lang]


def money(story: Story, lang: str) -> Iterator[str]:
    """Yield what it costs, or why it does not."""
    zh = lang == "zh"
    yield from _untold(story, lang)
    for one in story["money"]:
        yield (one["zh"] if zh else one["en"]) + mark(one, lang)
        book = one["rulebook"]
        if book is None:
            continue
        number = f" {book['number']}" if book["number"] else ""
        status = pick(STATUS_OF_DATA, book["status"], lang)
        yield (
            f"   依据：{book['jurisdiction']}《{book['title']}》{number}（{status}），考核季 {one['season']}"
            if zh
            else f"   under: {book['jurisdiction']} “{book['title']}”{number} ({status}), season {one['season']}"
        )
        yield from _fact(one.get("fact"), one.get("charge") is not None, lang)
        yield from _charge(one.get("charge"), lang)
        for held in one.get("held") or ():
            if held["at_stake"] is not None:
                yield (
                    f"   待定金额 {yuan(held['at_stake'])} 元（{held['among']} 个火点之间）"
                    if zh
                    else f"   {yuan(held['at_stake'])} yuan wait, among {counted(held['among'], 'fire point')}"
                )
        for other in one.get("linked_from") or ():
            yield f"   同一处火的其他来源：{other}" if zh else f"   other sources of the same fire: {other}"
        for other in one.get("match_unclear") or ():
            yield (
                f"   可能与 {other} 为同一处火，待裁定"
                if zh
                else f"   it may be the same fire as {other}: a person rules"
            )


def _fact(fact: Mapping[str, Any] | None, charged: bool, lang: str) -> Iterator[str]:
    if fact is None:
        return
    zh = lang == "zh"
    state = pick(words.STATE_OF_FACT, fact["state"], lang)
    sources = listed([pick(words.SOURCE_WORDS, one, lang) for one in fact["sources"]], lang)
    yield (
        f"   计费所据：状态 {state}；来源 {sources}"
        if zh
        else f"   it rests on: state {state}; sources {sources}"
    )
    if fact["doubts"]:
        in_order = sorted(fact["doubts"], key=list(LEVEL_WORDS).index)
        levels = listed([pick(LEVEL_WORDS, one, lang) for one in in_order], lang)
        if charged:  # what bears on the charge would have held it back
            yield (
                f"   存疑但不影响此项扣款：{levels}"
                if zh
                else f"   in doubt, without bearing on this charge: {levels}"
            )
        else:
            yield f"   存疑：{levels}" if zh else f"   in doubt: {levels}"


def _charge(charge: Mapping[str, Any] | None, lang: str) -> Iterator[str]:
    if charge is None:
        return
    zh = lang == "zh"
    trace = charge["trace"]
    steps = []
    if trace.get("weight") not in (None, "1"):
        steps.append(f"{'权重' if zh else 'weight'} {trace['weight']}")
    if trace.get("kept_percent") not in (None, "100"):
        steps.append(f"{'减免后保留' if zh else 'kept after easing'} {trace['kept_percent']}%")
    if trace.get("tied"):
        steps.append(f"{'同一分钟并列' if zh else 'tied in one minute'} {trace['tied']}")
    windows = listed([str(one) for one in trace.get("windows") or ()], lang)
    before = yuan(trace["amount_before"])
    yield (
        f"   计算：{before} 元{''.join('，' + one for one in steps)}；时段 {windows or '—'}；收款 {charge['collector']}"
        if zh
        else f"   computed: {before} yuan{''.join(', ' + one for one in steps)}; windows {windows or '-'}; "
        f"collected by {charge['collector']}"
    )


def papers(story: Story, lang: str) -> Iterator[str]:
    """Yield the statements that carry it and the objections to them."""
    zh = lang == "zh"
    yield from _untold(story, lang)
    for one in story["statements"]:
        yield (
            f"{one['payer_name']} {one['season']} 第 {one['number']} 号（{clock(one['issued_at'])}，"
            f"SHA-256 {one['sha256'][:12]}…）"
            if zh
            else f"{one['payer_name']} {one['season']} no. {one['number']} ({clock(one['issued_at'])}, SHA-256 "
            f"{one['sha256'][:12]}…)"
        )
        for event in one["events"]:
            what = pick(words.STATEMENT_EVENT_WORDS, event["kind"], lang)
            note = "" if not event["note"] else f"：{event['note']}" if zh else f": {event['note']}"
            yield f"   {clock(event['at'])} {what}{note}"
        for line in one["lines"]:
            yield (
                f"   第 {line['no']} 行：{yuan(line['amount'])} 元"
                if zh
                else f"   line {line['no']}: {yuan(line['amount'])} yuan"
            )
        for change in one["adjustments"]:
            yield (
                f"   调整 {yuan(change['before'])} → {yuan(change['after'])} 元：{change['zh']}"
                if zh
                else f"   adjusted {yuan(change['before'])} → {yuan(change['after'])} yuan: {change['en']}"
            )
        for part in ("held", "left_out"):
            for entry in one[part]:
                yield f"   {entry['zh'] if zh else entry['en']}"
    for one in story["objections"]:
        yield (
            f"异议 {one['objection_id']}（第 {one['instance']} 级，对第 {one['statement']} 号）"
            f"{clock(one['filed_at'])} {person(one['filed_by'], lang)}：{one['grounds']}"
            if zh
            else f"objection {one['objection_id']} (instance {one['instance']}, to no. {one['statement']}) "
            f"{clock(one['filed_at'])} {person(one['filed_by'], lang)}: {one['grounds']}"
        )
        for event in one["events"]:
            what = pick(words.OBJECTION_WORDS, event["outcome"] or event["kind"], lang)
            yield f"   {clock(event['at'])} {what}{'：' if zh else ': '}{event['reason']}"


def lists(story: Story, lang: str) -> Iterator[str]:
    """Yield the fire lists that named it."""
    zh = lang == "zh"
    for one in story["lists"]:
        was_listed = (
            ("列入" if one["listed"] else "未列入") if zh else ("listed" if one["listed"] else "left out")
        )
        screen = pick(SCREEN_WORDS, one["screen"], lang)
        yield (
            f"{one['unit_name']} {one['fire_day']} 第 {one['number']} 期（{clock(one['published_at'])}）："
            f"{was_listed}，{screen}"
            if zh
            else f"{one['unit_name']} {one['fire_day']} issue {one['number']} ({clock(one['published_at'])}): "
            f"{was_listed}, {screen}"
        )


def doubts(story: Story, lang: str) -> Iterable[str]:
    """Yield what has to be admitted."""
    return [one["zh"] if lang == "zh" else one["en"] for one in story["uncertain"]]
