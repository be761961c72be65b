"""What tests may rely on wherever they run, and another build of the native module for `make sanitize`."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import os
import sys

from hypothesis import HealthCheck, settings

pytest_plugins = ["firmware_builds", "witnesses"]

# The same examples in every run, and none fails because the host is slow.
settings.register_profile("emberwatch", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("emberwatch")

# What the user's shell may ask of programs is not asked of those under test.
for variable in ("FORCE_COLOR", "EMBERWATCH_COVERAGE", "EMBERWATCH_ENGINE"):
    os.environ.pop(variable, None)

# Servers of the tests are on this machine: no proxy stands between.
os.environ["no_proxy"] = os.environ["NO_PROXY"] = "127.0.0.1,localhost"


def _load_native(path: str) -> None:
    loader = importlib.machinery.ExtensionFileLoader("emberwatch._native", path)
    spec = importlib.util.spec_from_file_location("emberwatch._native", path, loader=loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    sys.modules["emberwatch._native"] = module


if "libasan" in os.environ.get("LD_PRELOAD", "") and hasattr(os, "RTLD_DEEPBIND"):
    del os.RTLD_DEEPBIND  # capstone asks for it where it exists, and the sanitizer's runtime ends the process then

if override := os.environ.get("EMBERWATCH_NATIVE"):
    _load_native(override)
