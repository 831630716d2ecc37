"""Run every benchmark and print one table of ratios: ``python -m bench.run [--rounds N] [--write FILE]``.

Sides take turns, each run in a process of its own, so that a slow minute of the machine meets both; what is stated is
the median.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import statistics
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Case:
    """A job of ours, what it is compared with, and what must hold."""

    title: str
    ours: str
    theirs: str | None
    at_least: float
    """The least ratio theirs / ours; without a baseline, the most seconds."""


CASES = (
    Case("1.14 M rows, cut to the province + 20 km: ingest + assess", "huodian-clip", "baseline-clip", 2.5),
    Case("1.14 M rows, all stored and indexed (`--area none`): ingest", "huodian-all", "baseline-all", 1.0),
    Case("10,000-row regional file, disk to fire list", "huodian-list", None, 3.0),
)

NOTES = """\
The other side is `pandas.read_csv` (clipped to the area first in the first case), three `geopandas.sjoin` with the 60
counties and one GeoPackage write. Ours quarantines, deduplicates, supersedes and archives as well; in the first case
it clusters and attributes the fire points too. Both sides are warm: the same job ran on 2,000 rows in the same process
before. Imports are not in the time. Peak memory is the process's, imports included. Ratios travel, times do not.
"""


def run_once(job: str) -> dict[str, float]:
    """Run one job in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.sides", job], capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.stderr.write(done.stderr[-3000:])
        raise SystemExit(f"{job} failed")
    return json.loads(done.stdout.splitlines()[-1])


def median(runs: list[dict[str, float]], key: str) -> float:
    """Return the median of one number over the runs."""
    return statistics.median(run[key] for run in runs)


def table(runs: dict[str, list[dict[str, float]]]) -> tuple[list[str], bool]:
    """Return the table's lines and whether every case holds."""
    lines = [
        "| case | Huodian s | other s | ratio | must be | Huodian MB | other MB | rows ours / theirs |",
        "|---|---|---|---|---|---|---|---|",
    ]
    holds = True
    for case in CASES:
        ours = runs[case.ours]
        seconds, peak = median(ours, "seconds"), median(ours, "peak_mb")
        rows = f"{median(ours, 'rows'):,.0f}"
        if case.theirs is None:
            good = seconds <= case.at_least
            cells = ["—", "—", f"≤ {case.at_least:g} s", f"{peak:,.0f}", "—", rows]
        else:
            theirs = runs[case.theirs]
            other, other_peak = median(theirs, "seconds"), median(theirs, "peak_mb")
            good = other / seconds >= case.at_least and peak < other_peak
            cells = [
                f"{other:.2f}",
                f"{other / seconds:.2f} ×",
                f"≥ {case.at_least:g} ×, less MB",
                f"{peak:,.0f}",
                f"{other_peak:,.0f}",
                f"{rows} / {median(theirs, 'rows'):,.0f}",
            ]
        holds &= good
        lines.append(
            f"| {case.title}{'' if good else ' **MISSED**'} | {seconds:.2f} | " + " | ".join(cells) + " |"
        )
    return lines, holds


def imports(runs: dict[str, list[dict[str, float]]]) -> str:
    """Return the sentence on what importing costs each side."""
    ours, theirs = (
        statistics.median(
            run["imports"] for name, all_ in runs.items() if name.startswith(side) for run in all_
        )
        for side in ("huodian", "baseline")
    )
    return f"Imports, not counted above: Huodian {ours:.1f} s, pandas and geopandas {theirs:.1f} s."


def main() -> int:
    """Run, print, and with --write keep the result; the exit code says whether every case holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--write", type=Path, help="also write the result to this Markdown file")
    options = parser.parse_args()
    jobs = [job for case in CASES for job in (case.theirs, case.ours) if job]
    runs: dict[str, list[dict[str, float]]] = defaultdict(list)
    for number in range(options.rounds):
        for job in jobs:
            sys.stderr.write(f"round {number + 1} of {options.rounds}: {job}\n")
            runs[job].append(run_once(job))
    lines, holds = table(runs)
    text = "\n".join([*lines, "", imports(runs)]) + "\n"
    sys.stdout.write(text)
    if options.write:
        where = f"{platform.system()}, {os.cpu_count()} cores, Python {platform.python_version()}"
        day = dt.datetime.now(dt.UTC).date().isoformat()
        head = f"# Benchmarks\n\n`make bench` on {day} ({where}), median of {options.rounds}.\n\n"
        # What other targets measured stands below, under headings of its own, and stays.
        before = options.write.read_text(encoding="utf-8") if options.write.is_file() else ""
        _, heading, rest = before.partition("\n## ")
        options.write.write_text(f"{head}{NOTES}\n{text}{heading}{rest}", encoding="utf-8")
    return 0 if holds else 1


if __name__ == "__main__":
    raise SystemExit(main())
