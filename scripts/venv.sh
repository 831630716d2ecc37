#!/usr/bin/env bash
# Make a virtual environment with the first Python that is 3.11 or newer and has venv. Usage: venv.sh DIRECTORY
set -euo pipefail

directory=$1
for python in ${PYTHON:-} python3 python3.11 python3.12 python3.13 python3.14; do
    if "$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        echo "== creating $directory with $("$python" --version)"
        exec "$python" -m venv --clear "$directory"
    fi
done
cat >&2 <<END
没有找到带 venv 的 Python 3.11 或更新版本。Debian 12：apt-get install -y python3 python3-venv；或指定 PYTHON=/路径/python3
No Python 3.11 or newer with venv was found. Debian 12: apt-get install -y python3 python3-venv; or set PYTHON=/path/to/python3
END
exit 1
