#!/usr/bin/env bash
# Makes sure the system has what cannot come from PyPI: a C++20 compiler, the Arm GNU toolchain,
# Python >= 3.11 with headers and venv. Installs from the distribution as root or through sudo;
# otherwise prints the one command to run and stops with exit code 2. With --dev also the tests' witnesses, if they can
# be had; with --wasm emscripten, which compiles the emulator for web pages.
# Prints the chosen Python interpreter on stdout; everything else goes to stderr.
set -euo pipefail

say() { printf 'emberwatch: %s\n' "$*" >&2; }

find_python() {
    local candidate
    for candidate in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11; do
        if command -v "$candidate" >/dev/null 2>&1 &&
            "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return 0
        fi
    done
    return 1
}

missing_packages() {
    local python
    command -v arm-none-eabi-gcc >/dev/null 2>&1 || echo gcc-arm-none-eabi
    command -v g++ >/dev/null 2>&1 || echo g++
    if python=$(find_python); then
        # Debian splits venv and the C headers from the interpreter; pyenv and macOS do not.
        local version
        version=$("$python" -c 'import sys; print("python%d.%d" % sys.version_info[:2])')
        "$python" -c 'import ensurepip, venv' 2>/dev/null || echo "$version-venv"
        "$python" -c 'import os, sys, sysconfig; sys.exit(not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")))' ||
            echo "$version-dev"
    else
        echo python3 python3-venv python3-dev
    fi
}

install() {
    local packages="$*" prefix=""
    if ! command -v apt-get >/dev/null 2>&1; then
        say "missing: $packages (Debian names); install them with your package manager," \
            "e.g. on macOS: brew install --cask gcc-arm-embedded && brew install python@3.12"
        exit 2
    fi
    if [ "$(id -u)" -ne 0 ]; then
        if command -v sudo >/dev/null 2>&1 && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
            prefix="sudo"
        else
            say "missing: $packages; run: sudo apt-get install -y $packages"
            exit 2
        fi
    fi
    say "installing from the distribution: $packages"
    local log
    log=$(mktemp)
    # A fresh machine has no package lists yet, so the first attempt may fail for that alone.
    # shellcheck disable=SC2086
    if ! { $prefix env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $packages >"$log" 2>&1 ||
        { $prefix apt-get update >>"$log" 2>&1 &&
            $prefix env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $packages >>"$log" 2>&1; }; }; then
        tail -n 5 "$log" >&2
        say "the installation failed (log: $log); run: sudo apt-get update && sudo apt-get install -y $packages"
        exit 2
    fi
    rm -f "$log"
}

packages=$(missing_packages | tr '\n' ' ')
if [ -n "${packages// /}" ]; then
    install "$packages"
fi
# Witnesses of the tests, each by the program that shows it is there. Without one only its tests are skipped, which
# `make test` says; where EMBERWATCH_WITNESSES asks for them (continuous integration), Node for rp2040js and Clang too.
witness_packages() {
    { command -v mcs && command -v mono; } >/dev/null 2>&1 || echo mono-mcs mono-runtime
    command -v gdb-multiarch >/dev/null 2>&1 || echo gdb-multiarch
    command -v sigrok-cli >/dev/null 2>&1 || echo sigrok-cli
    if [ -n "${EMBERWATCH_WITNESSES:-}" ]; then
        { command -v node && command -v npm; } >/dev/null 2>&1 || echo nodejs npm
        command -v clang++ >/dev/null 2>&1 || echo clang
    fi
}

if [ "${1:-}" = --wasm ] && ! command -v em++ >/dev/null 2>&1; then
    install emscripten
fi
if [ "${1:-}" = --dev ] && command -v apt-get >/dev/null 2>&1; then
    for package in $(witness_packages); do
        (install "$package") || say "the tests that need $package will be skipped"
    done
fi
if ! find_python; then
    say "no Python >= 3.11 found (python3 is $(python3 --version 2>/dev/null || echo absent)); install one and set PYTHON=/path/to/python"
    exit 2
fi
