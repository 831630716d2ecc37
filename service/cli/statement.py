"""``huodian statement``: draft, issue, close, list, show and verify statements, and the finance list of a season."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from service.billing.issue import Wanted
    from service.cli.session import Session
    from service.scope import Scope

statement_app = typer.Typer(
    no_args_is_help=True, help="Statements: draft, issue, final, list, show, verify / 扣款通知单"
)

Payer = Annotated[str, typer.Option("--payer", help="Code of the payer / 付款单位代码")]
Season = Annotated[str, typer.Option("--season", help="2023-2024, or 2017 / 考核季")]
Book = Annotated[str | None, typer.Option("--rulebook", help="Loaded or shipped rulebook / 规则编号")]
At = Annotated[str | None, typer.Option("--at", help="Instant at which deadlines are read / 计算时刻")]
Form = Annotated[str | None, typer.Option("--format", help="json, xlsx or pdf")]
Output = Annotated[Path | None, typer.Option("-o", "--output", help="File / 输出文件")]
Number = Annotated[int | None, typer.Option("--number", help="Number of the issue; the newest without")]
Preparer = Annotated[str | None, typer.Option("--preparer", help="制表")]
Reviewer = Annotated[str | None, typer.Option("--reviewer", help="复核")]
Approver = Annotated[str | None, typer.Option("--approver", help="批准")]

FORMATS = ("json", "xlsx", "pdf")


def register(app: typer.Typer) -> None:
    """Add the commands to the root."""
    app.add_typer(statement_app, name="statement")


@statement_app.command("draft")
def draft(
    ctx: typer.Context,
    payer: Payer,
    season: Season,
    rulebook: Book = None,
    at: At = None,
    preparer: Preparer = None,
    reviewer: Reviewer = None,
    approver: Approver = None,
    form: Form = None,
    output: Output = None,
) -> None:
    """Draw up a statement for comment; nothing is stored / 征求意见稿."""
    session: Session = ctx.obj
    with session.reporting():
        from service.billing.issue import draft as run

        _known_format(form)
        wanted = _wanted(payer, season, rulebook, at, False, preparer, reviewer, approver)
        with session.store().reader(session.as_of) as reader:
            made = run(reader, session.scope(reader), wanted)
        _answer(session, "statement", made.as_dict(), made.document, made.data, form, output)


@statement_app.command("issue")
def issue(
    ctx: typer.Context,
    payer: Payer,
    season: Season,
    rulebook: Book = None,
    at: At = None,
    sample: Annotated[bool, typer.Option("--sample", help="A sample, marked 非正式 / 样例")] = False,
    preparer: Preparer = None,
    reviewer: Reviewer = None,
    approver: Approver = None,
    form: Form = None,
    output: Output = None,
) -> None:
    """Issue the next statement of a payer and season: frozen, numbered, chained / 签发."""
    session: Session = ctx.obj
    with session.reporting():
        from service.billing.issue import issue as run

        session.refuse_past()
        _known_format(form)
        wanted = _wanted(payer, season, rulebook, at, sample, preparer, reviewer, approver)
        scope = scope_of_session(session)
        made = run(session.store(), scope, wanted, actor=actor_of(session, scope))
        _answer(session, "statement", made.as_dict(), made.document, made.data, form, output)


@statement_app.command("final")
def final(
    ctx: typer.Context,
    payer: Payer,
    season: Season,
    number: Number = None,
    note: Annotated[str | None, typer.Option("--note", help="说明")] = None,
) -> None:
    """Declare an issued statement final, once nothing about it is open any more / 定案."""
    session: Session = ctx.obj
    with session.reporting():
        from service.billing.issue import finalise

        session.refuse_past()
        scope = scope_of_session(session)
        data = finalise(
            session.store(),
            scope,
            payer,
            season,
            actor=actor_of(session, scope),
            number=number,
            note=note,
        )
    session.emit(
        "statement.final",
        data,
        text=session.pick(
            f"{data['payer']} {data['season']} 第 {data['number']} 号通知单已定案",
            f"statement {data['number']} of {data['payer']} for {data['season']} is final",
        ),
    )


@statement_app.command("list")
def listing(
    ctx: typer.Context,
    season: Annotated[str | None, typer.Option("--season")] = None,
    payer: Annotated[str | None, typer.Option("--payer")] = None,
) -> None:
    """List issued statements with their state / 已签发的通知单."""
    session: Session = ctx.obj
    with session.reporting():
        from service.billing.issued import list_statements

        with session.store().reader(session.as_of) as reader:
            data = list_statements(reader, session.scope(reader), season=season, payer=payer)
    session.emit("statement.list", data, text=lambda: _print_list(session, data))


@statement_app.command("show")
def show(
    ctx: typer.Context,
    payer: Payer,
    season: Season,
    number: Number = None,
    form: Form = None,
    output: Output = None,
) -> None:
    """Show an issued statement as it was frozen, and its state now / 查看通知单."""
    session: Session = ctx.obj
    with session.reporting():
        from service.billing.chain import canonical_bytes
        from service.billing.issued import show_statement

        _known_format(form)
        with session.store().reader(session.as_of) as reader:
            data = show_statement(reader, session.scope(reader), payer, season, number)
        document = data["document"]
        _answer(session, "statement.show", data, document, canonical_bytes(document), form, output)


@statement_app.command("roll")
def roll(ctx: typer.Context, season: Season, form: Form = None, output: Output = None) -> None:
    """Print the finance list of a season, made of issued statements / 扣拨清单."""
    session: Session = ctx.obj
    with session.reporting():
        from service.billing.chain import canonical_bytes
        from service.billing.roll import roll as run

        _known_format(form)
        with session.store().reader(session.as_of) as reader:
            data = run(reader, session.scope(reader), season)
        if form is not None:
            _write(form, output, _rendered_roll(data, form, canonical_bytes(data)))
            if not session.json:
                return
        session.emit("charge.roll", data, text=lambda: print_roll(session, data))


@statement_app.command("verify")
def verify(
    ctx: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="An exported JSON statement / 导出的 JSON")] = None,
    head: Annotated[str | None, typer.Option("--head", help="SHA-256 of a chain's newest statement")] = None,
    sha: Annotated[str | None, typer.Option("--sha", help="SHA-256 printed on a statement")] = None,
) -> None:
    """Check a statement against the store: bytes, rows, chain, and the account computed again / 核验."""
    session: Session = ctx.obj
    with session.reporting():
        from gis.errors import NotFoundError, UsageError
        from service.billing.audit import verify as run

        if file is None and head is None and sha is None:
            raise UsageError(
                "nothing_to_verify",
                "请给出导出的 JSON 文件、--head 或 --sha",
                "give an exported JSON file, --head or --sha",
            )
        if file is not None and not file.is_file():
            raise NotFoundError(
                "no_such_file",
                f"找不到文件 {file}：请核对路径",
                f"no such file {file}: check the path",
                value=str(file),
            )
        store = session.store()
        data = run(
            store,
            scope_of_session(session),
            data=None if file is None else file.read_bytes(),
            name="" if file is None else file.name,
            head=None if head is None else head.strip().lower(),
            sha=None if sha is None else sha.strip().lower(),
        )
    session.emit("statement.verify", data, text=lambda: _print_verify(session, data))
    if not data["ok"]:
        raise typer.Exit(1)


# --- shared --------------------------------------------------------------------------------------------------


def scope_of_session(session: Session) -> Scope:
    """Return the scope of whoever runs the command."""
    with session.store().reader() as reader:
        return session.scope(reader)


def actor_of(session: Session, scope: Scope) -> str:
    """Return the name a revision records."""
    return session.actor if session.settings.token is None else scope.actor


def _wanted(
    payer: str,
    season: str,
    rulebook: str | None,
    at: str | None,
    sample: bool,
    preparer: str | None,
    reviewer: str | None,
    approver: str | None,
) -> Wanted:
    from service.billing.issue import Wanted
    from service.cli.charge import instant

    people = {"preparer": preparer, "reviewer": reviewer, "approver": approver}
    return Wanted(payer, season, rulebook, instant(at), sample, people)


def _known_format(form: str | None) -> None:
    from gis.errors import UsageError

    if form is not None and form not in FORMATS:
        raise UsageError(
            "bad_format",
            f"--format 只能是 {'、'.join(FORMATS)}，不是 {form!r}",
            f"--format is one of {', '.join(FORMATS)}, not {form!r}",
            value=form,
        )


def _answer(
    session: Session,
    schema: str,
    data: dict[str, Any],
    document: Mapping[str, Any],
    canonical: bytes,
    form: str | None,
    output: Path | None,
) -> None:
    """Write the file that was asked for, and answer."""
    if form is None and output is not None:
        form = output.suffix.lstrip(".").lower()
        _known_format(form)
    if form is not None:
        _write(form, output, _rendered(document, form, canonical))
        if not session.json and output is None:
            return
    warnings = []
    if document["mark"]:
        warnings.append(
            session.pick(
                f"{document['mark']}（{document['status']}）：规则或图层不是正式文本，不得据此扣款",
                f"not official ({document['status']}): a rulebook or a layer is no official text; not to be billed on",
            )
        )
    session.emit(schema, data, text=lambda: _print_statement(session, data, document), warnings=warnings)


def _rendered(document: Mapping[str, Any], form: str, canonical: bytes) -> bytes:
    if form == "pdf":
        from service.documents.statement_pdf import statement_pdf

        return statement_pdf(document)
    if form == "xlsx":
        from service.documents.statement_xlsx import statement_xlsx

        return statement_xlsx(document)
    return canonical


def _rendered_roll(data: Mapping[str, Any], form: str, canonical: bytes) -> bytes:
    if form == "pdf":
        from service.documents.roll_pdf import roll_pdf

        return roll_pdf(data)
    if form == "xlsx":
        from service.documents.roll_xlsx import roll_xlsx

        return roll_xlsx(data)
    return canonical


def _write(form: str, output: Path | None, rendered: bytes) -> None:
    from service.cli.output import write_atomically, write_to_stdout

    if output is not None:
        write_atomically({output: rendered})
    else:
        write_to_stdout(rendered, binary=form != "json", form=form)


# --- text ----------------------------------------------------------------------------------------------------


def _print_statement(session: Session, data: Mapping[str, Any], document: Mapping[str, Any]) -> None:
    from rich.console import Console

    console = Console()
    payer = document["payer"]
    drafted = document["kind"] == "draft"
    kind = session.pick("征求意见稿", "draft") if drafted else session.pick("通知单", "statement")
    _say(
        console,
        f"{payer['name']}（{payer['code']}） {document['season']} 第 {document['number']} 号{kind} {document['mark']}",
    )
    console.print(_lines_table(session, document))
    if document["adjustments"]:
        console.print(_adjustments_table(session, document))
    _say(console, _sums(session, document["amounts"]))
    for one in document["held"]:
        name = one["fire_point_id"]
        _say(console, session.pick(f"待定 {name}：{one['zh']}", f"held {name}: {one['en']}"))
    _say(console, session.pick(document["objection"]["zh"], document["objection"]["en"]))
    if data.get("state"):
        _say(console, f"{session.pick('状态', 'state')} {session.pick(*_STATES[data['state']])}")
    _say(console, f"SHA-256 {data['sha256']}")


def _say(console: Any, text: str) -> None:
    """Print a sentence as it is: no markup, and broken by the terminal alone, so that a hash can be copied."""
    console.print(text, markup=False, highlight=False, soft_wrap=True)


def _sums(session: Session, amounts: Mapping[str, Any]) -> str:
    from service.cli.charge import grouped

    previous, net, total = (grouped(amounts[name]) for name in ("previous", "net", "total"))
    return session.pick(
        f"上期 {previous} 元，本期增减 {net} 元，合计 {total} 元（{amounts['total_wan']} 万元）\n"
        f"大写 {amounts['total_upper']}",
        f"previous {previous}, net {net}, total {total} yuan",
    )


_STATES = {
    "issued": ("已签发", "issued"),
    "objected": ("异议处理中", "objected"),
    "final": ("已定案", "final"),
}


def _lines_table(session: Session, document: Mapping[str, Any]) -> Any:
    from rich.markup import escape
    from rich.table import Table

    from service.cli.charge import grouped

    table = Table()
    words = session.pick(
        "序 火点 过境时间 县 结论 金额（元） 理由", "no point overpass county finding yuan reason"
    )
    for at, name in enumerate(words.split()):
        table.add_column(name, justify="right" if at in (0, 5) else "left", no_wrap=at == 1)
    for line in document["lines"]:
        told = (
            str(line["no"]),
            line["fire_point_id"],
            line["overpass"][:16].replace("T", " "),
            line["county"] or line["county_code"] or "",
            (line["finding_zh"] if session.lang == "zh" else line["finding"]) or "",
            grouped(line["amount"]),
            session.pick(line["reason_zh"], line["reason_en"]),
        )
        table.add_row(*map(escape, told))
    return table


def _adjustments_table(session: Session, document: Mapping[str, Any]) -> Any:
    from rich.markup import escape
    from rich.table import Table

    from service.cli.charge import grouped

    table = Table(title=session.pick("与上期相比", "against the statement before"))
    words = session.pick("火点 原金额 现金额 增减 原因", "point before after delta cause")
    for at, name in enumerate(words.split()):
        table.add_column(name, justify="right" if at in (1, 2, 3) else "left", no_wrap=at == 0)
    for one in document["adjustments"]:
        amounts = (grouped(one[name]) for name in ("before", "after", "delta"))
        table.add_row(escape(one["fire_point_id"]), *amounts, escape(session.pick(one["zh"], one["en"])))
    return table


def _print_list(session: Session, data: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table

    from service.cli.charge import grouped

    table = Table(title=session.pick(f"通知单 {len(data)} 份", f"{len(data)} statements"))
    words = session.pick(
        "付款单位 名称 考核季 号 本期增减 合计 状态 性质 SHA-256",
        "payer name season no net total state status SHA-256",
    )
    for at, name in enumerate(words.split()):
        table.add_column(name, justify="right" if at in (3, 4, 5) else "left")
    for one in data:
        table.add_row(
            one["payer"],
            one["payer_name"],
            one["season"],
            str(one["number"]),
            grouped(one["net"]),
            grouped(one["total"]),
            session.pick(*_STATES[one["state"]]),
            one["status"],
            one["sha256"][:16],
        )
    Console().print(table)


def print_roll(session: Session, data: Mapping[str, Any]) -> None:
    """Print the finance list: what each payer was told before, what changed, and what is to be deducted."""
    from rich.console import Console
    from rich.table import Table

    from service.cli.charge import grouped

    table = Table(title=f"{data['season']} {session.pick('扣拨清单', 'finance list')} {data['mark']}".strip())
    words = session.pick(
        "付款单位 名称 上期 新增 调整 本期增减 合计 暂缓 应扣 状态 号",
        "payer name previous new adjustments net total suspended due state numbers",
    )
    for at, name in enumerate(words.split()):
        table.add_column(name, justify="right" if 2 <= at <= 8 else "left")
    names = ("previous", "new", "adjustments", "net", "total", "suspended", "due")
    for one in data["payers"]:
        numbers = "、".join(str(made["number"]) for made in one["statements"])
        amounts = (grouped(one[name]) for name in names)
        table.add_row(one["code"], one["name"], *amounts, session.pick(*_STATES[one["state"]]), numbers)
    table.add_section()
    sums = data["sums"]
    table.add_row(
        session.pick("合计", "total"),
        "",
        *(grouped(sums[name]) for name in names),
        "",
        str(sums["statements"]),
    )
    Console().print(table)


def _print_verify(session: Session, data: Mapping[str, Any]) -> None:
    from rich.console import Console

    console = Console()
    told = data["statement"]
    if data["ok"] and told is not None:
        again = session.pick("，按当时所知重算一致", ", computed again alike") if data["recomputed"] else ""
        _say(
            console,
            session.pick(
                f"相符：{told['payer']} {told['season']} 第 {told['number']} 号，共 {data['statements']} 号成链{again}",
                f"holds: statement {told['number']} of {told['payer']} for {told['season']}, "
                f"{data['statements']} in the chain{again}",
            ),
        )
        return
    count = len(data["differences"]) + data["more"]
    _say(console, session.pick(f"不符 {count} 处", f"{count} differences"))
    for one in data["differences"]:
        _say(console, f"- {one['where']}\n  {session.pick(one['zh'], one['en'])}")
        _say(
            console,
            session.pick(
                f"  应为 {one['expected']}；实为 {one['found']}",
                f"  expected {one['expected']}; found {one['found']}",
            ),
        )
