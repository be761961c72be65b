"""Look at the results of a campaign with pandas and with DuckDB: pip install pandas duckdb.

Usage: python examples/read_campaign.py [FOLDER]

Each cell below may stand in a notebook as it is.
"""

# %% The rows: one a run, in the order of the campaign file
from __future__ import annotations

import sys
from pathlib import Path

import duckdb
import pandas as pd

folder = Path(sys.argv[1] if len(sys.argv) > 1 else "build/campaign/levels")
rows = pd.read_parquet(folder / "results.parquet")
print(f"{len(rows)} runs: {rows.verdict.value_counts().to_dict()}")

# %% Share of alarms heard, by level and ratio to noise
alarms = rows[~rows.label.isin(["other", ""])]
heard = alarms.pivot_table(index="level_dbfs", columns="snr_db", values="alarm", aggfunc="mean")
print("\nheard, by level and SNR", heard.to_string(float_format="%.2f"), sep="\n")

# %% The worst cycles of each stage of the firmware, and what they cost: the same file, asked in SQL
connection = duckdb.connect()
connection.read_parquet(str(folder / "results.parquet")).create_view("results")
connection.read_parquet(str(folder / "host.parquet")).create_view("host")
stages = connection.sql(
    "select stage.key as stage, max(stage.value) as worst from "
    "(select unnest(map_entries(cycles)) as stage from results) group by all order by worst desc"
)
print("\nworst cycles", stages.df().to_string(index=False), sep="\n")
cost = connection.sql(
    "select count(*) as runs, round(1000 * avg(host_s), 1) as ms_each, round(sum(emulated_s), 1) as emulated_s, "
    "round(sum(emulated_s) / sum(host_s), 1) as times_real_time from results join host using (id)"
)
print("\ncost", cost.df().to_string(index=False), sep="\n")

# %% What failed, and how to see it again
for row in rows[rows.verdict != "pass"].itertuples():
    print(f"emberwatch campaign replay {row.id[:12]} --in {folder}   # {row.scenario}: {row.error}")
