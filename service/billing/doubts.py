"""What is uncertain about a fire point, said before somebody else says it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from service.billing.explain_words import layer_name
from service.reports.words import LEVEL_WORDS, STATUS_OF_DATA, en, zh

_NEAR_REAL_TIME = "NRT"


def doubts_of(story: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return what an explanation has to admit, as ``{code, zh, en}``."""
    return [
        {"code": code, "zh": text_zh, "en": text_en}
        for code, text_zh, text_en in (
            *_of_pixels(story),
            *_of_place(story),
            *_of_people(story),
            *((one["what"], one["zh"], one["en"]) for one in story["pending"]),
        )
    ]


def _of_pixels(story: Mapping[str, Any]) -> Iterable[tuple[str, str, str]]:
    pixels = story["pixels"]
    decisive = [one["observations"][0] for one in pixels if one["observations"]]
    if decisive and all(_NEAR_REAL_TIME in (one["product"] or "") for one in decisive):
        yield (
            "near_real_time",
            "全部像元来自近实时产品，标准产品到达后位置与属性可能变化",
            "all pixels come from a near-real-time product; the standard product may move or change them",
        )
    if any(one["confidence"] == "low" for one in decisive):
        yield "low_confidence", "有像元可信度为低", "a pixel is of low confidence"
    if decisive and any(one["scan_km"] is None for one in decisive):
        yield (
            "nominal_footprint",
            "数据未给出像元大小，按标称值计算像元范围",
            "the feed gives no pixel size; its footprint is taken at the nominal one",
        )
    if story["point"]["sources"] != ["satellite"]:
        return
    yield (
        "footprint",
        "位置为像元中心，实际火场可在像元范围内任一处；像元方位未知，按东西、南北向处理",
        "the position is the centre of a pixel, the fire may lie anywhere in it; the pixel's azimuth is unknown and "
        "taken along the axes",
    )


def _of_place(story: Mapping[str, Any]) -> Iterable[tuple[str, str, str]]:
    place = story["place"]
    for level in sorted(level for level, doubt in place["boundary_case"].items() if doubt):
        yield (
            f"boundary_{level}",
            f"交界火点：像元跨{zh(LEVEL_WORDS, level)}界（含图层精度）",
            f"boundary case: the pixel touches the edge of the {en(LEVEL_WORDS, level)} (accuracy of the layer "
            "included)",
        )
    if place["regime"]["code"] == "unknown":
        yield "regime_unknown", "该处该时的管控方式未知", "the regime of this place and time is unknown"
    if place["zone"] is None and place["regime"]["code"] == "two_zone":
        yield (
            "zone_unknown",
            "该处没有两区图层，分区未知",
            "no zone layer covers the place: the zone is unknown",
        )
    informal = dict.fromkeys(
        (layer_name(one, "zh"), layer_name(one, "en"), status)
        for one in place["layers"]
        for status in one.get("statuses") or [one.get("status", "official")]
        if status != "official"
    )
    if informal:
        yield (
            "informal_layers",
            "所用图层非正式："
            + "、".join(f"{name}（{zh(STATUS_OF_DATA, code)}）" for name, _, code in informal),
            f"layers used that are not official: {', '.join(f'{name} ({code})' for _, name, code in informal)}",
        )


def _of_people(story: Mapping[str, Any]) -> Iterable[tuple[str, str, str]]:
    verification = story["verification"]
    if not verification["records"]:
        yield (
            "not_verified",
            "尚无现场核查结果：仅为疑似火点",
            "nobody has verified it: it is a suspected fire point",
        )
    if verification["contradicted"]:
        yield (
            "contradicted",
            "后来的下级核查与采信结论不一致，待复核",
            "a later finding of a lower level contradicts the one that decides; it waits for review",
        )
    for one in story["money"]:
        book = one.get("rulebook")
        if book is not None and book["informal"]:
            yield (
                f"informal_rulebook:{book['id']}",
                f"规则 {book['id']} 为{zh(STATUS_OF_DATA, book['status'])}，金额非正式",
                f"rulebook {book['id']} has the status {book['status']}: its amounts are not official",
            )
