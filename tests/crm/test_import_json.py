"""Import from JSON: good rows go in, and each bad one is named with its line and reason."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path

import pytest

from syncd.crm import accounts, feed, records, users
from syncd.crm.database import read
from syncd.crm.feed import ActorKind
from syncd.crm.importing.load import CHUNK, Rules, import_file
from syncd.crm.importing.report import Report, UnreadableFile
from syncd.crm.records import CONTACTS, Stored
from syncd.crm.tables import contact
from tests.crm.conftest import NOON, Store


def imported(
    store: Store, path: Path, text: str | bytes, *, owner: str | None = None, strict: bool = False
) -> Report:
    """The report of importing a file of this content."""
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    rules = Rules(default_owner=owner, strict=strict)
    return import_file(store.engine, path, rules, clock=lambda: NOON)


def contacts(store: Store) -> list[Stored]:
    """What the store holds, by last name."""
    with read(store.engine) as conn:
        ids = records.members(conn, CONTACTS, contact.c.id.is_not(None))
        found = records.read(conn, CONTACTS, ids).values()
    return sorted(found, key=lambda each: str(each.record.fields["lastname"]))


def one(**keys: object) -> str:
    """A file of one contact of Ann's."""
    return json.dumps([{"kind": "contact", "owner": "ann@contoso.com"} | keys])


def test_users_accounts_and_contacts_go_in_whatever_their_order(
    store: Store, tmp_path: Path
) -> None:
    """A contact may name an owner and an account that come later in the file."""
    rows = [
        {
            "kind": "contact",
            "owner": "CAROL@contoso.com",
            "firstname": "Kim",
            "lastname": "Abercrombie",
            "emailaddress1": "kim@northwind.example",
            "telephone1": "+1 425 555 0100",
            "parentcustomerid": "Northwind",
            "accountrolecode": "Decision Maker",
            "address1_line1": "One Way",
            "address1_line3": "Floor 3\nRoom 7",
            "birthdate": "1970-02-28",
            "childrensnames": "Zoë, Al",
            "categories": ["A, B", "C"],
            "jobtitle": None,
        },
        {"kind": "account", "owner": "ann@contoso.com", "name": "Northwind"},
        {"kind": "user", "internalemailaddress": "Carol@contoso.com", "fullname": "Carol"},
    ]
    report = imported(store, tmp_path / "all.json", json.dumps(rows))
    assert report.rejected == []
    assert report.created == {"user": 1, "account": 1, "contact": 1}
    (kim,) = contacts(store)
    fields = {name: value for name, value in kim.record.fields.items() if value is not None}
    assert fields == {
        "firstname": "Kim",
        "lastname": "Abercrombie",
        "emailaddress1": "kim@northwind.example",
        "telephone1": "+1 425 555 0100",
        "companyname": "Northwind",
        "address1_line1": "One Way\n\nFloor 3\nRoom 7",
        "birthdate": date(1970, 2, 28),
        "childrensnames": ("Zoë", "Al"),
        "categories": ("A, B", "C"),
    }
    assert kim.extras["accountrolecode"] == "Decision Maker"
    with read(store.engine) as conn:
        carol = users.get(conn, "carol@contoso.com")
        change = feed.since(conn, 0, kind="contact")[-1]
    assert carol is not None
    assert kim.owner_id == carol.id
    assert (change.actor.kind, change.actor.name) == (ActorKind.IMPORT, "all.json")


MALFORMED = """[
  {"kind": "contact", "owner": "ann@contoso.com", "lastname": "Good 1"},
  {"kind": "contact", "owner": "nobody@contoso.com", "lastname": "Bad"},
  {"kind": "contact", "owner": "ann@contoso.com", "birthdate": "28.2.1970"},
  {"kind": "contact",
   "owner": "ann@contoso.com", "emailadress1": "x@y.example"},
  {"kind": "contact", "owner": "ann@contoso.com", "lastname": "Bad", },
  {"kind": "contact", "owner": "ann@contoso.com", "lastname": "Good 2"},
  {"kind": "contact", "owner": "ann@contoso.com", "lastname": 7},
  {"kind": "contact", "owner": "ann@contoso.com", "lastname": "A\\u0000B"},
  {"kind": "contact", "owner": "ann@contoso.com", "lastname": "A\\ud800B"},
  {"kind": "contact", "owner": "ann@contoso.com", "lastname": "a", "lastname": "b"},
  {"kind": "contact", "owner": "ann@contoso.com"},
  {"kind": "contact", "lastname": "Bad"},
  {"kind": "leed", "owner": "ann@contoso.com"},
  {"owner": "ann@contoso.com"},
  "a text",
  {"kind": "contact", "owner": "ann@contoso.com", "parentcustomerid": "Nowhere"},
  {"kind": "contact", "owner": "ann@contoso.com", "contactid": "seven", "lastname": "Bad"},
  {"kind": "account", "owner": "ann@contoso.com", "name": "Fabrikam Inc."},
  {"kind": "account", "owner": "ann@contoso.com", "name": " "},
  {"kind": "user", "internalemailaddress": "bob@contoso.com"},
  {"kind": "user", "internalemailaddress": "no address"},
  {"kind": "contact", "owner": "ann@contoso.com", "lastname": "Good 3"}
]
"""
REASONS = {
    3: "there is no user 'nobody@contoso.com'",
    4: "birthdate: '28.2.1970' is not a day written as 1970-12-31",
    5: "unknown key 'emailadress1'; did you mean 'emailaddress1'?",
    7: "not JSON: ",
    9: "lastname: not a text but a number",
    10: "lastname: has characters that no text may have (such as NUL)",
    11: "lastname: has characters that no text may have (such as NUL)",
    12: "'lastname' is given twice",
    13: "the contact is empty",
    14: "no owner is given",
    15: "unknown kind 'leed' (account, appointment, contact, email, lead, note, opportunity,",
    16: "there is no kind; name it in the row, or with --kind",
    17: "not an object",
    18: "parentcustomerid: there is no account 'Nowhere'",
    19: "the id 'seven' is not a UUID; an id of another system is an externalid",
    20: "it seems to be the account 'Fabrikam Inc.'",
    21: "name: an account has a name",
    23: "address: 'no address' is not an e-mail address",
}


