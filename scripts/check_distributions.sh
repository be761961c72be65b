#!/usr/bin/env bash
# What may be uploaded: scripts/check_distributions.sh DIST. Checks every file, and runs the wheel that fits this Python.
set -euo pipefail
dist=$(realpath "${1:?give the folder of the distributions}")
here=$(realpath "$(dirname "$0")/..")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/tools"
"$work/tools/bin/pip" install --quiet "twine>=6" "check-wheel-contents>=0.6" "abi3audit>=0.0.20"
"$work/tools/bin/twine" check --strict "$dist"/*
for wheel in "$dist"/*.whl; do
    "$work/tools/bin/check-wheel-contents" "$wheel"
    case $wheel in *abi3*) "$work/tools/bin/abi3audit" --strict "$wheel" ;; esac
done
python3 -m venv "$work/user"
# By its version, not with --pre: that would take pre-releases of what it needs, too.
version=$(basename "$dist"/emberwatch-*.tar.gz .tar.gz)
"$work/user/bin/pip" install --quiet --find-links "$dist" "emberwatch==${version#emberwatch-}"
cd "$work"
"$work/user/bin/python" "$here/tests/wheel/smoke.py"
