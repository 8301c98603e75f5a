"""What is said, before it is in any language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from syncd.reconcile.reasons import Reason
from syncd.sync import catalogue


@dataclass(frozen=True, slots=True)
class Said:
    """One text of the catalogue with what is filled in. `depth`: how far it is indented.

    A reason that is filled in becomes its sentence, a time that of this machine's zone, a sequence
    its members one after the other.
    """

    key: str
    values: Mapping[str, object] = field(default_factory=dict)
    depth: int = 0

    def text(self, language: str) -> str:
        """It in a language."""
        values = {name: _filled(each, language) for name, each in self.values.items()}
        return catalogue.text(self.key, language, **values).strip()


@dataclass(frozen=True, slots=True)
class Remedy:
    """What to do about a reason in one mailbox, to be filled in."""

    reason: Reason
    mailbox: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the chain: what it is about, and what there is to say."""

    topic: str
    says: tuple[Said, ...]


def because(reason: Reason) -> Said:
    """The sentence of a reason."""
    return Said(f"sentence.{reason}")


def _filled(value: object, language: str) -> str:
    match value:
        case Said():
            return value.text(language)
        case Remedy(reason, mailbox):
            return catalogue.remedy(reason, language, mailbox=mailbox)
        case Reason():
            return catalogue.sentence(value, language)
        case datetime():
            return f"{value.astimezone():%Y-%m-%d %H:%M}"
        case str():
            return value
        case Sequence():
            return ", ".join(_filled(each, language) for each in value)
    return str(value)
