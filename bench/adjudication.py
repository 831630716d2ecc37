"""Seconds and peak memory of an adjudication: ``python -m bench.adjudication --points 1000000 --units 600000``.

Fire points and units are generated, the same for a seed. They are handed over as generators, so that the peak holds
one copy of them; what is counted in it is the whole process: imports, facts, units and the answer. Generating happens
inside the call and is timed a second time on its own, since a service reads its facts from a store instead.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import random
import resource
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from service.accountability.adjudicate import adjudicate
from service.accountability.facts import Fact, FactState, SeasonUnit, UnitAt
from service.accountability.rulebook import Rulebook
from service.accountability.words import LEVELS, Level
from service.rulebooks import shipped_rulebook

SEASON = "2023-2024"
FIRST_DAY = dt.datetime(2023, 10, 1, 2, 0, tzinfo=dt.UTC)
DAYS = 200
SATELLITES = ("NOAA-20", "NOAA-21", "SNPP", "Terra", "Aqua", "FY-3D")
PASSES = (0, 7, 48, 101, 154, 201, 230, 281, 720, 777, 811, 845)
"""Minutes of a day's passes: fire points of one pass share its minute, as real ones do."""
SHARE_OF = {"province": 1 / 20_000, "city": 1 / 1_800, "county": 1 / 210, "township": 1 / 15}
"""How many units of a level there are per unit; what is left are villages (31, 333, 2,850, 40,000 of 600,000)."""

STATES: tuple[FactState, ...] = (
    *("confirmed",) * 16,
    *("publicised", "listed", "overdue", "denied"),
)
FINDINGS = ("straw", "straw", "straw", "straw", "stubble", "stubble", "weeds", "rubbish")
ZONES = ("ban", "ban", "ban", "restricted", "restricted", "none")
SOURCES = (("satellite", "ministry_satellite"), ("satellite",), ("patrol",), ("drone", "satellite"))
LAYERS = (("county", "2023"), ("grid", "v7"), ("zone", "v3"))


@dataclass(frozen=True)
class Nation:
    """A generated country: units of five levels and the fire points of one season.

    Parameters
    ----------
    points, units
        How many of each; all levels of units together.
    """

    points: int
    units: int
    seed: int = 20_231_029

    @cached_property
    def codes(self) -> dict[Level, list[str]]:
        """Codes of each level, each beginning with its parent's."""
        found: dict[Level, list[str]] = {}
        parents = [""]
        left = self.units
        for level, digits in zip(LEVELS, (2, 2, 2, 3, 3), strict=True):
            count = max(1, round(self.units * SHARE_OF[level])) if level in SHARE_OF else max(1, left)
            made = [
                parents[number % len(parents)] + f"{number // len(parents) + 1:0{digits}}"
                for number in range(count)
            ]
            found[level] = parents = made
            left -= count
        return found

    @cached_property
    def places(self) -> list[tuple[UnitAt, ...]]:
        """The units above and of each village; tuples and units are shared, as a register shares them."""
        chains: list[tuple[UnitAt, ...]] = [()]
        for level in LEVELS:
            codes = self.codes[level]
            chains = [
                (*chains[number % len(chains)], UnitAt(level, code, code))
                for number, code in enumerate(codes)
            ]
        return chains

    def facts(self) -> Iterator[Fact]:
        """Yield the fire points in no order."""
        dice = random.Random(self.seed)
        places = self.places
        minute = dt.timedelta(minutes=1)
        starts = [FIRST_DAY + dt.timedelta(days=day) + at * minute for day in range(DAYS) for at in PASSES]
        hours = [dt.timedelta(hours=hour) for hour in range(24)]
        for number in range(self.points):
            bits = dice.getrandbits(
                128
            )  # one draw each: the generator should cost less than what it measures
            overpass = starts[bits % len(starts)]
            low = bits >> 16 & 0xFFFFFFFF
            state = STATES[low % len(STATES)]
            settled = state in {"confirmed", "publicised"}
            yield Fact(
                fire_point_id=f"{bits >> 80:012x}{number:06x}",
                overpass=overpass,
                satellite=SATELLITES[(low >> 3) % len(SATELLITES)],
                units=places[(bits >> 48 & 0xFFFFFFFF) % len(places)],
                state=state,
                sources=SOURCES[(low >> 6) % len(SOURCES)],
                finding=FINDINGS[(low >> 8) % len(FINDINGS)] if state != "listed" else None,
                zone=ZONES[(low >> 11) % len(ZONES)],
                regime="two_zone" if number % 3 else "whole_area",
                within_plan=(low >> 14) % 20 == 0,
                pixels=1 + (low >> 19) % 4,
                confirmed_at=overpass + hours[(low >> 21) % 24] if settled else None,
                published_at=overpass + hours[(low >> 26) % 24] if state == "publicised" else None,
                doubts=("village",) if low % 53 == 0 else (),
                denial_reviewed_by="province" if state == "denied" and number % 2 else None,
                layers=LAYERS,
            )

    def season_units(self) -> Iterator[SeasonUnit]:
        """Yield every unit of the season, observed, with its cropland."""
        above: list[str] = []
        for level in LEVELS:
            codes = self.codes[level]
            for number, code in enumerate(codes):
                yield SeasonUnit(
                    SEASON,
                    level,
                    code,
                    parent=above[number % len(above)] if above else None,
                    indicators={"cropland_mu": Decimal(1_000 + number % 997)},
                    observed=number % 10 != 0,
                )
            above = codes


