"""An explanation as a page of text in Chinese or English: every line comes from the data, nothing is looked up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from service.billing import explain_facts as facts
from service.billing import explain_people as people
from service.billing.explain_words import clock

Story = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and its lines; an indented line belongs to the one above it."""

    title: str
    lines: tuple[str, ...]


def page(story: Story, lang: str) -> str:
    """Return the whole page as plain text."""
    parts = [heading(story, lang), *(f"{one.title}\n{_body(one)}" for one in sections(story, lang))]
    return "\n\n".join(parts) + "\n"


def _body(section: Section) -> str:
    return "\n".join(f"  {line}" for line in section.lines)


def heading(story: Story, lang: str) -> str:
    """Return the title line with what the page was read at."""
    known = story["known"]
    mark = ""
    if story["point"]["informal"]:
        mark = "（非正式）" if lang == "zh" else " (not official)"
    title = (
        f"火点 {story['fire_point_id']}{mark}"
        if lang == "zh"
        else f"Fire point {story['fire_point_id']}{mark}"
    )
    at = clock(known["recorded_at"])
    line = (
        f"据截至第 {known['revision']} 号修订（{at}，北京时间）所知"
        if lang == "zh"
        else f"as known at revision {known['revision']} ({at}, Beijing time)"
    )
    return f"{title}\n{line}"


def sections(story: Story, lang: str) -> tuple[Section, ...]:
    """Return the sections of the page, those that have something to say."""
    zh = lang == "zh"
    made = (
        ("一、结论", "1 In short", facts.in_short),
        ("二、谁说的：像元与原始行", "2 Who said it: pixels and rows", facts.pixels),
        ("三、为何是一个火点", "3 Why one fire point", facts.cluster),
        ("四、在哪里、归谁", "4 Where, and whose ground", facts.place_of),
        ("五、筛查", "5 Screening", facts.screening),
        ("六、裁定", "6 Rulings", people.rulings),
        ("七、核查", "7 Verification", people.verification),
        ("八、金额", "8 Money", people.money),
        ("九、扣款通知单与异议", "9 Statements and objections", people.papers),
        ("十、火点清单", "10 Fire lists", people.lists),
        ("十一、不确定之处", "11 What is uncertain", people.doubts),
    )
    return tuple(
        Section(one if zh else two, tuple(told(story, lang)) or (("无",) if zh else ("none",)))
        for one, two, told in made
    )
