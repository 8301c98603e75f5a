"""The words that people are told reasons in."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from syncd.reconcile.reasons import Reason


def sentence(reason: Reason) -> str:
    """Why something was decided."""
    from syncd.reconcile.reasons import SENTENCES

    return SENTENCES[reason]
