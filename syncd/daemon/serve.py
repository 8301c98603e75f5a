"""From start to stop: the scheduler, the pool, the signals."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable

import structlog
from apscheduler.schedulers.background import BackgroundScheduler

from syncd.daemon.dispatch import Dispatcher
from syncd.daemon.notify import notify
from syncd.daemon.service import SyncService
from syncd.daemon.stopping import RELOADING, signals

TICK_SECONDS = 1

_log = structlog.stdlib.get_logger(__name__)


def serve(service: SyncService, workers: int, reload: Callable[[], None] | None = None) -> None:
    """Keep mailboxes in step until SIGTERM or SIGINT; then finish the batches at hand and return.

    SIGHUP calls `reload`; without one it ends the process, as by default. For the main thread only.
    """
    stop = threading.Event()
    dispatcher = Dispatcher(service, workers, stop)
    scheduler = BackgroundScheduler(timezone="UTC")
    # When a mailbox is due stands in the store, so the scheduler holds no job per mailbox.
    scheduler.add_job(
        dispatcher.tick,
        "interval",
        seconds=TICK_SECONDS,
        coalesce=True,
        max_instances=1,
        misfire_grace_time=None,
    )
    scheduler.add_job(dispatcher.tidy, "interval", hours=24, jitter=3600, coalesce=True)
    service.begin()
    gc.freeze()  # what is loaded by now stays: the collector need not go through it each time
    with signals(*((RELOADING,) if reload else ())) as wait:
        scheduler.start()
        notify("READY=1")
        _log.info("started", workers=workers)
        while (signal := wait()) is RELOADING and reload:
            notify("RELOADING=1")
            dispatcher.reload(reload)
            notify("READY=1")
        notify("STOPPING=1")
        _log.info("stopping", signal=signal.name)
        stop.set()
        scheduler.shutdown(wait=True)
        dispatcher.close()
    _log.info("stopped")
