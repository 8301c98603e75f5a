"""`make bench`: our cost over that of a bare client doing the same calls, and counts.

Times are ratios: each way is taken in turn, and of each the best round counts. The Exchange is
the sandbox, in a process of its own.
"""

from __future__ import annotations

import gc
import json
import logging
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import click
import structlog
from rich.console import Console
from rich.table import Table

from syncd.cli.demo.place import EWS, GRAPH
from tests.benchmarks import cycles, membership, rounds, safety, stores
from tests.benchmarks.cycles import Cycle, Cycles
from tests.benchmarks.exchange import exchange
from tests.benchmarks.measure import best
from tests.benchmarks.rounds import Round, Ways
from tests.benchmarks.safety import Safety
from tests.benchmarks.ways import ways_to

SMALL = 200
OPERATIONS = (rounds.CREATE, rounds.READ, rounds.CHANGES, rounds.UPDATE, rounds.FIRST_SYNC)
Row = Mapping[str, float]


def compare(taken: Sequence[Round], size: int) -> dict[str, Row]:
    """Per operation: our cost per contact, the bare client's, and the ratios."""
    table: dict[str, Row] = {}
    for name in OPERATIONS:
        ours, bare = best(r.ours[name] for r in taken), best(r.bare[name] for r in taken)
        edits = name == rounds.UPDATE
        our_items = min(size, rounds.EDITED) if edits else size
        bare_items = our_items if edits else min(size, rounds.BARE_MOST)
        share = our_items / bare_items
        table[name] = {
            "ours_cpu_ms": ours.cpu / our_items * 1000,
            "bare_cpu_ms": bare.cpu / bare_items * 1000,
            "cpu_ratio": ours.cpu / bare.cpu / share,
            "wall_ratio": ours.wall / bare.wall / share,
            "ours_requests": ours.requests,
            "ours_contacts": our_items,
            "bare_requests": bare.requests,
            "bare_contacts": bare_items,
        }
    return table


def show(console: Console, title: str, table: Mapping[str, Row]) -> None:
    """Print the ratios."""
    shown = Table(title=title, title_justify="left")
    shown.add_column("per contact", no_wrap=True)
    for name in ("ours CPU ms", "bare CPU ms", "CPU ratio", "wall ratio", "requests"):
        shown.add_column(name, justify="right")
    for name, row in table.items():
        shown.add_row(
            name,
            f"{row['ours_cpu_ms']:.2f}",
            f"{row['bare_cpu_ms']:.2f}",
            f"{row['cpu_ratio']:.2f}",
            f"{row['wall_ratio']:.2f}",
            f"{row['ours_requests']:.0f}",
        )
    console.print(shown)


def show_cycles(console: Console, all_cycles: Sequence[Cycles]) -> None:
    """Print what cycles ask."""
    shown = Table(title="What one cycle asks", title_justify="left")
    shown.add_column("", no_wrap=True)
    for name in (
        "contacts",
        "requests",
        "parts",
        "statements",
        "transactions",
        "fsyncs",
        "rows",
        "SQLite steps",
    ):
        shown.add_column(name, justify="right")
    for label, pick in _CYCLES.items():
        for each in all_cycles:
            cycle: Cycle = getattr(each, pick)
            numbers = (each.size, *asdict(cycle).values())
            shown.add_row(label, *(f"{number:,}" for number in numbers))
    console.print(shown)
    for each in all_cycles:
        requests, statements = each.hundred.requests / 200, each.hundred.statements / 200
        console.print(
            f"per change, with 100 edits on each side of {each.size:,} contacts: "
            f"{requests:.3f} requests, {statements:.2f} statements, "
            f"{each.hundred.durable / 200:.3f} fsyncs"
        )


_CYCLES = {
    "first sync": "first",
    "no edit": "idle",
    "one edit each side": "one",
    "100 edits each side": "hundred",
    "no edit, once more": "idle_after",
}


def _cycles(ways: Ways, size: int) -> list[Cycles]:
    with tempfile.TemporaryDirectory() as folder:
        return [
            cycles.take(Path(folder), ways.ours, f"cycle{each}@example.test", each)
            for each in (SMALL, size)
        ]


@dataclass(frozen=True)
class Measured:
    """What was measured over one backend. `served` is CPU of the Exchange, seconds a contact."""

    client: str
    table: Mapping[str, Row]
    cycles: Sequence[Cycles]
    served: float
    safe: Safety
    unsafe: Safety


def measure(backend: str, size: int, number: int) -> Measured:
    """All rounds and cycles over one backend."""
    users = [each for n in range(number) for each in rounds.addresses(n)]
    users += [f"cycle{each}@example.test" for each in (SMALL, size)]
    users += ["safe@example.test", "unsafe@example.test"]
    with exchange(users, backend) as server:
        ways = ways_to(server.place)
        counts = _cycles(ways, size)
        costs = safety.compare(ways.ours, "safe@example.test", "unsafe@example.test", SMALL)
        before = server.cpu()
        gc.freeze()  # as the daemon does
        taken = [rounds.take(server, ways, n, size) for n in range(number)]
        served = (server.cpu() - before) / (number * size)
    return Measured(ways.client, compare(taken, size), counts, served, *costs)


@click.command()
@click.option("--contacts", "size", default=2_000, show_default=True, help="How many.")
@click.option("--rounds", "number", default=3, show_default=True, help="The best one counts.")
@click.option(
    "--store", default=membership.CONTACTS_IN_ALL, show_default=True, help="Contacts in all."
)
@click.option("--imported", default=100_000, show_default=True, help="Contacts to import.")
@click.option("--json", "as_json", is_flag=True, help="Print the numbers as JSON instead.")
def main(size: int, number: int, store: int, imported: int, as_json: bool) -> None:
    """Measure, and print each table as soon as it is known: it takes a quarter of an hour."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    found: dict[str, Measured] = {}
    console = Console(width=100)
    for backend in (EWS, GRAPH):
        each = found[backend] = measure(backend, size, number)
        if not as_json:
            show(console, f"{size:,} contacts over {backend}: syncd over {each.client}", each.table)
            show_cycles(console, each.cycles)
            safety.show(console, each.safe, each.unsafe)
            console.print(f"the Exchange itself: {each.served * 1000:.2f} ms a contact and round")
    kept = stores.take(imported, store)
    if as_json:
        said = {
            "contacts": size,
            "backends": {
                name: {
                    "operations": each.table,
                    "cycles": [asdict(c) for c in each.cycles],
                    "safety": {"with": asdict(each.safe), "without": asdict(each.unsafe)},
                }
                for name, each in found.items()
            },
            "stores": [asdict(each) for each in kept],
        }
        json.dump(said, sys.stdout, indent=2)
        sys.stdout.write("\n")
        return
    for kind in kept:
        stores.show(console, kind)


if __name__ == "__main__":
    main()
