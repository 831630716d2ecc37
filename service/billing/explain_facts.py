"""The part of an explanation's page that the store knows by itself: pixels, cluster, place, screening."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from service.billing import explain_words as words
from service.billing.explain_reasons import KIND_OF_HEAT, reason
from service.billing.explain_words import clock, counted, degrees, listed, mark, named, number, percent, pick
from service.pipeline.footprints import OUTSIDE
from service.reports.words import (
    CONFIDENCE_WORDS,
    LEVEL_WORDS,
    REGIME_WORDS,
    SCREEN_WORDS,
    STATUS_OF_DATA,
    STATUS_WORDS,
)

Story = Mapping[str, Any]


def in_short(story: Story, lang: str) -> Iterator[str]:
    """Yield the answer before the reasons."""
    zh = lang == "zh"
    point, place = story["point"], story["place"]
    yield from _resolved(story, lang)
    names = [place[name]["name"] for name in ("city", "county", "township") if place[name]]
    where = "".join(names) if zh else ", ".join(reversed(names))
    seen = clock(point["first_seen"])
    satellites = listed(point["satellites"], lang)
    status = pick(STATUS_WORDS, point["status"], lang)
    screen = pick(SCREEN_WORDS, story["screening"]["screen"], lang)
    if zh:
        yield (
            f"{seen}（北京时间）由 {satellites} 发现，{point['pixels']} 个像元；{where or '辖区外'}；"
            f"筛查：{screen}；核查：{status}"
        )
    else:
        yield (
            f"seen {seen} (Beijing time) by {satellites}, {counted(point['pixels'], 'pixel')}; "
            f"{where or 'outside the province'}; screening: {screen}; verification: {status}"
        )
    for one in story["money"]:
        yield (one["zh"] if zh else one["en"]) + mark(one, lang)


def _resolved(story: Story, lang: str) -> Iterator[str]:
    zh = lang == "zh"
    asked, live = story["asked"], story["fire_point_id"]
    if story["withdrawn"]:
        yield (
            f"{asked} 已撤销：其像元均已不在，以下为撤销前的情形"
            if zh
            else f"{asked} was withdrawn: none of its pixels is left; what follows is how it stood before"
        )
    elif asked != live:
        yield f"{asked} 已并入 {live}" if zh else f"{asked} was merged into {live}"


def pixels(story: Story, lang: str) -> Iterator[str]:
    """Yield which rows said it and what they replaced."""
    for place, pixel in enumerate(story["pixels"], 1):
        yield f"{place}. {_pixel(pixel, lang)}"
        for row in pixel["observations"]:
            yield f"   {_row(row, lang)}"
        for old in pixel["superseded"]:
            label = "取代" if lang == "zh" else "it replaced"
            yield f"   {label} {_pixel(old, lang)}"
            for row in old["observations"]:
                yield f"      {_row(row, lang)}"


def _pixel(pixel: Mapping[str, Any], lang: str) -> str:
    zh = lang == "zh"
    roles = []
    if pixel.get("representative"):
        roles.append("代表像元" if zh else "representative")
    if pixel.get("founder"):
        roles.append("首像元" if zh else "founder")
    tail = f"（{'、'.join(roles)}）" if roles and zh else f" ({', '.join(roles)})" if roles else ""
    return f"{pixel['satellite']} {clock(pixel['seen_at'])} {degrees(pixel['lon'], pixel['lat'], lang)}{tail}"


def _row(row: Mapping[str, Any], lang: str) -> str:
    zh = lang == "zh"
    said = (_row_zh if zh else _row_en)(row)
    if not row["decides"]:
        said.append("未采用" if zh else "not the one that decides")
    if again := len(row["seen_again"]):
        said.append(f"另有 {again} 行相同" if zh else counted(again, "more equal row"))
    return ("；" if zh else "; ").join(said)


def _row_zh(row: Mapping[str, Any]) -> list[str]:
    given = row["confidence_raw"]
    made = [(row["instrument"], "传感器"), (row["product"], "产品"), (row["feed"], "文件类型")]
    said = [
        f"{row['file']} 第 {row['line']} 行",
        "，".join(f"{label} {value}" for value, label in made if value),
        f"可信度{pick(CONFIDENCE_WORDS, row['confidence'], 'zh')}"
        + (f"（原值 {given}）" if given and given != row["confidence"] else ""),
    ]
    if row["frp_mw"] is not None:
        said.append(f"辐射功率 {row['frp_mw']} 兆瓦")
    if row["scan_km"] is not None:
        said.append(f"像元 {row['scan_km']}×{row['track_km']} 千米")
    return [*(one for one in said if one), f"文件 SHA-256 {row['sha256'][:12]}…"]


def _row_en(row: Mapping[str, Any]) -> list[str]:
    given, confidence = row["confidence_raw"], pick(CONFIDENCE_WORDS, row["confidence"], "en")
    made = [(row["instrument"], "instrument"), (row["product"], "product"), (row["feed"], "kind of file")]
    said = [
        f"{row['file']} line {row['line']}",
        ", ".join(f"{label} {value}" for value, label in made if value),
        f"confidence {confidence}" + (f" (given as {given})" if given and given != confidence else ""),
    ]
    if row["frp_mw"] is not None:
        said.append(f"radiative power {row['frp_mw']} MW")
    if row["scan_km"] is not None:
        said.append(f"pixel {row['scan_km']} by {row['track_km']} km")
    return [*(one for one in said if one), f"file SHA-256 {row['sha256'][:12]}…"]


def cluster(story: Story, lang: str) -> Iterator[str]:
    """Yield why these pixels are one fire point."""
    zh = lang == "zh"
    one = story["clustering"]
    params = one["params"]
    if params:
        yield (
            f"聚类版本 {one['version']}：同一火点日内，像元相距 {params['distance_m']} 米、"
            f"相隔 {params['gap_minutes']} 分钟以内归为一处，"
            f"任意两像元不超过 {params['max_extent_m']} 米；火点日以 {params['cut']} 为界"
            if zh
            else f"clustering {one['version']}: within one fire day, pixels within {params['distance_m']} m and "
            f"{params['gap_minutes']} minutes are one fire, no two of them more than {params['max_extent_m']} m apart; "
            f"the day is cut at {params['cut']}"
        )
    yield (
        f"本火点 {one['pixels']} 个像元，最远相距 {number(one['extent_m'])} 米，历时 {one['minutes']} 分钟；"
        "编号取自首像元"
        if zh
        else f"{counted(one['pixels'], 'pixel')}, at most {number(one['extent_m'])} m and "
        f"{counted(one['minutes'], 'minute')} apart; "
        "the number comes from the founder"
    )
    for past in story["history"]:
        cause = pick(words.CAUSE_WORDS, past["cause"], lang)
        into = f" {past['became']}" if past["became"] and past["became"] != past["id"] else ""
        yield f"{clock(past['at'])} {past['id']} {cause}{into}"
    for change in story["changes"]:
        command = pick(words.COMMAND_WORDS, change["command"], lang)
        if change["changed"]:
            fields = listed([pick(words.FIELD_WORDS, name, lang) for name in change["changed"]], lang)
            yield (
                f"{clock(change['at'])} {command}：{fields}"
                if zh
                else f"{clock(change['at'])} {command}: {fields}"
            )
        else:
            first = "首次形成" if zh else "first made"
            yield (
                f"{clock(change['at'])} {command}：{first}"
                if zh
                else f"{clock(change['at'])} {command}: {first}"
            )


def place_of(story: Story, lang: str) -> Iterator[str]:
    """Yield where it is and whose ground that is."""
    zh = lang == "zh"
    place, point = story["place"], story["point"]
    yield degrees(point["lon"], point["lat"], lang) + (" CGCS2000")
    for name in ("city", "county", "township", "grid", "zone"):
        if place[name]:
            label = pick(LEVEL_WORDS, name, lang)
            yield f"{label}{'：' if zh else ': '}{place[name]['name']} {place[name]['code']}"
    regime = place["regime"]
    told = pick(REGIME_WORDS, regime["code"], lang)
    words_of = regime["zh"] if zh else regime["en"]
    if told and words_of and not words_of.startswith(told):
        words_of = f"{told}。{words_of}" if zh else f"{told}. {words_of}"
    yield f"{'管控方式：' if zh else 'regime: '}{words_of or told}"
    yield from _border(place, lang)
    for layer in place["layers"]:
        yield _layer(layer, lang)
    yield from _context(place["context"], lang)


def _border(place: Mapping[str, Any], lang: str) -> Iterator[str]:
    zh = lang == "zh"
    said = []
    if place["county_share"] is not None:
        share = percent(place["county_share"])
        said.append(f"像元范围在县内占 {share}" if zh else f"{share} of the footprint lies in the county")
    if place["border_distance_m"] is not None:
        far = number(place["border_distance_m"])
        said.append(f"中心距县界 {far} 米" if zh else f"its centre is {far} m from the county's border")
    if place["cropland_share"] is not None:
        share = percent(place["cropland_share"])
        said.append(f"耕地占 {share}" if zh else f"cropland {share}")
    if said:
        yield ("；" if zh else "; ").join(said)
    doubtful = [
        pick(LEVEL_WORDS, level, lang) for level, doubt in sorted(place["boundary_case"].items()) if doubt
    ]
    if doubtful:
        names = named(place)
        near = ("；" if zh else "; ").join(
            f"{pick(LEVEL_WORDS, level, lang)} "
            + listed([f"{names[code]} {code}" if code in names else code for code in codes], lang)
            for level, codes in sorted(place["neighbours"].items())
        )
        text = f"交界：{listed(doubtful, lang)}" if zh else f"boundary case: {listed(doubtful, lang)}"
        yield text + ((f"；相邻 {near}" if zh else f"; beside {near}") if near else "")


def _parts(level: str, parts: Sequence[Mapping[str, Any]], lang: str) -> Iterator[str]:
    """Yield how the footprint lies across the units of a level."""
    zh = lang == "zh"
    label = pick(LEVEL_WORDS, level.removeprefix("grid_"), lang)
    for one in parts:
        if one["code"] == OUTSIDE:
            who = f"不在已载入的{label}内" if zh else f"in no {label} that is loaded"
        else:
            who = f"{one['name']} {one['code']}" if one["code"] else ("其他单位" if zh else "another unit")
        told = f"像元范围占比（{label}）：" if zh else f"share of the footprint ({label}): "
        yield f"{told}{who} {percent(one['share'])}"


def _layer(layer: Mapping[str, Any], lang: str) -> str:
    zh = lang == "zh"
    label = pick(words.LAYER_WORDS, layer["layer"], lang)
    name = layer.get("set") or layer.get("name")
    status = listed(
        [pick(STATUS_OF_DATA, one, lang) for one in layer.get("statuses") or [layer.get("status")]], lang
    )
    if name is None:  # rules and periods are no set: they are counted
        rules, periods = layer.get("rules", 0), layer.get("periods", 0)
        if zh:
            return f"{label}：管控规则 {rules} 条，特殊时段 {periods} 个，{status}"
        return f"{label}: {counted(rules, 'rule')}, {counted(periods, 'special period')}, {status}"
    version = f"第 {layer['version']} 版" if zh else f"version {layer['version']}"
    said = [version if name == layer["layer"] else f"{name} {version}", status]
    if layer.get("accuracy_m") is not None:
        far = number(layer["accuracy_m"])
        said.append(f"精度按 {far} 米计" if zh else f"accuracy taken as {far} m")
    return f"{label}：{'，'.join(said)}" if zh else f"{label}: {', '.join(said)}"


def _context(context: Mapping[str, Any] | None, lang: str) -> Iterator[str]:
    if not context:
        return
    zh = lang == "zh"
    yield context["threshold_note_zh"] if zh else context["threshold_note_en"]
    heat = context.get("heat_source")
    if heat:
        inside = (
            ("在其半径内" if heat["within"] else "在其半径外")
            if zh
            else ("within" if heat["within"] else "beyond")
        )
        far, kind = number(heat["distance_m"]), pick(KIND_OF_HEAT, heat["kind"], lang)
        yield (
            f"最近的在册热源 {heat['name']}（{kind}）距 {far} 米，{inside}"
            if zh
            else f"nearest listed heat source {heat['name']} ({kind}) at {far} m, {inside} its radius"
        )
    yield from _parts("county", context.get("shares") or (), lang)
    for level, parts in sorted((context.get("parts") or {}).items()):
        if len(parts) > 1:  # a footprint within one cell says nothing that the place has not said
            yield from _parts(level, parts, lang)
    for other in context.get("other_sets") or ():
        name = f"{other['set']} v{other['version']}"
        answer = f"{other['county'] or ('其他单位' if zh else 'another unit')} {other['county_code'] or ''}".strip()
        yield f"若依界线 {name}：{answer}" if zh else f"by the set {name}: {answer}"


def screening(story: Story, lang: str) -> Iterator[str]:
    """Yield what screening says."""
    yield pick(SCREEN_WORDS, story["screening"]["screen"], lang)
    for one in story["screening"]["reasons"]:
        yield reason(one, lang)
