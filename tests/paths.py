"""Places that tests need; on sys.path by pytest's setting `pythonpath`."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FIRMWARE = ROOT / "build/firmware/pico/emberwatch.elf"
"""What `make firmware` builds."""
