"""The gate: what Graph would refuse is refused here, unsent, and nobody sleeps."""

from __future__ import annotations

import threading
from contextlib import ExitStack, closing

import pytest

from syncd.model.contact import CONTACT
from syncd.outlook.errors import MailboxError, Scope, Sort
from syncd.outlook.graph.gate import AT_ONCE, LIMIT, WINDOW, Gate, gate_of
from syncd.outlook.graph.mailbox import open_graph
from syncd.outlook.graph.session import GraphServer
from syncd.sandbox.server import Sandbox
from tests.outlook.desk import ADDRESS, Shown


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """The time, in seconds."""
        return self.now


def refused(gate: Gate, weight: int = 1) -> MailboxError:
    """What the gate says to a request of so many parts."""
    with pytest.raises(MailboxError) as caught, gate.passing(weight):
        pass
    assert (caught.value.sort, caught.value.scope) == (Sort.THROTTLED, Scope.MAILBOX)
    assert "nothing was sent" in caught.value.message
    return caught.value


def test_four_requests_at_once_and_no_fifth() -> None:
    """One that has ended, however it did, makes room for the next."""
    gate = Gate(Clock())
    with ExitStack() as under_way:
        for _ in range(AT_ONCE):
            under_way.enter_context(gate.passing(20))
        assert refused(gate).code == "busy"
    with pytest.raises(RuntimeError), gate.passing(1):
        raise RuntimeError
    with ExitStack() as under_way:
        for _ in range(AT_ONCE):
            under_way.enter_context(gate.passing(1))


def test_ten_thousand_in_ten_minutes_and_no_more() -> None:
    """Parts of a batch count singly; the pause ends when enough of them are ten minutes old."""
    clock = Clock()
    gate = Gate(clock)
    for _ in range(LIMIT // 20):
        with gate.passing(20):
            clock.now += 0.5
    assert gate.share == 1.0
    first = refused(gate, 20)
    assert first.code == "used-up"
    assert first.retry_after == pytest.approx(WINDOW - 0.5 * (LIMIT // 20))
    clock.now += first.retry_after or 0
    with gate.passing(20):
        pass
    assert refused(gate, 40).retry_after == pytest.approx(1.0)
    clock.now += WINDOW
    assert gate.share == 0.0


def test_a_pause_holds_the_mailbox_until_it_has_passed() -> None:
    """The longest that was asked for counts."""
    clock = Clock()
    gate = Gate(clock)
    gate.hold(30)
    gate.hold(5)
    assert refused(gate).retry_after == 30
    clock.now += 29
    assert refused(gate).retry_after == 1
    clock.now += 1
    with gate.passing(1):
        pass


def test_a_mailbox_has_one_gate_whoever_opens_it(box: Sandbox) -> None:
    """By its address, in whatever case; another mailbox has another, and so has another server."""
    gate = gate_of("graph.test", "Ann@Example.test")
    assert gate_of("GRAPH.test", "ann@example.test") is gate
    assert gate_of("graph.test", "bob@example.test") is not gate
    assert gate_of("graph.example", "ann@example.test") is not gate
    server = GraphServer(Shown(box.graph_token), box.graph_url)
    with closing(open_graph(server, ADDRESS)) as one, closing(open_graph(server, ADDRESS)) as two:
        one.folder(CONTACT, "default", create=False)
        assert one.share == two.share == one.subrequests / LIMIT
        assert (one.requests, two.requests) == (1, 0)


def test_no_two_threads_pass_where_one_may() -> None:
    """What is counted is counted once."""
    gate, passed, refusals = Gate(), [], []
    go = threading.Barrier(8)

    def ask() -> None:
        go.wait()
        for _ in range(200):
            try:
                with gate.passing(10):
                    passed.append(10)
            except MailboxError as problem:
                refusals.append(problem.code)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sum(passed) <= LIMIT
    assert gate.share == sum(passed) / LIMIT
    assert set(refusals) <= {"busy", "used-up"}
