"""Values on the wire: days stay days, and any text can be sent."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from syncd.model.fields import FieldType
from syncd.model.normal import normal
from syncd.outlook.ews.xml import parse
from syncd.outlook.instants import day, instant, modified
from syncd.outlook.texts import MANY_LINES, from_text, to_text

TEXTS = [FieldType.TEXT, FieldType.LINES, FieldType.NOTE, FieldType.EMAIL, FieldType.PHONE]
# Characters that are neither text nor blanks of any sort: XML cannot carry them.
NOISE = "".join(map(chr, [*range(0x9), *range(0xE, 0x1C), 0xFFFE, 0xFFFF]))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1980-05-01T11:59:00Z", date(1980, 5, 1)),  # Exchange, newer Outlook
        ("1980-05-01T00:00:00Z", date(1980, 5, 1)),  # midnight in London
        ("1980-04-30T22:00:00Z", date(1980, 5, 1)),  # midnight in Berlin, summer
        ("1980-04-30T23:00:00Z", date(1980, 5, 1)),  # midnight in Berlin, winter
        ("1980-05-01T04:00:00Z", date(1980, 5, 1)),  # midnight in New York
        ("1980-05-01T10:00:00Z", date(1980, 5, 1)),  # midnight in Honolulu
        ("1980-04-30T12:00:01Z", date(1980, 5, 1)),  # just after midnight in Auckland
        ("1980-05-01T12:00:00Z", date(1980, 5, 1)),  # noon
        ("1980-05-01T00:00:00+02:00", date(1980, 5, 1)),
        ("1980-05-01T11:59:00", date(1980, 5, 1)),
        ("0001-01-01T11:59:00Z", date(1, 1, 1)),
    ],
)
def test_a_birthday_is_the_day_its_user_meant(text: str, expected: date) -> None:
    """Whatever instant a client stored for it, in whatever zone."""
    assert day(text) == expected


@given(st.dates(max_value=date(4500, 12, 31)))
def test_a_day_comes_back_as_that_day(value: date) -> None:
    """No day is off by one, not even the first and the last."""
    assert from_text(FieldType.DATE, to_text(FieldType.DATE, value)) == value


@pytest.mark.parametrize("text", ["4501-01-01T00:00:00Z", "9999-12-31T23:59:59.9999999Z"])
def test_the_end_of_time_is_no_day(text: str) -> None:
    """So Outlook writes "None", and .NET its last instant."""
    assert day(text) is None


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+02:00", "9999-12-31T23:00:00-05:00", "soon"])
def test_an_instant_that_cannot_be_is_a_bad_value(text: str) -> None:
    """One item fails for it, and not the mailbox (P10); a time of change counts as long ago."""
    with pytest.raises(ValueError, match=r"instant|isoformat"):
        day(text)
    assert modified(text).year == 1970


@pytest.mark.parametrize("kind", TEXTS)
@given(value=st.text())
def test_any_text_can_be_sent(kind: FieldType, value: str) -> None:
    """What XML cannot carry is left out; the rest is equal in normal form."""
    element = etree.Element("x")
    element.text = to_text(kind, value)
    back = from_text(kind, parse(etree.tostring(element, encoding="utf-8")).text)
    noise = NOISE + ("\x1f" if kind in MANY_LINES else "")  # a blank only where all is one line
    kept = "".join(c for c in value if c not in noise)
    assert normal(kind, back) == normal(kind, kept)


def test_line_ends_go_as_outlook_writes_them_and_come_back_plain() -> None:
    """A server that turns them into CR LF is not an editor."""
    assert to_text(FieldType.LINES, "a\nb\r\nc\rd\x0be") == "a\r\nb\r\nc\r\nd\r\ne"
    assert from_text(FieldType.NOTE, "a\r\nb\rc\n") == "a\nb\nc\n"


def test_an_empty_text_is_no_value() -> None:
    """Empty is absent."""
    assert from_text(FieldType.TEXT, "") is None
    assert from_text(FieldType.DATE, None) is None


def test_an_instant_is_in_utc() -> None:
    """With or without a zone."""
    expected = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    for text in ("2026-01-02T03:04:05Z", "2026-01-02T05:04:05+02:00", "2026-01-02T03:04:05"):
        assert instant(text) == expected
        assert instant(text).tzinfo is UTC


def test_an_item_whose_server_does_not_say_was_modified_long_ago() -> None:
    """So that it wins over nothing."""
    assert modified(None) == modified("soon") < datetime(1980, 1, 1, tzinfo=UTC)


def test_a_forbidden_character_in_an_answer_does_not_hide_the_rest() -> None:
    """Exchange writes what was pasted into an item, legal or not."""
    assert parse(b"<x>a&#x1;b&#31;c&#xe4;&#10;</x>").text == "abc\xe4\n"
    assert parse(b"<x>a\x01b\x1fc</x>").text == "abc"


def test_an_answer_that_is_cut_off_is_no_answer() -> None:
    """Half an answer never becomes fewer items (P5)."""
    with pytest.raises(etree.XMLSyntaxError):
        parse(b"<x>a&#x1;")


def test_entities_are_not_followed() -> None:
    """An answer cannot make us read a file."""
    root = parse(b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]><x>a&e;</x>')
    assert "".join(str(text) for text in root.itertext()) in ("a", "a&e;")
