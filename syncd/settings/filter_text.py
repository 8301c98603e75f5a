"""From the text of a filter to its tree. The grammar is odata-query's; here it meets ours."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from odata_query import ast, exceptions
from odata_query.grammar import ODataLexer, ODataParser

from syncd.settings.filter_aliases import MY_TEAMS, SHARED, bound
from syncd.settings.filter_error import FilterError, Positions
from syncd.settings.filter_sql import FUNCTIONS
from syncd.settings.mistakes import did_you_mean

MOST = 500  # conditions of one filter: SQLite takes no expression that is much deeper

_STRING_OR_BLANKS = re.compile(r"('(?:[^']|'')*')|\s+")
_WORDS = frozenset({"ANY", "ALL", "NULL", "BOOLEAN"})  # what a longer name may begin with


class _Token(Protocol):
    """A token of the lexer, which comes without types."""

    type: str
    value: object
    index: int


@dataclass(frozen=True)
class Understood:
    """A text that was read: its tree, where its leaves stand, the aliases in it."""

    tree: ast._Node
    positions: Positions
    aliases: frozenset[str]


def canonical(text: str) -> str:
    """The text without the blanks and line ends that mean nothing."""
    return _STRING_OR_BLANKS.sub(lambda found: found[1] or " ", text).strip()


def understood(text: str) -> Understood:
    """What a text says. Raises FilterError."""
    positions = Positions()
    bare, aliases = bound(text)
    try:
        tree: ast._Node = ODataParser().parse(_tokens(bare, aliases, positions))
    except exceptions.TokenizingException as error:
        raise _not_understood(text, error.token.index) from None
    except exceptions.ParsingException as error:
        at = len(text) if error.token is None else error.token.index
        raise _not_understood(text, at) from None
    except exceptions.UnknownFunctionException as error:
        raise _no_function(bare, error.function_name) from None
    except exceptions.ArgumentCountException as error:
        name = error.function_name
        what = f"{name} takes {error.exp_min_args} arguments, not {error.n_args_given}"
        raise FilterError(_called(bare, name), what) from None
    return Understood(tree, positions, frozenset(aliases.values()))


def _no_function(text: str, name: str) -> FilterError:
    suggestion = did_you_mean(name, FUNCTIONS)
    if name == "not":
        suggestion = "write not (…), with a blank"
    elif name == "toupper":
        suggestion = "compare in lower case: tolower(…)"
    return FilterError(_called(text, name), f"there is no function {name!r}", suggestion)


def _called(text: str, name: str) -> int:
    """Where a function is called, outside of all quotes."""
    bare = re.sub(r"'(?:[^']|'')*'", lambda found: "'" * len(found[0]), text)
    match = re.search(rf"(?<![\w.]){re.escape(name)}\s*\(", bare)
    return match.start() if match else 0


def _tokens(bare: str, aliases: Mapping[int, str], positions: Positions) -> Iterator[_Token]:
    """The tokens of a filter, each leaf noted with its place."""
    bare = bare.rstrip()
    blanks = len(bare) - len(bare.lstrip())
    tokens = _whole(bare, list(ODataLexer().tokenize(bare, index=blanks)))
    for token in tokens:
        if token.index in aliases:
            token.value = ast.Identifier(aliases[token.index])
        positions.note(token.value, token.index)
    joints = [token for token in tokens if token.type in ("AND", "OR")]
    if len(joints) >= MOST:
        todo = "name many values of one field by in (…)"
        raise FilterError(
            joints[MOST - 1].index, f"the filter has more than {MOST} conditions", todo
        )
    return _lists_closed(_sets_listed(tokens))


def _whole(text: str, tokens: Sequence[_Token]) -> list[_Token]:
    """The tokens, with names put together again that begin with a word: `allergies`."""
    whole: list[_Token] = []
    for token in tokens:
        before = whole[-1] if whole else None
        if before is not None and before.type in _WORDS and isinstance(token.value, ast.Identifier):
            word = text[before.index : token.index]
            if word.isalpha():  # nothing between the two
                before.type, name = token.type, f"{word}{token.value.name}"
                before.value = ast.Identifier(name, token.value.namespace)
                continue
        whole.append(token)
    return whole


def _sets_listed(tokens: Sequence[_Token]) -> Iterator[_Token]:
    """The tokens, with the parentheses that the parser wants around a set: `in @myteams`."""
    for before, token in zip([None, *tokens], tokens, strict=False):
        name = getattr(token.value, "name", None)
        alone = before is not None and before.type == "IN" and name in (MY_TEAMS, SHARED)
        if alone:
            yield _like(token, "(")
        yield token
        if alone:
            yield _like(token, ")")


def _lists_closed(tokens: Iterator[_Token]) -> Iterator[_Token]:
    """The tokens, with the comma that the parser, unlike OData, wants in `in ('one',)`."""
    before: _Token | None = None
    alone = False  # inside the parentheses of an `in`, and no comma so far
    for token in tokens:
        if token.type == "(" and before is not None and before.type == "IN":
            alone = True
        elif token.type == ",":
            alone = False
        elif token.type == ")" and alone:
            yield _like(token, ",")
            alone = False
        yield token
        before = token


def _like(token: _Token, sign: str) -> _Token:
    made = copy.copy(token)
    made.type, made.value = sign, sign
    return made


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
