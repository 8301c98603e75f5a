"""The one table of errors: complete in what it names, cautious in what it does not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from syncd.outlook.errors import MailboxError, Scope, Sort
from syncd.outlook.ews import errors
from syncd.outlook.ews.answers import messages
from syncd.outlook.ews.errors import CODES, STATUSES
from syncd.outlook.transport import Reply
from syncd.outlook.verdict import Effect


def test_every_code_is_one_that_exchange_has(schemas: Path) -> None:
    """No row waits for a code that never comes (ResponseCodeType)."""
    text = (schemas / "messages.xsd").read_text()
    known = set(re.findall(r'<xs:enumeration value="(Error\w+)"', text))
    assert set(CODES) <= known


@pytest.mark.parametrize("code", sorted(CODES))
def test_only_a_write_can_be_in_doubt(code: str) -> None:
    """What only read has done nothing, however it ended."""
    assert errors.of_item(code).sort(Effect.NONE) is not Sort.IN_DOUBT


@pytest.mark.parametrize("status", [*sorted(STATUSES), 302, 418, 500, 502, 504])
def test_no_status_puts_a_read_in_doubt(status: int) -> None:
    """Nor is any of them taken for an answer."""
    with pytest.raises(MailboxError) as caught:
        messages(Reply(status, b""), "GetItem", Effect.NONE)
    assert caught.value.sort is not Sort.IN_DOUBT
    assert caught.value.code == f"http-{status}"


def test_an_unknown_code_is_the_fault_of_its_item_and_puts_a_request_in_doubt() -> None:
    """A refusal of one item was answered; of a whole write nobody knows how far it came."""
    assert errors.failure("ErrorOfTomorrow", Effect.WRITES).sort is Sort.INVALID
    assert errors.of_request("ErrorOfTomorrow").sort(Effect.WRITES) is Sort.IN_DOUBT
    assert errors.of_request("ErrorOfTomorrow").sort(Effect.NONE) is Sort.TRANSIENT


@pytest.mark.parametrize(
    ("header", "least", "most"),
    [
        ("7", 7, 7),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0, 0),
        ("Wed, 21 Oct 2115 07:28:00 GMT", 3600, 3600),
        ("9" * 30, 3600, 3600),
    ],
)
def test_a_pause_may_be_a_number_or_a_date(header: str, least: float, most: float) -> None:
    """Both forms of Retry-After; a date in the past is no pause, and none is believed for long."""
    with pytest.raises(MailboxError) as caught:
        messages(Reply(503, b"", header), "GetItem", Effect.NONE)
    assert caught.value.retry_after is not None
    assert least <= caught.value.retry_after <= most


@pytest.mark.parametrize("header", [None, "", "soon", "-1", "1e9"])
def test_a_pause_that_cannot_be_read_is_none(header: str | None) -> None:
    """The caller then has its own."""
    with pytest.raises(MailboxError) as caught:
        messages(Reply(429, b"", header), "GetItem", Effect.NONE)
    assert caught.value.retry_after is None
    assert caught.value.scope is Scope.MAILBOX
