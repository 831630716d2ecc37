#!/bin/sh
# `serve` (the default) brings the store up to date first; anything else is a huodian command: docker run ... huodian pending
set -eu
if [ "${1:-serve}" = serve ]; then
    shift || true
    huodian init
    exec huodian serve --host 0.0.0.0 --port 8080 "$@"
fi
[ "$1" = huodian ] && shift
exec huodian "$@"
