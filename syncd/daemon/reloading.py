"""Taking a changed configuration up while mailboxes run."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import structlog

from syncd.daemon.logging import configure_logging
from syncd.settings.configuration import Configuration
from syncd.settings.load import load
from syncd.settings.mistakes import BadConfiguration

_log = structlog.stdlib.get_logger(__name__)


class Reconfigured(Protocol):
    """What goes by a configuration, and can go by another one."""

    def reconfigure(self, configuration: Configuration) -> None:
        """Go by this configuration from the next run on."""
        ...


class Reloader:
    """Loads the configuration file anew each time it is called, and hands it to the service.

    A file with mistakes is logged with all of them, and changes nothing.
    """

    def __init__(self, file: Path, configuration: Configuration, service: Reconfigured) -> None:
        self._file = file
        self._configuration = configuration
        self._service = service

    def __call__(self) -> None:
        """Take the file up as it is now."""
        try:
            new = load(self._file)
        except BadConfiguration as bad:
            _log.error(
                "the configuration has mistakes; the old one stays in force",
                mistakes=[f"{mistake}" for mistake in bad.mistakes],
            )
            return
        configure_logging(new.log, custom=new.custom_names)
        old, self._configuration = self._configuration, new
        if (old.store, old.daemon) != (new.store, new.daemon):
            _log.warning("[store] and [daemon] change when syncd is started again")
        self._service.reconfigure(new)
        _log.info("the configuration is reloaded", policies=list(new.policies))
