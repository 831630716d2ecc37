"""Townships and villages of the register, made from the code lists: one unit followed through every vintage.

A list says what existed in its year, not when it came or went. So a unit first met in a later vintage is dated from 1
January of that year, and one that is gone is dated to the last day before the vintage that lacks it; both dates are
inferred (confidence I). A unit in the first vintage loaded is open at the start, one in the last is open at the end.
Lists of one year that disagree cannot all be the ground: the fullest one is followed, the others only add
spellings, and what they alone have is reported.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from gis.types import Level, Validity
from grids.codelists import CodeList, CodeRecord, joined
from grids.register import Register, merged
from grids.units import Purpose, Unit, UnitCode, UnitName, UnitParent, plain_name, town_name

DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Grown:
    """The register with the lists in it.

    Parameters
    ----------
    register
        Base and lists together.
    lost
        Records that found no place, as text: a county the register does not know, or a township that only a
        list of another scheme has (adding it would count the same ground twice).
    """

    register: Register
    lost: tuple[str, ...]


def with_code_lists(base: Register, lists: Iterable[CodeList]) -> Grown:
    """Return the register with the townships and villages of the lists.

    Parameters
    ----------
    base
        The authored register: counties and the townships of commissions keep what it says of them.
    lists
        Any lists of any vintage; the result does not depend on their order.
    """
    whole = joined(lists)
    lost: list[str] = []
    places = _Places(base, lost)
    units = places.made
    for level in (Level.TOWNSHIP, Level.VILLAGE):
        for track in _follow(places, whole, level):
            unit = _unit(track, places, level)
            units[unit.uid] = unit
    for each in whole:
        if each.scheme != "stats":
            _add_codes(each, places, units, lost)
    return Grown(merged(base, units), tuple(lost))


@dataclass(slots=True)
class _State:
    year: int
    code: str
    name: str
    lists: tuple[str, ...]
    aliases: tuple[str, ...] = ()


@dataclass(slots=True)
class _Track:
    uid: str
    parent: str
    states: list[_State] = field(default_factory=list)
    years: tuple[int, ...] = ()

    @property
    def last(self) -> _State:
        return self.states[-1]


class _Places:
    """Finds the unit above a record, on the day of its vintage."""

    def __init__(self, base: Register, lost: list[str]) -> None:
        self.base = base
        self.lost = lost
        self.made: dict[str, Unit] = {}
        self.towns: dict[tuple[int, str], str] = {}
        self.by_name: dict[tuple[str, str], list[str]] = defaultdict(list)

    def parent(self, record: CodeRecord, year: int, source: str) -> str | None:
        if record.level is Level.VILLAGE:
            known = self.towns.get((year, record.parent))
        else:
            unit = self.base.find(record.parent, _end_of(year))
            known = unit.uid if unit else None
        if known is None:
            self.lost.append(f"{source}: {record.code} {record.name} lies under the unknown {record.parent}")
        return known

    def within(
        self, uid: str, start: dt.date | None, end: dt.date | None
    ) -> tuple[dt.date | None, dt.date | None]:
        """Return the days cut to those of the township `uid`."""
        held = self.made[uid].validity if uid in self.made else self.base[uid].validity
        starts = [day for day in (start, held.start) if day]
        ends = [day for day in (end, held.end) if day]
        return max(starts, default=None), min(ends, default=None)

    def authored(self, code: str) -> str | None:
        """Return the uid of an authored unit that holds this very code."""
        unit = self.base.find(code)
        return unit.uid if unit and unit.level in (Level.TOWNSHIP, Level.VILLAGE) else None


def _follow(places: _Places, lists: tuple[CodeList, ...], level: Level) -> list[_Track]:
    by_year: dict[int, dict[str, tuple[CodeRecord, list[tuple[str, str]]]]] = defaultdict(dict)
    stats = [each for each in lists if each.scheme == "stats" and each.at(level)]
    for each in sorted(stats, key=lambda each: (-len(each.at(level)), each.name)):
        year = int(each.vintage)
        first = year not in by_year
        for record in each.at(level):
            if first or record.code in by_year[year]:
                known = by_year[year].setdefault(record.code, (record, []))
                known[1].append((each.name, record.name))
            else:
                places.lost.append(f"{each.name} {year}: {record.code} {record.name} is in this list alone")
    years = tuple(sorted(by_year))
    tracks: list[_Track] = []
    for year in years:
        _follow_year(places, tracks, year, by_year[year], level)
    taken: Counter[str] = Counter()
    for track in tracks:
        track.years = years
        taken[track.uid] += 1
        if taken[track.uid] > 1:  # the code was used again for another unit
            track.uid = f"{track.uid}-{track.states[0].year}"
        for state in track.states if level is Level.TOWNSHIP else ():
            places.towns[(state.year, state.code)] = track.uid
            key = (track.parent, town_name(state.name))
            if track.uid not in places.by_name[key]:
                places.by_name[key].append(track.uid)
    return tracks


def _follow_year(
    places: _Places,
    tracks: list[_Track],
    year: int,
    records: Mapping[str, tuple[CodeRecord, list[tuple[str, str]]]],
    level: Level,
) -> None:
    todo: list[tuple[str, _State]] = []
    for code, (record, seen) in sorted(records.items()):
        if uid := places.authored(code):
            places.towns[(year, code)] = uid
            continue
        parent = places.parent(record, year, f"{seen[0][0]} {year}")
        if parent is not None:
            names = [name for _, name in seen]
            others = tuple(sorted({name for name in names if plain_name(name) != plain_name(names[0])}))
            todo.append((parent, _State(year, code, names[0], tuple(sorted({n for n, _ in seen})), others)))
    keep = 6 if level is Level.TOWNSHIP else 9
    # By name first: numbers are handed on to other units, names rarely are.
    by_name = _pairs(tracks, todo, lambda parent, state: (parent, town_name(state.name)))
    todo = list(_extend(tracks, todo, by_name))
    by_number = _pairs(tracks, todo, lambda parent, state: (parent, state.code[keep:]), year)
    for parent, state in _extend(tracks, todo, by_number):
        tracks.append(_Track(f"u{state.code}", parent, [state]))


def _pairs(
    tracks: list[_Track],
    todo: list[tuple[str, _State]],
    key: Callable[[str, _State], object],
    open_year: int | None = None,
) -> dict[int, int]:
    """Return which record goes on which track, by a key that is unique on both sides."""
    old: dict[object, list[int]] = defaultdict(list)
    for index, track in enumerate(tracks):
        if open_year is None or track.last.year != open_year:
            old[key(track.parent, track.last)].append(index)
    new: dict[object, list[int]] = defaultdict(list)
    for index, (parent, state) in enumerate(todo):
        new[key(parent, state)].append(index)
    return {new[k][0]: old[k][0] for k in new if len(new[k]) == 1 and len(old.get(k, ())) == 1}


def _extend(
    tracks: list[_Track], todo: list[tuple[str, _State]], pairs: Mapping[int, int]
) -> Iterator[tuple[str, _State]]:
    """Put the paired records on their tracks and give back the others."""
    rest: list[tuple[str, _State]] = []
    for index, (parent, state) in enumerate(todo):
        if index in pairs:
            tracks[pairs[index]].states.append(state)
        else:
            rest.append((parent, state))
    return iter(rest)


def _unit(track: _Track, places: _Places, level: Level) -> Unit:
    first, last = track.states[0].year, track.last.year
    years = track.years
    start = None if first == years[0] else dt.date(first, 1, 1)
    later = [year for year in years if year > last]
    end = dt.date(later[0], 1, 1) - DAY if later else None
    if level is Level.VILLAGE:  # no village is older than its township, or outlives it
        start, end = places.within(track.parent, start, end)
    whole = Validity(start, end)
    source = "stats " + ", ".join(str(state.year) for state in track.states)
    county = None if track.parent in places.made else places.base[track.parent]
    names = [
        UnitName(text, held, source=source, confidence="I")
        for text, held, _ in _runs(track, whole, lambda state: plain_name(state.name), None)
    ]
    aliases = sorted({(text, state.year) for state in track.states for text in state.aliases})
    codes = [
        UnitCode(text, held, "stats", "+".join(state.lists), str(state.year), source, "I")
        for text, held, state in _runs(track, whole, lambda state: state.code, county)
    ]
    return Unit(
        uid=track.uid,
        level=level,
        kind=_kind(track.last.name, track.last.code, level),
        names=(
            *names,
            *(UnitName(text, whole, alias=True, source=source, confidence="I") for text, _ in aliases),
        ),
        codes=tuple(codes),
        parents=(UnitParent(track.parent, Purpose.LEGAL, whole, source, "I"),),
        validity=whole,
        source=source,
        confidence="I",
    )


def _runs(
    track: _Track, whole: Validity, value: Callable[[_State], str], county: Unit | None
) -> list[tuple[str, Validity, _State]]:
    """Return each value with the days it held: a change is dated to its vintage, or to the county's own."""
    found: list[tuple[str, dt.date | None, _State]] = []
    for state in track.states:
        text = value(state)
        if not found:
            found.append((text, whole.start, state))
        elif town_name(text) == town_name(found[-1][0]) and not text.isdigit():
            found[-1] = (min(text, found[-1][0], key=len), *found[-1][1:])  # the plainer spelling of one name
        elif text != found[-1][0]:
            day = _county_change(county, found[-1][0], text) or dt.date(state.year, 1, 1)
            found.append((text, day, state))
    ends = [start - DAY for _, start, _ in found[1:] if start] + [whole.end]
    return [
        (text, Validity(start, end), state) for (text, start, state), end in zip(found, ends, strict=True)
    ]


