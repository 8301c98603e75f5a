"""Being signalled: SIGTERM and SIGINT to stop, SIGHUP to reload, as something to wait for."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

STOPPING = (signal.SIGTERM, signal.SIGINT)
RELOADING = signal.SIGHUP


@contextmanager
def signals(*others: signal.Signals) -> Iterator[Callable[[], signal.Signals]]:
    """Take the stop signals over, and these others; what is yielded waits for the next of them.

    For the main thread only. A second stop signal ends the process at once: the journal makes that
    safe.
    """
    # The handlers do nothing. The number of a signal comes out of a socket instead, so that no
    # code of ours runs in the middle of any other.
    reader, writer = socket.socketpair()
    writer.settimeout(0)
    old_fd = signal.set_wakeup_fd(writer.fileno())
    taken = (*STOPPING, *others)
    old = {number: signal.signal(number, lambda *_: None) for number in taken}

    def wait() -> signal.Signals:
        while True:
            number = signal.Signals(reader.recv(1)[0])
            if number in taken:
                break
        for each in STOPPING if number in STOPPING else ():
            signal.signal(each, signal.SIG_DFL)
        return number

    try:
        yield wait
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(old_fd)
        reader.close()
        writer.close()
