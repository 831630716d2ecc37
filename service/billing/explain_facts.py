"""The part of an explanation's page that the store knows by itself: pixels, cluster, place, screening."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from service.billing import explain_words as words
from service.billing.explain_words import clock, degrees, listed, mark, number, percent, pick, plain
from service.reports.words import CONFIDENCE_WORDS, LEVEL_WORDS, REGIME_WORDS, SCREEN_WORDS, STATUS_WORDS

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
            f"{seen}（北京时间）{satellites} 发现，{point['pixels']} 个像元；{where or '辖区外'}；"
            f"筛查：{screen}；核查：{status}"
        )
    else:
        yield (
            f"seen {seen} (Beijing time) by {satellites}, {point['pixels']} pixel(s); "
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
    said = [
        f"{row['file']} 第 {row['line']} 行" if zh else f"{row['file']} line {row['line']}",
        " ".join(one for one in (row["instrument"], row["product"], row["feed"]) if one),
        f"{'可信度' if zh else 'confidence'} {pick(CONFIDENCE_WORDS, row['confidence'], lang)}"
        + (f" ({row['confidence_raw']})" if row["confidence_raw"] else ""),
        f"FRP {row['frp_mw']} MW" if row["frp_mw"] is not None else None,
        f"scan×track {row['scan_km']}×{row['track_km']} km" if row["scan_km"] is not None else None,
        f"SHA-256 {row['sha256'][:12]}…",
        (("未采用" if zh else "not the one that decides") if not row["decides"] else None),
        (
            (f"另有 {len(row['seen_again'])} 行相同" if zh else f"{len(row['seen_again'])} more equal row(s)")
            if row["seen_again"]
            else None
        ),
    ]
    return ("；" if zh else "; ").join(one for one in said if one)


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
        else f"{one['pixels']} pixel(s), at most {number(one['extent_m'])} m and {one['minutes']} minutes apart; "
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
    yield f"管控方式：{told}。{regime['zh']}" if zh else f"regime: {told}. {regime['en']}"
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
        names = {
            one["code"]: one["name"] for one in (place["context"] or {}).get("shares", ()) if one["code"]
        }
        near = "; ".join(
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
        who = f"{one['name']} {one['code']}" if one["code"] else ("其他单位" if zh else "another unit")
        told = f"像元范围占比（{label}）" if zh else f"share of the footprint ({label})"
        yield f"{told} {who} {percent(one['share'])}"


def _layer(layer: Mapping[str, Any], lang: str) -> str:
    zh = lang == "zh"
    label = pick(words.LAYER_WORDS, layer["layer"], lang)
    name = layer.get("set") or layer.get("name")
    if name is None:
        rest = ", ".join(
            f"{key} {plain(value)}" for key, value in sorted(layer.items()) if key not in ("layer", "hash")
        )
        return f"{label}{'：' if zh else ': '}{rest}"
    status = pick(words.STATUS_OF_DATA, layer.get("status"), lang)
    said = [f"{name} v{layer['version']}", status]
    if layer.get("accuracy_m") is not None:
        far = number(layer["accuracy_m"])
        said.append(f"精度 {far} 米" if zh else f"accuracy {far} m")
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
        far = number(heat["distance_m"])
        yield (
            f"最近的在册热源 {heat['name']}（{heat['kind']}）距 {far} 米，{inside}"
            if zh
            else f"nearest listed heat source {heat['name']} ({heat['kind']}) at {far} m, {inside} its radius"
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
    zh = lang == "zh"
    yield pick(SCREEN_WORDS, story["screening"]["screen"], lang)
    for reason in story["screening"]["reasons"]:
        label = pick(words.REASON_WORDS, reason.get("code"), lang)
        told = [
            f"{pick(words.EVIDENCE_WORDS, key, lang)} {plain(value, lang)}"
            for key, value in sorted(reason.items())
            if key not in ("code", "flag", "recorded_later")
        ]
        if reason.get("recorded_later"):
            told.append(
                "过境之后才登记，不自动生效"
                if zh
                else "recorded after the overpass: it decides nothing by itself"
            )
        elif reason.get("flag"):
            told.append("仅提示，不作筛除" if zh else "a flag only: it removes nothing")
        evidence = ("，" if zh else ", ").join(told)
        yield f"{label}（{evidence}）" if zh and told else f"{label} ({evidence})" if told else label
