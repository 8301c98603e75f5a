"""vCard 2.1 as Outlook writes it, and 4.0: the same fields by other ways of writing."""

from __future__ import annotations

from collections import Counter

import pytest

from syncd.crm.importing.report import BadRow, Private
from syncd.crm.importing.vcard import card_rows, contact_of
from syncd.model.values import Value
from tests.crm.test_import_vcard import card

OUTLOOK = (
    "N;LANGUAGE=de;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;J=C3=B6rg",
    "ORG:A, B and Co.;Sales",
    "TEL;WORK;VOICE:1",
    "TEL;HOME;VOICE:2",
    "TEL;CELL;VOICE:3",
    "ADR;WORK;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:;;One Way=0D=0AFloor 2;K=C3=B6ln;;50667;",
    "NOTE;ENCODING=QUOTED-PRINTABLE:a long =",
    "note; C:\\new",
    "EMAIL;PREF;INTERNET:j@x.example",
    "PHOTO;TYPE=JPEG;ENCODING=BASE64:",
    " /9j/4AAQSkZJRgABAQEAYABgAAD",
    "",
)
NEW = (
    "FN:Kim Ross",
    "N:Ross;Kim;;;",
    'TEL;VALUE=uri;PREF=1;TYPE="voice,work":tel:+1-555-0100',
    "TEL;VALUE=uri;TYPE=cell:tel:+1-555-0101",
    "EMAIL;TYPE=home:h@x.example",
    "EMAIL;PREF=1:w@x.example",
    "ADR;TYPE=work:;;One Way;Rome;;;",
    "BDAY:19700228",
    "ANNIVERSARY:20000101",
    "RELATED;TYPE=spouse;VALUE=text:Al",
    "PHOTO:data:image/jpeg;base64,/9j/4AAQ",
)


@pytest.mark.parametrize(
    ("version", "lines", "fields", "left_out"),
    [
        (
            "2.1",
            OUTLOOK,
            {
                "lastname": "Müller",
                "firstname": "Jörg",
                "companyname": "A, B and Co.",
                "department": "Sales",
                "telephone1": "1",
                "telephone2": "2",
                "mobilephone": "3",
                "address1_line1": "One Way\nFloor 2",
                "address1_city": "Köln",
                "address1_postalcode": "50667",
                "description": "a long note; C:\\new",
                "emailaddress1": "j@x.example",
            },
            {"PHOTO": 1},
        ),
        (
            "4.0",
            NEW,
            {
                "lastname": "Ross",
                "firstname": "Kim",
                "telephone1": "+1-555-0100",
                "mobilephone": "+1-555-0101",
                "emailaddress1": "w@x.example",
                "emailaddress2": "h@x.example",
                "address1_line1": "One Way",
                "address1_city": "Rome",
                "spousesname": "Al",
            },
            {"PHOTO": 1},
        ),
    ],
)
def test_each_version_says_the_same_in_its_way(
    version: str, lines: tuple[str, ...], fields: dict[str, Value], left_out: dict[str, int]
) -> None:
    """Quoted-printable is decoded; a photo is left out and counted."""
    counted = Counter[str]()
    (raw,) = card_rows(card(*lines, version=version).splitlines(keepends=True))
    found = dict(contact_of(raw, counted).fields)
    for day in ("birthdate", "anniversary"):
        assert (found.pop(day, None) is not None) == (version == "4.0")
    assert (found, dict(counted)) == (fields, left_out)


@pytest.mark.parametrize(("line", "error"), [("CLASS:PRIVATE", Private), ("KIND:group", BadRow)])
def test_who_is_private_or_no_person_stays_out(line: str, error: type[Exception]) -> None:
    """P7; and a group is not a contact."""
    (raw,) = card_rows(card("N:A", line).splitlines(keepends=True))
    with pytest.raises(error):
        contact_of(raw, Counter())
