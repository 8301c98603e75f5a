"""Prints the tables of `quarantine.md`: what counts as a try, how long until the next, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta

from syncd.reconcile.reasons import Reason
from syncd.sync import alerts, catalogue, failing, outage
from syncd.sync.settling import FIRST_GAP, LONGEST_GAP, SET_ASIDE_FOR, SPREAD, TRIES, gap_after

Table = Callable[[Iterable[str], Iterable[Sequence[str]]], list[str]]

_UNITS = (
    ("day", timedelta(days=1)),
    ("hour", timedelta(hours=1)),
    ("minute", timedelta(minutes=1)),
)
_ASIDE, _NEVER = "set aside", "it is never set aside for that"
_EACH = "with each sync"
_GROWING = "after growing gaps, below"

# What the list may say of what is set aside, or on its way there.
_REASONS = (Reason.REFUSED, Reason.RETRY, Reason.IN_DOUBT, Reason.LIVELOCK)


def quarantine_tables(table: Table) -> list[str]:
    """The tables, under their headings."""
    spread = f"Each gap is spread by up to {SPREAD:.0%} either way: what failed together is not"
    return [
        "## What counts as a try",
        "",
        *table(["What comes of a try", "Tried again", "Tries", "Then"], _tries()),
        "",
        "## How long until the next try",
        "",
        spread,
        "tried together.",
        "",
        *table(["After", "Gap", "Spread"], _gaps()),
        "",
        "## What makes an outage",
        "",
        *table(["How many", "What it means"], _many()),
        "",
        "## What the list says",
        "",
        *table(["Code", "In words", "What to do"], _reasons()),
        "",
    ]


def _tries() -> Iterator[list[str]]:
    """As `syncd.sync.failing` goes through them."""
    more = "its server or its mailbox has to be well first"
    yield [
        "The server refuses it as it is, or a right to it is missing",
        _GROWING,
        f"{TRIES}",
        _ASIDE,
    ]
    yield ["It cannot be read", _GROWING, f"{TRIES}", _ASIDE]
    yield ["It was gone, or failed for the moment", _EACH, f"{TRIES}", _ASIDE]
    yield ["The server did not answer, and did not do it", _EACH, f"{failing.DOUBTS}", _ASIDE]
    yield [
        "It was edited in between, and the very same is refused again",
        f"{_EACH}; then {_GROWING}",
        f"{failing.LIVELOCK}",
        f"it waits; {_NEVER}",
    ]
    yield ["It was edited in between, and something else is to be written", _EACH, "–", _NEVER]
    yield ["The server asks for a pause", _EACH, "–", _NEVER]
    yield ["What failed is not the item but its mailbox or its server", more, "–", _NEVER]
    yield ["An outage", "once its mailbox is due again", "–", _NEVER]


def _gaps() -> Iterator[list[str]]:
    for number in range(1, TRIES):
        yield [f"try {number}", *_spread(_gap(number))]
    yield [f"try {TRIES}, set aside", *_spread(SET_ASIDE_FOR)]
    first = _in_words(_gap(failing.LIVELOCK))
    said = f"{first}, then twice the one before, up to {_in_words(LONGEST_GAP)}"
    yield [f"try {failing.LIVELOCK} and on, where nothing is set aside", said, ""]


def _many() -> Iterator[list[str]]:
    alike = f"{outage.ALIKE} items in a row that fail with one code"
    yield [
        f"{alike}, and these are more than half of what was tried",
        "An outage: the sync ends there, no try counts, alert `outage`",
    ]
    yield [
        f"{alerts.ALIKE} items that fail or are set aside with one code, however they came to it",
        "Told as one failure: alert `like-failures`",
    ]
    yield [f"{alerts.FAILURES} syncs in a row that fail for anything else", "Alert `failing`"]


def _reasons() -> Iterator[list[str]]:
    for each in _REASONS:
        yield [f"`{each}`", catalogue.sentence(each), catalogue.remedy(each)]


def _gap(tries: int) -> timedelta:
    """Without the spread, which is the same for each try of one subject."""
    times = gap_after(tries, "") / gap_after(1, "")
    return FIRST_GAP * round(times)


def _spread(gap: timedelta) -> tuple[str, str]:
    return _in_words(gap), f"{_in_words(gap * (1 - SPREAD))} to {_in_words(gap * (1 + SPREAD))}"


def _in_words(gap: timedelta) -> str:
    unit, size = next(each for each in _UNITS if gap >= each[1])
    count = f"{gap / size:.1f}".removesuffix(".0")
    return f"{count} {unit}" if count == "1" else f"{count} {unit}s"
