"""``huodian load indicators``: the figures a rule or a table divides by; loaded with a source, never derived.

Each name has one stored unit, which its ending says: ``_mu`` (亩), ``_yuan`` (元), ``_t`` (吨), ``_days``, ``_count``.
Hectares, 万元 and the like are converted exactly. A figure that is given again replaces the earlier one from that
revision on; the earlier one stays readable.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from gis.codes import parse_code
from gis.errors import RefusedInputError
from gis.tables import TableRow, read_table
from gis.types import DataStatus
from service.pipeline.register_store import load_register
from service.pipeline.row_report import BadCellError, RowReport, source_cell, status_cell
from service.store import models
from service.store.engine import Reader, Store, Writer

OBSERVED = "observed"
"""1 where somebody vouches that the passes of the season were enough to say that there was no fire, else 0."""

CLOUD_DAYS = "cloud_days"
CROPLAND = "cropland_mu"

COLUMNS: dict[str, tuple[str, ...]] = {
    "unit_code": ("单位代码", "行政区划代码", "区划代码", "代码", "code", "unit"),
    "name": ("指标", "指标名称", "indicator"),
    "value": ("数值", "值", "指标值"),
    "measure": ("计量单位", "单位", "uom", "unit_of_measure"),
    "season": ("考核季", "考核年度", "年度", "年份", "year"),
    "status": ("数据状态", "状态"),
    "source": ("来源", "依据", "出处"),
}

_NAMES = {
    "耕地面积": CROPLAND,
    "耕地": CROPLAND,
    "cropland": CROPLAND,
    "播种面积": "sown_mu",
    "奖补资金": "award_yuan",
    "奖励资金": "award_yuan",
    "award": "award_yuan",
    "财政收入": "revenue_yuan",
    "一般公共预算收入": "revenue_yuan",
    "秸秆产量": "straw_t",
    "秸秆可收集量": "straw_t",
    "有云日数": CLOUD_DAYS,
    "云覆盖日数": CLOUD_DAYS,
    "观测充分": OBSERVED,
    "可观测": OBSERVED,
}
_IDENT = re.compile(r"[a-z][a-z0-9_.-]{0,63}")

_FACTORS: dict[str, dict[str, str]] = {
    "mu": {
        "亩": "1", "mu": "1", "万亩": "10000", "公顷": "15", "ha": "15", "hm2": "15", "千公顷": "15000",
        "万公顷": "150000", "平方公里": "1500", "km2": "1500", "平方米": "0.0015", "m2": "0.0015",
    },
    "yuan": {"元": "1", "yuan": "1", "cny": "1", "万元": "10000", "wan_yuan": "10000", "亿元": "100000000"},
    "t": {"吨": "1", "t": "1", "万吨": "10000", "公斤": "0.001", "千克": "0.001", "kg": "0.001"},
    "days": {"天": "1", "日": "1", "days": "1"},
    "count": {"个": "1", "count": "1"},
}  # fmt: skip
_NEEDS_UNIT = frozenset({"mu", "yuan", "t"})
_FLAGS = {**dict.fromkeys(("是", "yes", "true", "1"), "1"), **dict.fromkeys(("否", "no", "false", "0"), "0")}
_NUMBER = re.compile(
    r"(\d{1,3}(?:,\d{3})+|\d{1,15})(\.\d{1,6})?\s*((?!e\d)[^\d\s.,+-][^\s]*)?", re.ASCII | re.IGNORECASE
)
_SEASON = re.compile(r"(\d{4})(?:-(\d{4}))?", re.ASCII)
_LARGEST = Decimal(10) ** 15


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of one unit.

    Attributes
    ----------
    season
        Label of the season or year it holds for; empty for any.
    value
        Exact, in the unit that the name's ending says.
    """

    unit_code: str
    name: str
    season: str
    value: Decimal
    status: str
    source: str

    @property
    def key(self) -> tuple[str, str, str]:
        """Unit, name and season: one figure each."""
        return self.unit_code, self.name, self.season


