"""Make the notebooks of their sources, execute them and keep them: ``python -m notebooks.run [NAME ...]``.

A source is Python in the percent form: ``# %%`` begins a code cell, ``# %% [markdown]`` one of text. The notebook
beside it is made anew, executed in a kernel of this interpreter, and written only when every cell ran.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from traitlets.config import Config

HERE = Path(__file__).parent
NAMES = ("october_2023", "location_engine")
MAX_BYTES = 400_000
"""A notebook stays small enough to be read in a browser and compared in a review."""

_CELL_SECONDS = 180
_MARK = re.compile(r"^# %%( \[markdown\])?$", re.MULTILINE)
_KEPT = {"stream", "display_data", "execute_result", "error"}


def read_source(path: Path) -> Any:
    """Return the notebook of a source, not executed; what stands before the first mark is left out."""
    parts = _MARK.split(path.read_text(encoding="utf-8"))[1:]
    cells = []
    for number, (kind, text) in enumerate(zip(parts[::2], parts[1::2], strict=True)):
        if kind:
            lines = [line.removeprefix("#").removeprefix(" ") for line in text.strip().splitlines()]
            cell = nbformat.v4.new_markdown_cell("\n".join(lines))
        else:
            cell = nbformat.v4.new_code_cell(text.strip())
        cell["id"] = f"cell-{number:02d}"
        cells.append(cell)
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})


def execute(notebook: Any, folder: Path) -> None:
    """Run every cell in `folder`, where files it writes come to lie, and keep its outputs.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        A cell failed.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HUODIAN_")}
    if "HUODIAN_SHARED" in os.environ:
        kept["HUODIAN_SHARED"] = os.environ["HUODIAN_SHARED"]
    with tempfile.TemporaryDirectory() as home:
        kept |= {
            "PYTHONPATH": str(HERE.parent),
            "IPYTHONDIR": home,
            "MPLCONFIGDIR": home,
            "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        }
        client = NotebookClient(
            notebook,
            timeout=_CELL_SECONDS,
            kernel_name="python3",
            resources={"metadata": {"path": str(folder)}},
            # Sockets in a folder of this user's, no ports: nobody else on the machine listens in.
            config=Config({"KernelManager": {"transport": "ipc", "ip": f"{home}/kernel"}}),
        )
        client.execute(env=kept)
    _tidy(notebook)


def _tidy(notebook: Any) -> None:
    """Take out what differs from run to run or names a machine."""
    notebook.metadata.pop("language_info", None)
    for cell in notebook.cells:
        cell.metadata = {}
        if cell.cell_type == "code":
            cell.outputs = [one for one in cell.outputs if one.output_type in _KEPT]


def make(name: str, folder: Path) -> Path:
    """Execute a source and write its notebook into `folder`."""
    notebook = read_source(HERE / f"{name}.py")
    execute(notebook, folder)
    target = folder / f"{name}.ipynb"
    target.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")
    return target


def main() -> int:
    """Make the named notebooks, or both."""
    for name in sys.argv[1:] or NAMES:
        made = make(name, HERE)
        sys.stdout.write(f"{made.name}: {made.stat().st_size:,} bytes\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
