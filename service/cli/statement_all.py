"""``huodian statement draft --all`` and ``issue --all``: every payer of a season, with a folder of papers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gis.errors import RefusedInputError, UsageError
from service.cli.words import no_bill

if TYPE_CHECKING:
    from rich.progress import Progress

    from service.billing.issue import Wanted
    from service.billing.issue_all import Outcome, Round
    from service.cli.session import Session

_LEFT = {
    "nothing_changed": ("没有变化，未签发", "without a change, not issued"),
    "nothing_to_issue": ("没有扣款，未签发", "owe nothing, not issued"),
    "own_statement": ("本单位，由上级签发", "of the own unit, for the level above to issue"),
}
"""Why a payer gets no statement, for people; the reasons of `Outcome.why`."""

ALL_FORMS = ("json", "xlsx", "pdf")


def run_all(session: Session, wanted: Wanted, kind: str, form: str | None, output: Path | None) -> None:
    """Draw up or issue every payer's statement, write the papers asked for, and answer.

    Parameters
    ----------
    kind
        ``draft`` or ``issue``.
    form
        One format, or None for all three.
    output
        The folder of the papers; None writes none.
    """
    from rich.progress import Progress

    forms = _forms(form, output)
    with Progress(console=session.console, transient=True, disable=session.json) as progress:
        work = _Work(output, forms, progress)
        done = _draft(session, wanted, work) if kind == "draft" else _issue(session, wanted, work)
    roll = _roll_files(session, wanted.season, output, forms) if kind == "issue" and output else []
    data = work.answer(done, kind, roll)
    warnings = [no_bill(session, data["status"])] if data["mark"] else []
    session.emit("statement.all", data, text=lambda: _print(session, data), warnings=warnings)


def _draft(session: Session, wanted: Wanted, work: _Work) -> Round:
    from service.billing.issue_all import draft_all

    with session.store().reader(session.as_of) as reader:
        return draft_all(reader, session.scope(reader), wanted, each=work.take)


def _issue(session: Session, wanted: Wanted, work: _Work) -> Round:
    from service.billing.issue_all import issue_all
    from service.cli.statement import actor_of, scope_of_session

    scope = scope_of_session(session)
    return issue_all(session.store(), scope, wanted, actor=actor_of(session, scope), each=work.take)


def _forms(form: str | None, output: Path | None) -> tuple[str, ...]:
    """Return the formats to write, after making sure that they can be: nothing is issued for a full disk's sake."""
    if output is None:
        if form is not None:
            raise UsageError(
                "folder_needed",
                "--all 的各份文件写入目录：请加 -o 目录；只看汇总则去掉 --format，或用 --json",
                "the files of --all go into a folder: add -o FOLDER; for the summary alone leave out --format",
            )
        return ()
    forms = (form,) if form is not None else ALL_FORMS
    if "pdf" in forms:
        from service.documents.fonts import font_files

        font_files()
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RefusedInputError(
            "cannot_write",
            f"无法建立目录 {output}（{error.strerror}）：请换一个 -o",
            f"the folder {output} cannot be made ({error.strerror}): give another -o",
            value=str(output),
        ) from error
    return forms