def test_each_malformed_row_is_reported_and_the_rest_imported(store: Store, tmp_path: Path) -> None:
    """P10: file, line and reason of each, in the order of the file."""
    path = tmp_path / "rows.json"
    report = imported(store, path, MALFORMED)
    assert [each.line for each in report.rejected] == list(REASONS)
    for each in report.rejected:
        assert each.reason.startswith(REASONS[each.line])
        assert str(each) == f"{path}:{each.line}: {each.reason}"
    assert report.created == {"contact": 3}
    assert [each.record.fields["lastname"] for each in contacts(store)] == [
        "Good 1",
        "Good 2",
        "Good 3",
    ]


def test_strict_refuses_all_for_one(store: Store, tmp_path: Path) -> None:
    """Nothing is written: no contact, no user, no line in the feed."""
    with read(store.engine) as conn:
        before = feed.latest(conn)
    report = imported(store, tmp_path / "rows.json", MALFORMED, strict=True)
    assert report.refused
    assert report.created == {}
    assert [each.line for each in report.rejected] == list(REASONS)
    with read(store.engine) as conn:
        assert feed.latest(conn) == before
        assert len(accounts.every(conn)) == 1
    assert imported(store, tmp_path / "good.json", one(lastname="A"), strict=True).created == {
        "contact": 1
    }


def test_a_default_owner_owns_what_names_none(store: Store, tmp_path: Path) -> None:
    """A row's own owner goes first."""
    nobodys, anns = one(lastname="A", owner=None), one(lastname="B")
    rows = f"{nobodys[:-1]}, {anns[1:]}"
    imported(store, tmp_path / "rows.json", rows, owner="Bob@Contoso.com")
    assert [each.owner_id for each in contacts(store)] == [store.bob.id, store.ann.id]


def test_a_given_id_is_kept_and_known_again(store: Store, tmp_path: Path) -> None:
    """An export with ids may be imported again: what is there already is not doubled."""
    mine = "6f1c39f2-54b4-4d0e-a4d6-0d5f1e3a2b10"
    for _ in range(2):
        report = imported(store, tmp_path / "a.json", one(lastname="A", contactid=mine.upper()))
    assert [each.id for each in contacts(store)] == [mine]
    assert (report.rejected, report.unchanged) == ([], {"contact": 1})


def test_what_is_not_utf8_is_refused_with_its_row(store: Store, tmp_path: Path) -> None:
    """No letter is guessed; a byte order mark is no letter."""
    rows = one(lastname="Good")[:-1] + ", " + one(lastname="@")[1:]
    content = b"\xef\xbb\xbf" + rows.encode().replace(b'@"}', b'M\xfcller"}')
    report = imported(store, tmp_path / "rows.json", content)
    assert report.created == {"contact": 1}
    assert len(report.rejected) == 1
    assert report.rejected[0].reason.startswith("lastname: is not UTF-8")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", b'{"kind": "contact"}'),
        ("a.json", b""),
        ("a.txt", b"Kim,Abercrombie"),
    ],
)
def test_what_is_no_such_file_is_refused_whole(
    store: Store, tmp_path: Path, name: str, content: bytes
) -> None:
    """An error, not an empty success."""
    with pytest.raises(UnreadableFile):
        imported(store, tmp_path / name, content)


@pytest.mark.parametrize(
    ("text", "line", "created"),
    [
        ('[\n{"kind": "contact", "lastname": "A"},\n{"kind": "contact", "lastname": "B', 3, 1),
        ('[\n{"kind": "contact", "lastname": "A"}', 2, 1),
        ('[{"kind": "contact", "lastname": "A"}]\n]', 2, 1),
        ("[" * 100_000, 1, 0),
    ],
)
def test_a_file_that_is_cut_off_or_goes_on_is_reported(
    store: Store, tmp_path: Path, text: str, line: int, created: int
) -> None:
    """What came before is imported; what is missing is said."""
    report = imported(store, tmp_path / "a.json", text, owner="ann@contoso.com")
    assert line in {each.line for each in report.rejected}
    assert len(contacts(store)) == created


def test_imports_commit_in_chunks(store: Store, tmp_path: Path) -> None:
    """A long import lets other writers in between its chunks."""
    rows = [{"kind": "contact", "lastname": f"N{n}"} for n in range(CHUNK + 1)]
    path = tmp_path / "rows.json"
    path.write_text(json.dumps(rows))
    taken: list[int] = []

    def clock() -> datetime:
        with read(store.engine) as conn:
            taken.append(feed.latest(conn))
        return NOON

    with read(store.engine) as conn:
        before = feed.latest(conn)
    import_file(store.engine, path, Rules(default_owner="ann@contoso.com"), clock=clock)
    assert taken == [before, before + CHUNK]


def test_an_empty_list_is_no_error(store: Store, tmp_path: Path) -> None:
    """There was nothing to import, and nothing was."""
    report = imported(store, tmp_path / "a.json", " [ ] ")
    assert (report.created, report.rejected) == ({}, [])
