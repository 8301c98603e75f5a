"""What is a stamp, and what somebody else wrote in its place."""

from __future__ import annotations

import pytest

from syncd.outlook.port import Stamp


@pytest.mark.parametrize("odd", ["x" * 3_000, "a\0", "a\ud83d", "a\nb"])
def test_what_the_store_cannot_look_up_is_no_stamp(odd: str) -> None:
    """PostgreSQL refuses it, and with it the whole page that the item is on (P10)."""
    assert Stamp.parse(f"here/contact/{odd}", "key") is None
    assert Stamp.parse("here/contact/1", odd) == Stamp("here", "contact", "1", "")
