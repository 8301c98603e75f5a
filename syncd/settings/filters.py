"""Which records are meant: an OData `$filter`, read once and compiled to SQL.

    owner eq @me and statecode eq 'active'

The grammar is odata-query's; `filter_sql.py` gives it its meaning, `docs/filters.md` is its manual.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from odata_query import ast
from sqlalchemy import ColumnElement

from syncd.crm.stored import StoredKind
from syncd.model.kinds import Schema
from syncd.settings.filter_aliases import ME, MY_TEAMS, SHARED, TODAY
from syncd.settings.filter_error import FilterError
from syncd.settings.filter_people import Me
from syncd.settings.filter_sql import ToSql
from syncd.settings.filter_text import Understood, canonical, understood
from syncd.settings.filter_values import Values

__all__ = ["Filter", "FilterError"]

_ANY_DAY = date(2000, 1, 1)


@dataclass(frozen=True)
class Filter:
    """A filter over the records of one entity, known to compile. Equal when text and entity are.

    `reads` are the fields that it names, each as (entity, field): its own, and those of records
    that it steps to. A change of one of them may change whom it finds; `parties` is one, too.
    """

    text: str
    entity: str
    stored: StoredKind[Schema] = field(repr=False, compare=False)
    reads: frozenset[tuple[str, str]] = field(repr=False, compare=False)
    _understood: Understood = field(repr=False, compare=False)

    @classmethod
    def parse(cls, text: str, stored: StoredKind[Schema]) -> Filter:
        """The filter that `text` says. Raises FilterError on what is not understood."""
        try:
            said = understood(text)
            compiler = _compiler(stored, said, "", _ANY_DAY)
            compiler.condition(said.tree)
        except RecursionError:
            raise FilterError(0, "the filter is nested too deeply") from None
        return cls(text, stored.entity, stored, frozenset(compiler.read), said)

    @property
    def canonical(self) -> str:
        """Its text without the blanks that mean nothing."""
        return canonical(self.text)

    @property
    def is_timed(self) -> bool:
        """Whether what it finds changes with the day."""
        return any(each.startswith(TODAY) for each in self._understood.aliases)

    @property
    def is_personal(self) -> bool:
        """Whether what it finds depends on whose mailbox it is."""
        return not self._understood.aliases.isdisjoint((ME, MY_TEAMS, SHARED))

    def where(self, me: Me, *, today: date) -> ColumnElement[bool]:
        """The condition over `stored.table`; null, which selects nothing, where OData has null.

        `me` is the id of the user, or a column of the statement around it that holds one. `today`
        is what `@today` means.
        """
        return self.condition(self.tree, me, today=today)

    @property
    def tree(self) -> ast._Node:
        """The filter as the parser read it."""
        return self._understood.tree

    def condition(self, node: ast._Node, me: Me, *, today: date) -> ColumnElement[bool]:
        """The condition that one part of its tree says; no part within `any` or `all`."""
        return _compiler(self.stored, self._understood, me, today).condition(node)


def _compiler(stored: StoredKind[Schema], said: Understood, me: Me, today: date) -> ToSql:
    return ToSql(stored, Values(me, today, said.positions))
