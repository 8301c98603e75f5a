"""Two `syncd run` over one store on PostgreSQL, serving the same mailboxes at the same time."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import select

from syncd.cli.demo.place import EWS
from syncd.crm import database
from syncd.crm.clock import StoreClock
from syncd.sync import leases
from syncd.sync.tables import mailbox, run
from tests.end_to_end import kills_check
from tests.end_to_end.kills_boxes import Box, boxes, loopback
from tests.end_to_end.kills_edits import People
from tests.end_to_end.kills_office import Daemon, Office, office
from tests.postgres import Postgres

MAILBOXES, CONTACTS = 3, 15
GRACE = 2.0  # seconds that an unanswered write is waited for
WITHIN = 20.0  # seconds; a lease that nobody gives back is held for three minutes
ANSWERED = 0.7  # seconds: whatever was on its way to a mailbox has been carried out


def until(what: str, true: Callable[[], object]) -> None:
    """Wait for it; it may not take as long as a lease."""
    end = time.monotonic() + WITHIN
    while not true():
        assert time.monotonic() < end, what
        time.sleep(0.02)


def held_by(made: Office, daemon: Daemon) -> list[int]:
    """The mailboxes that a process runs just now."""
    pid = f":{daemon.process.pid}:"
    with database.read(made.engine) as conn:
        rows = conn.execute(select(mailbox.c.id, mailbox.c.lease_owner)).all()
    return [row.id for row in rows if row.lease_owner and pid in row.lease_owner]


def work(people: People, dice: random.Random, seconds: float) -> None:
    """People edit on both sides meanwhile."""
    end = time.monotonic() + seconds
    people.look()
    while time.monotonic() < end:
        people.act()
        time.sleep(dice.uniform(0, 0.1))


def taken_away(made: Office, hands: Mapping[str, Box], daemon: Daemon) -> None:
    """In the middle of a run its mailbox goes to another process: not one write more goes there."""
    until("a process runs nothing", lambda: held_by(made, daemon))
    (mailbox_id, *_) = held_by(made, daemon)
    clock = StoreClock()
    with database.write(made.engine, durable=True) as conn:
        clock.ask(conn)
        taken = leases.acquire(conn, mailbox_id, clock() + leases.LEASE + timedelta(seconds=5))
        address = conn.scalar(select(mailbox.c.address).where(mailbox.c.id == mailbox_id))
    assert taken is not None
    time.sleep(ANSWERED)
    before = hands[str(address)].read()
    until("it goes on", lambda: "another process runs this mailbox now" in said(daemon))
    assert hands[str(address)].read() == before
    with database.write(made.engine) as conn:
        assert leases.release(conn, taken)


def kill_at_work(made: Office, daemon: Daemon) -> None:
    """SIGKILL in the middle of a run: what it held, it holds still."""
    daemon.process.send_signal(signal.SIGSTOP)
    while not held_by(made, daemon):
        daemon.process.send_signal(signal.SIGCONT)
        time.sleep(0.02)
        daemon.process.send_signal(signal.SIGSTOP)
    daemon.kill()


def said(daemon: Daemon) -> str:
    """What a process has logged."""
    return daemon.log.read_text(encoding="utf-8")


def beside_each_other(made: Office, torn: int) -> list[str]:
    """Runs of one mailbox that another one began within; `torn`: so many were killed."""
    whole = select(run.c.mailbox_id, run.c.started, run.c.ended).where(run.c.ended.is_not(None))
    with database.read(made.engine) as conn:
        rows = conn.execute(whole.order_by(run.c.mailbox_id, run.c.started)).all()
        cut = conn.execute(select(run.c.id).where(run.c.ended.is_(None))).all()
    assert len(cut) <= torn
    return [
        f"{one} and {other}"
        for one, other in pairwise(rows)
        if one.mailbox_id == other.mailbox_id and one.ended > other.started
    ]


@pytest.mark.timeout(180)
def test_two_processes_serve_the_same_mailboxes(tmp_path: Path, postgres: Postgres) -> None:
    """Neither doubles nor loses what the other does, and one that is killed is replaced at once.

    One mailbox is run by one of them at a time; one that was taken away is left alone from then on;
    and of a process of this machine that was killed nobody waits for the lease (P1, P3, P10).
    """
    loopback()
    dice = random.Random(1)  # noqa: S311
    made_in = office(
        tmp_path, EWS, postgres.empty(), mailboxes_=MAILBOXES, contacts=CONTACTS, grace=GRACE
    )
    with made_in as made:
        hands = boxes(made.place, made.addresses)
        people = People(made, hands, 1, CONTACTS)
        made.slow()
        daemons = [made.start(), made.start()]
        try:
            taken_away(made, hands, daemons[0])
            for each in daemons:
                each.wait_for('"started"')
            work(people, dice, 3)
            assert not beside_each_other(made, len(daemons) * MAILBOXES)
            kill_at_work(made, daemons[0])
            until("nobody takes over", lambda: not held_by(made, daemons[0]))
            work(people, dice, 1)
            made.quick()
            found = ["not looked yet"]

            def quiet() -> bool:
                found[:] = kills_check.faults(made.engine, hands, people.ledger)
                return not found

            until(f"{found}", quiet)
            assert people.ledger.edits
            assert not beside_each_other(made, MAILBOXES)
        finally:
            for each in daemons:
                each.kill()
