"""vCard 3.0 (RFC 2426): which property goes into which field. Lines are read by vobject."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from io import StringIO
from typing import Protocol, cast

from vobject.base import ParseError, getLogicalLines, textLineToContentLine

from syncd.crm.importing.report import BadRow, Reading, Row
from syncd.model.values import Value

_BEGIN, _END = (re.compile(rf"{word}\s*:\s*VCARD\s*$", re.IGNORECASE) for word in ("BEGIN", "END"))
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_BASIC_DAY = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)(?:[T ].*)?")
_NO_YEAR = re.compile(r"--\d\d-?\d\d(?:T.*)?|1604-?\d\d-?\d\d")  # 1604 is how Apple says "no year"

# One text each. The X- names are those of Outlook, Evolution, KDE and others.
_TEXTS: Mapping[str, str] = {
    "TITLE": "jobtitle",
    "ROLE": "accountrolecode",
    "X-SPOUSE": "spousesname",
    "X-MS-SPOUSE": "spousesname",
    "X-EVOLUTION-SPOUSE": "spousesname",
    "X-KADDRESSBOOK-X-SPOUSESNAME": "spousesname",
    "X-MANAGER": "managername",
    "X-MS-MANAGER": "managername",
    "X-EVOLUTION-MANAGER": "managername",
    "X-KADDRESSBOOK-X-MANAGERSNAME": "managername",
    "X-ASSISTANT": "assistantname",
    "X-MS-ASSISTANT": "assistantname",
    "X-EVOLUTION-ASSISTANT": "assistantname",
    "X-KADDRESSBOOK-X-ASSISTANTSNAME": "assistantname",
    "X-DEPARTMENT": "department",
    "X-GOVERNMENTID": "governmentid",
    "X-PHONETIC-FIRST-NAME": "yomifirstname",
    "X-PHONETIC-LAST-NAME": "yomilastname",
    "IMPP": "imaddress",
    "X-MS-IMADDRESS": "imaddress",
    "X-JABBER": "imaddress",
    "X-SKYPE": "imaddress",
    "X-SYNCD-OWNER": "owner",
}
_DAYS: Mapping[str, str] = {
    "BDAY": "birthdate",
    "ANNIVERSARY": "anniversary",
    "X-ANNIVERSARY": "anniversary",
    "X-MS-ANNIVERSARY": "anniversary",
    "X-EVOLUTION-ANNIVERSARY": "anniversary",
    "X-KADDRESSBOOK-X-ANNIVERSARY": "anniversary",
}
_NAMES: Mapping[str, str] = {
    "CATEGORIES": "categories",
    "X-CHILDREN": "childrensnames",
    "X-CHILD": "childrensnames",
    "X-MS-CHILD": "childrensnames",
}
_EMAILS = ("emailaddress1", "emailaddress2", "emailaddress3")
# What a TEL may go into by its types: the first row that fits; within it the first free field.
_PHONES: tuple[tuple[frozenset[str], tuple[str, ...]], ...] = (
    (frozenset({"FAX", "HOME"}), ()),
    (frozenset({"FAX"}), ("fax",)),
    (frozenset({"PAGER"}), ("pager",)),
    (frozenset({"X-ASSISTANT"}), ("assistantphone",)),
    (frozenset({"ASSISTANT"}), ("assistantphone",)),
    (frozenset({"X-EVOLUTION-ASSISTANT"}), ("assistantphone",)),
    (frozenset({"X-EVOLUTION-CALLBACK"}), ("callback",)),
    (frozenset({"CALLBACK"}), ("callback",)),
    (frozenset({"X-EVOLUTION-COMPANY"}), ("company",)),
    (frozenset({"COMPANY"}), ("company",)),
    (frozenset({"MAIN"}), ("company",)),
    (frozenset({"CELL"}), ("mobilephone", "telephone3")),
    (frozenset({"MOBILE"}), ("mobilephone", "telephone3")),
    (frozenset({"IPHONE"}), ("mobilephone", "telephone3")),
    (frozenset({"WORK"}), ("telephone1", "business2", "telephone3")),
    (frozenset({"HOME"}), ("telephone2", "home2", "telephone3")),
    (frozenset({"OTHER"}), ("telephone3",)),
    (frozenset(), ("telephone1", "telephone3", "business2")),
)
_HOUSEKEEPING = {
    "BEGIN", "END", "VERSION", "FN", "PRODID", "UID", "REV", "NAME", "SOURCE", "PROFILE", "CLASS",
    "MAILER", "SORT-STRING", "LABEL", "X-ABLABEL", "X-ABADR", "X-ABUID", "X-ABSHOWAS",
}  # fmt: skip


class _Line(Protocol):
    """What vobject makes of a line."""

    name: str
    value: str
    params: Mapping[str, list[str]]
    singletonparams: list[str]


@dataclass(frozen=True, slots=True)
class _Property:
    """One property of a card; `value` is as written, its escapes included."""

    name: str
    value: str
    types: frozenset[str]

    @property
    def preferred(self) -> bool:
        """Whether the card prefers this one of its sort."""
        return "PREF" in self.types


def read_vcards(text: str) -> Reading:
    """The contacts of a file of any number of cards."""
    reading = Reading()
    for line, card in _cards(text):
        try:
            if isinstance(card, BadRow):
                raise card
            row, left_out = _contact(line, list(_properties(card)))
        except BadRow as error:
            reading.bad.append((line, str(error)))
        else:
            reading.rows.append(row)
            reading.left_out.update(left_out)
    return reading


def _cards(text: str) -> Iterator[tuple[int, str | BadRow]]:
    """The text of each card, with the line it begins at; a BadRow in the place of what is none."""
    begun: int | None = None
    inside: list[str] = []
    stray: int | None = None
    for number, line in enumerate(re.split(r"\r\n|\n|\r", text), start=1):
        if _BEGIN.match(line):
            if begun is not None:
                yield begun, BadRow("the card has no END:VCARD")
            begun, inside, stray = number, [], None
        elif begun is None:
            if line.strip() and stray is None:
                stray = number
                yield number, BadRow("there is text outside of a card")
        elif _END.match(line):
            yield begun, "\n".join(inside)
            begun = None
        else:
            inside.append(line)
    if begun is not None:
        yield begun, BadRow("the card has no END:VCARD")


def _properties(card: str) -> Iterator[_Property]:
    for text, _ in getLogicalLines(StringIO(card)):
        begins = re.split("[;:]", text, maxsplit=1)[0]
        try:
            line = cast(_Line, textLineToContentLine(text))
        except ParseError:
            raise BadRow(f"{begins[:40]!r} begins a line that is no property") from None
        except (ValueError, LookupError, TypeError):  # how vobject meets a bad encoding or charset
            raise BadRow(f"{begins.upper()}: its encoding cannot be read") from None
        given = [*line.params.get("TYPE", ()), *line.singletonparams]
        types = frozenset(part.strip().upper() for each in given for part in each.split(","))
        yield _Property(line.name, line.value, types)


def _contact(line: int, properties: list[_Property]) -> tuple[Row, Counter[str]]:
    version = next((p.value.strip() for p in properties if p.name == "VERSION"), None)
    if version != "3.0":
        raise BadRow(
            "the card has no VERSION"
            if version is None
            else f"the card is vCard {version[:10]}; export it as vCard 3.0"
        )
    filling = _Filling()
    for each in sorted(properties, key=lambda p: not p.preferred):  # stable: else the file's order
        filling.take(each)
    return filling.row(line, properties)


class _Filling:
    """A contact being filled, property by property."""

    def __init__(self) -> None:
        self.fields: dict[str, Value] = {}
        self.left_out: Counter[str] = Counter()
        self._later: list[_Property] = []
        self._takers: Mapping[str, Callable[[_Property], None]] = {
            "N": self._name,
            "ORG": self._organisation,
            "TEL": self._later.append,
            "EMAIL": self._later.append,
            "ADR": self._later.append,
            "URL": self._url,
            "NOTE": self._note,
            "NICKNAME": self._nickname,
        }

    def take(self, each: _Property) -> None:
        """Put a property where it belongs; what has no place is counted."""
        taker = self._takers.get(each.name)
        if taker:
            taker(each)
        elif each.name in _TEXTS:
            self._put((_TEXTS[each.name],), unescape(each.value), each.name)
        elif each.name in _DAYS:
            self._day(each)
        elif each.name in _NAMES:
            field = _NAMES[each.name]
            held = cast("tuple[str, ...]", self.fields.get(field) or ())
            self.fields[field] = (*held, *(unescape(name) for name in pieces(each.value, ",")))
        elif each.name not in _HOUSEKEEPING:
            self.left_out[each.name] += 1

    def row(self, line: int, properties: Iterable[_Property]) -> tuple[Row, Counter[str]]:
        """The finished row, and what of the card is not in it."""
        self._take_located()
        full = next((unescape(p.value).strip() for p in properties if p.name == "FN"), "")
        named = any(self.fields.get(part) for part in ("firstname", "middlename", "lastname"))
        if not named and full and full != self.fields.get("companyname"):
            first, _, last = full.rpartition(" ")
            self.fields |= {"firstname": first, "lastname": last}
        if not any(self.fields.values()):
            raise BadRow("the card names nobody: it has neither N, FN, ORG nor EMAIL")
        owner = cast("str | None", self.fields.pop("owner", None))
        return Row(line, "contact", self.fields, owner, may_create_account=True), self.left_out

    def _take_located(self) -> None:
        """Phones, addresses, e-mail: those that say where they are choose before those that do not.

        At home comes last among e-mail addresses: the first one is the business one.
        """
        for each in sorted(self._later, key=lambda p: not _is_located(p)):
            if each.name == "TEL":
                number = unescape(each.value).removeprefix("tel:")
                fields = next(fields for types, fields in _PHONES if types <= each.types)
                self._put(fields, number, f"TEL ({_kind_of(each)})")
            elif each.name == "ADR":
                self._address(each)
        mails = [p for p in self._later if p.name == "EMAIL"]
        for each in sorted(mails, key=lambda p: not p.preferred and "HOME" in p.types):
            self._put(_EMAILS, unescape(each.value).removeprefix("mailto:"), "EMAIL (a fourth one)")

    def _put(self, fields: Iterable[str], value: str, what: str) -> None:
        """Put a value into the first of the fields that is free."""
        value = value.strip()
        if not value:
            return
        for field in fields:
            if self.fields.get(field) in (None, value):
                self.fields[field] = value
                return
        self.left_out[what] += 1

    def _name(self, each: _Property) -> None:
        order = ("lastname", "firstname", "middlename", "salutation", "suffix")
        for field, part in zip(order, pieces(each.value, ";"), strict=False):
            self._put((field,), " ".join(unescape(p) for p in pieces(part, ",")), each.name)

    def _organisation(self, each: _Property) -> None:
        company, *units = (unescape(part).strip() for part in pieces(each.value, ";"))
        self._put(("companyname",), company, "ORG (a second one)")
        self._put(("department",), ", ".join(filter(None, units)), "ORG (a second department)")

    def _address(self, each: _Property) -> None:
        parts = [
            "\n".join(filter(None, (unescape(p).strip() for p in pieces(part, ","))))
            for part in (*pieces(each.value, ";"), *[""] * 7)[:7]
        ]
        box, extended, street, city, state, code, country = parts
        values = {
            "line1": "\n".join(filter(None, (street, extended, box))),
            "city": city.replace("\n", ", "),
            "stateorprovince": state.replace("\n", ", "),
            "postalcode": code.replace("\n", ", "),
            "country": country.replace("\n", ", "),
        }
        values = {part: value for part, value in values.items() if value}
        if not values:
            return
        # RFC 2426 3.2.1: an address that says nothing is at work
        away = (("WORK", (1, 3)), ("HOME", (2, 3)), ("OTHER", (3,)))
        for number in next((numbers for where, numbers in away if where in each.types), (1, 3)):
            if not any(name.startswith(f"address{number}_") for name in self.fields):
                self.fields |= {f"address{number}_{p}": v for p, v in values.items()}
                return
        self.left_out[f"ADR ({_kind_of(each)})"] += 1

    def _url(self, each: _Property) -> None:
        address = unescape(each.value)
        is_ftp = address.casefold().startswith(("ftp:", "sftp:", "ftps:"))
        self._put(("ftpsiteurl",) if is_ftp else ("websiteurl",), address, "URL (a second one)")

    def _note(self, each: _Property) -> None:
        texts = (cast("str | None", self.fields.get("description")), unescape(each.value))
        self.fields["description"] = "\n\n".join(filter(None, texts))

    def _nickname(self, each: _Property) -> None:
        nicknames = [unescape(name).strip() for name in pieces(each.value, ",")]
        self._put(("nickname",), ", ".join(filter(None, nicknames)), "NICKNAME (a second one)")

    def _day(self, each: _Property) -> None:
        text = unescape(each.value).strip()
        if not text:
            return
        if _NO_YEAR.fullmatch(text):
            self.left_out[f"{each.name} (without a year)"] += 1
            return
        match = _BASIC_DAY.fullmatch(text)
        try:
            found = date.fromisoformat("-".join(match.groups()) if match else text)
            self.fields.setdefault(_DAYS[each.name], found)
        except ValueError:
            raise BadRow(f"{each.name}: {text[:40]!r} is not a day such as 1970-12-31") from None


def _is_located(each: _Property) -> bool:
    return bool(each.types - {"PREF", "VOICE", "INTERNET", "MSG"})


def _kind_of(each: _Property) -> str:
    return " ".join(sorted(each.types - {"PREF", "VOICE"})).lower() or "no type"


def unescape(value: str) -> str:
    r"""A value as it is read: `\n` is a line end, and any other escaped character is itself."""
    return _ESCAPE.sub(lambda m: "\n" if m.group(1) in "nN" else m.group(1), value)


def pieces(value: str, separator: str) -> list[str]:
    """A value at its separators, except those that are escaped; the escapes stay in."""
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
