"""A folder that Dynamics 365 exported: its ids stay, and what has no place is named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from syncd.crm.database import read
from syncd.crm.importing.dataverse import import_export
from syncd.crm.importing.load import Rules
from syncd.crm.importing.parties import parties_said
from syncd.crm.importing.report import Report, UnreadableFile
from tests.crm.conftest import NOON, Store
from tests.crm.importing import everything, latest

_SORT = "@Microsoft.Dynamics.CRM.lookuplogicalname"


def guid(number: int) -> str:
    """An id as Dataverse has them."""
    return f"00000000-0000-4000-8000-{number:012}"


FILES: dict[str, object] = {
    "systemusers.json": {
        "@odata.context": "https://x/api/data/v9.2/$metadata#systemusers",
        "value": [
            {"systemuserid": guid(1), "internalemailaddress": "ANN@contoso.com", "fullname": "Ann"},
            {"systemuserid": guid(2), "internalemailaddress": "new@contoso.com", "fullname": "New"},
        ],
    },
    "accounts.csv": (
        "accountid,name,statecode,statuscode,ownerid,primarycontactid,parentaccountid,versionnumber,"
        "customertypecode,creditlimit\n"
        f"{guid(10)},Northwind,0,1,{guid(2)},{guid(20)},,123,3,\n"
        f"{guid(11)},Northwind,1,2,{guid(9)},,{guid(10)},124,100000007,5000\n"
    ),
    "contacts.json": {
        "value": [
            {
                "@odata.etag": 'W/"1"',
                "contactid": guid(20),
                "lastname": "Ross",
                "_parentcustomerid_value": guid(10),
                f"_parentcustomerid_value{_SORT}": "account",
                "_ownerid_value": guid(1),
                "birthdate": "1970-02-28",
                "statecode": 0,
                "statecode@OData.Community.Display.V1.FormattedValue": "Active",
                "accountrolecode": 1,
                "entityimage": "AAAA",
                "createdon": "2020-01-02T03:04:05Z",
            },
            {
                "contactid": guid(21),
                "lastname": "Child",
                "_parentcustomerid_value": guid(20),
                f"_parentcustomerid_value{_SORT}": "contact",
                "_ownerid_value": guid(2),
            },
        ]
    },
    "phonecalls.jsonl": json.dumps(
        {
            "activityid": guid(30),
            "subject": "Call",
            "directioncode": True,
            "statecode": 1,
            "statuscode": 2,
            "_regardingobjectid_value": guid(20),
            f"_regardingobjectid_value{_SORT}": "contact",
            "_ownerid_value": guid(1),
        }
    ),
    "activityparties.json": [
        {
            "_activityid_value": guid(30),
            "_partyid_value": guid(20),
            f"_partyid_value{_SORT}": "contact",
            "participationtypemask": 2,
            "addressused": "kim@x.example",
        },
        {"_activityid_value": guid(30), "participationtypemask": 9, "_partyid_value": guid(1)},
    ],
    "queues.json": [],
}


def exported(folder: Path) -> Path:
    """The folder with the files."""
    folder.mkdir()
    for name, content in FILES.items():
        text = content if isinstance(content, str) else json.dumps(content)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def taken(store: Store, folder: Path) -> Report:
    """The report of importing the folder."""
    rules = Rules(default_owner="bob@contoso.com")
    return import_export(store.engine, folder, rules, clock=lambda: NOON)


def test_an_export_comes_in_with_its_ids_links_owners_and_states(
    store: Store, tmp_path: Path
) -> None:
    """A user is known by address; an owner who is nobody here gives way to --owner."""
    report = taken(store, exported(tmp_path / "export"))
    assert report.created == {"user": 1, "account": 2, "contact": 2, "phone_call": 1}
    active, closed = sorted(everything(store, "account")[1:], key=lambda each: each.id)
    child, ross = everything(store, "contact")
    (call,) = everything(store, "phone_call")
    assert (active.id, active.record.fields["primarycontactid"]) == (guid(10), guid(20))
    assert (closed.statecode, closed.owner_id) == ("inactive", store.bob.id)
    assert closed.record.fields["parentaccountid"] == guid(10)
    assert (ross.id, ross.owner_id) == (guid(20), store.ann.id)
    assert ross.extras["accountrolecode"] == "Decision Maker"
    assert ross.extras["parentcustomerid"] == guid(10)
    assert ross.created_at.year == 2020
    assert child.extras["parentcustomerid"] is None
    assert (call.statuscode, call.record.fields["directioncode"]) == ("made", "outgoing")
    assert call.record.fields["regardingobjectid"] == f"contact:{guid(20)}"
    with read(store.engine) as conn:
        assert parties_said(conn, [guid(30)])[guid(30)] == [
            {"role": "to", "contact": guid(20), "address": "kim@x.example"}
        ]


def test_what_cannot_come_in_is_named(store: Store, tmp_path: Path) -> None:
    """A column without a field, an option of their own, a parent that may be none, a table."""
    report = taken(store, exported(tmp_path / "export"))
    assert dict(report.left_out) == {
        "creditlimit": 1,
        "entityimage": 1,
        "customertypecode 100000007 (no such option)": 1,
        "contact.parentcustomerid that is a contact": 1,
    }
    assert [each.reason for each in report.rejected] == [
        "parentcustomerid: it is a contact, where only account may be; the rest of it is in"
    ]
    assert any("queues.json" in each for each in report.warnings)
    assert any("1 records had an owner" in each for each in report.warnings)


def test_the_same_export_again_changes_nothing(store: Store, tmp_path: Path) -> None:
    """A team may start over with the import until it is content with it."""
    folder = exported(tmp_path / "export")
    taken(store, folder)
    before = latest(store)
    again = taken(store, folder)
    assert (again.created, again.updated, again.keeps) == ({}, {}, 0)
    assert latest(store) == before


def test_a_folder_without_a_table_is_refused(store: Store, tmp_path: Path) -> None:
    """With what its files should be called."""
    with pytest.raises(UnreadableFile) as refused:
        taken(store, tmp_path)
    assert "contacts.json" in refused.value.todo
