"""Options that several commands take, in the words each of them says of itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Unit = Annotated[str | None, typer.Option("--unit", help="Unit code / 单位代码")]
Payer = Annotated[str, typer.Option("--payer", help="Code of the payer / 付款单位代码")]
AnyPayer = Annotated[str | None, typer.Option("--payer", help="Code of the payer / 付款单位代码")]
Season = Annotated[str, typer.Option("--season", help="2023-2024, or 2017 / 考核季")]
AnySeason = Annotated[str | None, typer.Option("--season", help="2023-2024, or 2017 / 考核季")]
Book = Annotated[str | None, typer.Option("--rulebook", help="Loaded or shipped rulebook / 规则编号")]
At = Annotated[
    str | None, typer.Option("--at", help="Instant at which deadlines are read; default now / 计算时刻")
]
Number = Annotated[
    int | None, typer.Option("--number", help="Number of the statement; the newest without / 通知单号")
]
Evidence = Annotated[Path | None, typer.Option("--evidence", help="A file to archive as evidence / 证据文件")]
Status = Annotated[str, typer.Option("--status", help="official|reference|sample|synthetic / 数据性质")]
FirstDay = Annotated[str | None, typer.Option("--from", help="First fire day, 2023-10-29 / 起始日")]
LastDay = Annotated[str | None, typer.Option("--to", help="Last fire day, included / 截止日")]
