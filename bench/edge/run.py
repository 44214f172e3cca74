#!/usr/bin/env python3
"""Compares what a request costs Boathook's edge and nginx, on one machine, taking turns.

    cargo build --release -p boathook
    bench/edge/run.py [--scenario small mixed ...] [--rounds 5] [--seconds 2] [--sites 1000]

Both servers run on core 0, the load on core 1, the same files in both. Before anything is measured
each server must answer with the right status and the right bytes. The figure is the CPU time (user
and system) that the server's processes spend on 100,000 requests: on a machine with neighbours it is
steadier than requests a second. Listens on loopback only. bench/README.md tells of each scenario.
"""

import argparse
import contextlib
import http.client
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import addon
import idle
import live
import mixed
import report
import rules
import servers
import single
from bench import Bench
from contest import Pace
from trouble import Skipped, Wrong

REPOSITORY = Path(__file__).resolve().parents[2]
Scenario = Callable[[Bench], list[report.Row]]

SCENARIOS: dict[str, Scenario] = {
    **{each.name: each.run for each in single.SINGLES},
    "mixed": mixed.run,
    "h2": single.h2,
    "rules": rules.run,
    "addon": addon.run,
    "idle": idle.run,
    "live": live.run,
}


def missing_tools() -> list[str]:
    """The lines to type for what every run needs."""
    present = {
        "apt-get install wrk": shutil.which("wrk"),
        "apt-get install nginx": servers.nginx_binary(),
        "apt-get install util-linux": shutil.which("taskset"),
    }
    return [line for line, found in present.items() if not found]


def measure(name: str, bench: Bench) -> list[report.Row | report.Note]:
    """The rows of one scenario, or why there are none."""
    try:
        return list(SCENARIOS[name](bench))
    except Skipped as reason:
        note = report.Note(name, f"skipped: {reason}", failed=False)
    except (Wrong, OSError, http.client.HTTPException) as trouble:
        note = report.Note(name, f"FAILED: {trouble or repr(trouble)}", failed=True)
    print(f"{name}: {note.reason}", flush=True)
    return [note]


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scenario", nargs="+", choices=[*SCENARIOS, "all"], default=["small"])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2, help="of a round")
    parser.add_argument("--sites", type=int, default=1000, help="that the server of the scenario live holds")
    parser.add_argument("--binary", type=Path, default=REPOSITORY / "target/release/boathook")
    options = parser.parse_args()
    if min(options.rounds, options.seconds, options.sites) < 1:
        parser.error("rounds, seconds and sites are at least 1")
    return options


def prepare(options: argparse.Namespace) -> None:
    """Ends the run, with what to type, when it cannot be made here."""
    if (os.cpu_count() or 1) < 2:
        sys.exit("needs two cores: one for the servers, one for the load")
    if lines := missing_tools():
        sys.exit("missing on this machine:\n  " + "\n  ".join(lines))
    if not options.binary.exists():
        sys.exit(f"{options.binary} is missing: cargo build --release -p boathook")
    # Servers are stopped on the way out, also when the run is told to end.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("told to end"))
    os.sched_setaffinity(0, {int(servers.LOAD_CORE)})
    print(f"load average before: {os.getloadavg()[0]:.2f}", flush=True)


def main() -> None:
    """Measures what is asked for, prints the table, and stops what it started."""
    options = arguments()
    prepare(options)
    names = list(SCENARIOS) if "all" in options.scenario else list(dict.fromkeys(options.scenario))
    rows: list[report.Row | report.Note] = []
    with tempfile.TemporaryDirectory(prefix="boathook-bench-") as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        # nginx serves as another user when it is started by root.
        folder.chmod(0o755)
        bench = Bench(folder, stack, options.binary, Pace(options.rounds, options.seconds), options.sites)
        for scenario in names:
            rows += measure(scenario, bench)
    print(f"\n{report.table(rows)}\nload average after: {os.getloadavg()[0]:.2f}")
    if any(isinstance(row, report.Note) and row.failed for row in rows):
        sys.exit(1)


if __name__ == "__main__":
    main()