def _county_change(county: Unit | None, old: str, new: str) -> dt.date | None:
    """Return the day the county changed its own code, when that is all that changed in a township's."""
    if county is None or len(old) != len(new) or old[6:] != new[6:]:
        return None
    return next((code.validity.start for code in county.codes if code.code == new[:6]), None)


def _add_codes(each: CodeList, places: _Places, units: dict[str, Unit], lost: list[str]) -> None:
    """Give the units the codes of another scheme, matched by county and name."""
    source = f"{each.name} {each.vintage}"
    for record in each.at(Level.TOWNSHIP):
        county = places.base.find(record.parent, _end_of(int(each.vintage)))
        key = (county.uid if county else "", town_name(record.name))
        found = [uid for uid in places.by_name.get(key, ()) if units[uid].validity.end is None]
        if len(found) != 1:
            if not places.authored(record.code):
                lost.append(f"{source}: {record.code} {record.name} is in no statistics list")
            continue
        code = UnitCode(record.code, Validity(), each.scheme, each.name, each.vintage, source, "I")
        unit = units[found[0]]
        units[found[0]] = replace(unit, codes=(*unit.codes, code))


_KINDS = (
    ("subdistrict", re.compile("街道")),
    ("town", re.compile("镇$")),
    ("ethnic_township", re.compile("族乡$")),
    ("township", re.compile("乡$|特殊乡镇$")),
    ("zone", re.compile("开发区|园区|示范区|集中区|新区|管理区|功能区|食品区")),
    ("farm", re.compile("农场|林场|牧场|鹿场|羊场|畜场|猪场|参场|良种场|苗圃|林业|森工|保护中心|矿|场$")),
)


def _kind(name: str, code: str, level: Level) -> str:
    text = plain_name(name)
    if level is Level.VILLAGE:
        return "community" if re.search("社区|居委会|居民委员会", text) else "village"
    for kind, pattern in _KINDS:
        if pattern.search(text):
            return kind
    # Statistics numbers from 400 on are units like townships (farms, zones) that are none.
    return "like_township" if code[6] >= "4" else "township"


def _end_of(year: int) -> dt.date:
    return dt.date(year, 12, 31)
