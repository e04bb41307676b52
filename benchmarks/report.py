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
    ("spin", "http", ">= 0.5", "A spin of Glitch Grid over HTTP / `POST /api/v1/transfers`"),
    ("spin_free", "http", ">= 0.5", "A spin of Starlight Smuggler over HTTP / `POST /api/v1/transfers`"),
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
    kept = {"conditions": conditions, "medians_per_s": medians, "rounds_per_s": measured}
    return _keep(kept | {"ratios": _ratios(medians), "apart": {}}, conditions["date"])


def write_some(
    medians: dict[str, float], measured: dict[str, list[float]], conditions: dict[str, Any]
) -> str:
    """The same with a few rows, measured in a run of their own: they take their places in what was kept last, with a star."""
    newest = max((FOLDER / "results").glob("*.json"))
    kept: dict[str, Any] = json.loads(newest.read_text())
    apart = {"conditions": conditions, "medians_per_s": medians, "rounds_per_s": measured}
    names = [*_ratios(medians), *(row for row, _aim, _name in MILLIONS if row in medians)]
    kept["ratios"] |= _ratios(medians)
    kept["apart"] = kept.get("apart", {}) | dict.fromkeys(names, apart)
    return _keep(kept, newest.stem)


def _ratios(medians: dict[str, float]) -> dict[str, float]:
    """What can be divided of what was measured in one run."""
    return {
        f"{row}/{base}": round(medians[row] / medians[base], 2)
        for row, base, _aim, _name in RATIOS
        if row in medians and base in medians
    }


def _keep(kept: dict[str, Any], date: str) -> str:
    (FOLDER / "results").mkdir(exist_ok=True)
    (FOLDER / "results" / f"{date}.json").write_text(json.dumps(kept, indent=1) + "\n")
    lines, apart = [], kept["apart"]
    for row, base, aim, name in RATIOS:
        if (pair := f"{row}/{base}") in kept["ratios"]:
            lines.append(f"| {name}{' *' if pair in apart else ''} | {aim} | {kept['ratios'][pair]:.2f} |")
    for row, aim, name in MILLIONS:
        medians = apart[row]["medians_per_s"] if row in apart else kept["medians_per_s"]
        if row in medians:
            star = " *" if row in apart else ""
            lines.append(f"| {name}{star} | {aim} | {medians[row] / 1e6:.0f} million |")
    table = "\n".join(lines)
    notes = (FOLDER / "notes.md").read_text() if (FOLDER / "notes.md").exists() else ""
    if apart:
        notes = f"{_said_apart(apart)}\n{notes}"
    page = PAGE.format(table=table, notes=f"\n{notes}" if notes else "", **kept["conditions"])
    (FOLDER.parent / "docs" / "performance.md").write_text(page)
    return table + "\n"


def _said_apart(apart: dict[str, Any]) -> str:
    runs = {
        (run["conditions"]["date"], run["conditions"]["rounds"], run["conditions"]["seconds"])
        for run in apart.values()
    }
    said = "; ".join(
        f"{date}: {rounds} alternating rounds of {seconds} seconds" for date, rounds, seconds in sorted(runs)
    )
    return f"\\* measured in a run of its own, beside what it is divided by ({said}), on a machine that others used meanwhile.\n"
