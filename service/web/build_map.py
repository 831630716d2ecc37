"""Build the web map from its TypeScript sources: types checked, bundled by Vite, in one rename.

Runs in a directory of its own, so the tree stays as it was; the same sources and lock file give the same bytes. Every
text file gets a ``.gz`` beside it (a phone's line is slow) and every bundled package leaves its licence.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gis.errors import HuodianError
from service.web.build import npm_ci, npm_command, swap
from service.web.mapfiles import MAP
from service.web.vendor import MANIFEST

SOURCES = Path(__file__).parent / "map"
_TOP = (
    *("index.html", "package.json", "package-lock.json", ".npmrc"),
    *("tsconfig.json", "vite.config.ts"),
)
_PACKED = frozenset({".html", ".js", ".css", ".svg"})
MAX_SCRIPT = 500_000
"""Bytes of JavaScript after gzip, worker included: what an inspector's phone is asked to load."""


def build_map(*, force: bool = False, target: Path = MAP) -> bool:
    """Build the page; return False when it is already that of the sources.

    Raises
    ------
    NotFoundError
        When no node is installed.
    HuodianError
        ``assets_failed`` when npm, the type check or the bundler fails, its own words in the message;
        ``script_too_large`` when the page would load more than `MAX_SCRIPT`.
    """
    digest = sources_hash()
    if not force and _is_current(target, digest):
        return False
    with tempfile.TemporaryDirectory(prefix="huodian-map-") as work_name:
        work = Path(work_name)
        for name in source_files():
            place = work / name
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(SOURCES / name, place)
        npm_ci(work)
        node = _node()
        _run([*node, "node_modules/typescript/bin/tsc", "--noEmit"], work)
        _run([*node, "node_modules/vite/bin/vite.js", "build", "--logLevel", "warn"], work)
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=".map-", dir=target.parent))
        try:
            shutil.copytree(work / "dist", fresh, dirs_exist_ok=True)
            _licences(work, fresh)
            packed = _pack(fresh)
            if packed > MAX_SCRIPT:
                raise HuodianError(
                    "script_too_large",
                    f"网页脚本压缩后 {packed} 字节，超过 {MAX_SCRIPT}：请精简 service/web/map",
                    f"the page's scripts take {packed} bytes after gzip, more than {MAX_SCRIPT}: make the sources in "
                    "service/web/map smaller",
                    value=packed,
                )
            _write_manifest(fresh, digest, packed)
            swap(fresh, target)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    return True


def source_files() -> list[Path]:
    """Return the sources of the page, relative to `SOURCES`, in order."""
    inside = (one.relative_to(SOURCES) for one in (SOURCES / "src").rglob("*") if one.is_file())
    return sorted([*(Path(name) for name in _TOP), *inside])


def sources_hash() -> str:
    """Return the SHA-256 of all sources with their names."""
    total = hashlib.sha256()
    for name in source_files():
        content = (SOURCES / name).read_bytes()
        total.update(f"{name.as_posix()}\0{len(content)}\0".encode())
        total.update(content)
    return total.hexdigest()


def _node() -> list[str]:
    command = npm_command()
    return command[:1] if len(command) > 1 else ["node"]


def _run(command: list[str], work: Path) -> None:
    done = subprocess.run(  # noqa: S603 - fixed arguments, no shell
        command, cwd=work, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = (done.stdout + done.stderr).strip()[-2000:]
        raise HuodianError(
            "assets_failed",
            f"构建网页失败：{said}",
            f"the web map could not be built: {said}",
        )


def _licences(work: Path, fresh: Path) -> None:
    """Keep the licence of every package that goes into the page; the tools that build it do not."""
    lock = json.loads((work / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    folder = fresh / "licenses"
    folder.mkdir()
    for place, about in lock.items():
        if not place or about.get("dev") or place.startswith("node_modules/@types/"):
            continue
        for licence in sorted((work / place).glob("LICENSE*")):
            name = place.removeprefix("node_modules/").replace("/", "__")
            shutil.copyfile(licence, folder / f"{name}.txt")


def _pack(fresh: Path) -> int:
    """Write the compressed twins; return what the scripts take in all."""
    scripts = 0
    for one in _files(fresh):
        if one.suffix not in _PACKED or one.name == "index.html":
            continue
        small = gzip.compress(one.read_bytes(), 9, mtime=0)
        Path(f"{one}.gz").write_bytes(small)
        scripts += len(small) if one.suffix == ".js" else 0
    return scripts


def _write_manifest(fresh: Path, digest: str, packed: int) -> None:
    files = {
        one.relative_to(fresh).as_posix(): hashlib.sha256(one.read_bytes()).hexdigest()
        for one in _files(fresh)
    }
    manifest = {"sources": digest, "script_gzip_bytes": packed, "files": files}
    (fresh / MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def _files(folder: Path) -> Iterator[Path]:
    return (one for one in sorted(folder.rglob("*")) if one.is_file())


def _is_current(target: Path, digest: str) -> bool:
    try:
        manifest: dict[str, Any] = json.loads((target / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    files: dict[str, str] = manifest.get("files", {})
    return manifest.get("sources") == digest and all(
        (target / name).is_file() and hashlib.sha256((target / name).read_bytes()).hexdigest() == wanted
        for name, wanted in files.items()
    )
