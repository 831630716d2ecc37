"""The words of tables for findings, levels and sources: ours, or what people write in Chinese.

查实 and 查否 alone say neither what burnt nor why it does not count, and are refused with the list of words that do.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence

from gis.errors import UsageError
from service.reports.words import FINDING_WORDS, SOURCE_WORDS, VERIFICATION_LEVEL_WORDS, Words

_ALSO_FINDING: Mapping[str, Sequence[str]] = {
    "straw": ("秸秆", "焚烧秸秆", "秸秆着火"),
    "stubble": ("根茬", "残茬", "茬子", "秸秆根茬"),
    "weeds": ("杂草", "荒草", "枯草"),
    "rubbish": ("垃圾",),
    "grave_paper": ("祭祀", "烧纸", "上坟烧纸", "祭祀烧纸"),
    "forest_grass": ("林草火", "林火", "草原火", "森林草原火情", "森林火灾", "草原火灾"),
    "industrial": ("工业", "固定热源", "企业热源"),
    "planned": ("计划烧除", "计划焚烧"),
    "nothing_found": ("未发现", "未发现火点", "无火情", "无火点", "现场无火"),
    "unreachable": ("无法到达", "未到达", "无法核实"),
    "duplicate": ("重复", "重复火点"),
    "outside": ("界外", "不在辖区", "辖区外", "不属本辖区"),
}
_ALSO_LEVEL: Mapping[str, Sequence[str]] = {
    "local": ("属地", "本地", "基层", "县", "县级", "乡", "乡级", "乡镇", "乡镇级", "村", "村级"),
    "city": ("市", "市级", "地市级", "市州级"),
    "province": ("省", "省级"),
}
_ALSO_SOURCE: Mapping[str, Sequence[str]] = {
    "patrol": ("巡查", "人工巡查", "人工", "巡护", "现场"),
    "drone": ("无人机", "无人机巡查", "无人机航拍"),
    "camera": ("视频", "视频监控", "摄像头", "监控", "高塔视频"),
    "public_report": ("举报", "群众举报", "公众举报", "电话举报"),
}


def finding_of(word: str) -> str:
    """Return the finding of a word; one that is in no list is refused with the words that are.

    Raises
    ------
    UsageError
        ``bad_finding``.
    """
    return _of(word, _FINDINGS, FINDING_WORDS, "finding", "核实结论")


def level_of_word(word: str) -> str:
    """Return the level of a word.

    Raises
    ------
    UsageError
        ``bad_level``.
    """
    return _of(word, _LEVELS, VERIFICATION_LEVEL_WORDS, "level", "级别")


def source_of(word: str) -> str:
    """Return the source of a word.

    Raises
    ------
    UsageError
        ``bad_source_kind``.
    """
    return _of(word, _SOURCES, SOURCE_WORDS, "source_kind", "来源")


def _plain(text: str) -> str:
    return re.sub(r"[\s_]+", "", unicodedata.normalize("NFKC", text)).casefold()


def _table(words: Mapping[str, Words], also: Mapping[str, Sequence[str]]) -> dict[str, str]:
    return {
        _plain(one): code
        for code, said in words.items()
        for one in (code, said.zh, said.en, *also.get(code, ()))
    }


_FINDINGS = _table(FINDING_WORDS, _ALSO_FINDING)
_LEVELS = _table(VERIFICATION_LEVEL_WORDS, _ALSO_LEVEL)
_SOURCES = _table(SOURCE_WORDS, _ALSO_SOURCE)


def _of(word: str, table: Mapping[str, str], words: Mapping[str, Words], field: str, title: str) -> str:
    plain = _plain(word)
    code = table.get(plain) or table.get(plain.removesuffix("焚烧"))
    if code is None:
        shown = word[:40]
        raise UsageError(
            f"bad_{field}",
            f"{title} {shown!r} 不在清单内：{'、'.join(f'{said.zh}（{code}）' for code, said in words.items())}",
            f"{field} {shown!r} is not one of {', '.join(words)}",
            field=field,
            value=shown,
        )
    return code
