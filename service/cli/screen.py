"""``huodian screen``: what screening removed, its thresholds, and the tables it learns; ``huodian load landcover``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli.groups import load_app
from service.cli.options import FirstDay, LastDay, Status, Unit

if TYPE_CHECKING:
    from service.cli.session import Session

Day = Annotated[
    str | None, typer.Option("--before", help="Publish for fire days from this one on, 2023-10-28")
]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command("screen")(screen)
    load_app.command("landcover")(landcover)


def screen(
    ctx: typer.Context,
    report: Annotated[bool, typer.Option("--report", help="What each rule removed / 筛除报告")] = False,
    publish: Annotated[
        bool,
        typer.Option("--publish", help="Learn recurring heat sources and publish the table / 发布热源表"),
    ] = False,
    before: Day = None,
    threshold: Annotated[
        list[str] | None, typer.Option("--set", help="NAME=VALUE, may be repeated / 修改筛除参数")
    ] = None,
    version: Annotated[
        str | None, typer.Option("--version", help="Name of the new record / 参数版本")
    ] = None,
    reason: Annotated[str, typer.Option("--reason", help="Why / 理由")] = "",
    status: Status = "reference",
    start: FirstDay = None,
    end: LastDay = None,
    unit: Unit = None,
    forestry: Annotated[
        Path | None, typer.Option("--forestry", help="CSV of fires handed over to forestry / 移交林草清单")
    ] = None,
) -> None:
    """Report what screening removed and why; publish learned heat sources; change thresholds / 筛除."""
    session: Session = ctx.obj
    with session.reporting():
        from gis.errors import UsageError

        chosen = [
            name for name, on in (("report", report), ("publish", publish), ("set", bool(threshold))) if on
        ]
        if len(chosen) != 1:
            raise UsageError(
                "one_of",
                "请选一项：--report、--publish 或 --set",
                "choose one of --report, --publish and --set",
            )
        if publish:
            _publish(session, before)
        elif report:
            _report(session, start, end, unit, forestry)
        else:
            _set(session, threshold or [], version, start, reason, status)


def _publish(session: Session, before: str | None) -> None:
    from gis.errors import UsageError
    from service.cli.session import parse_date
    from service.pipeline.screening_records import publish_heat_table

    day = parse_date(before, "--before")
    if day is None:
        raise UsageError(
            "before_missing",
            "请用 --before 写明从哪一天起使用，例：--before 2023-10-28",
            "say from which day on it serves: --before 2023-10-28",
        )
    data = publish_heat_table(session.store(), day, actor=session.operator())
    cells = "，".join(f"{kind} {count}" for kind, count in data["cells"].items())
    session.emit(
        "screen.publish",
        data,
        text=session.pick(
            f"热源表 {data['before']}：用此前 {data['window_days']} 天的 {data['detections']} 个像元，{cells}"
            + ("；没有变化" if data["unchanged"] else "；请运行 huodian assess"),
            f"table of {data['before']}: {data['detections']} pixels of {data['window_days']} days, {data['cells']}"
            + ("; nothing changed" if data["unchanged"] else "; run `huodian assess`"),
        ),
    )


def _set(
    session: Session, pairs: list[str], version: str | None, start: str | None, reason: str, status: str
) -> None:
    from gis.errors import UsageError
    from service.cli.session import parse_date
    from service.pipeline.screening_records import set_screening

    day = parse_date(start, "--from")
    if version is None or day is None:
        raise UsageError(
            "version_missing",
            "请写明参数版本与生效日：--version 名称 --from 2023-10-01",
            "name the record and its first day: --version NAME --from 2023-10-01",
        )
    changes = dict(pair.partition("=")[::2] for pair in pairs)
    data = set_screening(
        session.store(),
        changes,
        version=version,
        from_date=day,
        reason=reason,
        status=status,
        actor=session.operator(),
    )
    session.emit(
        "screen.set",
        data,
        text=session.pick(
            f"筛除参数 {version} 自 {day} 起生效；请运行 huodian assess",
            f"screening thresholds {version} hold from {day}; run `huodian assess`",
        ),
    )


def _report(
    session: Session, start: str | None, end: str | None, unit: str | None, forestry: Path | None
) -> None:
    from service.cli.session import parse_date
    from service.reports.screening import forestry_csv, screening_report

    with session.store().reader(session.as_of) as reader:
        data = screening_report(
            reader,
            session.scope(reader),
            start=parse_date(start, "--from"),
            end=parse_date(end, "--to"),
            unit=unit,
        )
    if forestry is not None:
        forestry.write_bytes(forestry_csv(data))
    session.emit("screen.report", data, text=lambda: _print(session, data))


def _print(session: Session, data: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    from service.reports.words import SCREEN_WORDS, en, zh

    def word(code: str) -> str:
        return session.pick(zh(SCREEN_WORDS, code), en(SCREEN_WORDS, code))

    console = Console()
    table = Table(title=session.pick("筛除（按月）", "Screening by month"))
    codes = sorted({code for row in data["months"] for code in row["removed"]}, key=list(SCREEN_WORDS).index)
    for title in (
        session.pick("月份", "month"),
        session.pick("火点", "fire points"),
        session.pick("计入", "counted"),
        *(word(code) for code in codes),
        session.pick("仅提示", "only flagged"),
    ):
        table.add_column(title, justify="right" if table.columns else "left")
    for row in data["months"]:
        removed = [str(row["removed"].get(code, 0)) for code in codes]
        flagged = " ".join(f"{word(code)} {n}" for code, n in row["flagged"].items())
        table.add_row(row["key"], str(row["fire_points"]), str(row["counted"]), *removed, flagged)
    console.print(table)
    for code, examples in data["examples"].items():
        console.print(word(code), style="bold")
        for one in examples:
            console.print(
                f"  {one['fire_point_id']} {one['fire_day']} {one['county'] or ''} {_said(session, one)}",
                markup=False,
            )
    if data["recorded_later"]:
        console.print(
            session.pick(
                "部分依据在卫星过境之后才登记，只提示、不排除（--set retrospective=decide 可用于回看历史）",
                "some evidence was recorded after the overpass: it flags and removes nothing "
                "(--set retrospective=decide serves a look back)",
            )
        )


def _said(session: Session, example: dict[str, Any]) -> str:
    """Return every reason of an example with its evidence, in the words that `huodian explain` has for it."""
    from service.billing.explain_reasons import reason

    return session.pick("；", "; ").join(reason(one, session.lang) for one in example["reasons"])


def landcover(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="Categorical GeoTIFF / 分类栅格")],
    classes: Annotated[
        str,
        typer.Option("--classes", help="mcd12_igbp, worldcover, clcd, globeland30, or a YAML class list"),
    ],
    source: Annotated[str, typer.Option("--source", help="Where it comes from / 来源")],
    name: Annotated[str, typer.Option("--name", "--set", help="Name of the set")] = "landcover",
    crs: Annotated[str | None, typer.Option("--crs", help="EPSG:nnnn, where the file states none")] = None,
    status: Status = "reference",
    valid_from: Annotated[str | None, typer.Option("--valid-from")] = None,
    valid_to: Annotated[str | None, typer.Option("--valid-to")] = None,
) -> None:
    """Load a land-cover raster with its class list / 加载土地覆盖."""
    session: Session = ctx.obj
    with session.reporting():
        from service.cli.session import parse_date
        from service.pipeline.archive import open_archive
        from service.pipeline.screening_records import load_landcover, read_class_list

        listed = Path(classes)
        data = load_landcover(
            session.store(),
            open_archive(session.settings),
            file,
            name=name,
            classes=read_class_list(listed.read_bytes(), file=listed.name) if listed.is_file() else classes,
            crs=crs,
            status=status,
            source=source,
            valid_from=parse_date(valid_from, "--valid-from"),
            valid_to=parse_date(valid_to, "--valid-to"),
            actor=session.operator(),
        )
    width, height = data["resolution_m"]
    warnings = _landcover_warnings(session, data)
    session.emit(
        "load.landcover",
        data,
        text=session.pick(
            f"土地覆盖 {data['name']} v{data['version']}：像元 {width:.0f} × {height:.0f} 米，覆盖服务范围 "
            f"{data['coverage']:.1%}" + ("；没有变化" if data["unchanged"] else "；请运行 huodian assess"),
            f"land cover {data['name']} v{data['version']}: cells of {width:.0f} × {height:.0f} m, "
            f"{data['coverage']:.1%} of the service area"
            + ("; nothing changed" if data["unchanged"] else "; run `huodian assess`"),
        ),
        warnings=warnings,
    )


def _landcover_warnings(session: Session, data: dict[str, Any]) -> list[str]:
    found = []
    if data["coverage"] < 1.0:
        found.append(
            session.pick(
                f"栅格只覆盖服务范围外接矩形的 {data['coverage']:.1%}：其余地方耕地比例未知，不作排除",
                f"the raster reaches {data['coverage']:.1%} of the box of the service area: elsewhere the share of "
                "cropland is unknown and removes nothing",
            )
        )
    if not data["has_nodata"]:
        found.append(
            session.pick(
                "文件未声明 nodata：以分类表为准，表外的值视为未知",
                "the file declares no nodata: the class list decides, other values are unknown",
            )
        )
    if max(data["resolution_m"]) > 375:
        found.append(
            session.pick(
                "像元大于 VIIRS 星下点像元（375 米）：对小于栅格像元的火点只提示、不排除",
                "its cells are larger than a VIIRS pixel at nadir (375 m): smaller footprints are only flagged",
            )
        )
    return found
