"""Loads measured against each other, a round each in turn."""

import dataclasses
import statistics
import time
from collections.abc import Callable

from load import Load
from servers import Server

WARM_SECONDS = 1
REQUESTS = 100_000
# Compressed forms of a new deploy are made in the background; they are not a cost of a request.
QUIET_SHARE = 0.05
QUIET_WINDOW = 0.5
QUIET_SECONDS = 120


@dataclasses.dataclass(frozen=True)
class Pace:
    """How long to measure."""

    rounds: int
    seconds: int


@dataclasses.dataclass
class Measured:
    """The rounds of one load: CPU seconds of its server per 100,000 requests, and requests a second."""

    costs: list[float] = dataclasses.field(default_factory=list)
    rates: list[float] = dataclasses.field(default_factory=list)

    @property
    def cost(self) -> float:
        """The middle round."""
        return statistics.median(self.costs)

    def __str__(self) -> str:
        spread = f"[{min(self.costs):.2f}..{max(self.costs):.2f}]"
        return f"{self.cost:6.2f} {spread}  {statistics.median(self.rates):10,.0f} requests/s"


def contest(name: str, loads: dict[str, Load], verify: Callable[[], None], pace: Pace) -> dict[str, Measured]:
    """Checks the answers, measures in rounds that begin with another load each, and checks again."""
    verify()
    for load in loads.values():
        load.run(WARM_SECONDS)
        wait_until_quiet(load.server)
    results = {label: Measured() for label in loads}
    for number in range(pace.rounds):
        for label in _rotated(list(loads), number):
            _measure(loads[label], results[label], pace.seconds)
    verify()
    _print(name, results)
    return results


def wait_until_quiet(server: Server) -> None:
    """Returns when the server does nothing, or says that it goes on working."""
    deadline = time.monotonic() + QUIET_SECONDS
    while time.monotonic() < deadline:
        before = server.cpu_seconds()
        time.sleep(QUIET_WINDOW)
        if server.cpu_seconds() - before <= QUIET_SHARE * QUIET_WINDOW:
            return
    print(f"{server.name} works unasked for more than {QUIET_SECONDS} s: its cost is overstated", flush=True)


def _rotated(labels: list[str], by: int) -> list[str]:
    shift = by % len(labels)
    return labels[shift:] + labels[:shift]


def _measure(load: Load, result: Measured, seconds: int) -> None:
    before = load.server.cpu_seconds()
    count = load.run(seconds)
    result.costs.append((load.server.cpu_seconds() - before) / count * REQUESTS)
    result.rates.append(count / seconds)


def _print(name: str, results: dict[str, Measured]) -> None:
    print(f"{name}: CPU seconds per 100,000 requests, median [lowest..highest]")
    width = max(len(label) for label in results)
    for label, measured in results.items():
        print(f"  {label:{width}} {measured}")
    first, *others = results
    for label in others:
        print(f"  {label} / {first} = {results[label].cost / results[first].cost:.2f}", flush=True)
