"""The tables that the doctor goes by are whole."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

from syncd.sync import doctor
from syncd.sync.doctor.catalogue import INSTALLATION, MAILBOX, SERVER
from syncd.sync.doctor.causes import CAUSES
from syncd.sync.doctor.checks_entering import granted_by
from syncd.sync.doctor.examine import Standing
from syncd.sync.doctor.finding import Bar, Level

CHECKS = [
    *((each.name, each.needs) for each in INSTALLATION),
    *((each.name, each.needs) for each in SERVER),
    *((each.name, each.needs) for each in MAILBOX),
]
EVERY = {code: cause for causes in CAUSES.values() for code, cause in causes.items()}


def test_a_check_needs_only_what_was_looked_at_before() -> None:
    """So that one pass is enough; and what a check may find is told of it and of no other."""
    seen: set[str] = set()
    for name, needs in CHECKS:
        assert set(needs) <= seen, name
        seen.add(name)
    assert seen == CAUSES.keys()
    assert sum(map(len, CAUSES.values())) == len(EVERY)


def test_every_cause_can_be_found() -> None:
    """None is in the table that no check names."""
    folder = Path(doctor.__file__).parent
    source = "".join(path.read_text() for path in folder.glob("*.py"))
    assert [code for code in EVERY if f'"{code}"' not in source] == []


@pytest.mark.parametrize("code", EVERY)
def test_a_cause_says_what_follows_and_what_to_do(code: str) -> None:
    """A failure: all three; a warning: what to do; and each is a sentence."""
    cause = EVERY[code]
    for text in (cause.what, cause.follows, cause.steps):
        assert not text or re.search(r"[.!}]$|cloud\.microsoft$", text), text
    if cause.level is Level.FAILURE:
        assert cause.follows
        assert cause.steps or cause.type
    if cause.level is not Level.FAILURE:
        assert cause.bar is Bar.OTHER
    for line in cause.type:
        assert "\n" not in line
        list(Formatter().parse(line))


def test_what_a_line_leaves_to_fill_in_stands_in_the_manual() -> None:
    """A program that shows lines, and a person who copies them, can tell such words apart."""
    lines = "\n".join(line for cause in EVERY.values() for line in cause.type)
    open_ones = set(re.findall(r"(?<![\w{.-])[A-Z]+(?:-[A-Z]+)*(?![\w}.])", lines))
    manual = (Path(__file__).parents[2] / "docs" / "doctor.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"`([A-Z-]+)`", manual.partition("## What is looked at")[0]))
    assert open_ones - {"EWS"} - listed == set()


def test_what_stands_on_what_gave_way_is_told_by_the_root() -> None:
    """Not by the last step of a chain."""
    server = Standing()
    server.gives_way("name")
    server.gives_way("tls", "name")
    mailbox = server.within()
    assert mailbox.missing(("tls",)) == "name"
    mailbox.gives_way("mailbox")
    assert mailbox.missing(("tls", "mailbox")) == "name"
    assert mailbox.missing(("mailbox",)) == "mailbox"
    assert server.missing(("mailbox",)) is None


@pytest.mark.parametrize(
    "token", ["", "opaque", "a.b.c", "a.bnVsbA.c", "a.eyJyb2xlcyI6Im5vIn0.c", "a.!!!.c"]
)
def test_a_token_that_cannot_be_read_says_nothing(token: str) -> None:
    """It is meant for the server: that it can be read at all is no promise."""
    assert granted_by(token) is None
