"""A small parser for those forms of `$filter` and `$expand` that are documented for contacts.

    singleValueExtendedProperties/any(ep: ep/id eq 'String 0x1234' and ep/value eq 'x')
    emailAddresses/any(a: a/address eq 'x')
    displayName eq 'x'

each alone, or several with `and`, `or` and parentheses; and the `id eq '…' or id eq '…'` inside of
an `$expand`.
"""

import re
from collections.abc import Callable, Iterator

from syncd.sandbox.graph.contacts_json import BY_NAME
from syncd.sandbox.graph.errors import GraphError
from syncd.sandbox.graph.extended import MULTI, SINGLE, Named, read_name, value_of
from syncd.sandbox.mailbox import Item
from syncd.sandbox.values import text

Test = Callable[[Item], bool]

_TOKEN = re.compile(r"\s*(?:'((?:[^']|'')*)'|([\w$./-]+)|([():,=]))")
_MAILS = tuple(f"contacts:EmailAddress:EmailAddress{position}" for position in (1, 2, 3))
_TEXTS = {
    "displayName": "contacts:DisplayName",
    "givenName": "contacts:GivenName",
    "surname": "contacts:Surname",
    "companyName": "contacts:CompanyName",
}


class _Tokens:
    """The tokens of an expression: `(True, text)` for a literal, `(False, word)` for the rest."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._tokens: list[tuple[bool, str]] = []
        at, end = 0, len(source.rstrip())
        while at < end:
            found = _TOKEN.match(source, at)
            if found is None:
                raise self.wrong()
            literal = found.group(1)
            self._tokens.append(
                (True, literal.replace("''", "'"))
                if literal is not None
                else (False, found.group(2) or found.group(3))
            )
            at = found.end()
        self._at = 0

    def wrong(self) -> GraphError:
        return GraphError("ErrorInvalidUrlQuery", f"Invalid filter clause: '{self._source}'.")

    @property
    def done(self) -> bool:
        return self._at == len(self._tokens)

    def accept(self, word: str) -> bool:
        if not self.done and self._tokens[self._at] == (False, word):
            self._at += 1
            return True
        return False

    def expect(self, *words: str) -> None:
        for word in words:
            if not self.accept(word):
                raise self.wrong()

    def word(self) -> str:
        return self._take(literal=False)

    def literal(self) -> str:
        return self._take(literal=True)

    def _take(self, *, literal: bool) -> str:
        if self.done or self._tokens[self._at][0] != literal:
            raise self.wrong()
        self._at += 1
        return self._tokens[self._at - 1][1]


def read_filter(source: str) -> Test:
    """Read a `$filter`.

    Raises:
        GraphError: not one of the documented forms.

    """
    tokens = _Tokens(source)
    test = _either(tokens)
    if not tokens.done:
        raise tokens.wrong()
    return test


def _either(tokens: _Tokens) -> Test:
    tests = [_both(tokens)]
    while tokens.accept("or"):
        tests.append(_both(tokens))
    return tests[0] if len(tests) == 1 else lambda item: any(test(item) for test in tests)


def _both(tokens: _Tokens) -> Test:
    tests = [_one(tokens)]
    while tokens.accept("and"):
        tests.append(_one(tokens))
    return tests[0] if len(tests) == 1 else lambda item: all(test(item) for test in tests)


def _one(tokens: _Tokens) -> Test:
    if tokens.accept("("):
        test = _either(tokens)
        tokens.expect(")")
        return test
    word = tokens.word()
    if word == "singleValueExtendedProperties/any":
        return _any_property(tokens)
    if word == "emailAddresses/any":
        return _any_address(tokens)
    if word not in BY_NAME:
        raise GraphError(
            "RequestBroker--ParseUri",
            f"Could not find a property named '{word}' on type 'microsoft.graph.contact'.",
        )
    if word not in _TEXTS:
        raise GraphError(
            "ErrorInvalidUrlQuery", f"The property '{word}' does not support filtering."
        )
    tokens.expect("eq")
    wanted = tokens.literal().casefold()
    return lambda item: text(item.view, _TEXTS[word]).casefold() == wanted


def _any_property(tokens: _Tokens) -> Test:
    tokens.expect("(")
    variable = tokens.word()
    tokens.expect(":", f"{variable}/id", "eq")
    name = read_name(tokens.literal())
    tokens.expect("and", f"{variable}/value", "eq")
    wanted = tokens.literal()
    tokens.expect(")")
    return lambda item: value_of(item.view, name) == wanted


def _any_address(tokens: _Tokens) -> Test:
    tokens.expect("(")
    variable = tokens.word()
    tokens.expect(":", f"{variable}/address", "eq")
    wanted = tokens.literal().casefold()
    tokens.expect(")")
    return lambda item: any(text(item.view, key).casefold() == wanted for key in _MAILS)


def read_expand(source: str) -> tuple[Named, ...]:
    """Read which extended properties an `$expand` wants.

    Raises:
        GraphError: it is of something else.

    """
    tokens = _Tokens(source)
    names: list[Named] = []
    while True:
        what = tokens.word()
        if what not in {SINGLE, MULTI}:
            raise GraphError("RequestBroker--ParseUri", f"Could not expand '{source}'.")
        tokens.expect("(", "$filter", "=")
        for name in _expanded(tokens):
            if name.several is not (what == MULTI):
                raise GraphError("ErrorInvalidProperty", f"'{name.spelled}' is none of {what}.")
            names.append(name)
        tokens.expect(")")
        if not tokens.accept(","):
            break
    if not tokens.done:
        raise tokens.wrong()
    return tuple(dict.fromkeys(names))


def _expanded(tokens: _Tokens) -> Iterator[Named]:
    """Return the properties that one filter names."""
    while True:
        opened = tokens.accept("(")
        tokens.expect("id", "eq")
        yield read_name(tokens.literal())
        if opened:
            tokens.expect(")")
        if not tokens.accept("or"):
            return
