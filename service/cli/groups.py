"""The command groups that several modules add commands to."""

from __future__ import annotations

import typer

load_app = typer.Typer(
    no_args_is_help=True, help="Load boundaries, units, grid, zones and tables / 加载底图与台账"
)
boundaries_app = typer.Typer(no_args_is_help=True, help="Boundary sets / 界线数据集")
