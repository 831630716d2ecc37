"""The notebooks run from beginning to end on the real data, and what is committed is what their sources make."""

from __future__ import annotations

import csv
import getpass
import json
import re
import tempfile
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError

from notebooks.run import HERE, MAX_BYTES, NAMES, execute, make, read_source
from notebooks.shared import real_data
from scripts.check_tree import MACHINE_PATH
from tests.shared import DATA


def committed(name: str) -> Any:
    return nbformat.read(HERE / f"{name}.ipynb", as_version=4)


def outputs(notebook: Any) -> list[Any]:
    return [one for cell in notebook.cells if cell.cell_type == "code" for one in cell.outputs]


def said(notebook: Any) -> str:
    """Return everything the outputs say in words."""
    found = []
    for one in outputs(notebook):
        if one.output_type == "stream":
            found.append(one.text)
        found += [text for kind, text in one.get("data", {}).items() if kind.startswith("text/")]
    return "\n".join(found)


def peak(notebook: Any) -> dict[str, tuple[int, int]]:
    """Return the fire points seen and still counted on the burning days, as the notebook shows them."""
    rows = re.findall(r"^(2023-10-2[89]) +(\d+) +(\d+) +0\.\d+$", said(notebook), re.MULTILINE)
    return {day: (int(seen), int(counted)) for day, seen, counted in rows}


@pytest.mark.parametrize("name", NAMES)
def test_every_cell_runs_on_the_real_data(name: str, tmp_path: Path) -> None:
    made = make(name, tmp_path)
    assert made.stat().st_size < MAX_BYTES
    notebook = nbformat.read(made, as_version=4)
    nbformat.validate(notebook)
    assert not [one for one in outputs(notebook) if one.output_type == "error"]
    assert [one for one in outputs(notebook) if one.get("name") == "stderr"] == [], "no warnings either"
    assert any("image/png" in one.get("data", {}) for one in outputs(notebook))
    if name == "october_2023":
        page = (tmp_path / "map-2023-10-29.html").read_text(encoding="utf-8")
        assert "leaflet" in page.lower()
        assert "50" in said(notebook)
        assert peak(notebook) == peak(committed(name)), "run `make notebooks`"


@pytest.mark.parametrize("name", NAMES)
def test_what_is_committed_was_made_of_its_source(name: str) -> None:
    kept, source = committed(name), read_source(HERE / f"{name}.py")
    assert [(cell.cell_type, cell.source) for cell in kept.cells] == [
        (cell.cell_type, cell.source) for cell in source.cells
    ], "run `make notebooks`"
    code = [cell for cell in kept.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert (HERE / f"{name}.ipynb").stat().st_size < MAX_BYTES


@pytest.mark.parametrize("name", NAMES)
def test_no_output_names_a_machine_or_a_user(name: str) -> None:
    text = said(committed(name))
    assert not MACHINE_PATH.search(text)
    assert str(Path.home()) not in text
    assert f"{tempfile.gettempdir()}/" not in text
    assert f"/{getpass.getuser()}/" not in text
    assert "Traceback" not in text


def test_each_of_sixty_decisions_has_a_verdict_and_a_reason_of_its_own() -> None:
    with (HERE / "verdicts.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert len(rows) == len({row["fire_point_id"] for row in rows}) == 60
    assert {row["verdict"] for row in rows} <= {"straw likely", "industrial", "wood", "doubtful"}
    for row in rows:
        assert len(row["reason"]) > 20, row
        straw, counted = row["verdict"] == "straw likely", row["decided"] == "counted"
        told = "open" if row["verdict"] == "doubtful" else "yes" if straw == counted else "no"
        assert row["agree"] == told, row
    shown = said(committed("october_2023"))
    assert all(row["fire_point_id"] in shown for row in rows)


def test_the_burning_days_survive_screening_and_the_documentation_says_what_was_measured() -> None:
    found = peak(committed("october_2023"))
    assert set(found) == {"2023-10-28", "2023-10-29"}
    assert all(counted >= 0.95 * seen for seen, counted in found.values())
    text = " ".join((HERE.parent / "docs" / "screening.md").read_text(encoding="utf-8").split())
    for seen, counted in found.values():
        assert f"{counted} of {seen}" in text
    in_jilin = re.search(r"fire points, (\d+) of them in Jilin", said(committed("october_2023")))
    assert in_jilin
    assert f"Of {int(in_jilin[1]):,} fire points in Jilin" in text


def test_a_failing_cell_fails_the_run(tmp_path: Path) -> None:
    source = tmp_path / "bad.py"
    source.write_text(
        '"""Left out."""\n\n# %% [markdown]\n# # Title\n#\n# Text\n\n# %%\n1 / 0\n', encoding="utf-8"
    )
    notebook = read_source(source)
    assert [cell.cell_type for cell in notebook.cells] == ["markdown", "code"]
    assert notebook.cells[0].source == "# Title\n\nText"
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        execute(notebook, tmp_path)


def test_missing_data_are_a_clear_failure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert real_data() == DATA
    monkeypatch.setenv("HUODIAN_SHARED", str(tmp_path / "nowhere"))
    with pytest.raises(FileNotFoundError, match="set HUODIAN_SHARED"):
        real_data()


def test_the_list_of_notebooks_is_what_lies_in_the_folder() -> None:
    assert {path.stem for path in HERE.glob("*.ipynb")} == set(NAMES)
    for name in NAMES:
        assert json.loads((HERE / f"{name}.ipynb").read_text(encoding="utf-8"))["nbformat"] == 4
        assert f"{name}.ipynb" in (HERE / "README.md").read_text(encoding="utf-8")
