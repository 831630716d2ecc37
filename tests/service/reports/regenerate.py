"""Write the golden files again: ``python -m tests.service.reports.regenerate``, then read ``git diff``."""

from __future__ import annotations

from service.reports.render import FORMATS, render
from tests.service.reports.lists import small
from tests.service.reports.test_formats import GOLDEN

if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for form in FORMATS:
        rendered = render(small(), form)
        (GOLDEN / f"small{rendered.suffix}").write_bytes(rendered.data)
        for suffix, data in rendered.beside.items():
            (GOLDEN / f"small{suffix}").write_bytes(data)
