"""`syncd run`, killed by SIGKILL at any moment, again and again, while people edit on both sides.

    python -m tests.end_to_end.kills --backend ews --store sqlite --kills 50 --seed 1

Real processes, a real store, real HTTP (TLS for Graph). After the last kill the daemon is started
once more, and left alone; then bare clients look: nobody is there twice, nobody and no edit is
lost, and nothing waits for a hand (P1, P2, P3, P9, P10, P14). The seed decides what is edited and
for how long each process lives; where in its work that finds it, the machine decides.
"""

from __future__ import annotations

import random
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import click
from sqlalchemy import select

from syncd.cli.demo.place import EWS, GRAPH
from syncd.crm import database
from syncd.daemon.serve import TICK_SECONDS
from syncd.sync.tables import operation, run
from tests.end_to_end import kills_check
from tests.end_to_end.kills_boxes import Box, boxes, loopback
from tests.end_to_end.kills_edits import People
from tests.end_to_end.kills_office import Office, office
from tests.postgres import running

SQLITE, POSTGRESQL = "sqlite", "postgresql"
BORN_DEAD = 0.1  # of the processes: killed before they are up
QUIET_WITHIN = 420.0  # seconds: an unanswered write is waited for, and so is a killed run's turn


@dataclass(frozen=True)
class Plan:
    """What is played. `grace`: seconds, or `None` for what the product waits."""

    backend: str
    store: str
    kills: int
    seed: int
    mailboxes: int = 5
    contacts: int = 200
    longest: float = 3.0  # seconds that a process lives after it is up
    grace: float | None = None


@dataclass
class Result:
    """How it ended. `faults` are all that speaks against it."""

    plan: Plan
    kills: int = 0
    torn_runs: int = 0  # kills that hit a run
    in_doubt: int = 0  # writes that a killed process had under way
    edits: int = 0
    contacts: int = 0
    quiet_after: float = 0.0
    seconds: float = 0.0
    faults: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        plan = self.plan
        return (
            f"{plan.backend}, {plan.store}, seed {plan.seed}: {self.kills} kills, "
            f"{self.torn_runs} runs torn, {self.in_doubt} writes in doubt; "
            f"{self.edits} edits; {self.contacts} contacts in {plan.mailboxes} mailboxes; "
            f"quiet {self.quiet_after:.0f} s after the last kill; {self.seconds:.0f} s in all: "
            f"{f'{len(self.faults)} FAULTS' if self.faults else 'no double, no loss, no hand'}"
        )


def play(plan: Plan, folder: Path, store: str, tell: Callable[[str], None] = print) -> Result:
    """Play it in a folder, over the database without a table at the address `store`."""
    began, dice = time.monotonic(), random.Random(plan.seed)  # noqa: S311
    loopback()
    result = Result(plan)
    with office(
        folder, plan.backend, store,
        mailboxes_=plan.mailboxes, contacts=plan.contacts, grace=plan.grace,
    ) as made:  # fmt: skip
        hands = boxes(made.place, made.addresses)
        people = People(made, hands, plan.seed, plan.contacts)
        made.slow()
        for number in range(plan.kills):
            people.look()
            people.keep_apart()
            _one_life(made, people, dice, plan)
            torn, open_ones = _torn(made)
            result.kills += 1
            result.torn_runs += torn
            result.in_doubt += open_ones
            tell(f"kill {number + 1}: {torn} runs torn, {open_ones} writes in doubt")
        _quiet(made, hands, people, result)
        result.edits = len(people.ledger.edits)
        result.contacts = len(people.ledger.owners)
    result.seconds = time.monotonic() - began
    return result


def _one_life(made: Office, people: People, dice: random.Random, plan: Plan) -> None:
    """A daemon is started, people work, and it is killed."""
    born_dead = dice.random() < BORN_DEAD
    lives = dice.uniform(0, 1) if born_dead else dice.uniform(TICK_SECONDS, plan.longest)
    daemon = made.start()
    if not born_dead:
        daemon.wait_for('"started"')
    killer = threading.Timer(lives, daemon.kill)
    killer.start()
    while killer.is_alive():
        people.act()
        time.sleep(dice.uniform(0, 0.1))
    killer.join()
    assert daemon.ended == -signal.SIGKILL, daemon.log.read_text(encoding="utf-8")


def _torn(made: Office) -> tuple[int, int]:
    """Since the last look: runs that have not ended and never will, and writes not answered."""
    never_ended = select(run.c.id).where(run.c.ended.is_(None))
    not_settled = select(operation.c.key).where(operation.c.settled_at.is_(None))
    with database.read(made.engine) as conn:
        runs, writes = set(conn.scalars(never_ended)), set(conn.scalars(not_settled))
    new = len(runs - made.torn), len(writes - made.torn)
    made.torn |= runs | writes
    return new


def _quiet(made: Office, hands: Mapping[str, Box], people: People, result: Result) -> None:
    """Start it once more and leave it alone: all is well, and then nothing is written any more."""
    made.quick()
    people.look()
    people.keep_apart()
    began = time.monotonic()
    daemon = made.start()
    try:
        daemon.wait_for('"started"')
        while True:
            result.quiet_after = time.monotonic() - began
            result.faults = kills_check.faults(made.engine, hands, people.ledger)
            if not result.faults or result.quiet_after > QUIET_WITHIN:
                break
            time.sleep(1)
    finally:
        daemon.stop()
    before = kills_check.versions(hands)
    for _ in range(2):
        done = made.type("sync")
        result.faults += [] if done.returncode == 0 else [f"syncd sync: {done.stdout}{done.stderr}"]
    if kills_check.versions(hands) != before:
        result.faults.append("a sync without an edit wrote into a mailbox (P4)")
    result.faults += kills_check.faults(made.engine, hands, people.ledger)


def run_in(plan: Plan, folder: Path, tell: Callable[[str], None] = print) -> Result:
    """Play it in a folder, over a store of its own."""
    folder.mkdir(exist_ok=True)
    if plan.store == SQLITE:
        return play(plan, folder, f"sqlite:///{folder}/syncd.db", tell)
    with running() as server:
        return play(plan, folder, server.empty(), tell)


@click.command()
@click.option("--backend", type=click.Choice([EWS, GRAPH]), default=EWS, show_default=True)
@click.option("--store", type=click.Choice([SQLITE, POSTGRESQL]), default=SQLITE, show_default=True)
@click.option("--kills", default=50, show_default=True)
@click.option("--seed", default=1, show_default=True)
@click.option("--mailboxes", default=5, show_default=True)
@click.option("--contacts", default=200, show_default=True, help="In each mailbox.")
@click.option("--longest", default=3.0, show_default=True, help="Seconds that a process lives.")
@click.option("--grace", type=float, help="Seconds that an unanswered write is waited for.")
@click.option("--keep", type=click.Path(path_type=Path), help="Play in this folder, and leave it.")
def main(
    backend: str,
    store: str,
    kills: int,
    seed: int,
    mailboxes: int,
    contacts: int,
    longest: float,
    grace: float | None,
    keep: Path | None,
) -> None:
    """Kill it, and see. Exit status 1 when anything speaks against it."""
    plan = Plan(backend, store, kills, seed, mailboxes, contacts, longest, grace)
    with tempfile.TemporaryDirectory() as temporary:
        result = run_in(plan, keep or Path(temporary), click.echo)
    click.echo(f"{result}")
    for each in result.faults:
        click.echo(f"  {each}")
    sys.exit(bool(result.faults))


if __name__ == "__main__":
    main()
