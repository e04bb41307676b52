"""From rates to the table that is kept: ratios, because the rates themselves belong to one machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent

# Row, what it is divided by, what is aimed at, and how it is called.
RATIOS = (
    ("single", "tpc_b", ">= 0.6", "Engine, single transfers / TPC-B"),
    ("batch_100", "tpc_b", ">= 2.5", "Engine, transfers in batches of 100 / TPC-B"),
    ("batch_1000", "tpc_b", ">= 2.5", "Engine, transfers in batches of 1000 / TPC-B"),
    ("sharded", "single", ">= 0.8", "Engine, every transfer touches one sharded account / single"),
    ("guarded", "single", "published", "Engine, every transfer touches one guarded row / single"),
    ("http", "single", ">= 0.2", "`POST /api/v1/transfers`, 2 workers / engine single"),
    ("http", "http_orm", ">= 2", "`POST /api/v1/transfers` / a DRF + ORM view with the same promises"),
    ("tpc_b_after", "tpc_b_before", "near 1", "TPC-B after / before (how quiet the machine was)"),
)

# Row, aim and name of what stands for itself, in millions a second.
MILLIONS = (("enumeration", ">= 50 million", "Reel certificate, combinations of stops a second, one thread"),)

PAGE = """# Performance

Ratios, measured side by side in one run by `make bench`, which rewrites this page. They say how the parts stand to each
other; absolute rates belong to one machine and one day, and are promised to nobody (they are in `benchmarks/results/`). Only the
certificates' rate stands alone: nothing on the machine is like it.

| What | Aim | Measured |
|---|---|---|
{table}

Measured on {date}: {cores} cores ({machine}), PostgreSQL {postgresql}, Python {python}, Django {django}; {clients}
clients, medians of {rounds} alternating rounds of {seconds} seconds. The load generators run on the same cores as what
they measure. TPC-B is pgbench's, scale 50, prepared. The engine runs as the application's role with row-level security,
idempotency row, triggers, foreign keys and limits on, and each measured call also builds its own request in SQL. The HTTP
rows are gunicorn with 2 workers of 4 threads and keep-alive clients in a process of their own, rate limits off; the view
they are compared with is `benchmarks/orm_view.py`.
{notes}"""


def write(medians: dict[str, float], measured: dict[str, list[float]], conditions: dict[str, Any]) -> str:
    """Keep the numbers and rewrite docs/performance.md; returns the table. Notes after the generated part are kept."""
    ratios = {f"{row}/{base}": round(medians[row] / medians[base], 2) for row, base, _aim, _name in RATIOS}
    (FOLDER / "results").mkdir(exist_ok=True)
    kept = {"conditions": conditions, "ratios": ratios, "medians_per_s": medians, "rounds_per_s": measured}
    (FOLDER / "results" / f"{conditions['date']}.json").write_text(json.dumps(kept, indent=1) + "\n")
    table = "\n".join(
        f"| {name} | {aim} | {ratios[f'{row}/{base}']:.2f} |" for row, base, aim, name in RATIOS
    )
    table += "".join(
        f"\n| {name} | {aim} | {medians[row] / 1e6:.0f} million |" for row, aim, name in MILLIONS
    )
    notes = (FOLDER / "notes.md").read_text() if (FOLDER / "notes.md").exists() else ""
    page = PAGE.format(table=table, notes=f"\n{notes}" if notes else "", **conditions)
    (FOLDER.parent / "docs" / "performance.md").write_text(page)
    return table + "\n"
