"""Import from vCard 3.0: each property goes into its field, and what has no field is said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.crm import accounts, database
from syncd.crm.importing.load import Rules, import_file
from syncd.crm.importing.report import BadRow, Report, Row
from syncd.crm.importing.vcard import card_rows, contact_of
from syncd.crm.importing.vcard_lines import pieces, unescape
from syncd.model.values import Value
from tests.crm.conftest import NOON, Store


def card(*lines: str, version: str = "3.0") -> str:
    """A card of these lines."""
    return "\r\n".join(("BEGIN:VCARD", f"VERSION:{version}", *lines, "END:VCARD", ""))


def read(text: str) -> tuple[list[Row], list[BadRow], Counter[str]]:
    """The contacts of a text, what is none, and what has no place in one."""
    rows, bad, left_out = [], [], Counter[str]()
    for raw in card_rows(text.splitlines(keepends=True)):
        try:
            rows.append(contact_of(raw, left_out))
        except BadRow as error:
            bad.append(error)
    return rows, bad, left_out


def imported(store: Store, path: Path, text: str | bytes, *, strict: bool = False) -> Report:
    """The report of importing a file of this content for Ann."""
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    rules = Rules(default_owner="ann@contoso.com", strict=strict)
    return import_file(store.engine, path, rules, clock=lambda: NOON)


@pytest.mark.parametrize(
    ("lines", "fields"),
    [
        (
            ["N:van Dyk;Ann;Maria,Eva;Dr.;PhD"],
            {
                "lastname": "van Dyk",
                "firstname": "Ann",
                "middlename": "Maria Eva",
                "salutation": "Dr.",
                "suffix": "PhD",
            },
        ),
        (["FN:Ann van Dyk"], {"firstname": "Ann van", "lastname": "Dyk"}),
        (["N:;;;;", "FN:Cher"], {"firstname": "", "lastname": "Cher"}),
        (["N:;;;;", "FN:Fabrikam", "ORG:Fabrikam"], {"companyname": "Fabrikam"}),
        (
            ["ORG:A\\;B\\, Inc.;Sales;North"],
            {"companyname": "A;B, Inc.", "department": "Sales, North"},
        ),
        (
            ["TITLE:Head of\\nSales", "ROLE:Decision Maker"],
            {"jobtitle": "Head of\nSales", "accountrolecode": "Decision Maker"},
        ),
        (
            [
                "TEL;TYPE=WORK,VOICE:1",
                "TEL;TYPE=work:2",
                "TEL;TYPE=HOME:3",
                "TEL;TYPE=CELL:4",
                "TEL;TYPE=FAX,WORK:5",
                "TEL;TYPE=PAGER:6",
            ],
            {
                "telephone1": "1",
                "business2": "2",
                "telephone2": "3",
                "mobilephone": "4",
                "fax": "5",
                "pager": "6",
            },
        ),
        (["TEL:1", "TEL;TYPE=WORK:2"], {"telephone1": "2", "telephone3": "1"}),
        (["TEL;WORK;PREF:1", "TEL;TYPE=CELL;TYPE=PREF:2"], {"telephone1": "1", "mobilephone": "2"}),
        (["TEL;TYPE=WORK:1", "TEL;TYPE=WORK,PREF:2"], {"telephone1": "2", "business2": "1"}),
        (
            ["TEL;TYPE=X-ASSISTANT:1", "TEL;TYPE=CALLBACK:2", "TEL;TYPE=MAIN:3"],
            {"assistantphone": "1", "callback": "2", "company": "3"},
        ),
        (
            ["EMAIL;TYPE=HOME:h@x.example", "EMAIL:w@x.example"],
            {"emailaddress1": "w@x.example", "emailaddress2": "h@x.example"},
        ),
        (
            ["EMAIL:a@x.example", "EMAIL;TYPE=PREF:b@x.example"],
            {"emailaddress1": "b@x.example", "emailaddress2": "a@x.example"},
        ),
        (
            ["ADR;TYPE=WORK:PO 1;Floor 3;One Way\\nGate 2;Berlin;BE;10115;Germany"],
            {
                "address1_line1": "One Way\nGate 2\nFloor 3\nPO 1",
                "address1_city": "Berlin",
                "address1_stateorprovince": "BE",
                "address1_postalcode": "10115",
                "address1_country": "Germany",
            },
        ),
        (
            ["ADR;TYPE=HOME:;;;Rome", "ADR:;;;Oslo", "ADR;TYPE=OTHER:;;;Bonn"],
            {"address2_city": "Rome", "address1_city": "Oslo", "address3_city": "Bonn"},
        ),
        (
            ["URL:https://x.example/a,b", "item1.URL:ftp://x.example"],
            {"websiteurl": "https://x.example/a,b", "ftpsiteurl": "ftp://x.example"},
        ),
        (
            ["BDAY:1970-02-28", "ANNIVERSARY:20000101"],
            {"birthdate": date(1970, 2, 28), "anniversary": date(2000, 1, 1)},
        ),
        (
            ["BDAY:19700228T000000Z", "X-ANNIVERSARY:2000-01-01"],
            {"birthdate": date(1970, 2, 28), "anniversary": date(2000, 1, 1)},
        ),
        (
            ["NOTE:Hello, world\\; a\\\\b\\nc", "NOTE:more"],
            {"description": "Hello, world; a\\b\nc\n\nmore"},
        ),
        (["NICKNAME:Annie,A\\,B"], {"nickname": "Annie, A,B"}),
        (
            ["X-SPOUSE:Sam", "X-CHILDREN:Zoë,Al", "IMPP:sip:a@x.example"],
            {"spousesname": "Sam", "childrensnames": ("Zoë", "Al"), "imaddress": "sip:a@x.example"},
        ),
        (["NOTE:fol", " ded", "\tline"], {"description": "foldedline"}),
        (["NOTE;ENCODING=QUOTED-PRINTABLE:Gr=C3=BC=", "=C3=9Fe"], {"description": "Grüße"}),
        (
            ["CATEGORIES:A,B", "X-MANAGER:Max", "X-ASSISTANT:Eve"],
            {"categories": ("A", "B"), "managername": "Max", "assistantname": "Eve"},
        ),
    ],
)
def test_each_property_goes_into_its_field(lines: list[str], fields: Mapping[str, Value]) -> None:
    """What the card says is in the row, unescaped and unfolded, and nothing else is."""
    rows, bad, left_out = read(card(*lines))
    assert bad == []
    assert [dict(row.fields) for row in rows] == [fields]
    assert not left_out


def test_what_has_no_field_is_counted() -> None:
    """Nothing disappears without a word; what only keeps house is not worth one."""
    _, _, left_out = read(
        card(
            "N:A;B",
            *("UID:1", "REV:2020-01-01T00:00:00Z", "PRODID:x", "PHOTO;ENCODING=b:AAAA", "GEO:1;2"),
            *("BDAY:--0412", "TEL;TYPE=HOME,FAX:1", *(f"EMAIL:{n}@x.example" for n in range(5))),
        )
    )
    assert dict(left_out) == {
        "PHOTO": 1,
        "GEO": 1,
        "BDAY (without a year)": 1,
        "TEL (fax home)": 1,
        "EMAIL (a fourth one)": 2,
    }


def test_a_company_becomes_an_account_on_import_alone(store: Store, tmp_path: Path) -> None:
    """ORG names the account; one that does not exist is made, once, and the report says so."""
    text = "".join(
        card(f"N:{name}", f"ORG:{company}")
        for name, company in (("A", "Fabrikam Inc."), ("B", "Northwind"), ("C", "Northwind"))
    )
    report = imported(store, tmp_path / "a.vcf", text)
    assert report.created == {"contact": 3, "account": 1}
    assert report.new_accounts == ["Northwind"]
    with database.read(store.engine) as conn:
        assert [each.name for each in accounts.every(conn)] == ["Fabrikam Inc.", "Northwind"]


def test_a_card_may_name_its_owner(store: Store, tmp_path: Path) -> None:
    """X-SYNCD-OWNER goes before the default owner."""
    cards = [card("N:A", f"X-SYNCD-OWNER:{name}@contoso.com") for name in ("nobody", "bob")]
    report = imported(store, tmp_path / "a.vcf", "".join(cards))
    assert report.created == {"contact": 1}
    assert [each.reason for each in report.rejected] == ["there is no user 'nobody@contoso.com'"]


MALFORMED: tuple[tuple[str, str | None], ...] = (  # a card, and why it is refused
    (card("N:Good"), None),
    (card("N:A", "BDAY:31.12.1970"), "BDAY: '31.12.1970' is not a day such as 1970-12-31"),
    (card("N:A", "BDAY:1970-02-30"), "BDAY: '1970-02-30' is not a day such as 1970-12-31"),
    (card("N:A", "no property"), "'no property' begins a line that is no property"),
    (card("N:A", "NOTE;ENCODING=QUOTED-PRINTABLE:=E4"), "NOTE: its encoding cannot be read"),
    (card("N:A", "NOTE;CHARSET=x;QUOTED-PRINTABLE:=E4"), "NOTE: its encoding cannot be read"),
    (card("N:A", version="5.0"), "the card is vCard 5.0; export it as vCard 3.0"),
    ("BEGIN:VCARD\r\nN:A\r\nEND:VCARD\r\n", "the card has no VERSION"),
    (card("X-NOTHING:1"), "the card names nobody: it has neither N, FN, ORG nor EMAIL"),
    (card("N:A", f"TITLE:{'x' * 40_000}"), "jobtitle: longer than 32,768 characters"),
    (card("N:A\x00B"), "lastname: has characters that no text may have (such as NUL)"),
    ("stray text\r\nmore of it\r\n", "there is text outside of a card"),
    ("begin:vcard\r\nVERSION:3.0\r\nN:A\r\n", "the card has no END:VCARD"),
    (card("N:Good too"), None),
    ("BEGIN:VCARD\r\nVERSION:3.0\r\nN:A\r\n", "the card has no END:VCARD"),
)


@pytest.mark.parametrize("strict", [False, True])
def test_each_malformed_card_is_reported_and_the_rest_imported(
    store: Store, tmp_path: Path, strict: bool
) -> None:
    """P10: line and reason of each; strict refuses all of them together."""
    expected, line = [], 1
    for text, reason in MALFORMED:
        if reason:
            expected.append((line, reason))
        line += text.count("\n")
    report = imported(
        store, tmp_path / "a.vcf", "".join(text for text, _ in MALFORMED), strict=strict
    )
    assert [(each.line, each.reason) for each in report.rejected] == expected
    assert report.created == ({} if strict else {"contact": 2})


def test_a_card_in_another_encoding_is_refused_alone(store: Store, tmp_path: Path) -> None:
    """UTF-8, with or without its mark; a card in Latin-1 is reported, and no letter guessed."""
    content = b"\xef\xbb\xbf" + card("N:Zoë").encode() + card("N:Zoë").encode("latin-1")
    report = imported(store, tmp_path / "a.vcf", content)
    assert report.created == {"contact": 1}
    assert [each.line for each in report.rejected] == [5]
    assert "lastname: is not UTF-8" in report.rejected[0].reason


@given(st.lists(st.text(alphabet="ab;,\\n\n"), min_size=1, max_size=5))
def test_what_was_escaped_is_read_back(parts: list[str]) -> None:
    """Separators inside a value are part of it."""
    escaped = [
        part.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")
        for part in parts
    ]
    assert [unescape(each) for each in pieces(";".join(escaped), ";")] == parts


@given(st.text())
def test_no_text_whatever_stops_the_reader(text: str) -> None:
    """A card is understood or refused; the program never fails on one."""
    rows, bad, _ = read(card("N:A", text))
    assert rows or bad
