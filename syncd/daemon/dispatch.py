"""The top loop: hands due mailboxes to a bounded pool, one run of a mailbox at a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import structlog
from structlog.contextvars import bound_contextvars

from syncd.daemon.service import SyncService

FIRST_REST = 60.0  # seconds that a mailbox rests after a run that broke; doubled each time
LONGEST_REST = 3600.0
FIRST_PAUSE = 1.0  # seconds until it is looked again for what is due, if that failed; doubled
LONGEST_PAUSE = 60.0

_log = structlog.stdlib.get_logger(__name__)


class Dispatcher:
    """Runs what is due on at most `workers` threads. `stop` ends runs after the batch at hand."""

    def __init__(
        self,
        service: SyncService,
        workers: int,
        stop: threading.Event,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._service = service
        self._workers = workers
        self._stop = stop
        self._clock = clock
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="mailbox")
        self._lock = threading.Lock()  # guards the two below
        self._running: set[str] = set()
        self._resting: dict[str, tuple[float, float]] = {}  # address → (until when, how long)
        self._pause = (0.0, 0.0)  # of looking for what is due: until when, how long

    def tick(self) -> None:
        """Start what is due, as far as there are free workers. Returns at once."""
        if self._stop.is_set() or self._clock() < self._pause[0]:
            return
        if self._contained("looking for due mailboxes failed", self._start_due):
            self._pause = (0.0, 0.0)
            return
        # A store that cannot be used is asked again, and not at each tick: each time is logged.
        length = min(max(self._pause[1] * 2, FIRST_PAUSE), LONGEST_PAUSE)
        self._pause = (self._clock() + length, length)

    def tidy(self) -> None:
        """Clean up behind past runs."""
        if not self._stop.is_set():
            self._contained("tidying failed", self._service.tidy)

    def reload(self, action: Callable[[], None]) -> None:
        """Take another configuration up. Whatever comes of that, what runs goes on."""
        self._contained("reloading the configuration broke off", action)

    def close(self) -> None:
        """Wait for the runs that have begun. Set `stop` first; no tick may follow."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _start_due(self) -> None:
        with self._lock:
            skipped = self._running | self._now_resting()
            free = self._workers - len(self._running)
        if free <= 0:
            return
        due = self._service.due(free + len(skipped))
        starting = [each for each in dict.fromkeys(due) if each not in skipped][:free]
        for address in starting:
            self._start(address, self._run_once)
        # Audits take what is left, and never the last free worker: what comes due in a moment is
        # not to wait for one. Where there is but one worker, they have it while nothing is due.
        spared = 1 if self._workers > 1 else 0
        left = free - len(starting) - spared
        if left <= 0:
            return
        skipped |= set(starting)
        audits = self._service.audits_due(left + len(skipped))
        for address in [each for each in dict.fromkeys(audits) if each not in skipped][:left]:
            self._start(address, self._audit_once)

    def _start(self, address: str, once: Callable[[str, str], None]) -> None:
        with self._lock:
            self._running.add(address)
        self._pool.submit(self._run, address, once)

    def _run(self, address: str, once: Callable[[str, str], None]) -> None:
        run_id = uuid4().hex[:12]
        with bound_contextvars(run=run_id, mailbox=address):
            sound = not self._stop.is_set() and self._contained(
                "a run broke off; its mailbox rests", lambda: once(address, run_id)
            )
        with self._lock:
            self._running.discard(address)
            if sound:
                self._resting.pop(address, None)
            elif not self._stop.is_set():
                self._rest(address)

    def _run_once(self, address: str, run_id: str) -> None:
        self._service.run(address, cause="schedule", stop=self._stop, run_id=run_id)

    def _audit_once(self, address: str, run_id: str) -> None:
        self._service.audit(address, stop=self._stop, run_id=run_id)

    def _rest(self, address: str) -> None:
        _, before = self._resting.get(address, (0.0, FIRST_REST / 2))
        length = min(before * 2, LONGEST_REST)
        self._resting[address] = (self._clock() + length, length)

    def _now_resting(self) -> set[str]:
        now = self._clock()
        return {address for address, (until, _) in self._resting.items() if until > now}

    def _contained(self, event: str, action: Callable[[], None]) -> bool:
        """Do `action`, and say whether it ended well."""
        try:
            action()
        # The one place that catches everything: whatever it was, the other mailboxes go on (P10).
        except Exception:  # noqa: BLE001 - see above
            _log.exception(event)
            return False
        return True
