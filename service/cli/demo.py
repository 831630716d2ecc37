"""``huodian demo``: the whole main job on real counties with a synthetic day, then the map."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from service.cli.session import Session

DIRECTORY = Path("var/demo")


def register(app: typer.Typer) -> None:
    """Add the command to the root."""
    app.command("demo")(demo)


def demo(
    ctx: typer.Context,
    no_serve: Annotated[bool, typer.Option("--no-serve", help="Do not start the map / 不启动网页")] = False,
    feed: Annotated[
        Path | None,
        typer.Option("--feed", help="A real feed file instead of the synthetic one / 真实火点文件"),
    ] = None,
    date: Annotated[str | None, typer.Option("--date", help="Fire day, 2024-10-29; default today")] = None,
    directory: Annotated[Path, typer.Option("--dir", help="Where the demo keeps its store")] = DIRECTORY,
    host: Annotated[str, typer.Option("--host", help="Address to bind / 监听地址")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535)] = 8080,
) -> None:
    """Run the main job on real counties with a synthetic grid and day, and show the map / 演示."""
    session: Session = ctx.obj
    with session.reporting():
        from service.cli.session import parse_date
        from service.demo.run import run_demo

        chosen = parse_date(date, "--date")
        _require_file(feed)
        listener = None if no_serve else _listener(host, port)
    with _compiled_meanwhile(session, no_serve) as compiled:
        with session.reporting():
            report = run_demo(
                directory, session.settings, day=chosen, feed=feed, actor=session.actor, say=_say(session)
            )
        session.emit("demo", report.as_dict(), text=_text(report), warnings=_warnings(session))
        compiled()
    if listener is not None:
        with session.reporting():
            _serve(session, directory, listener, report.fire_day)


def _compiled_meanwhile(session: Session, no_serve: bool) -> AbstractContextManager[Callable[[], object]]:
    """Compile what the map needs while the store is filled; nothing where no map is shown."""
    if no_serve:
        return nullcontext(lambda: None)
    from service.cli.serve import say_compiling
    from service.kernels import compiled_meanwhile

    return compiled_meanwhile(lambda: say_compiling(session))


def _require_file(feed: Path | None) -> None:
    if feed is None or feed.is_file():
        return
    from gis.errors import NotFoundError

    raise NotFoundError(
        "no_file", f"没有文件 {feed}：请核对路径", f"there is no file {feed}: check the path", value=str(feed)
    )


def _say(session: Session) -> Any:
    def say(zh: str, en: str) -> None:
        session.console.print(f"· {zh} | {en}", highlight=False, soft_wrap=True)

    return say


def _text(report: Any) -> str:
    read = report.ingested
    kind = ("合成", "synthetic") if report.synthetic_feed else ("真实", "real")
    lines = [
        f"火点日 {report.fire_day}（{kind[0]}火点，合成网格：非正式）",
        f"fire day {report.fire_day} ({kind[1]} fires, synthetic grid: not official 非正式)",
        f"  读入 read {read['read']} = 接受 accepted {read['accepted']} + 重复 duplicate {read['duplicate']}"
        f" + 区外 outside {read['outside']} + 拒绝 rejected {read['rejected']}",
        f"  火点 fire points {report.fire_points}，像元 pixels {report.pixels}；"
        f"网格 cells {report.cells}，责任人 duty-holders {report.duties}",
        *_changes(report.changes),
        "  名单 fire list:",
        *(f"    {name}" for name in report.files),
        *_money(report),
    ]
    return "\n".join(lines)


def _changes(changes: dict[str, int]) -> list[str]:
    if not changes:
        return []
    words = {"new": "新增 new", "changed": "变更 changed", "withdrawn": "撤销 withdrawn"}
    told = "，".join(f"{words[name]} {changes[name]}" for name in words if name in changes)
    return [f"  晚到过境之后 after the late pass: {told}"]


def _money(report: Any) -> list[str]:
    """Return what the synthetic findings cost under the sample rule, and the commands that tell more."""
    money = report.money
    if money is None:
        return []
    lines = [
        f"  合成核查 synthetic findings: 查实 confirmed {len(money.confirmed)}，"
        f"属地查否待复核 local denial to review {len(money.waiting)}",
        f"  样例扣款 sample charges {money.rulebook} {money.season}（非正式 not official）: {money.total} 元 yuan，"
        f"待定 held {money.held}",
        *(f"    {one['payer']} {one['name']} {one['amount']}" for one in money.charged),
    ]
    if money.why_not:
        lines.append(f"    {money.why_not}")
    if money.files:
        lines.append(f"  样例通知单 sample statement {money.statement}（非正式）：")
        lines += [f"    {name}" for name in money.files]
    return [*lines, "  接着看 look further:", *(f"    {words}" for words in _further(report, money))]


def _further(report: Any, money: Any) -> list[str]:
    program = sys.argv[0] if Path(sys.argv[0]).name == "huodian" else "huodian"
    start = f"{program} --db {report.store}"
    point = (*money.confirmed, *money.waiting)[0]
    payers = [one["payer"] for one in money.charged]
    found = [f"{start} explain {point}", f"{start} pending", f"{start} charge --season {money.season}"]
    if payers:
        found.append(f"{start} statement draft --payer {payers[-1]} --season {money.season}")
        found.append(f"{start} statement verify --sha {money.sha256}")
    return found


def _warnings(session: Session) -> list[str]:
    return [
        session.pick(
            "乡镇、村、责任人、公路带与核查结果均为合成数据，不是真实的辖区和人",
            "townships, villages, duty-holders, the road's belt and findings are synthetic: no real ground or people",
        )
    ]


def _listener(host: str, port: int) -> Any:
    """Take the port before the work starts, so that a taken port is said at once."""
    from service.cli.serve import bind

    return bind(host, port)


def _serve(session: Session, directory: Path, listener: Any, day: str) -> None:
    from service.cli.serve import check_exposure, run
    from service.cli.session import Session as DemoSession
    from service.demo.run import demo_settings

    shown = DemoSession(demo_settings(directory, session.settings), json=session.json, lang=session.lang)
    store = shown.store()
    host, port = listener.getsockname()[:2]
    check_exposure(store, host)
    page = f"http://{host}:{port}"
    told = f"地图 map {page}/?date={day}  手机 phone {page}/m?date={day}  Ctrl+C"
    run(shown, store, listener, told)
