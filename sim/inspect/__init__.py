"""Looking inside: GDB, profiles, traces, coverage, budgets, crash reports, calls, signals."""
