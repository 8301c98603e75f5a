"""FindItem: restrictions, order and pages over one folder or several."""

from typing import Any

import pytest

from syncd.sandbox.mailbox import Mailbox
from syncd.sandbox.properties import mapi_named
from syncd.sandbox.server import Sandbox
from tests.sandbox.conftest import send

STAMP_SET = "c0ffee00-1111-2222-3333-444455556666"
STAMP = (
    f'<t:ExtendedFieldURI PropertySetId="{STAMP_SET}" PropertyName="stamp" PropertyType="String"/>'
)
GIVEN = '<t:FieldURI FieldURI="contacts:GivenName"/>'
PAGER = '<t:IndexedFieldURI FieldURI="contacts:PhoneNumber" FieldIndex="Pager"/>'
CATEGORIES = '<t:FieldURI FieldURI="item:Categories"/>'
MODIFIED = '<t:FieldURI FieldURI="item:LastModifiedTime"/>'


def find(restriction: str = "", *, view: str = "", order: str = "", folders: str = "") -> str:
    """Return a FindItem that asks for the given name."""
    wanted = f"<m:Restriction>{restriction}</m:Restriction>" if restriction else ""
    sort = f"<m:SortOrder>{order}</m:SortOrder>" if order else ""
    where = folders or '<t:DistinguishedFolderId Id="contacts"/>'
    return (
        '<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape>'
        f"<t:AdditionalProperties>{GIVEN}</t:AdditionalProperties></m:ItemShape>"
        f"{view}{wanted}{sort}"
        f"<m:ParentFolderIds>{where}</m:ParentFolderIds></m:FindItem>"
    )


def compared(name: str, path: str, value: str) -> str:
    """Return a comparison with a constant."""
    return (
        f"<t:{name}>{path}<t:FieldURIOrConstant><t:Constant "
        f"Value='{value}'/></t:FieldURIOrConstant></t:{name}>"
    )


def both(name: str, left: str, right: str) -> str:
    """Return And or Or of two."""
    return f"<t:{name}>{left}{right}</t:{name}>"


def contains(path: str, value: str, mode: str, how: str = "Exact") -> str:
    """Return a Contains."""
    return (
        f'<t:Contains ContainmentMode="{mode}" ContainmentComparison="{how}">{path}'
        f"<t:Constant Value='{value}'/></t:Contains>"
    )


@pytest.fixture
def people(mailbox: Mailbox) -> None:
    """Ada, Bob and Zoë."""
    stamp = mapi_named(STAMP_SET, "stamp")
    mailbox.add("contacts", {"contacts:GivenName": "Ada", stamp: "1", "item:Categories": ["CRM"]})
    mailbox.add("contacts", {"contacts:GivenName": "Bob", stamp: "2"})
    mailbox.add("contacts", {"contacts:GivenName": "Zoë Ann", "contacts:PhoneNumber:Pager": "7"})


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize(
    ("restriction", "expected"),
    [
        ("", "Ada Bob Zoë"),
        (compared("IsEqualTo", GIVEN, "ada"), "Ada"),
        (compared("IsNotEqualTo", GIVEN, "Ada"), "Bob Zoë"),
        (compared("IsGreaterThan", GIVEN, "Ada"), "Bob Zoë"),
        (compared("IsGreaterThanOrEqualTo", GIVEN, "Bob"), "Bob Zoë"),
        (compared("IsLessThan", GIVEN, "Bob"), "Ada"),
        (compared("IsLessThanOrEqualTo", GIVEN, "Bob"), "Ada Bob"),
        (compared("IsEqualTo", STAMP, "2"), "Bob"),
        (compared("IsNotEqualTo", STAMP, "2"), "Ada"),
        (compared("IsEqualTo", PAGER, "7"), "Zoë"),
        (compared("IsEqualTo", CATEGORIES, "CRM"), "Ada"),
        (compared("IsGreaterThan", MODIFIED, "2000-01-01T00:00:00+02:00"), "Ada Bob Zoë"),
        (compared("IsGreaterThan", MODIFIED, "2100-01-01T00:00:00Z"), ""),
        (f"<t:Exists>{STAMP}</t:Exists>", "Ada Bob"),
        (f"<t:Not><t:Exists>{STAMP}</t:Exists></t:Not>", "Zoë"),
        (contains(GIVEN, "oë", "Substring"), "Zoë"),
        (contains(GIVEN, "OE", "Substring", "LooseAndIgnoreCase"), "Zoë"),
        (contains(GIVEN, "ada", "FullString"), ""),
        (contains(GIVEN, "ada", "FullString", "IgnoreCase"), "Ada"),
        (contains(GIVEN, "A", "Prefixed"), "Ada"),
        (contains(GIVEN, "An", "PrefixOnWords"), "Zoë"),
        (contains(GIVEN, "Ann", "ExactPhrase"), "Zoë"),
        (
            both("And", compared("IsGreaterThan", GIVEN, "A"), compared("IsEqualTo", STAMP, "1")),
            "Ada",
        ),
        (
            both("Or", compared("IsEqualTo", GIVEN, "Bob"), compared("IsEqualTo", STAMP, "1")),
            "Ada Bob",
        ),
    ],
)
def test_a_restriction_finds_what_it_says(box: Sandbox, restriction: str, expected: str) -> None:
    """Comparisons, containment and logic on all three sorts of path."""
    reply = send(box, find(restriction))
    assert reply.codes == ["NoError"]
    found = sorted(name.split()[0] for name in reply.all("//t:GivenName/text()"))
    assert found == expected.split()