def book() -> Rulebook:
    """Return JL-1 with all that looks at every unit besides: rewards, a deposit, a density and a sliding window."""
    said = {"zh": "通报", "en": "notice"}
    data: dict[str, Any] = shipped_rulebook("JL-1").canonical()
    data["id"] = "BENCH"
    data["escalations"] += [
        {"kind": "window_count", "id": "days", "clause": "x", "level": "city", "days": 2, "at_least": 5}
        | {"measure": said},
        {"kind": "density", "id": "density", "clause": "x", "indicator": "cropland_mu", "per": 1_000_000}
        | {"above": 10, "at": [{"level": "county", "worst": 5}], "measure": said},
    ]
    data["rewards"] = [
        {"kind": "zero", "id": "zero", "clause": "x", "level": "village", "amount": {"yuan": "1000"}}
    ]
    data["deposit"] = {"clause": "x", "level": "county", "amount": {"wan_yuan": "100"}}
    return Rulebook.model_validate(data)


class _Drain:
    """A stream that counts what is written to it and keeps nothing."""

    size = 0

    def write(self, data: bytes) -> int:
        self.size += len(data)
        return len(data)


def peak_mib() -> float:
    """Return the most memory that this process has held, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(nation: Nation, *, write: bool) -> dict[str, Any]:
    """Adjudicate once and return what it took."""
    rule = book()
    imports = peak_mib()
    began = time.perf_counter()
    _ = nation.places
    registered = time.perf_counter()
    worked = time.process_time()
    found = adjudicate(rule, nation.facts(), nation.season_units())
    ended, worked = time.perf_counter(), time.process_time() - worked
    answer: dict[str, Any] = {
        "points": nation.points,
        "units": sum(len(codes) for codes in nation.codes.values()),
        "seconds": round(ended - registered, 2),
        "cpu_seconds": round(worked, 2),
        "peak_mib": round(peak_mib()),
        "imports_mib": round(imports),
        "register_seconds": round(registered - began, 2),
        "charges": len(found.charges),
        "held": len(found.held),
        "left_out": len(found.left_out),
        "escalations": len(found.escalations),
        "rewards": len(found.rewards),
        "total_yuan": str(found.total),
    }
    if write:
        began = time.perf_counter()
        drain = _Drain()
        found.write(drain)
        answer |= {
            "write_seconds": round(time.perf_counter() - began, 2),
            "written_mb": round(drain.size / 1e6),
            "peak_mib_written": round(peak_mib()),
        }
    del found
    began = time.perf_counter()
    for _fact in nation.facts():
        pass
    for _unit in nation.season_units():
        pass
    answer["of_which_generating"] = round(time.perf_counter() - began, 2)
    return answer


def main() -> int:
    """Print what one adjudication took as a line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=20_000)
    parser.add_argument("--units", type=int, default=12_000)
    parser.add_argument("--write", action="store_true", help="also write the document to nowhere")
    options = parser.parse_args()
    answer = measure(Nation(options.points, options.units), write=options.write)
    sys.stdout.write(json.dumps(answer, ensure_ascii=False) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
