"""Durations: what is written is what is meant, there and back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from syncd.settings.durations import format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"), [("30s", 30), ("5m", 300), ("2h", 7200), ("1d", 86400), ("90m", 5400)]
)
def test_a_duration_is_a_number_and_a_unit(text: str, seconds: int) -> None:
    """Each unit means what people mean by it, and prints as it was written."""
    assert parse_duration(text) == timedelta(seconds=seconds)
    assert format_duration(parse_duration(text)) == text


@pytest.mark.parametrize(
    "text", ["", "5", "m", "5 min", "-5m", "0s", "1.5h", "5M", "9999999d", "\u0665m"]
)
def test_anything_else_is_no_duration(text: str) -> None:
    """Nothing is guessed: a wrong interval would load the server or leave users waiting."""
    with pytest.raises(ValueError, match="is not a duration"):
        parse_duration(text)
