"""Maps for tables that are no FIRMS feed: a YAML file says what each column means. Nothing is guessed.

What a list does not hold (the ministry's has no time and no satellite) stands in its map as a constant without a
value: the map then loads, and reading is refused until somebody who knows states it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import resources
from typing import Any

from gis.errors import HuodianError, RefusedInputError
from gis.feeds.dms import join_dms, parse_dms, plain_clock, split_instant
from gis.feeds.layout import NUMBER_RANGES, REQUIRED, WORDS, Layout
from gis.feeds.lines import ENCODINGS
from gis.feeds.model import printable
from gis.feeds.screen import FieldError
from gis.feeds.words import DateOrder, is_null, satellite
from gis.reasons import NO_MAPPING, not_one_of, one_of, reason_of
from gis.types import SourceKind
from gis.yamldoc import Complaints, read_yaml

FIELDS = (*NUMBER_RANGES, *WORDS)
_ZONES = {"utc": 0, "beijing": 480, "asia/shanghai": 480, "utc+8": 480, "+08:00": 480, "北京时间": 480}
_SEPARATORS = {",": ",", "comma": ",", ";": ";", "semicolon": ";", "\t": "\t", "tab": "\t"}
_KEYS = {
    "name", "title", "source_kind", "encoding", "separator", "header_row", "names", "coordinates", "datum",
    "time_zone", "dates", "columns", "extra", "drop", "constants", "rank",
}  # fmt: skip
_PARTS = ("degrees", "minutes", "seconds")
MAX_HEADER_ROW = 100

Names = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """What the columns of a table mean.

    `columns` gives for each field the names its column may have, or for a coordinate in three columns the names of
    each part. `constants` hold for every row; one that is None must be stated before reading (`with_constants`).
    Columns without a field are kept under `extra` names, or their own, unless listed in `drop`.
    """

    name: str
    title: str = ""
    source_kind: SourceKind = SourceKind.SATELLITE
    encoding: str | None = None
    separator: str = ","
    header_row: int = 1
    names: Names = ()
    dms: bool = False
    datum: str = "cgcs2000"
    minutes_east: int = 0
    dates: DateOrder | None = None
    columns: Mapping[str, tuple[Names, ...]] = field(default_factory=dict)
    extra: Mapping[str, Names] = field(default_factory=dict)
    drop: Names = ()
    constants: Mapping[str, str | None] = field(default_factory=dict)
    rank: int | None = None

    def sources(self) -> set[str]:
        """Return the first name of every column the map reads."""
        return {part[0] for parts in self.columns.values() for part in parts}

    def with_constants(self, **values: str) -> ColumnMap:
        """Return the map with constants stated, such as ``acq_date="2016-10-16"``."""
        unknown = sorted(set(values) - set(FIELDS))
        if unknown:
            raise _incomplete(self.name, unknown, "不是可用的字段", "are no fields")
        return replace(self, constants={**self.constants, **values})

    def require_complete(self) -> None:
        """Refuse reading while a constant is not stated.

        Raises
        ------
        RefusedInputError
            ``map_incomplete``.
        """
        missing = sorted(name for name, value in self.constants.items() if value is None)
        if missing:
            raise _incomplete(
                self.name, missing, "在表中没有，需由知情人给出", "are not in the table and must be stated"
            )

    def layout(self, header: Sequence[str] | None) -> Layout:
        """Return the layout of a table with this header (None: the names in the map).

        Raises
        ------
        RefusedInputError
            ``map_mismatch``: a column of the map is not in the header.
        """
        written = tuple(
            name.strip().lstrip("\N{ZERO WIDTH NO-BREAK SPACE}") for name in (header or self.names)
        )
        places = {_key(name): at for at, name in reversed(list(enumerate(written)))}
        readers: dict[str, tuple[int, ...]] = {}
        for name, parts in self.columns.items():
            readers[name] = tuple(_place(self.name, part, places, written) for part in parts)
        named = {key: _place(self.name, names, places, written) for key, names in self.extra.items()}
        taken = {at for parts in readers.values() for at in parts} | set(named.values())
        dropped = {_key(name) for name in self.drop}
        rest = [(n, at) for at, n in enumerate(written) if n and at not in taken and _key(n) not in dropped]
        return self._compiled(written, readers, [*named.items(), *rest], header is not None)

    def _compiled(
        self,
        written: tuple[str, ...],
        readers: Mapping[str, tuple[int, ...]],
        extras: list[tuple[str, int]],
        has_header: bool,
    ) -> Layout:
        constants = {name: value or "" for name, value in self.constants.items()}
        columns: dict[str, int] = {}
        getters: list[Callable[[list[str]], str]] = []
        for name in FIELDS:
            source = (
                "acq_datetime" if name in ("acq_date", "acq_time") and "acq_datetime" in readers else name
            )
            if source in readers:
                columns[name] = readers[source][0]
                getters.append(self._getter(name, source, readers[source], written))
            elif name in constants:
                columns[name] = -1
                getters.append(_constant(constants[name]))
        for _, at in extras:
            getters.append(lambda parts, at=at: parts[at])  # type: ignore[misc]
        if "acq_time" in constants and columns.get("acq_time") == -1:
            extras = [*extras, ("time_assumed", -1)]
            getters.append(_constant("true"))
        return Layout(
            feed=self.name,
            header=written,
            columns=columns,
            extras=tuple(extras),
            separator=self.separator,
            source_kind=self.source_kind,
            minutes_east=self.minutes_east,
            datum=self.datum,
            rank=self.rank,
            canonical=lambda parts: [get(parts) for get in getters],
            has_header=has_header,
        )

    def _getter(
        self, name: str, source: str, places: tuple[int, ...], written: Names
    ) -> Callable[[list[str]], str]:
        at = places[0]
        column = written[at]
        if name in ("longitude", "latitude") and (self.dms or len(places) == len(_PARTS)):
            axis = "lon" if name == "longitude" else "lat"
            return lambda parts: _degrees(column, [parts[place] for place in places], axis)
        if source == "acq_datetime":
            which = 0 if name == "acq_date" else 1
            return lambda parts: _half(column, parts[at], self.minutes_east, which)
        if name in ("acq_date", "acq_time"):
            return lambda parts: plain_clock(parts[at])
        return lambda parts: parts[at]


def _constant(value: str) -> Callable[[list[str]], str]:
    return lambda _parts: value


def _degrees(column: str, cells: list[str], axis: str) -> str:
    value = parse_dms(cells[0], axis) if len(cells) == 1 else join_dms(cells[0], cells[1], cells[2])
    if value is None:
        shown = " ".join(cells)
        raise FieldError(column, shown, "missing_value" if is_null(cells[0]) else "bad_number")
    return repr(value)


def _half(column: str, text: str, minutes_east: int, which: int) -> str:
    if is_null(text):
        raise FieldError(column, text, "missing_value")
    halves = split_instant(text, minutes_east)
    if halves is None:
        raise FieldError(column, text, "bad_time")
    return halves[which]


def _key(name: str) -> str:
    return unicodedata.normalize("NFKC", name).strip().casefold()


def _place(map_name: str, names: Names, places: Mapping[str, int], written: Names) -> int:
    for name in names:
        if _key(name) in places:
            return places[_key(name)]
    wanted, shown = " / ".join(names), printable(",".join(written), 200)
    raise RefusedInputError(
        "map_mismatch",
        f"列映射 {map_name} 要的列“{wanted}”不在表头中。表头为“{shown}”。请改正映射或表头行号 header_row。",
        f"Map {map_name} wants the column '{wanted}', which the header lacks: '{shown}'. "
        "Correct the map, or its header_row.",
        column=wanted,
        header=shown,
    )


def _incomplete(name: str, fields: Sequence[str], zh: str, en: str) -> RefusedInputError:
    listed = ", ".join(fields)
    return RefusedInputError(
        "map_incomplete",
        f"列映射 {name}：{listed} {zh}。请复制该映射，在 constants 下填写后用 --map 导入。",
        f"Map {name}: {listed} {en}. Copy the map, fill them in under constants, and ingest with --map.",
        fields=list(fields),
    )


def builtin_map_names() -> list[str]:
    """Return the names of the maps that come with the package."""
    return sorted(
        item.name.removesuffix(".yaml") for item in _folder().iterdir() if item.name.endswith(".yaml")
    )


def builtin_map(name: str) -> ColumnMap:
    """Return a map that comes with the package: ``ministry_list``, ``jiangxi_weekly``.

    Raises
    ------
    RefusedInputError
        ``unknown_map``.
    """
    known = builtin_map_names()
    if name not in known:
        listed, shown = ", ".join(known), printable(name, 80)
        raise RefusedInputError(
            "unknown_map",
            f"没有内置的列映射“{shown}”，现有：{listed}。",
            f"No map '{shown}' comes with the package; there are: {listed}.",
            name=shown,
        )
    return load_column_map((_folder() / f"{name}.yaml").read_text(encoding="utf-8"))


def _folder() -> Any:
    return resources.files("gis.feeds") / "maps"


def load_column_map(text: str | bytes) -> ColumnMap:
    """Return the map that a ``columns.yaml`` states; every error is reported with its line.

    Raises
    ------
    RefusedInputError
        ``bad_yaml``, ``bad_map``.
    """
    doc = read_yaml(text, name="columns.yaml")
    notes = Complaints(doc, "bad_map")
    data = doc.data if isinstance(doc.data, dict) else {}
    notes.known(doc.data, (), _KEYS)
    loaded = ColumnMap(
        name=notes.text(data, (), "name"),
        title=notes.text(data, (), "title", ""),
        source_kind=SourceKind(
            _choice(notes, data, "source_kind", {kind.value: kind.value for kind in SourceKind})
        ),
        encoding=_choice(notes, data, "encoding", {"auto": None, **{e: e for e in ENCODINGS}}, "auto"),
        separator=_choice(notes, data, "separator", _SEPARATORS, ","),
        header_row=_header_row(notes, data),
        names=_texts(notes, data, "names"),
        dms=_choice(notes, data, "coordinates", {"decimal": False, "dms": True}),
        datum=_datum(notes, data),
        minutes_east=_choice(notes, data, "time_zone", _ZONES),
        dates=_choice(notes, data, "dates", {"auto": None, "mdy": "mdy", "dmy": "dmy"}, "auto"),
        columns=_columns(notes, data.get("columns")),
        extra=_extra(notes, data.get("extra")),
        drop=_texts(notes, data, "drop"),
        constants=_constants(notes, data.get("constants")),
        rank=_whole(notes, data, "rank"),
    )
    if loaded.source_kind is not SourceKind.SATELLITE and not {"satellite"} & (
        set(loaded.columns) | set(loaded.constants)
    ):
        # Who saw it, where no satellite did: the source that the map describes.
        loaded = replace(loaded, constants={**loaded.constants, "satellite": loaded.name})
    _check_whole(notes, loaded)
    notes.refuse()
    return loaded


def _check_whole(notes: Complaints, loaded: ColumnMap) -> None:
    given = set(loaded.columns) | set(loaded.constants)
    if "acq_datetime" in given:
        given |= {"acq_date", "acq_time"}
    for name in REQUIRED:
        if name not in given:
            notes.add(
                ("columns",),
                f"{name} is neither a column nor a constant (a constant may be null)",
                f"{name} 既不是列也不是常量（常量可为 null）",
            )
    for name in sorted(set(loaded.columns) & set(loaded.constants)):
        notes.add(("constants", name), "is a column as well; one of the two", "同时又是列，只能取其一")
    if loaded.header_row == 0 and not loaded.names:
        notes.add(
            ("names",),
            "header_row 0 needs the names of the columns in order",
            "header_row 为 0 时须按顺序给出列名",
        )
    named = loaded.constants.get("satellite")
    if named and loaded.source_kind is SourceKind.SATELLITE and satellite(named) is None:
        notes.add(
            ("constants", "satellite"), f"{named!r} is no satellite known here", f"不认识的卫星“{named}”"
        )


def _choice(
    notes: Complaints, data: Mapping[str, Any], key: str, known: Mapping[str, Any], default: str = ""
) -> Any:
    value = data.get(key, default or None)
    word = value if value in (",", ";", "\t") else str(value).strip().lower()
    if value is None:
        en, zh = one_of(sorted(known))
        notes.add((key,), f"missing; {en}", f"缺少，{zh}")
    elif word not in known:
        notes.add((key,), *not_one_of(value, sorted(known)))
    else:
        return known[word]
    return next(iter(known.values()))


def _header_row(notes: Complaints, data: Mapping[str, Any]) -> int:
    value = data.get("header_row", 1)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_HEADER_ROW:
        notes.add(
            ("header_row",),
            f"{value!r} is no line number from 0 to {MAX_HEADER_ROW} (0: no header)",
            f"“{value}”不是 0 至 {MAX_HEADER_ROW} 的行号（0 为没有表头）",
        )
        return 1
    return value


def _whole(notes: Complaints, data: Mapping[str, Any], key: str) -> int | None:
    value = data.get(key)
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31):
        return value
    notes.add((key,), f"{value!r} is no whole number", f"“{value}”不是整数")
    return None


def _datum(notes: Complaints, data: Mapping[str, Any]) -> str:
    from gis.datum import datum_of

    value = data.get("datum")
    if value is None:
        notes.add(
            ("datum",),
            "missing; state it, for GCJ-02 looks like WGS84 and is 600 m off",
            "缺少，必须声明：GCJ-02 看起来像 WGS84，却偏移 600 米",
        )
        return "cgcs2000"
    try:
        datum = datum_of(str(value))
    except HuodianError as error:
        notes.add(("datum",), *reason_of(error))
        return "cgcs2000"
    if datum.metric:
        notes.add(
            ("datum",),
            f"{value!r} is in metres; fire lists are read in degrees",
            f"“{value}”以米为单位，火点清单须为度",
        )
    return datum.key


def _names(notes: Complaints, path: tuple[str | int, ...], value: Any) -> Names:
    found = value if isinstance(value, list) else [value]
    texts = tuple(str(item) for item in found if isinstance(item, str | int) and not isinstance(item, bool))
    if len(texts) != len(found) or not texts:
        notes.add(
            path, f"{value!r} is no column name and no list of them", f"“{value}”不是列名，也不是列名的列表"
        )
        return ("?",)
    return texts


def _texts(notes: Complaints, data: Mapping[str, Any], key: str) -> Names:
    return _names(notes, (key,), data[key]) if data.get(key) else ()


def _columns(notes: Complaints, value: Any) -> dict[str, tuple[Names, ...]]:
    notes.known(value, ("columns",), {*FIELDS, "acq_datetime"})
    found: dict[str, tuple[Names, ...]] = {}
    for key, item in value.items() if isinstance(value, dict) else ():
        path = ("columns", str(key))
        if isinstance(item, dict) and key in ("longitude", "latitude"):
            notes.known(item, path, set(_PARTS))
            found[key] = tuple(_names(notes, (*path, part), item.get(part)) for part in _PARTS)
        else:
            found[str(key)] = (_names(notes, path, item),)
    return found


def _extra(notes: Complaints, value: Any) -> dict[str, Names]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        notes.add(("extra",), *NO_MAPPING)
        return {}
    return {str(key): _names(notes, ("extra", str(key)), item) for key, item in value.items()}


def _constants(notes: Complaints, value: Any) -> dict[str, str | None]:
    if value is None:
        return {}
    notes.known(value, ("constants",), set(FIELDS))
    pairs = value.items() if isinstance(value, dict) else ()
    return {str(key): None if item is None else str(item) for key, item in pairs}
