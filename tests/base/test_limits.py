"""What a run may take of the host."""

from __future__ import annotations

import subprocess
import sys

import pytest

from emberwatch.base import limits
from emberwatch.base.errors import UsageError


def test_host_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(limits.time, "monotonic", lambda: now[0])
    limits.check_host_time()
    limits.limit_host_time(5.0)
    try:
        now[0] = 104.9
        limits.check_host_time()
        now[0] = 105.1
        with pytest.raises(limits.HostLimitError, match="after 5 s"):
            limits.check_host_time()
    finally:
        limits.no_host_time_limit()
    limits.check_host_time()


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("nan"), float("inf")])
def test_host_time_must_be_a_time(seconds: float) -> None:
    with pytest.raises(UsageError, match="--max-host-time"):
        limits.limit_host_time(seconds)


@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_DATA counts mappings on Linux only")
def test_memory() -> None:
    code = (
        "from emberwatch.base import limits\n"
        "limits.limit_memory(300)\n"
        "try:\n    bytearray(400 << 20)\nexcept MemoryError:\n    print('refused')\n"
        "bytearray(20 << 20)\n"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "refused\n"
    with pytest.raises(UsageError, match="at least 256"):
        limits.limit_memory(10)
