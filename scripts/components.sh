#!/usr/bin/env bash
# Install what the tests need from the system: PostgreSQL with PostGIS, Chromium, a Chinese font, and the library that
# the driver of Chromium links to. Quick when all is there.
set -euo pipefail

missing=()
compgen -G '/usr/share/postgresql/*/extension/postgis.control' >/dev/null || missing+=(postgis)
command -v chromium >/dev/null || command -v google-chrome >/dev/null || missing+=(chromium)
[ -d /usr/share/fonts/opentype/noto ] || compgen -G '/usr/share/fonts/*/*/*CJK*' >/dev/null || missing+=(fonts-noto-cjk)
compgen -G '/usr/lib/*/libatomic.so.1' >/dev/null || missing+=(libatomic1)
[ ${#missing[@]} -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    as_root=(sudo -n)
fi
command="apt-get install -y --no-install-recommends ${missing[*]/#postgis/postgresql-15-postgis-3}"
if ! command -v apt-get >/dev/null || { [ "$(id -u)" -ne 0 ] && ! sudo -n true 2>/dev/null; }; then
    cat >&2 <<END
测试缺少：${missing[*]}。请以 root 运行：$command
The tests need: ${missing[*]}. As root, run: $command
END
    exit 1
fi

echo "== installing ${missing[*]} (Debian packages)"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
"${as_root[@]}" apt-get update -qq
packages=()
for name in "${missing[@]}"; do
    if [ "$name" = postgis ]; then
        # Debian names the package after its PostgreSQL: 15 on Debian 12, newer on later ones.
        name=$(apt-cache search --names-only '^postgresql-[0-9]+-postgis-3$' | cut -d' ' -f1 | sort -V | tail -n 1)
        name=${name:-postgresql-15-postgis-3}
    fi
    packages+=("$name")
done
if ! "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${packages[@]}" >"$log" 2>&1; then
    cat "$log" >&2
    echo "安装失败，请以 root 运行 | installing failed; as root, run: $command" >&2
    exit 1
fi
