"""Where a command's file goes: whole or not at all, and never binary onto a terminal."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from gis.errors import RefusedInputError, UsageError
from gis.reasons import reason_of


def write_atomically(files: Mapping[Path, bytes]) -> None:
    """Write files so that each appears whole or not at all, the last one last.

    Raises
    ------
    RefusedInputError
        When a file cannot be written.
    """
    parts: list[tuple[str, Path]] = []
    try:
        for path, data in files.items():
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
            parts.append((name, path))
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            _as_a_plain_file(name)
        for name, path in parts:
            Path(name).replace(path)
    except OSError as error:
        raise RefusedInputError(
            "cannot_write",
            f"无法写入 {path}（{reason_of(error)[1]}）：请检查目录是否存在、是否可写、是否有空间",
            f"cannot write {path} ({error.strerror}): check that the folder exists, is writable and has room",
            value=str(path),
        ) from error
    finally:
        for name, _path in parts:
            Path(name).unlink(missing_ok=True)


def write_to_stdout(data: bytes, *, binary: bool, form: str) -> None:
    """Write a document to stdout.

    Raises
    ------
    UsageError
        When it is not for a terminal and stdout is one.
    """
    if binary and sys.stdout.isatty():
        raise UsageError(
            "binary_to_terminal",
            f"{form} 不能显示在终端上：请用 -o 文件名，或重定向到文件",
            f"{form} is not for a terminal: use -o FILE, or redirect it",
            value=form,
        )
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def _as_a_plain_file(name: str) -> None:
    """Give a temporary file, made for its owner only, the mode of any new file."""
    mask = os.umask(0)
    os.umask(mask)
    Path(name).chmod(0o666 & ~mask)
