"""What the daemon logs: one form for every line, and nobody's name in it."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from structlog.contextvars import bound_contextvars

from syncd.daemon.logging import QUIET, configure_logging
from syncd.settings.configuration import Log, LogFormat, LogLevel

ANN = "Ann.van-Dyk@Contoso.example"


@pytest.fixture(autouse=True)
def _put_back() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.NOTSET)


def log(*, show_addresses: bool = False, form: LogFormat = LogFormat.JSON) -> io.StringIO:
    """Where the log lines of a test go."""
    stream = io.StringIO()
    settings = Log(format=form, level=LogLevel.DEBUG, show_addresses=show_addresses)
    configure_logging(settings, stream)
    return stream


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    """The JSON lines that were logged."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_every_line_carries_the_run_and_the_mailbox() -> None:
    """Ours and those of libraries alike."""
    stream = log()
    with bound_contextvars(run="r1", mailbox="m1"):
        structlog.stdlib.get_logger("syncd.sync").info("settled", count=3)
        logging.getLogger("some.library").warning("retrying in %d s", 5)
    ours, theirs = lines(stream)
    assert (ours["event"], ours["count"], ours["level"]) == ("settled", 3, "info")
    assert (theirs["event"], theirs["logger"]) == ("retrying in 5 s", "some.library")
    assert all((line["run"], line["mailbox"]) == ("r1", "m1") for line in (ours, theirs))
    assert all(line["timestamp"].endswith("Z") for line in (ours, theirs))


def say_everything() -> None:
    """Log an address and a name in every place that a line has."""
    ours = structlog.stdlib.get_logger("syncd.sync")
    with bound_contextvars(mailbox=ANN):
        ours.info(f"run of {ANN}", to=[ANN], nested={ANN: {"lastname": "van Dyk"}}, at=(ANN, 1))
        ours.warning("asked %s", f"https://mail.test/{ANN.replace('@', '%40')}/inbox")
        logging.getLogger("some.library").warning("no mailbox %s", ANN)
        try:
            int(ANN)
        except ValueError:
            ours.exception("broke", subject="Offer for van Dyk", password="hunter2")
            logging.getLogger("some.library").exception("broke")


@pytest.mark.parametrize("form", LogFormat)
def test_no_address_and_no_name_gets_into_the_log(form: LogFormat) -> None:
    """Logs go where mailboxes do not: to other teams, to other machines, into tickets."""
    stream = log(form=form)
    say_everything()
    text = stream.getvalue().casefold()
    assert text.count("broke") == 2
    assert "contoso" not in text
    assert "dyk" not in text
    assert "hunter2" not in text


def test_an_address_keeps_one_tag_while_the_process_lives() -> None:
    """The lines of one mailbox can be told from another's, without saying whose they are."""
    stream = log()
    for address in (ANN, ANN.lower(), "bob@contoso.example"):
        structlog.stdlib.get_logger().info("run", mailbox=address)
    first, second, other = [line["mailbox"] for line in lines(stream)]
    assert first == second != other


def test_addresses_are_shown_when_turned_on_and_secrets_never() -> None:
    """An admin may choose to see whose mailbox it is; nobody may choose to see a password."""
    stream = log(show_addresses=True)
    say_everything()
    assert ANN in stream.getvalue()
    assert "van Dyk" in stream.getvalue()
    assert "hunter2" not in stream.getvalue()


def test_libraries_that_log_what_they_send_are_kept_quiet() -> None:
    """At debug level exchangelib logs whole requests, which are content."""
    stream = log()
    for name in QUIET:
        logging.getLogger(f"{name}.inner").info("<soap>van Dyk</soap>")
    assert stream.getvalue() == ""
