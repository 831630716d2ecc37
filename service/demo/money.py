"""What the demonstration shows of money: synthetic findings, sample charges, one sample statement.

Everything is invented and says so: the people are called 合成, JL-1 is a sample of a rule, the grid is synthetic, so
charges and paper carry 非正式. A day outside the rule's season shows the findings and why nothing is charged.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gis.errors import HuodianError, NotFoundError
from service.billing.books import load_rulebook
from service.billing.charges import charges_of, run_charges
from service.billing.issue import Made, Wanted, issue
from service.pipeline.states import live_states
from service.rulebooks import shipped_rulebook
from service.scope import whole
from service.store import Store
from service.verification import verify

BOOK = "JL-1"
STATEMENTS = "statement"
PERSON = "合成核查员"
NOTE = "演示用合成核查结果 synthetic finding"
_LOOKED_AFTER = dt.timedelta(hours=2)

Say = Callable[[str, str], None]


@dataclass(frozen=True, slots=True)
class Sample:
    """What was found and charged.

    Attributes
    ----------
    confirmed, waiting
        Fire points that a synthetic finding confirmed, and the one whose local denial waits for the city's review.
    why_not
        Why nothing was charged, in both languages; empty when something was.
    charged
        ``{payer, name, amount}`` in yuan, dearest first.
    """

    rulebook: str
    season: str
    confirmed: tuple[str, ...]
    waiting: tuple[str, ...]
    charged: tuple[dict[str, str], ...] = ()
    total: str = "0.00"
    held: int = 0
    statement: str = ""
    sha256: str = ""
    files: tuple[str, ...] = ()
    why_not: str = ""


def show_money(store: Store, directory: Path, day: dt.date, *, actor: str, say: Say) -> Sample | None:
    """Record synthetic findings on a synthetic day, charge its season and issue one sample statement.

    Returns
    -------
    Sample
        None where no county's fires suit: each in its own minute and away from every line.
    """
    counties = _clear_counties(store, day)
    if not counties:
        return None
    say(
        "登记合成核查结果：查实数处，一处属地查否待复核",
        "synthetic findings: some confirmed, a local denial to review",
    )
    first = counties[0]
    confirmed = [*first[:-1], *(counties[1][:2] if len(counties) > 1 else ())]
    waiting = first[-1:]
    for row in confirmed:
        _find(store, row, "straw", "city", actor)
    for row in waiting:
        _find(store, row, "nothing_found", "local", actor)
    say(
        f"载入样例规则 {BOOK}，试算，签发一份样例通知单（非正式）",
        f"sample charges under {BOOK}, one sample statement",
    )
    load_rulebook(store, BOOK, actor=actor)
    told = (_ids(confirmed), _ids(waiting))
    season = shipped_rulebook(BOOK).season(day)
    try:
        return _charged(store, directory, season, told, actor=actor)
    except HuodianError as error:
        return Sample(BOOK, season, *told, why_not=f"{error.zh} | {error.en}")


def _clear_counties(store: Store, day: dt.date) -> list[list[Any]]:
    """Return the counted fires of counties where nothing is in doubt, in order; most fires first."""
    with store.reader() as reader:
        rows = [row for row in live_states(reader) if row.fire_day == day and row.screen == "counted"]
    found: dict[str, list[Any]] = defaultdict(list)
    for row in sorted(rows, key=lambda one: (one.first_at, one.fire_point_id)):
        found[row.county_code or ""].append(row)
    clear = [
        county
        for code, county in sorted(found.items())
        if code and len(county) > 1 and not any(row.boundary_case["county"] for row in county)
        # A tie would have to be ruled on; which of one minute's fires was the first is for a person.
        if len({row.first_at for row in county}) == len(county)
    ]
    return sorted(clear, key=len, reverse=True)


def _find(store: Store, row: Any, finding: str, level: str, actor: str) -> None:
    looked = row.first_at + _LOOKED_AFTER
    verify(
        store,
        row.fire_point_id,
        finding=finding,
        level=level,
        found_at=looked,
        person=PERSON,
        note=NOTE,
        source_kind="patrol",
        actor=actor,
        scope=whole(actor),
        now=max(looked, dt.datetime.now(dt.UTC)),  # the day that is shown may not be over yet
    )


def _ids(rows: Sequence[Any]) -> tuple[str, ...]:
    return tuple(row.fire_point_id for row in rows)


def _charged(
    store: Store, directory: Path, season: str, told: tuple[tuple[str, ...], tuple[str, ...]], *, actor: str
) -> Sample:
    scope = whole(actor)
    with store.reader() as reader:
        run = run_charges(reader, season, rulebook=BOOK)
        view = charges_of(run, scope, reader)
    dear = sorted(run.by_payer, key=lambda code: (-run.by_payer[code], code))
    names = {one["code"]: one["name"] for one in view["payers"]}
    charged = tuple(
        {"payer": code, "name": names.get(code, ""), "amount": str(run.by_payer[code])} for code in dear
    )
    held = int(view["counts"]["held"])
    if not dear:
        why = "该日不在样例规则的考核期内，不计扣款 | the day is not in the sample rule's season: nothing is charged"
        return Sample(BOOK, season, *told, held=held, why_not=why)
    made = issue(store, scope, Wanted(dear[0], season, BOOK, sample=True), actor=actor)
    return Sample(
        *(BOOK, season, *told, charged, view["total"], held),
        statement=f"{dear[0]}/{season}/{made.document['number']}",
        sha256=made.sha256,
        files=tuple(_papers(directory / STATEMENTS, made)),
    )


def _papers(folder: Path, made: Made) -> list[str]:
    """Write the sample statement; without the packaged font there is no PDF, and the demonstration goes on."""
    from service.documents.statement_pdf import statement_pdf
    from service.documents.statement_xlsx import statement_xlsx

    folder.mkdir(exist_ok=True)
    document = made.document
    name = f"SAMPLE-{document['payer']['code']}-{document['season']}-{document['number']:03d}"
    papers = {"json": made.data, "xlsx": statement_xlsx(document)}
    try:
        papers["pdf"] = statement_pdf(document)
    except NotFoundError as error:
        if error.code != "no_font":
            raise
    written = []
    for form, data in papers.items():
        path = folder / f"{name}.{form}"
        path.write_bytes(data)
        written.append(str(path))
    return written
