"""Plain text for terminals and logs."""

from __future__ import annotations

from emberwatch.inspect.profiling.model import CoreProfile, Profile

_FUNCTIONS = 30
_LINES = 20


def write(profile: Profile, functions: int = _FUNCTIONS, lines: int = _LINES) -> str:
    """Functions and lines with the most cycles of each core, and the deepest stack."""
    return "\n".join(_core(profile, core, functions, lines) for core in profile.cores)


def _core(profile: Profile, core: CoreProfile, functions: int, lines: int) -> str:
    elapsed = profile.end - profile.start
    busy = core.busy
    out = [
        f"{profile.firmware}, core {core.core}: {busy.cycles:,} busy cycles of {elapsed:,}"
        f" ({100 * busy.cycles / elapsed if elapsed else 0:.1f} %), clk_sys {profile.clock_hz / 1e6:g} MHz",
        f"XIP misses {busy.xip_misses:,} ({busy.xip_stalls:,} cycles stalled), bus waits {busy.bus_waits:,} cycles",
        "",
        f"{'own cycles':>13} {'%':>5} {'with callees':>13} {'%':>5} {'calls':>8} {'mean':>9} {'max':>9} "
        f"{'stack':>6} {'+callees':>8} {'XIP miss':>8} {'stall':>9} {'bus':>7}  function",
    ]
    whole = busy.cycles or 1
    for f in core.functions[:functions]:
        out.append(
            f"{f.own.cycles:13,} {100 * f.own.cycles / whole:5.1f} {f.total.cycles:13,} "
            f"{100 * f.total.cycles / whole:5.1f} {f.calls:8,} {f.mean:9,.0f} {f.max:9,} {f.own_stack:6,} "
            f"{f.stack:8,} {f.own.xip_misses:8,} {f.own.xip_stalls:9,} {f.own.bus_waits:7,}  {f.name}"
        )
    if (left := core.functions[functions:]) and functions:
        cycles = sum(f.own.cycles for f in left)
        out.append(f"{cycles:13,} {100 * cycles / whole:5.1f}  in {len(left)} more functions")
    if lines and core.lines:
        out += ["", f"{'own cycles':>13} {'%':>5} {'executed':>9} {'XIP miss':>8} {'stall':>9} {'bus':>7}  line"]
    for line in core.lines[:lines]:
        where = f"{line.source} ({line.function})" if str(line.source) != line.function else line.function
        out.append(
            f"{line.own.cycles:13,} {100 * line.own.cycles / whole:5.1f} {line.executed:9,} "
            f"{line.own.xip_misses:8,} {line.own.xip_stalls:9,} {line.own.bus_waits:7,}  {where}"
        )
    high = core.high_water
    out += [
        "",
        f"stack {high.used:,} bytes at most, from {high.top:#010x} down to {high.lowest:#010x}, in cycle "
        f"{high.cycle:,}:",
        f"  {' > '.join(high.chain)}",
        "",
    ]
    return "\n".join(out)