@pytest.mark.parametrize(
    ("restriction", "code"),
    [
        (
            compared("IsEqualTo", '<t:FieldURI FieldURI="contacts:CompleteName"/>', "x"),
            "ErrorUnsupportedPathForQuery",
        ),
        (contains(MODIFIED, "2026", "Prefixed"), "ErrorContainsFilterWrongType"),
        (compared("IsEqualTo", MODIFIED, "yesterday"), "ErrorInvalidValueForProperty"),
    ],
)
def test_a_restriction_that_cannot_be(box: Sandbox, restriction: str, code: str) -> None:
    """Refused with the code of Exchange."""
    assert send(box, find(restriction)).codes == [code]


@pytest.mark.usefixtures("people")
def test_pages(box: Sandbox) -> None:
    """Offset, total, and the mark of the last page."""
    order = f'<t:FieldOrder Order="Ascending">{GIVEN}</t:FieldOrder>'
    seen, offset, last = [], 0, "false"
    while last == "false":
        page = f'MaxEntriesReturned="2" Offset="{offset}" BasePoint="Beginning"'
        view = f"<m:IndexedPageItemView {page}/>"
        reply = send(box, find(view=view, order=order))
        seen += reply.all("//t:GivenName/text()")
        root = reply.all("//m:RootFolder")[0]
        offset, last = int(root.get("IndexedPagingOffset")), root.get("IncludesLastItemInRange")
        assert root.get("TotalItemsInView") == "3"
    assert seen == ["Ada", "Bob", "Zoë Ann"]


@pytest.mark.usefixtures("people")
def test_exchangelib_queries(alice: Any, mailbox: Mailbox) -> None:
    """Filter, exclude, order, count, slices and several folders."""
    contacts = alice.contacts
    assert [c.given_name for c in contacts.filter(given_name="Bob")] == ["Bob"]
    assert next(iter(contacts.all().order_by("-given_name"))).given_name == "Zoë Ann"
    assert contacts.all().count() == 3
    assert contacts.filter(given_name__startswith="A").count() == 1
    assert contacts.filter(categories__contains=["CRM"]).count() == 1
    assert len(list(contacts.all()[:2])) == 2
    below = mailbox.add_folder("contacts", "Below")
    mailbox.add(below, {"contacts:GivenName": "Deep"})
    names = {c.given_name for c in (contacts // "Below").all()}
    assert names == {"Deep"}


@pytest.mark.usefixtures("people")
def test_several_folders_answer_one_by_one(box: Sandbox) -> None:
    """A folder that cannot be read fails alone."""
    folders = (
        '<t:DistinguishedFolderId Id="contacts"/><t:FolderId Id="garbage"/>'
        '<t:DistinguishedFolderId Id="inbox"/>'
    )
    reply = send(box, find(folders=folders))
    assert reply.codes == ["NoError", "ErrorInvalidIdMalformed", "NoError"]
    assert reply.all("//m:RootFolder/@TotalItemsInView") == ["3", "0"]
