"""A street is one text in a record and three columns in the store."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.crm.stored import joined, split
from syncd.model.normal import lines

PARTS = ("line1", "line2", "line3")


def back(parts: list[str | None]) -> str | None:
    """The text of three columns."""
    return joined(PARTS, dict(zip(PARTS, parts, strict=True)))


@pytest.mark.parametrize(
    ("street", "columns"),
    [
        (None, [None, None, None]),
        ("", [None, None, None]),
        ("a", ["a", None, None]),
        ("a\r\nb", ["a", "b", None]),
        ("a\nb\nc\n\nd", ["a", "b", "c\n\nd"]),
        ("a\n\nc", ["a", None, "c"]),
        ("a\n\n\n", ["a", None, None]),
    ],
)
def test_a_line_goes_into_each_column_and_the_rest_into_the_last(
    street: str | None, columns: list[str | None]
) -> None:
    """No line is lost, however many there are."""
    assert split(street, 3) == columns


@given(st.text(alphabet=st.sampled_from("ab \t\r\n\u2028\x0b")) | st.text())
def test_joining_what_was_split_is_the_same_text(street: str) -> None:
    """P1: equal in normal form, and what is stored is stable from then on."""
    columns = split(street, 3)
    assert len(columns) == 3
    assert lines(back(columns) or "") == lines(street)
    assert split(back(columns), 3) == columns
