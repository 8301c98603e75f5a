"""Which records belong in a mailbox, by all of its filters together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, false, not_

from syncd.settings.filter_operators import certain, every, some
from syncd.settings.filter_people import Me
from syncd.settings.filters import Filter


@dataclass(frozen=True)
class Scope:
    """What any of `includes` finds, without what any of `excludes` finds. All are of one entity.

    `unread_includes` and `unread_excludes` are the texts of filters that are on and not understood
    any more: of what these may find nothing is known.
    """

    includes: tuple[Filter, ...]
    excludes: tuple[Filter, ...] = ()
    unread_includes: tuple[str, ...] = ()
    unread_excludes: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether no filter that is on lets anything in."""
        return not self.includes and not self.unread_includes

    @property
    def sure(self) -> bool:
        """Whether of every record it can be said if it belongs."""
        return not self.unread_includes and not self.unread_excludes

    @property
    def is_timed(self) -> bool:
        """Whether what it finds changes with the day."""
        return any(each.is_timed for each in (*self.includes, *self.excludes))

    @property
    def is_personal(self) -> bool:
        """Whether what it finds depends on whose mailbox it is."""
        return any(each.is_personal for each in (*self.includes, *self.excludes))

    @property
    def reads(self) -> frozenset[tuple[str, str]]:
        """The fields that its filters name, each as (entity, field)."""
        return frozenset(pair for f in (*self.includes, *self.excludes) for pair in f.reads)

    @property
    def text(self) -> str:
        """What it says: equal for scopes of the same filters, in whatever order they come."""
        included = _any_of(self.includes) or "false"
        excluded = _any_of(self.excludes)
        text = f"{included} except {excluded}" if excluded else included
        if self.sure:
            return text
        unread = [sorted(set(each)) for each in (self.unread_includes, self.unread_excludes)]
        return f"{text}, not understood {unread}"

    def where(self, me: Me, today: date) -> ColumnElement[bool]:
        """The condition of what belongs in the mailbox of `me`, as in `Filter.where`.

        Only of what surely does: what is not understood lets nothing in, and may exclude all.
        """
        return false() if self.unread_excludes else self._found(me, today)

    def possible(self, me: Me, today: date) -> ColumnElement[bool]:
        """The condition of what may belong, too, or at least does not leave.

        What is not understood may let anything in; where no filter includes, nothing leaves but
        what is excluded.
        """
        if self.unread_includes or self.empty:
            return not_(self.excluded(me, today))
        return self._found(me, today)

    def _found(self, me: Me, today: date) -> ColumnElement[bool]:
        if not self.includes:
            return false()
        found = some(*(each.where(me, today=today) for each in self.includes))
        return every(found, not_(self.excluded(me, today)))

    def excluded(self, me: Me, today: date) -> ColumnElement[bool]:
        """The condition of what is kept out, whatever lets it in. Never null."""
        return certain(some(*(each.where(me, today=today) for each in self.excludes)))


def _any_of(filters: tuple[Filter, ...]) -> str:
    texts = sorted({each.canonical for each in filters})
    return texts[0] if len(texts) == 1 else " or ".join(f"({each})" for each in texts)
