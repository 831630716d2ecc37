"""Running the command line as a person does: another process, its own interpreter."""

from __future__ import annotations

import os
import subprocess
import sys

START = "from service.cli.app import main; main()"


def huodian(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run ``huodian`` with these arguments; no token or store comes from the environment."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HUODIAN_")}
    command = [sys.executable, "-c", START, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
