"""Injects faults into the running detector and counts what became of its alarm.

    python scripts/fault_campaign.py --faults 5000 --workers 2 --json build/faults.json
    python scripts/fault_campaign.py --only 1234          # one of them again, with what it did

Exit code 1 when an alarm was lost without a word.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from emberwatch.base import atomic
from emberwatch.base.errors import EmberwatchError
from emberwatch.base.output import say
from emberwatch.base.paths import build_folder
from emberwatch.detector.faults import OUTCOMES, Injection, campaign, table


def main() -> int:
    """Runs the campaign of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--elf", type=Path, default=build_folder() / "firmware" / "pico" / "emberwatch.elf")
    parser.add_argument("--board", default="pico")
    parser.add_argument("--faults", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0, help="number of the first fault")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, help="number of the one fault to make")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=1e9, help="begin no further fault after so long")
    parser.add_argument("--json", type=Path, help="file for every injection and the table")
    given = parser.parse_args()
    numbers = [given.only] if given.only is not None else range(given.first, given.first + given.faults)
    began, made = time.monotonic(), list[Injection]()

    def save() -> None:
        if given.json is not None:
            entries = [injection.as_dict() for injection in made]
            result = {"seed": given.seed, "faults": len(made), "table": table(made), "injections": entries}
            atomic.write_text(given.json, json.dumps(result, indent=1) + "\n")

    def note(injection: Injection) -> None:
        made.append(injection)
        if injection.outcome in ("SILENT", "dead", "false alarm") or given.only is not None:
            print(injection, flush=True)
        if len(made) % 100 == 0:
            save()
        if time.monotonic() - began > given.seconds:
            raise TimeoutError

    try:
        campaign(given.elf, numbers, board=given.board, seed=given.seed, workers=given.workers, on_done=note)
    except EmberwatchError as error:
        say(str(error))
        return 2
    except (KeyboardInterrupt, TimeoutError):
        say(f"stopped after {len(made)} faults")
    save()
    counts = table(made)
    print(f"{'':<12}" + "".join(f"{outcome:>22}" for outcome in OUTCOMES))
    for kind, row in counts.items():
        print(f"{kind:<12}" + "".join(f"{row[outcome]:>22}" for outcome in OUTCOMES))
    return 1 if counts["all"]["SILENT"] else 0


if __name__ == "__main__":
    sys.exit(main())
