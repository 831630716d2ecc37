"""What people read of statements and of the finance list on a terminal: tables that break words, never money."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from service.cli.charge import grouped

if TYPE_CHECKING:
    from service.cli.session import Session

_STATES = {"issued": ("已签发", "issued"), "objected": ("异议中", "objected"), "final": ("已定案", "final")}
SHOWN_HELD = 20
"""So many points that wait for a person stand on a terminal; the papers and the JSON have all."""

_SUMS = ("previous", "net", "total", "suspended")


def say(console: Any, text: str) -> None:
    """Print a sentence as it is: no markup, and broken by the terminal alone, so that a hash can be copied."""
    console.print(text, markup=False, highlight=False, soft_wrap=True)


def print_statement(session: Session, data: Mapping[str, Any], document: Mapping[str, Any]) -> None:
    """Print a draft or a statement: its lines, what changed, the sums, and how to object."""
    console = Console()
    payer, number = document["payer"], document["number"]
    drafted = document["kind"] == "draft"
    name = f"{payer['name']}（{payer['code']}） {document['season']}"
    zh = f"{name} 第 {number} 号{'征求意见稿' if drafted else '通知单'} {document['mark']}"
    en = f"{name} {'draft' if drafted else 'statement'} {number} {document['mark']}"
    say(console, session.pick(zh, en))
    console.print(_lines(session, document))
    if document["adjustments"]:
        console.print(_adjustments(session, document))
    say(console, _sums(session, document["amounts"]))
    for one in document["held"][:SHOWN_HELD]:
        point = one["fire_point_id"]
        say(console, session.pick(f"待定 {point}：{one['zh']}", f"held {point}: {one['en']}"))
    if (rest := len(document["held"]) - SHOWN_HELD) > 0:
        say(
            console,
            session.pick(
                f"另有待定 {rest} 处，未逐一列出：见 huodian pending，或 --json、--format xlsx",
                f"{rest} more are held and not listed here: see `huodian pending`, or --json, --format xlsx",
            ),
        )
    say(console, session.pick(document["objection"]["zh"], document["objection"]["en"]))
    if data.get("state"):
        say(console, f"{session.pick('状态', 'state')} {session.pick(*_STATES[data['state']])}")
    say(console, f"SHA-256 {data['sha256']}")


def _sums(session: Session, amounts: Mapping[str, Any]) -> str:
    previous, net, total = (grouped(amounts[name]) for name in ("previous", "net", "total"))
    return session.pick(
        f"上期 {previous} 元，本期增减 {net} 元，合计 {total} 元（{amounts['total_wan']} 万元）\n"
        f"大写 {amounts['total_upper']}",
        f"previous {previous}, net {net}, total {total} yuan",
    )


def _lines(session: Session, document: Mapping[str, Any]) -> Table:
    table = Table()
    table.add_column(session.pick("序", "no"), justify="right")
    table.add_column(session.pick("火点", "point"), no_wrap=True)
    table.add_column(session.pick("金额（元）", "yuan"), justify="right", no_wrap=True)
    table.add_column(session.pick("理由", "reason"), overflow="fold")
    for line in document["lines"]:
        finding = (line["finding_zh"] if session.lang == "zh" else line["finding"]) or ""
        where = line["county"] or line["county_code"] or ""
        seen = line["overpass"][:16].replace("T", " ")
        point = f"{line['fire_point_id']}\n{seen}\n{where} {finding}"
        reason = session.pick(line["reason_zh"], line["reason_en"])
        table.add_row(str(line["no"]), escape(point), grouped(line["amount"]), escape(reason))
    return table


def _adjustments(session: Session, document: Mapping[str, Any]) -> Table:
    table = Table(title=session.pick("与上期相比", "against the statement before"))
    table.add_column(session.pick("火点", "point"), no_wrap=True)
    table.add_column(session.pick("增减", "delta"), justify="right", no_wrap=True)
    table.add_column(session.pick("原因", "cause"), overflow="fold")
    for one in document["adjustments"]:
        amounts = f"{grouped(one['delta'])}\n{grouped(one['before'])} →\n{grouped(one['after'])}"
        table.add_row(escape(one["fire_point_id"]), amounts, escape(session.pick(one["zh"], one["en"])))
    return table


def print_list(session: Session, data: list[dict[str, Any]]) -> None:
    """Print the statements there are."""
    table = Table(title=session.pick(f"通知单 {len(data)} 份", f"{len(data)} statements"))
    table.add_column(session.pick("付款单位", "payer"), overflow="fold")
    for name in session.pick("考核季 号", "season no").split():
        table.add_column(name, no_wrap=True)
    for name in session.pick("本期增减 合计", "net total").split():
        table.add_column(name, justify="right", no_wrap=True)
    for name in session.pick("状态 性质", "state status").split():
        table.add_column(name, overflow="fold")
    for one in data:
        table.add_row(
            escape(f"{one['payer_name']} {one['payer']}"),
            one["season"],
            str(one["number"]),
            grouped(one["net"]),
            grouped(one["total"]),
            session.pick(*_STATES[one["state"]]),
            one["mark"] or session.pick("正式", "official"),
        )
    Console().print(table)


def print_roll(session: Session, data: Mapping[str, Any]) -> None:
    """Print the finance list: what each payer was told before, what changed, and what is to be deducted."""
    table = Table(title=f"{data['season']} {session.pick('扣拨清单', 'finance list')} {data['mark']}".strip())
    table.add_column(session.pick("付款单位", "payer"), overflow="fold")
    for name in session.pick("上期 本期增减 合计 暂缓", " ".join(_SUMS)).split():
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column(session.pick("状态", "state"), overflow="fold")
    for one in data["rows"]:
        amounts = (grouped(one[name]) for name in _SUMS)
        table.add_row(
            escape(f"{one['payer']['name']} {one['payer']['code']}"),
            *amounts,
            session.pick(*_STATES[one["state"]]),
        )
    table.add_section()
    table.add_row(session.pick("合计", "total"), *(grouped(data["totals"][name]) for name in _SUMS), "")
    console = Console()
    console.print(table)
    if not data["rows"]:
        say(
            console,
            session.pick(
                "该考核季没有已签发的通知单，或不在您的管辖范围内",
                "no statement of that season was issued, or none within your scope",
            ),
        )
    if count := data["samples_left_out"]:
        say(console, session.pick(f"另有样例 {count} 份，不计入", f"{count} samples are left out"))


def print_verified(session: Session, data: Mapping[str, Any]) -> None:
    """Print whether a statement holds, or everything that differs."""
    console = Console()
    told = data["statement"]
    if data["ok"] and told is not None:
        again = session.pick("，按当时所知重算一致", ", computed again alike") if data["recomputed"] else ""
        name = f"{told['payer']} {told['season']}"
        zh = f"相符：{name} 第 {told['number']} 号，共 {data['statements']} 号成链{again}"
        en = f"holds: statement {told['number']} of {name}, {data['statements']} in the chain{again}"
        say(console, session.pick(zh, en))
        _print_sealed(session, console, data["revisions"])
        _print_wording(session, console, data)
        return
    if data["ok"]:
        _print_sealed(session, console, data["revisions"])
        return
    count = len(data["differences"]) + data["more"]
    say(console, session.pick(f"不符 {count} 处", f"{count} differences"))
    for one in data["differences"]:
        say(console, f"- {one['where']}\n  {session.pick(one['zh'], one['en'])}")
        zh = f"  应为 {_value(one['expected'], '无')}；实为 {_value(one['found'], '无')}"
        en = f"  expected {_value(one['expected'], 'none')}; found {_value(one['found'], 'none')}"
        say(console, session.pick(zh, en))
    _print_wording(session, console, data)
    programs = data["programs"]
    if programs and programs["issued"] != programs["now"]:
        issued, now = programs["issued"], programs["now"]
        zh = f"签发时的程序版本为 {issued}，现为 {now}：重算不同也可能出于版本"
        say(
            console, session.pick(zh, f"issued by version {issued}, computed again by {now}: that may be why")
        )


def _value(told: str, nothing: str) -> str:
    """Return a value of a difference for people; the answer spells a missing one ``None``."""
    return nothing if told == "None" else told


def _print_sealed(session: Session, console: Console, sealed: Mapping[str, Any]) -> None:
    """Say which revisions are sealed; those of before have no seal."""
    if not sealed["last"]:
        say(console, session.pick("修订均未封存", "no revision is sealed"))
        return
    first, last, sha = sealed["first"], sealed["last"], sealed["sha256"]
    zh = f"第 {first} 至 {last} 号修订的封存相符，末号封存 SHA-256 {sha}"
    en = f"revisions {first} to {last} are as sealed; newest seal SHA-256 {sha}"
    if first > 1:
        zh += f"；第 {first - 1} 号及以前未封存"
        en += f"; none up to {first - 1} is sealed"
    say(console, session.pick(zh, en))


def _print_wording(session: Session, console: Console, data: Mapping[str, Any]) -> None:
    """List the sentences that this program words otherwise: nobody altered them."""
    if not data["reworded"]:
        return
    programs = data["programs"] or {"issued": "", "now": ""}
    zh = f"程序措辞变化 {data['reworded']} 处（签发 {programs['issued']}，现 {programs['now']}），不是记录改动："
    en = (
        f"worded otherwise by this program in {data['reworded']} places (issued by {programs['issued']}, now "
    )
    say(console, session.pick(zh, f"{en}{programs['now']}); no record was altered:"))
    for one in data["wording"]:
        say(console, f"- {one['where']}")
        zh = f"  签发时：{one['expected']}\n  现在：{one['found']}"
        say(console, session.pick(zh, f"  issued: {one['expected']}\n  now: {one['found']}"))
    if rest := data["reworded"] - len(data["wording"]):
        say(console, session.pick(f"另有 {rest} 处", f"and {rest} more"))
