"""Which items are one and the same: an item that is moved has a new number, but was another's."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Succession:
    """An item went on under `number`; it came into being as `first`."""

    number: int
    first: int


class Lineage:
    """The numbers of the items of one mailbox that were moved; it outlives the items."""

    def __init__(self) -> None:
        self._first: dict[int, int] = {}

    def first(self, number: int) -> int:
        """Return the number that the item came into being with."""
        return self._first.get(number, number)

    def record(self, succession: Succession) -> Succession:
        """Take in that an item has a new number."""
        self._first[succession.number] = succession.first
        return succession