def load_indicator_file(
    store: Store, data: bytes, *, file: str, status: str = "sample", source: str | None = None, actor: str
) -> dict[str, Any]:
    """Load figures from CSV bytes, Chinese or English headers.

    Parameters
    ----------
    status, source
        Of the rows that do not say their own.

    Returns
    -------
    dict
        ``file, read, accepted, repeated, rejected, problems, unknown_units, unchanged, revision``;
        read = accepted + repeated + rejected.

    Raises
    ------
    RefusedInputError
        ``bad_table``: no table, or a needed column missing.
    """
    rows = read_table(data, columns=COLUMNS, required=("unit_code", "name", "value"), name=file)
    report = RowReport(read=len(rows))
    wanted = _read(rows, DataStatus(status).value, source, report)
    with store.writer(actor, "load.indicators", {"file": file, "rows": len(rows)}) as writer:
        known = stored_figures(writer)
        new = [one for one in wanted if known.get(one.key) != one]
        _write(writer, new)
        register = load_register(writer).register
        revision = writer.revision if writer.wrote else None
    report.accepted = len(new)
    report.repeated += len(wanted) - len(new)
    return {
        "file": file,
        **report.as_dict(),
        "unknown_units": sorted({one.unit_code for one in wanted if register.find(one.unit_code) is None}),
        "unchanged": revision is None,
        "revision": revision,
    }


def stored_figures(reader: Reader) -> dict[tuple[str, str, str], Figure]:
    """Return the figures known at the reader's revision by (unit code, name, season); the newest of each."""
    table = models.Indicator.__table__
    rows = reader.rows(
        sa.select(table).where(reader.known(models.Indicator)).order_by(table.c.rev, table.c.id)
    )
    found = (
        Figure(row.unit_code, row.name, row.season, Decimal(row.value), row.status, row.source)
        for row in rows
    )
    return {one.key: one for one in found}


def figures_of_season(reader: Reader, season: str) -> dict[str, dict[str, Figure]]:
    """Return the figures that hold for a season, by the unit's uid (its code where the register knows none) and name.

    A figure of the season itself goes before one that holds for any. A code of any vintage means its unit: 220381 and
    220184 are 公主岭.
    """
    register = load_register(reader).register
    found: dict[str, dict[str, Figure]] = {}
    for one in sorted(stored_figures(reader).values(), key=lambda one: (one.season, one.key)):
        if one.season in ("", season):
            unit = register.find(one.unit_code)
            found.setdefault(one.unit_code if unit is None else unit.uid, {})[one.name] = one
    return found


def stored_unit(name: str) -> str | None:
    """Return the unit that a name's ending says (``mu``, ``yuan``, ``t``, ``days``, ``count``), None where none."""
    ending = name.rpartition("_")[2] if "_" in name else ""
    return ending if ending in _FACTORS else None


def _read(rows: list[TableRow], status: str, source: str | None, report: RowReport) -> list[Figure]:
    found: dict[tuple[str, str, str], Figure] = {}
    for row in rows:
        try:
            one = _figure(row, status, source)
            before = found.setdefault(one.key, one)
            if before is one:
                continue
            if before != one:
                raise BadCellError(
                    "value",
                    row["value"],
                    "said_twice",
                    f"同一文件中该单位该指标已给出另一数值 {before.value:f}",
                    f"the file gives another value of this unit and indicator already: {before.value:f}",
                )
            report.repeated += 1
        except BadCellError as error:
            report.rejected.append(error.at(row.line))
    return list(found.values())


def _figure(row: TableRow, status: str, source: str | None) -> Figure:
    name = indicator_name(row["name"])
    return Figure(
        unit_code=_code(row["unit_code"]),
        name=name,
        season=_season(row["season"]),
        value=exact_value(name, row["value"], row["measure"] or _said_by(row["name"])),
        status=status_cell(row["status"], status),
        source=source_cell(row["source"], source),
    )


def _code(text: str) -> str:
    try:
        return parse_code(text)
    except RefusedInputError as error:
        raise BadCellError("unit_code", text, error.code, error.zh, error.en) from error


def indicator_name(text: str) -> str:
    """Return the stored name of an indicator as people write it.

    Raises
    ------
    BadCellError
        ``unknown_indicator``: no known word, and no name whose ending says its unit.
    """
    word = re.sub(r"[\s(].*", "", unicodedata.normalize("NFKC", text).strip()).casefold()
    name = _NAMES.get(word, word)
    if name == OBSERVED or (_IDENT.fullmatch(name) and stored_unit(name) is not None):
        return name
    known = "、".join(key for key in _NAMES if not key.isascii())
    raise BadCellError(
        "name",
        text,
        "unknown_indicator",
        f"未知指标：可用 {known}，或以 _mu、_yuan、_t、_days、_count 结尾的名称",
        "unknown indicator: one of the known words, or a name that ends in _mu, _yuan, _t, _days or _count",
    )


