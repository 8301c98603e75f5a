"""A server that answers in good form what is not so, or keeps what was not said.

Each of these has been seen: a folder listed as empty while its database was being moved, a search
index that is minutes behind, a transport agent or a scanner that saves items for nothing, a
gateway that answers with its sign-in page, a clock that no time server corrects.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from syncd.sandbox.changelog import Report
from syncd.sandbox.clock import Clock
from syncd.sandbox.faults import Fault, FaultKind, Kinds
from syncd.sandbox.mailbox import Item, Mailbox
from syncd.sandbox.properties import Value

_TEXTS = frozenset(
    f"contacts:{name}"
    for name in ("GivenName", "MiddleName", "Surname", "JobTitle", "CompanyName", "Department")
)
_LONGEST = 8  # characters that are left of a text

_PAGE = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body><p>Sign in</body></html>"
_NOISE = bytes(range(256)) * 4
_OF_PEOPLE = "text/html; charset=utf-8"


def told(changes: Sequence[tuple[Report, str]], kinds: Kinds) -> Sequence[tuple[Report, str]]:
    """Return the changes of a page as they are told: not at all, otherwise ordered, twice."""
    if FaultKind.EMPTY_FOLDER in kinds:
        return ()
    if FaultKind.REPEATED in kinds:
        changes = [*changes, *changes]
    return changes[::-1] if FaultKind.REORDERED in kinds else changes


def shown_of(items: Iterable[Item], kinds: Kinds) -> list[Item]:
    """Return what a listing or a search shows of a folder."""
    return [] if FaultKind.EMPTY_FOLDER in kinds else list(items)


def indexed(items: Iterable[Item], clock: Clock, kinds: Kinds) -> list[Item]:
    """Return what the search index knows of by now."""
    behind = kinds.get(FaultKind.LAGGING_INDEX)
    if behind is None:
        return list(items)
    until = clock.seconds() - behind.delay_ms / 1000
    return [each for each in items if _seconds(each.modified) <= until]


def garbage(fault: Fault) -> tuple[bytes, str]:
    """Return what comes in the place of an answer, and the type that it is said to be of."""
    match fault.code:
        case "bytes":
            return _NOISE, "application/octet-stream"
        case "json":
            return b'{"message": "hello"}', "application/json"
        case "empty":
            return b"", _OF_PEOPLE
    return _PAGE, _OF_PEOPLE


def lead_of(kinds: Kinds) -> int:
    """Return by how many seconds the clock is wrong."""
    wrong = kinds.get(FaultKind.WRONG_CLOCK)
    return wrong.delay_ms // 1000 if wrong is not None else 0


@contextmanager
def lying(mailboxes: Sequence[Mailbox], clock: Clock, kinds: Kinds) -> Iterator[None]:
    """Let a request be done by a server that is so. The caller holds the lock."""
    if FaultKind.RESTLESS in kinds:
        for mailbox in mailboxes:
            for item in mailbox.items():
                mailbox.update(item.id, {})
    habits = [each.habit for each in mailboxes]
    clock.lead = lead_of(kinds)
    for mailbox in mailboxes:
        if FaultKind.NORMALISED in kinds:
            mailbox.habit = _in_capitals
        elif FaultKind.TRUNCATED in kinds:
            mailbox.habit = _cut_off
    try:
        yield
    finally:
        clock.lead = 0
        for mailbox, habit in zip(mailboxes, habits, strict=True):
            mailbox.habit = habit


def _in_capitals(key: str, value: Value) -> Value:
    return value.upper() if key in _TEXTS and isinstance(value, str) else value


def _cut_off(key: str, value: Value) -> Value:
    return value[:_LONGEST] if key in _TEXTS and isinstance(value, str) else value


def _seconds(when: str) -> float:
    return datetime.strptime(when, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()
