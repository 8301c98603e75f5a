"""A contact as a vCard 3.0 (RFC 2426).

What the properties of a card cannot say exactly, such as a second address without a first, is said
once more by X-SYNCD-FIELD-… in JSON: a card is read back before it is written, and what did not
come back is added. Other programs skip that.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import cast

from syncd.crm.importing.report import BadRow, Private, Raw
from syncd.crm.importing.vcard import FIELD, contact_of, is_ftp
from syncd.crm.stored import Stored
from syncd.model.contact import display_name
from syncd.model.values import Value, to_json

_PHONES = (
    ("telephone1", "WORK"), ("business2", "WORK"), ("telephone2", "HOME"), ("home2", "HOME"),
    ("mobilephone", "CELL"), ("telephone3", "OTHER"), ("pager", "PAGER"), ("fax", "WORK,FAX"),
    ("callback", "CALLBACK"), ("company", "COMPANY"), ("assistantphone", "ASSISTANT"),
)  # fmt: skip
_TEXTS = (
    ("jobtitle", "TITLE"), ("accountrolecode", "ROLE"), ("websiteurl", "URL"),
    ("ftpsiteurl", "URL"), ("nickname", "NICKNAME"), ("imaddress", "IMPP"),
    ("spousesname", "X-SPOUSE"), ("managername", "X-MANAGER"), ("assistantname", "X-ASSISTANT"),
    ("governmentid", "X-GOVERNMENTID"), ("yomifirstname", "X-PHONETIC-FIRST-NAME"),
    ("yomilastname", "X-PHONETIC-LAST-NAME"), ("description", "NOTE"),
)  # fmt: skip
_DAYS = (("birthdate", "BDAY"), ("anniversary", "ANNIVERSARY"))
_PLACES = ((1, "WORK"), (2, "HOME"), (3, "OTHER"))
_EMAILS = (("emailaddress1", "PREF"), ("emailaddress2", "WORK"), ("emailaddress3", "WORK"))
_LINE_END = re.compile(r"\r\n?")
_NOT_HERE = ("parentcustomerid", "originatingleadid")  # records, which a card cannot name


def card(record: Stored, owner: str) -> str:
    """The card of a contact."""
    values = {n: v for n, v in record.values.items() if n not in _NOT_HERE}
    body = [_line(name, text) for name, text in _properties(values) if text]
    back = _read_back(body)
    if back is None:  # a text that no card can hold stands in the fields below
        body, back = [_line("FN", _escaped(record.id))], {"firstname": None, "lastname": None}
        back = {**dict.fromkeys(values), "lastname": record.id}
    for name, value in values.items():
        if back.get(name) != value:
            body.append(
                _line(
                    f"{FIELD}{name.upper().replace('_', '-')}", _escaped(json.dumps(to_json(value)))
                )
            )
    head = [
        "BEGIN:VCARD", "VERSION:3.0", f"UID:urn:uuid:{record.id}", f"X-SYNCD-OWNER:{owner}",
        f"X-SYNCD-STATUS:{record.statuscode}", f"X-SYNCD-VERSION:{record.version}",
        f"CREATED:{record.created_at.isoformat()}",
    ]  # fmt: skip
    return "\r\n".join((*head, *body, "END:VCARD", ""))


def _properties(values: Mapping[str, Value]) -> Iterator[tuple[str, str]]:
    def text(name: str) -> str:
        return _escaped(str(values.get(name) or ""))

    names = ("lastname", "firstname", "middlename", "salutation", "suffix")
    yield "N", ";".join(map(text, names))
    yield "FN", _escaped(display_name(values) or "")
    yield "ORG", ";".join(filter(None, (text("companyname"), text("department"))))
    for name, sort in _EMAILS:
        yield f"EMAIL;TYPE=INTERNET,{sort}", text(name)
    for name, sort in _PHONES:
        yield f"TEL;TYPE={sort}", text(name)
    for number, sort in _PLACES:
        at = f"address{number}_"
        parts = ("line1", "city", "stateorprovince", "postalcode", "country")
        street, *rest = (text(at + part) for part in parts)
        if any((street, *rest)):
            yield f"ADR;TYPE={sort}", ";".join(("", "", street, *rest))
    for name, label in _TEXTS:
        if label != "URL" or is_ftp(text(name)) is (name == "ftpsiteurl"):
            yield label, text(name)
    for name, label in _DAYS:
        yield label, text(name)
    for name, label in (("categories", "CATEGORIES"), ("childrensnames", "X-CHILDREN")):
        yield (
            label,
            ",".join(_escaped(each) for each in cast("tuple[str, ...]", values[name] or ())),
        )


def _read_back(body: list[str]) -> dict[str, Value] | None:
    text = "\n".join(["VERSION:3.0", *(line.replace("\r\n", "\n") for line in body)])
    try:
        return dict(contact_of(Raw(1, {"card": text}, None), Counter()).fields)
    except (BadRow, Private):
        return None


def _escaped(text: str) -> str:
    text = _LINE_END.sub("\n", text).replace("\\", "\\\\")
    return text.replace("\n", "\\n").replace(";", "\\;").replace(",", "\\,")


def _line(name: str, text: str) -> str:
    """A line, folded to 75 bytes and never inside of a letter."""
    parts, size = [""], 0
    for each in f"{name}:{text}":
        width = len(each.encode("utf-8", "surrogatepass"))
        if size + width > 74:
            parts.append("")
            size = 0
        parts[-1] += each
        size += width
    return "\r\n ".join(parts)
