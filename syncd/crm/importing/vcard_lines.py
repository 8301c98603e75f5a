"""vCard 2.1, 3.0 and 4.0 as text: the cards of a file, and the properties of a card.

Lines are unfolded and decoded by vobject, quoted-printable included, which Outlook writes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from io import StringIO
from typing import Protocol, cast

from vobject.base import ParseError, getLogicalLines, textLineToContentLine

from syncd.crm.importing.report import BadRow

MAX_CARD = 16 * 1024 * 1024  # characters, with its photo
REASON = "X-SYNCD-REASON"  # the property that a file of rejects adds, and an import ignores

_BEGIN, _END = (re.compile(rf"{word}\s*:\s*VCARD\s*$", re.IGNORECASE) for word in ("BEGIN", "END"))
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_OLD_ESCAPE = re.compile(r"\\([;,:\\])")  # 2.1 knows no escaped line end


class _Line(Protocol):
    """What vobject makes of a line."""

    name: str
    value: str
    params: Mapping[str, list[str]]
    singletonparams: list[str]


@dataclass(frozen=True, slots=True)
class Property:
    """One property of a card; `value` is as written, its escapes included."""

    name: str
    value: str
    types: frozenset[str]
    old: bool = False  # of a card of version 2.1

    @property
    def preferred(self) -> bool:
        """Whether the card prefers this one of its sort."""
        return "PREF" in self.types

    @property
    def text(self) -> str:
        """The value as it is read."""
        return self.read(self.value)

    def read(self, part: str) -> str:
        """A part of the value as it is read."""
        if not self.old:
            return unescape(part)
        return _OLD_ESCAPE.sub(r"\1", part).replace("\r\n", "\n")  # as =0D=0A says it


def cards(lines: Iterable[str | BadRow]) -> Iterator[tuple[int, str | BadRow]]:
    """The text of each card, with the line it begins at; a BadRow in the place of what is none."""
    begun: int | None = None
    inside: list[str] = []
    size = 0
    stray = False
    for number, found in enumerate(lines, start=1):
        if isinstance(found, BadRow):
            yield number, found
            return
        line = found.rstrip("\r\n")
        if _BEGIN.match(line):
            if begun is not None:
                yield begun, BadRow("the card has no END:VCARD", "\n".join(inside))
            begun, inside, size, stray = number, [], 0, False
        elif begun is None:
            if line.strip() and not stray:
                stray = True
                yield number, BadRow("there is text outside of a card", line)
        elif _END.match(line):
            yield begun, "\n".join(inside)
            begun = None
        else:
            inside.append(line)
            size += len(line)
            if size > MAX_CARD:
                yield begun, BadRow("the card is larger than a card may be")
                begun, inside, stray = None, [], True
    if begun is not None:
        yield begun, BadRow("the card has no END:VCARD", "\n".join(inside))


def properties(card: str) -> Iterator[Property]:
    """The properties of a card. Raises BadRow on a line that is none."""
    old = re.search(r"^VERSION:2\.1\s*$", card, re.IGNORECASE | re.MULTILINE) is not None
    for text, _ in getLogicalLines(StringIO(card)):
        begins = re.split("[;:]", text, maxsplit=1)[0]
        try:
            line = cast(_Line, textLineToContentLine(text))
        except ParseError:
            raise BadRow(f"{begins[:40]!r} begins a line that is no property") from None
        except (ValueError, LookupError, TypeError):  # how vobject meets a bad encoding or charset
            raise BadRow(f"{begins.upper()}: its encoding cannot be read") from None
        given = [*line.params.get("TYPE", ()), *line.singletonparams]
        types = {part.strip(' "').upper() for each in given for part in each.split(",")}
        if line.params.get("PREF"):
            types.add("PREF")
        yield Property(line.name, line.value, frozenset(types), old)


def unescape(value: str) -> str:
    r"""A value as it is read: `\n` is a line end, and any other escaped character is itself."""
    return _ESCAPE.sub(lambda m: "\n" if m.group(1) in "nN" else m.group(1), value)


def pieces(value: str, separator: str) -> list[str]:
    """A value at its separators, except those that are escaped; the escapes stay in."""
    if "\\" not in value:
        return value.split(separator)
    found = [""]
    characters = iter(value)
    for each in characters:
        if each == "\\":
            found[-1] += each + next(characters, "")
        elif each == separator:
            found.append("")
        else:
            found[-1] += each
    return found