@dataclass
class _Work:
    """What is done with each payer as it comes: its papers are written, its line of the summary is kept."""

    folder: Path | None
    forms: Sequence[str]
    progress: Progress
    made: list[dict[str, Any]] = field(default_factory=list)
    left: list[dict[str, Any]] = field(default_factory=list)
    mark: str = ""
    status: str = ""
    task: Any = None

    def take(self, outcome: Outcome, place: int, among: int) -> None:
        """Take one payer."""
        if self.task is None:
            self.task = self.progress.add_task("", total=among)
        payer = {"code": outcome.payer["code"], "name": outcome.payer["name"]}
        if outcome.made is None:
            self._leave(outcome, payer)
        else:
            document, amounts = outcome.made.document, outcome.made.document["amounts"]
            self.mark, self.status = document["mark"], document["status"]
            self.made.append(
                {
                    "payer": payer,
                    "number": document["number"],
                    "lines": len(document["lines"]),
                    "held": len(document["held"]),
                    **{name: amounts[name] for name in ("previous", "net", "total")},
                    "sha256": outcome.made.sha256,
                    "statement_id": outcome.made.statement_id,
                    "files": self._write(document, outcome.made.data),
                }
            )
        self.progress.update(self.task, completed=place, description=f"{payer['name']} {payer['code']}")

    def _leave(self, outcome: Outcome, payer: dict[str, Any]) -> None:
        """Keep why a payer got none; the papers of its last one are made up for where a run was interrupted."""
        last, why, files = outcome.last, outcome.why, []
        if last is not None and self.folder is not None:
            from service.billing.issued import document_of

            files = self._write(document_of(last), last.document.encode(), only_missing=True)
        self.left.append(
            {
                "payer": payer,
                "reason": why.code if why else "",
                "zh": why.zh if why else "",
                "en": why.en if why else "",
                "number": None if last is None else last.number,
                "files": files,
            }
        )

    def _write(self, document: Mapping[str, Any], data: bytes, *, only_missing: bool = False) -> list[str]:
        from service.cli.output import write_atomically
        from service.cli.statement import rendered

        if self.folder is None:
            return []
        names = {form: self.folder / f"{stem(document)}.{form}" for form in self.forms}
        wanted = {form: path for form, path in names.items() if not (only_missing and path.exists())}
        write_atomically({path: rendered(document, form, data) for form, path in wanted.items()})
        return [path.name for path in names.values()]

    def answer(self, done: Round, kind: str, roll: list[str]) -> dict[str, Any]:
        """Return the data of the answer."""
        from gis.times import iso_beijing

        sums = {
            name: str(sum((Decimal(one[name]) for one in self.made), Decimal("0.00")))
            for name in ("net", "total")
        }
        return {
            "season": done.season,
            "kind": kind,
            "mark": self.mark or ("非正式" if done.informal else ""),
            "status": self.status or done.status,
            "as_of_revision": done.as_of_rev,
            "computed_at": iso_beijing(done.at),
            "statements": self.made,
            "left": self.left,
            "totals": {"statements": len(self.made), "left": len(self.left), **sums},
            "folder": None if self.folder is None else str(self.folder),
            "roll_files": roll,
        }


def stem(document: Mapping[str, Any]) -> str:
    """Return the name of a statement's papers, such as ``220182-2023-2024-001``."""
    parts = (document["payer"]["code"], document["season"], f"{document['number']:03d}")
    name = "-".join(re.sub(r"[^0-9A-Za-z._-]", "_", part) for part in parts)
    return f"{name}-draft" if document["kind"] == "draft" else name


def _roll_files(session: Session, season: str, folder: Path, forms: Sequence[str]) -> list[str]:
    """Write the finance list that the statements make, beside them."""
    from service.billing.chain import canonical_bytes
    from service.billing.roll import roll
    from service.cli.output import write_atomically
    from service.cli.statement import rendered_roll

    with session.store().reader() as reader:
        data = roll(reader, session.scope(reader), season)
    names = {form: folder / f"roll-{season}.{form}" for form in forms}
    write_atomically({path: rendered_roll(data, form, canonical_bytes(data)) for form, path in names.items()})
    return [path.name for path in names.values()]


def _print(session: Session, data: Mapping[str, Any]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from service.cli.charge import grouped
    from service.cli.statement_text import say

    drafted = data["kind"] == "draft"
    zh = f"{data['season']} {'征求意见稿' if drafted else '签发'} {len(data['statements'])} 份 {data['mark']}"
    en = f"{data['season']}: {len(data['statements'])} {'drafts' if drafted else 'issued'} {data['mark']}"
    table = Table(title=session.pick(zh, en).strip())
    table.add_column(session.pick("付款单位", "payer"), overflow="fold")
    for name in session.pick("号 火点 待定 本期增减 合计", "no lines held net total").split():
        table.add_column(name, justify="right", no_wrap=True)
    for one in data["statements"]:
        table.add_row(
            escape(f"{one['payer']['name']} {one['payer']['code']}"),
            *(str(one[name]) for name in ("number", "lines", "held")),
            grouped(one["net"]),
            grouped(one["total"]),
        )
    table.add_section()
    sums = (grouped(data["totals"][name]) for name in ("net", "total"))
    table.add_row(session.pick("合计", "total"), "", "", "", *sums)
    console = Console()
    console.print(table)
    for reason, (zh, en) in _LEFT.items():
        names = [one["payer"]["code"] for one in data["left"] if one["reason"] == reason]
        if names:
            say(console, session.pick(f"{zh} {len(names)} 个：", f"{len(names)} {en}: ") + "、".join(names))
    if data["folder"]:
        say(console, session.pick(f"文件在 {data['folder']}", f"files are in {data['folder']}"))
