"""Whose claim is on a folder: a table, and what no table may say."""

from __future__ import annotations

import itertools

import pytest

from syncd.reconcile.claim import Claim, Finding, classify

US, THEM = "installation-1", "installation-2"
NOW, LATER = "epoch-1", "epoch-2"


def said(counter: int, mark: str = "t", epoch: str = NOW, installation: str = US) -> str:
    """A claim as it stands on a folder."""
    return str(Claim(installation, epoch, counter, mark))


TABLE: dict[str, tuple[str | None, str | None, str | None, Finding]] = {
    # what it is: (found, known, pending)
    "nobody was ever there": (None, None, None, Finding.FREE),
    "the first one never arrived": (None, None, said(1), Finding.FREE),
    "the first one arrived": (said(1), None, said(1), Finding.OURS),
    "as it was left": (said(7), said(7), None, Finding.OURS),
    "the next one never arrived": (said(7), said(7), said(8), Finding.OURS),
    "the next one arrived": (said(8), said(7), said(8), Finding.OURS),
    "it was taken off": (None, said(7), None, Finding.GONE),
    "another installation's": (said(7, installation=THEM), said(7), None, Finding.FOREIGN),
    "another installation's, first": (said(7, installation=THEM), None, None, Finding.FOREIGN),
    "no claim at all": ("what is that", said(7), None, Finding.FOREIGN),
    "older": (said(6), said(7), None, Finding.MAILBOX_RESTORED),
    "older than the one on its way": (said(6), said(7), said(8), Finding.MAILBOX_RESTORED),
    "newer": (said(9), said(7), None, Finding.STORE_RESTORED),
    "newer than the one on its way": (said(9), said(7), said(8), Finding.STORE_RESTORED),
    "as new, by somebody else": (said(7, "u"), said(7), None, Finding.STORE_COPIED),
    "as new as the one on its way": (said(8, "u"), said(7), said(8), Finding.STORE_COPIED),
    "as new as our first on its way": (said(1, "u"), None, said(1), Finding.STORE_COPIED),
    "relinked elsewhere": (said(8, epoch=LATER), said(7), None, Finding.OTHER_STORE),
    "not known any more": (said(7), None, None, Finding.FORGOTTEN),
    "relinked elsewhere, not known": (said(7, epoch=LATER), None, None, Finding.OTHER_STORE),
}


@pytest.mark.parametrize(("found", "known", "pending", "finding"), TABLE.values(), ids=TABLE)
def test_what_a_claim_says(
    found: str | None, known: str | None, pending: str | None, finding: Finding
) -> None:
    """Each of the ways in which a folder, or the store, can be of another day."""
    assert classify(found, known, pending, US, NOW) is finding


def test_one_that_moves_on_while_we_are_held_is_somebody_alive() -> None:
    """A store that was restored stands still; a copy of it that is at work does not."""
    assert classify(said(9), said(7), None, US, NOW, said(9)) is Finding.STORE_RESTORED
    assert classify(said(10), said(7), None, US, NOW, said(9)) is Finding.STORE_COPIED


def test_nothing_but_what_we_left_is_ours() -> None:
    """Of all combinations, only the text that is known or on its way is ours."""
    texts = [None, *(said(n, t, e) for n, t, e in itertools.product((1, 2), "tu", (NOW, LATER)))]
    for found, known, pending in itertools.product(texts, repeat=3):
        ours = classify(found, known, pending, US, NOW) is Finding.OURS
        assert ours == (found is not None and found in (known, pending))


def test_a_claim_is_read_as_it_was_written() -> None:
    """And what is none is none."""
    claim = Claim(US, NOW, 12, "abc")
    assert Claim.parse(str(claim)) == claim
    for text in (None, "", "a/b/c", "a/b/x/d", "a/b/1/d/e"):
        assert Claim.parse(text) is None