def _said_by(text: str) -> str:
    """Return the unit that a name in its stored form, such as ``cropland_mu``, says by its ending."""
    word = text.strip().casefold()
    return (stored_unit(word) or "") if _IDENT.fullmatch(word) else ""


def exact_value(name: str, value: str, measure: str = "") -> Decimal:
    """Return a figure in the stored unit of its name, exactly.

    Parameters
    ----------
    name
        A stored name.
    value
        ``1234.5``, ``1,234.5``, ``12.5万亩``; 是 or 否 for ``observed``. No sign, no exponent, at most six decimals.
    measure
        What the value is counted in, where the value does not say it.

    Raises
    ------
    BadCellError
        ``bad_number``, ``no_unit``, ``unknown_unit_of_measure``, ``two_units``, ``too_large`` or ``bad_flag``.
    """
    text = unicodedata.normalize("NFKC", value).strip()
    if name == OBSERVED:
        flag = _FLAGS.get(text.casefold())
        if flag is None:
            raise BadCellError("value", value, "bad_flag", "应为 是 或 否", "expected 是/yes or 否/no")
        return Decimal(flag)
    found = _NUMBER.fullmatch(text)
    if found is None:
        raise BadCellError(
            "value",
            value,
            "bad_number",
            "应为非负十进制数，最多六位小数，例如 1234.5 或 12.5万亩",
            "expected a decimal number that is not negative, with at most six decimals: 1234.5 or 12.5万亩",
        )
    factor = _factor(name, found[3] or "", measure, value)
    number = Decimal(found[1].replace(",", "") + (found[2] or "")) * factor
    if number >= _LARGEST:
        raise BadCellError("value", value, "too_large", "数值过大", "the value is too large")
    plain = format(number, "f")
    return Decimal(plain.rstrip("0").rstrip(".") if "." in plain else plain)


def _factor(name: str, said: str, measure: str, value: str) -> Decimal:
    kind = stored_unit(name) or "count"
    units = _FACTORS[kind]
    words = [_plain_unit(word) for word in (said, measure) if word.strip()]
    for word in words:
        if word not in units:
            raise BadCellError(
                "measure",
                word,
                "unknown_unit_of_measure",
                f"计量单位“{word}”不适用于 {name}：可用 {'、'.join(units)}",
                f"{word!r} is no unit of {name}: one of {', '.join(units)}",
            )
    if len({units[word] for word in words}) > 1:
        raise BadCellError(
            "value",
            value,
            "two_units",
            f"数值与“计量单位”列所写单位不同：{words[0]}、{words[1]}",
            f"the value and the column of units differ: {words[0]}, {words[1]}",
        )
    if not words and kind in _NEEDS_UNIT:
        raise BadCellError(
            "measure",
            "",
            "no_unit",
            f"缺少计量单位：可用 {'、'.join(units)}",
            f"it names no unit: one of {', '.join(units)}",
        )
    return Decimal(units[words[0]]) if words else Decimal(1)


def _plain_unit(word: str) -> str:
    return unicodedata.normalize("NFKC", word).strip().strip("()").casefold()


def _season(text: str) -> str:
    word = unicodedata.normalize("NFKC", text).strip().removesuffix("年度").removesuffix("年")
    if not word:
        return ""
    found = _SEASON.fullmatch(word)
    if found is None or (found[2] and int(found[2]) != int(found[1]) + 1):
        raise BadCellError(
            "season",
            text,
            "bad_season",
            "考核季应写作 2023-2024 或 2023;不写则适用于任何一季",
            "a season is written 2023-2024 or 2023; empty holds for any",
        )
    return word


def _write(writer: Writer, figures: list[Figure]) -> None:
    if not figures:
        return
    rows = sorted(figures, key=lambda one: one.key)
    first = writer.allocate(models.Indicator, len(rows))
    columns: Mapping[str, Any] = {
        "id": list(range(first, first + len(rows))),
        "rev": writer.revision,
        "unit_code": [one.unit_code for one in rows],
        "name": [one.name for one in rows],
        "season": [one.season for one in rows],
        "value": [format(one.value, "f") for one in rows],
        "status": [one.status for one in rows],
        "source": [one.source for one in rows],
    }
    writer.bulk(models.Indicator, columns)
