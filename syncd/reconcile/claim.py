"""The claim on a synced folder: who serves it, and what follows from another one than was left.

A mailbox that was restored from a backup, a store that was, a copy of the store and a second
installation are thereby told from ordinary change. Pure: what is done about it is in `sync`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Claim:
    """Installation, epoch of its store, how many writing runs there were, and a random token.

    The token tells two stores apart that both count to the same number.
    """

    installation: str
    epoch: str
    counter: int
    token: str

    def __str__(self) -> str:
        return f"{self.installation}/{self.epoch}/{self.counter}/{self.token}"

    @classmethod
    def parse(cls, text: str | None) -> Claim | None:
        """The claim that a text says; `None` when it says none."""
        match (text or "").split("/"):
            case [installation, epoch, counter, token] if counter.isdecimal():
                return cls(installation, epoch, int(counter), token)
        return None


class Finding(StrEnum):
    """What a claim that was found says. All but the first two hold every write."""

    OURS = "ours"
    FREE = "free"  # nobody serves the folder, and we never did
    GONE = "gone"  # restored from before syncd, made anew, or another server
    FOREIGN = "foreign"  # another installation serves it
    MAILBOX_RESTORED = "mailbox-restored"
    STORE_RESTORED = "store-restored"
    STORE_COPIED = "store-copied"
    OTHER_STORE = "other-store"  # a copy of this store was said to be the one that counts
    FORGOTTEN = "forgotten"  # we served it, and the store knows nothing of that


class Counted(StrEnum):
    """How the number that was found lies to the one that is known."""

    BEHIND = "behind"
    SAME = "same"
    AHEAD = "ahead"


# What is known of a folder that bears a claim of this installation and epoch, by its number.
_COUNTED: Mapping[Counted, Finding] = {
    Counted.BEHIND: Finding.MAILBOX_RESTORED,
    Counted.SAME: Finding.STORE_COPIED,  # with another token, or it would be ours
    Counted.AHEAD: Finding.STORE_RESTORED,
}


def classify(
    found: str | None,
    known: str | None,
    pending: str | None,
    installation: str,
    epoch: str,
    before: str | None = None,
) -> Finding:
    """What the claim on a folder says.

    `known` is the one last known to be there, `pending` one that may have been put there and was
    not answered, `before` what was found there by an earlier run that was held for it.
    """
    if found is not None and found in (known, pending):
        return Finding.OURS
    if found is None:
        # An unanswered first claim that never arrived leaves a folder free.
        return Finding.FREE if known is None else Finding.GONE
    said, ours = Claim.parse(found), Claim.parse(known) or Claim.parse(pending)
    if said is None or said.installation != installation:
        return Finding.FOREIGN
    if ours is None:
        return Finding.FORGOTTEN if said.epoch == epoch else Finding.OTHER_STORE
    if said.epoch != ours.epoch:
        return Finding.OTHER_STORE
    if before not in (None, found):
        return Finding.STORE_COPIED  # somebody goes on writing, and it is not we
    own = {each.counter for each in (ours, Claim.parse(pending)) if each is not None}
    if said.counter in own:
        return _COUNTED[Counted.SAME]
    return _COUNTED[Counted.BEHIND if said.counter < max(own) else Counted.AHEAD]
