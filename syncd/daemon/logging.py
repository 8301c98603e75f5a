"""How the daemon logs: one form for our lines and for those of the libraries we use."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable
from typing import TextIO

import structlog
from structlog.typing import Processor

from syncd.daemon.redaction import Redaction
from syncd.settings.configuration import Log, LogFormat

# At a lower level these log what they send and receive, which is content, or every job and query.
QUIET = ("exchangelib", "apscheduler", "sqlalchemy", "urllib3", "requests", "alembic")

_FIRST: tuple[Processor, ...] = (
    structlog.contextvars.merge_contextvars,  # the run and the mailbox, on every line
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
)


def configure_logging(
    settings: Log,
    stream: TextIO | None = None,
    *,
    quiet: bool = False,
    custom: Iterable[str] = (),
) -> None:
    """Send every log line of this process to `stream`, by default standard error.

    `quiet`: errors alone, for a command that tells a person the rest itself. `custom`: the names of
    the configuration's own fields, whose content is as personal as that of the map's.
    """
    out = stream or sys.stderr
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_FIRST,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.UnicodeDecoder(),
                # after all that adds text
                Redaction(show_addresses=settings.show_addresses, custom=custom),
                _renderer(settings.format, colors=out.isatty()),
            ],
        )
    )
    level = logging.getLevelNamesMapping()[settings.level.upper()]
    level = max(level, logging.ERROR) if quiet else level
    logging.basicConfig(handlers=[handler], level=level, force=True)
    logging.captureWarnings(capture=True)
    for library in QUIET:
        logging.getLogger(library).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_FIRST,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.processors.StackInfoRenderer(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )


def _renderer(form: LogFormat, *, colors: bool) -> Processor:
    if form is LogFormat.CONSOLE or (form is LogFormat.AUTO and colors):
        return structlog.dev.ConsoleRenderer(
            colors=colors, exception_formatter=structlog.dev.plain_traceback
        )
    return structlog.processors.JSONRenderer(ensure_ascii=False)
