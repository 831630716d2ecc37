"""Refuse what must not be committed: registry hosts, paths of one machine, modules over 600 lines, loose locks.

Usage: ``python scripts/check_tree.py [ROOT]``. The patterns are written so that they do not match themselves.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

MODULE_LINES = 600
LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-ogctests.lock")

REGISTRY_HOST = re.compile(
    r"p[y]pi\.(org|python)|p[y]thonhosted|n[p]mjs\.(org|com)|n[p]mmirror|d[e]b\.debian|tuna\.tsinghua|mirrors\.aliyun"
)
MACHINE_PATH = re.compile(r"(^|[^A-Za-z0-9_.])/(w[o]rk|f[a]rm|r[o]ot|h[o]me)/")
PIN = re.compile(r"^[A-Za-z0-9._-]+(\[[a-z,]+\])?==\S+")


def findings(root: Path) -> Iterator[str]:
    """Yield one line for each thing that must not be committed."""
    for name in tracked(root):
        try:
            text = (root / name).read_text(encoding="utf-8")
        except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
            continue
        lines = text.splitlines()
        for number, line in enumerate(lines, start=1):
            for what, pattern in (("registry host", REGISTRY_HOST), ("path of a machine", MACHINE_PATH)):
                if pattern.search(line):
                    yield f"{name}:{number}: {what}: {line.strip()[:120]}"
        if name.endswith(".py") and len(lines) > MODULE_LINES:
            yield f"{name}: {len(lines)} lines, at most {MODULE_LINES}"
        if name in LOCKS:
            yield from loose_pins(name, text)


def loose_pins(name: str, text: str) -> Iterator[str]:
    """Yield what a lock file holds beside exact versions with hashes."""
    for entry in re.sub(r"\\\n", " ", text).splitlines():
        if entry.strip() and not (PIN.match(entry) and "--hash=sha256:" in entry):
            yield f"{name}: not an exact version with a hash: {entry.strip()[:120]}"


def tracked(root: Path) -> list[str]:
    """Return the files that are, or would be, committed."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607
        cwd=root,
        capture_output=True,
        check=True,
        text=True,
    )
    return sorted(name for name in listed.stdout.split("\0") if name)


def main() -> int:
    """Print the findings; the exit code is 1 when there are any."""
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[1]
    found = list(findings(root))
    sys.stdout.writelines(f"{line}\n" for line in found)
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
