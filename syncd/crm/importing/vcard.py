"""vCard: which property goes into which field. RFC 2426 (3.0), RFC 6350 (4.0), and 2.1."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import cast
from uuid import UUID

from syncd.crm.contacts import CONTACTS
from syncd.crm.importing.report import BadRow, Private, Raw, Row
from syncd.crm.importing.vcard_lines import REASON, Property, cards, pieces, properties
from syncd.crm.stored import StoredKind
from syncd.model.fields import FieldType
from syncd.model.kinds import Schema
from syncd.model.values import Value, from_json

FIELD = "X-SYNCD-FIELD-"  # a field as JSON, for what no property can say exactly
VERSIONS = ("2.1", "3.0", "4.0")

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
    "X-SYNCD-STATUS": "status",
    "X-SYNCD-VERSION": "version",
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
# RELATED of vCard 4.0, by its type.
_RELATED: Mapping[str, str] = {"SPOUSE": "spousesname", "CHILD": "childrensnames"}
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
    "MAILER", "SORT-STRING", "LABEL", "KIND", "CLIENTPIDMAP", "CREATED", REASON,
    "X-ABLABEL", "X-ABADR", "X-ABUID", "X-ABSHOWAS",
}  # fmt: skip


def card_rows(lines: Iterable[str | BadRow]) -> Iterator[Raw]:
    """The cards of a file, each as one row; its cells are its properties."""
    for line, card in cards(lines):
        if isinstance(card, BadRow):
            yield Raw(line, card, card.text)
        else:
            yield Raw(line, {"card": card}, card)


def contact_of(raw: Raw, left_out: Counter[str], stored: StoredKind[Schema] = CONTACTS) -> Row:
    """The contact that a card is. Raises BadRow, and Private of one that is not for others to see.

    What has no field is counted.
    """
    if isinstance(raw.cells, BadRow):
        raise raw.cells
    said = list(properties(cast(str, raw.cells["card"])))
    version = next((p.value.strip() for p in said if p.name == "VERSION"), None)
    if version not in VERSIONS:
        raise BadRow(
            "the card has no VERSION"
            if version is None
            else f"the card is vCard {version[:10]}; export it as vCard 3.0"
        )
    filling = _Filling(stored)
    for each in sorted(said, key=lambda p: not p.preferred):  # stable: else the file's order
        filling.take(each)
    row = filling.row(raw, said)
    left_out.update(filling.left_out)
    return row


class _Filling:
    """A contact being filled, property by property."""

    def __init__(self, stored: StoredKind[Schema]) -> None:
        self._stored = stored
        self.fields: dict[str, Value] = {}
        self.left_out: Counter[str] = Counter()
        self._later: list[Property] = []
        self._exact: dict[str, str] = {}
        self._takers: Mapping[str, Callable[[Property], None]] = {
            "N": self._name,
            "ORG": self._organisation,
            "TEL": self._later.append,
            "EMAIL": self._later.append,
            "ADR": self._later.append,
            "URL": self._url,
            "NOTE": self._note,
            "NICKNAME": self._nickname,
            "RELATED": self._related,
        }

    def take(self, each: Property) -> None:
        """Put a property where it belongs; what has no place is counted."""
        taker = self._takers.get(each.name)
        if taker:
            taker(each)
        elif each.name.startswith(FIELD):
            name = each.name.removeprefix(FIELD).lower().replace("-", "_")  # as vobject has it
            self._exact[name] = each.text
        elif each.name in _TEXTS:
            self._put((_TEXTS[each.name],), each.text, each.name)
        elif each.name in _DAYS:
            self._day(each)
        elif each.name in _NAMES:
            field = _NAMES[each.name]
            held = cast("tuple[str, ...]", self.fields.get(field) or ())
            self.fields[field] = (*held, *(each.read(name) for name in pieces(each.value, ",")))
        elif each.name not in _HOUSEKEEPING:
            self.left_out[each.name] += 1

    def row(self, raw: Raw, said: Sequence[Property]) -> Row:
        """The finished row."""
        for each in said:
            if each.name == "CLASS" and each.text.strip().upper() in ("PRIVATE", "CONFIDENTIAL"):
                raise Private
            if each.name == "KIND" and each.text.strip().lower() == "group":
                raise BadRow("the card is a group, and no contact")
        self._take_located()
        full = next((p.text.strip() for p in said if p.name == "FN"), "")
        named = any(self.fields.get(part) for part in ("firstname", "middlename", "lastname"))
        if not named and full and full != self.fields.get("companyname"):
            first, _, last = full.rpartition(" ")
            self.fields |= {"firstname": first, "lastname": last}
        taken = {name: self.fields.pop(name, None) for name in ("owner", "status", "version")}
        for name, text in self._exact.items():
            if self._stored.type_of(name) is None:  # a custom field that there is no more
                self.left_out[f"{FIELD}{name.upper().replace('_', '-')}"] += 1
                continue
            self.fields[name] = _exactly(self._stored, name, text)
        if not any(self.fields.values()):
            raise BadRow("the card names nobody: it has neither N, FN, ORG nor EMAIL")
        uid = next((p.text.strip() for p in said if p.name == "UID"), "") or None
        revised = next((p.text.strip() for p in said if p.name == "CREATED"), "")
        version = str(taken["version"] or "")
        return Row(
            raw.line,
            "contact",
            self.fields,
            cast("str | None", taken["owner"]),
            _guid(uid),
            uid,
            status=cast("str | None", taken["status"]),
            created_at=_moment(revised),
            version=int(version) if version.isdecimal() else None,
            may_create_account=True,
            original=raw.original,
        )

    @staticmethod
    def _pieces(each: Property, part: str) -> list[str]:
        return [part] if each.old else pieces(part, ",")  # in 2.1 a comma is a comma

    def _take_located(self) -> None:
        """Phones, addresses, e-mail: those that say where they are choose before those that do not.

        At home comes last among e-mail addresses: the first one is the business one.
        """
        for each in sorted(self._later, key=lambda p: not _is_located(p)):
            if each.name == "TEL":
                number = each.text.removeprefix("tel:")
                fields = next(fields for types, fields in _PHONES if types <= each.types)
                self._put(fields, number, f"TEL ({_kind_of(each)})")
            elif each.name == "ADR":
                self._address(each)
        mails = [p for p in self._later if p.name == "EMAIL"]
        for each in sorted(mails, key=lambda p: not p.preferred and "HOME" in p.types):
            self._put(_EMAILS, each.text.removeprefix("mailto:"), "EMAIL (a fourth one)")

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

    def _name(self, each: Property) -> None:
        order = ("lastname", "firstname", "middlename", "salutation", "suffix")
        for field, part in zip(order, pieces(each.value, ";"), strict=False):
            self._put((field,), " ".join(each.read(p) for p in self._pieces(each, part)), each.name)

    def _organisation(self, each: Property) -> None:
        company, *units = (each.read(part).strip() for part in pieces(each.value, ";"))
        self._put(("companyname",), company, "ORG (a second one)")
        self._put(("department",), ", ".join(filter(None, units)), "ORG (a second department)")

    def _address(self, each: Property) -> None:
        parts = [
            "\n".join(filter(None, (each.read(p).strip() for p in self._pieces(each, part))))
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

    def _url(self, each: Property) -> None:
        address = each.text
        self._put(
            ("ftpsiteurl",) if is_ftp(address) else ("websiteurl",), address, "URL (a second one)"
        )

    def _note(self, each: Property) -> None:
        texts = (cast("str | None", self.fields.get("description")), each.text)
        self.fields["description"] = "\n\n".join(filter(None, texts))

    def _nickname(self, each: Property) -> None:
        nicknames = [each.read(name).strip() for name in pieces(each.value, ",")]
        self._put(("nickname",), ", ".join(filter(None, nicknames)), "NICKNAME (a second one)")

    def _related(self, each: Property) -> None:
        field = next((f for t, f in _RELATED.items() if t in each.types), None)
        if field is None or each.text.casefold().startswith(("urn:", "http:", "https:")):
            self.left_out["RELATED"] += 1
        elif field == "childrensnames":
            held = cast("tuple[str, ...]", self.fields.get(field) or ())
            self.fields[field] = (*held, each.text.strip())
        else:
            self._put((field,), each.text, "RELATED")

    def _day(self, each: Property) -> None:
        text = each.text.strip()
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


def is_ftp(address: str) -> bool:
    """Whether an address is of a place for files, and of no page."""
    return address.casefold().startswith(("ftp:", "sftp:", "ftps:"))


def _is_located(each: Property) -> bool:
    return bool(each.types - {"PREF", "VOICE", "INTERNET", "MSG", "TEXT"})


def _kind_of(each: Property) -> str:
    return " ".join(sorted(each.types - {"PREF", "VOICE"})).lower() or "no type"


def _guid(uid: str | None) -> str | None:
    """The id of a record of ours, if that is what the UID of its card is."""
    try:
        return str(UUID((uid or "").removeprefix("urn:uuid:")))
    except ValueError:
        return None


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _exactly(stored: StoredKind[Schema], name: str, text: str) -> Value:
    kind = stored.type_of(name)
    bad = BadRow(f"{FIELD}{name.upper()}: that is no value of a field")
    if kind is None or kind is FieldType.REFERENCE:
        raise bad
    try:
        return from_json(kind, json.loads(text))
    except ValueError:
        raise bad from None
