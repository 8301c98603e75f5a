"""Which records belong in a mailbox: an OData `$filter`, read once and compiled to SQL.

    owner eq @me and statecode eq 'active'

The grammar is odata-query's; `filter_sql.py` gives it its meaning. `@me` is the mailbox's user.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from odata_query import ast, exceptions
from odata_query.grammar import ODataLexer, ODataParser
from sqlalchemy import ColumnElement

from syncd.crm.stored import StoredKind
from syncd.model.kinds import Schema
from syncd.settings.filter_error import FilterError, Positions
from syncd.settings.filter_fields import filter_fields
from syncd.settings.filter_sql import FUNCTIONS, ME, ToSql
from syncd.settings.mistakes import did_you_mean

__all__ = ["Filter", "FilterError"]


class _Token(Protocol):
    """A token of the lexer, which comes without types."""

    type: str
    value: object
    index: int


_STRING_OR_ALIAS = re.compile(r"'(?:[^']|'')*'|@\w*")


@dataclass(frozen=True)
class Filter:
    """A filter over the records of one kind, known to compile. Equal when text and kind are."""

    text: str
    stored: StoredKind[Schema] = field(repr=False)
    _tree: ast._Node = field(repr=False, compare=False)
    _positions: Positions = field(repr=False, compare=False)

    @classmethod
    def parse(cls, text: str, stored: StoredKind[Schema]) -> Filter:
        """The filter that `text` says. Raises FilterError on what is not understood."""
        positions = Positions()
        made = cls(text, stored, _tree(text, positions), positions)
        made.where("")
        return made

    def where(self, me: str) -> ColumnElement[bool]:
        """The condition over `stored.table`, for the user whose id is `me`."""
        return self.condition(self._tree, me)

    @property
    def tree(self) -> ast._Node:
        """The filter as the parser read it."""
        return self._tree

    def condition(self, node: ast._Node, me: str) -> ColumnElement[bool]:
        """The condition that one part of the tree says."""
        fields = filter_fields(self.stored)
        compiler = ToSql(self.stored.kind.plural, fields, me, self._positions)
        return compiler.condition(node)


def _tree(text: str, positions: Positions) -> ast._Node:
    try:
        tree: ast._Node = ODataParser().parse(_tokens(text, positions))
    except exceptions.TokenizingException as error:
        raise _not_understood(text, error.token.index) from None
    except exceptions.ParsingException as error:
        at = len(text) if error.token is None else error.token.index
        raise _not_understood(text, at) from None
    except exceptions.UnknownFunctionException as error:
        name = error.function_name
        what = f"there is no function {name!r}"
        suggestion = "write not (…), with a blank" if name == "not" else None
        raise FilterError(
            text.find(name), what, suggestion or did_you_mean(name, FUNCTIONS)
        ) from None
    except exceptions.ArgumentCountException as error:
        name = error.function_name
        what = f"{name} takes {error.exp_min_args} arguments, not {error.n_args_given}"
        raise FilterError(text.find(name), what) from None
    return tree


def _tokens(text: str, positions: Positions) -> Iterator[_Token]:
    """The tokens of a filter, each leaf noted with its place."""
    bare = _bind_me(text).rstrip()
    blanks = len(bare) - len(bare.lstrip())
    tokens: list[_Token] = list(ODataLexer().tokenize(bare, index=blanks))
    for token in tokens:
        positions.note(token.value, token.index)
    return _lists_closed(tokens)


def _bind_me(text: str) -> str:
    """`@me` as an identifier of the same length, since the lexer knows no aliases."""

    def bind(found: re.Match[str]) -> str:
        if not found[0].startswith("@"):
            return found[0]
        if found[0] != "@me":
            suggestion = "the user is @me; an address belongs in single quotes"
            raise FilterError(found.start(), f"{found[0]} has no meaning", suggestion)
        return ME

    return _STRING_OR_ALIAS.sub(bind, text)


def _lists_closed(tokens: Sequence[_Token]) -> Iterator[_Token]:
    """The tokens, with the comma that the parser, unlike OData, wants in `in ('one',)`."""
    alone = False  # inside the parentheses of an `in`, and no comma so far
    for before, token in zip([None, *tokens], tokens, strict=False):
        if token.type == "(" and before is not None and before.type == "IN":
            alone = True
        elif token.type == ",":
            alone = False
        elif token.type == ")" and alone:
            comma = copy.copy(token)
            comma.type, comma.value = ",", ","
            yield comma
            alone = False
        yield token


def _not_understood(text: str, at: int) -> FilterError:
    rest = text[at:].strip()
    if not rest:
        empty = not text.strip()
        return FilterError(
            len(text),
            "the filter is empty" if empty else "the filter ends too early",
            "write true for every record" if empty else None,
        )
    return FilterError(text.index(rest, at), f"cannot read {rest[:20]!r}")
