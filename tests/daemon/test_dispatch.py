"""The top loop: who runs when, and what one broken mailbox does to the others."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from syncd.daemon.dispatch import FIRST_REST, LONGEST_PAUSE, Dispatcher

PATIENCE = 10.0  # seconds; nothing waits that long unless it is broken


@dataclass
class Mailboxes:
    """A service whose mailboxes are always due, and whose runs take as long as a test says."""

    addresses: tuple[str, ...]
    audits: tuple[str, ...] = ()  # always due to be audited, too
    broken: frozenset[str] = frozenset()
    gate: threading.Event = field(default_factory=threading.Event)
    lock: threading.Condition = field(default_factory=threading.Condition)
    running: list[str] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    audited: list[str] = field(default_factory=list)
    auditing: int = 0
    most_audits: int = 0
    most_at_once: int = 0

    def begin(self) -> None:
        """Nothing has changed."""

    def tidy(self) -> None:
        """Nothing to clean up."""

    def due(self, limit: int) -> Sequence[str]:
        """The first mailboxes, whether they are being run or not: the worst a service may do."""
        return self.addresses[:limit]

    def audits_due(self, limit: int) -> Sequence[str]:
        """The first of those, whether they are being run or not."""
        return self.audits[:limit]

    def audit(self, address: str, *, stop: threading.Event, run_id: str) -> object:
        """As a run."""
        assert run_id
        with self.lock:
            self.auditing += 1
            self.most_audits = max(self.most_audits, self.auditing)
        try:
            self._stay(address, stop)
        finally:
            with self.lock:
                self.auditing -= 1
                self.audited.append(address)
        return None

    def run(self, address: str, *, cause: str, stop: threading.Event, run_id: str) -> object:
        """Stay until the gate opens or `stop` is set, or break at once."""
        assert cause == "schedule"
        assert run_id
        self._stay(address, stop)
        return None

    def _stay(self, address: str, stop: threading.Event) -> None:
        with self.lock:
            self.running.append(address)
            self.most_at_once = max(self.most_at_once, len(self.running))
            self.lock.notify_all()
        try:
            if address in self.broken:
                raise RuntimeError(f"{address} broke")
            while not (self.gate.is_set() or stop.is_set()):
                self.gate.wait(0.01)
        finally:
            with self.lock:
                self.running.remove(address)
                self.done.append(address)
                self.lock.notify_all()

    def wait(self, until: Callable[[], bool]) -> None:
        """Wait until something is so."""
        with self.lock:
            assert self.lock.wait_for(until, PATIENCE)


def test_no_more_run_than_there_are_workers_and_no_mailbox_twice() -> None:
    """However often the loop looks, a mailbox that is being run is not run beside itself."""
    service = Mailboxes(tuple("abcde"))
    stop = threading.Event()
    dispatcher = Dispatcher(service, 3, stop)
    for _ in range(5):
        dispatcher.tick()
    service.wait(lambda: len(service.running) == 3)
    assert sorted(service.running) == ["a", "b", "c"]
    service.gate.set()
    dispatcher.close()
    assert sorted(service.done) == ["a", "b", "c"]
    assert service.most_at_once == 3


def test_a_run_that_breaks_stops_nobody_else() -> None:
    """One bad mailbox never stops another (P10)."""
    service = Mailboxes(("bad", "good"), broken=frozenset({"bad"}))
    service.gate.set()
    dispatcher = Dispatcher(service, 1, threading.Event())
    _ticks(dispatcher, 2)
    dispatcher.close()
    assert service.done == ["bad", "good"]


def test_a_mailbox_that_broke_rests_longer_each_time() -> None:
    """A run that breaks at once must not hammer the server once a second."""
    service = Mailboxes(("bad",), broken=frozenset({"bad"}))
    now = [0.0]
    dispatcher = Dispatcher(service, 1, threading.Event(), clock=lambda: now[0])

    def runs_at(time: float) -> int:
        now[0] = time
        dispatcher.tick()
        _settle(dispatcher)
        return len(service.done)

    first, second = FIRST_REST, 3 * FIRST_REST
    moments = [0, first - 1, first + 1, second - 1, second + 2]
    assert [runs_at(moment) for moment in moments] == [1, 1, 2, 2, 3]
    dispatcher.close()


def test_a_store_that_cannot_be_asked_is_asked_again() -> None:
    """A locked database is no reason to end, nor to ask and to log at each tick."""
    asked: list[float] = []

    class Locked(Mailboxes):
        def due(self, limit: int) -> Sequence[str]:
            if now[0] < 2 * LONGEST_PAUSE:
                asked.append(now[0])
                raise OSError("locked")
            return super().due(limit)

    now = [0.0]
    service = Locked(("a",))
    service.gate.set()
    dispatcher = Dispatcher(service, 1, threading.Event(), clock=lambda: now[0])
    for second in range(int(4 * LONGEST_PAUSE)):
        now[0] = float(second)
        dispatcher.tick()
    dispatcher.close()
    assert asked == [0, 1, 3, 7, 15, 31, 63]
    assert service.done[:1] == ["a"]


def test_stop_ends_what_runs_and_starts_nothing() -> None:
    """A stopped daemon finishes the batch at hand, and that is all."""
    service = Mailboxes(("a", "b"))
    stop = threading.Event()
    dispatcher = Dispatcher(service, 1, stop)
    dispatcher.tick()
    service.wait(lambda: service.running == ["a"])
    stop.set()
    dispatcher.tick()
    dispatcher.close()
    assert service.done == ["a"]


@pytest.mark.parametrize("workers", [2, 3, 5])
def test_audits_leave_a_worker_to_what_is_due(workers: int) -> None:
    """However many ticks go by while they run, one worker is not theirs: what is due then runs."""
    service = Mailboxes((), audits=tuple("abcdefgh"))
    dispatcher = Dispatcher(service, workers, threading.Event())
    for _ in range(5):
        dispatcher.tick()
    service.wait(lambda: len(service.running) == workers - 1)
    service.addresses = ("due",)
    dispatcher.tick()
    service.wait(lambda: "due" in service.running)
    for _ in range(5):
        dispatcher.tick()
    assert sorted(service.running) == sorted([*"abcdefgh"[: workers - 1], "due"])
    service.gate.set()
    dispatcher.close()
    assert service.most_audits == workers - 1
    assert service.done.count("due") == 1


@pytest.mark.parametrize(
    ("workers", "busy", "audits"),
    [(1, 0, 1), (1, 1, 0), (2, 0, 1), (2, 1, 0), (3, 0, 2), (3, 1, 1), (3, 2, 0), (5, 2, 2)],
)
def test_an_audit_never_takes_the_last_free_worker(workers: int, busy: int, audits: int) -> None:
    """Of several workers one stays free, whatever the others do; a single one is never shared."""
    service = Mailboxes(tuple(f"due{n}" for n in range(busy)), audits=tuple("abcdefgh"))
    dispatcher = Dispatcher(service, workers, threading.Event())
    for _ in range(5):
        dispatcher.tick()
    service.wait(lambda: len(service.running) == busy + audits)
    service.gate.set()
    dispatcher.close()
    assert sorted(service.done) == sorted([*service.addresses, *"abcdefgh"[:audits]])


def test_an_audit_that_is_over_makes_room_for_the_next() -> None:
    """What was audited once is not counted for ever: each tick starts as many as may be."""
    service = Mailboxes((), audits=("a",))
    service.gate.set()
    dispatcher = Dispatcher(service, 2, threading.Event())
    _ticks(dispatcher, 3)
    dispatcher.close()
    assert service.audited == ["a"] * 3


def test_a_worker_alone_audits_when_nothing_is_due() -> None:
    """With one worker what is due goes first, at every tick; with nothing due there is an audit."""
    service = Mailboxes(("due",), audits=("a", "b"))
    service.gate.set()
    dispatcher = Dispatcher(service, 1, threading.Event())
    _ticks(dispatcher, 3)
    assert (service.done, service.audited) == (["due"] * 3, [])
    service.addresses = ()
    dispatcher.tick()
    _settle(dispatcher)
    dispatcher.close()
    assert service.audited == ["a"]


def test_no_mailbox_is_audited_while_it_is_synced() -> None:
    """One that runs, or begins to, is passed over; the next one is audited."""
    service = Mailboxes(("a",), audits=("a", "b"))
    dispatcher = Dispatcher(service, 3, threading.Event())
    for _ in range(3):
        dispatcher.tick()
    service.wait(lambda: len(service.running) == 2)
    assert sorted(service.running) == ["a", "b"]
    service.gate.set()
    dispatcher.close()
    assert service.audited == ["b"]


def test_an_audit_that_breaks_lets_its_mailbox_rest() -> None:
    """As a run that breaks: it is neither synced nor audited again at once (P10)."""
    service = Mailboxes((), audits=("bad",), broken=frozenset({"bad"}))
    now = [0.0]
    dispatcher = Dispatcher(service, 1, threading.Event(), clock=lambda: now[0])
    for moment in (0, FIRST_REST - 1, FIRST_REST + 1):
        now[0] = moment
        dispatcher.tick()
        _settle(dispatcher)
    dispatcher.close()
    assert service.audited == ["bad", "bad"]


def _ticks(dispatcher: Dispatcher, times: int) -> None:
    """So many looks at what is due, each once what it started is over."""
    for _ in range(times):
        dispatcher.tick()
        _settle(dispatcher)


def _settle(dispatcher: Dispatcher) -> None:
    """Wait until no run is left, the bookkeeping after it included."""
    patience = threading.Event()
    for _ in range(int(PATIENCE / 0.005)):
        if not dispatcher._running:
            return
        patience.wait(0.005)
    raise AssertionError("a run did not end")
