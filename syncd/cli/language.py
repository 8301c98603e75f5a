"""The language that people are told reasons in."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from syncd.sync import catalogue

if TYPE_CHECKING:
    from syncd.reconcile.reasons import Reason


def language() -> str:
    """What SYNCD_LANGUAGE, LC_ALL, LC_MESSAGES or LANG ask for; else English."""
    return catalogue.language_of(os.environ)


def sentence(reason: Reason) -> str:
    """Why something was decided, in the language of whoever typed the command."""
    return catalogue.sentence(reason, language())


def remedy(reason: Reason) -> str:
    """What to do about it, in the same language; empty where there is nothing to do."""
    return catalogue.remedy(reason, language())
