"""Importing a file again: known by its key, changed where it changed, never over the CRM's head."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from syncd.crm import lifecycle, records
from syncd.crm.api import Crm
from syncd.crm.contacts import CONTACTS
from syncd.crm.database import write
from syncd.crm.feed import Actor, ActorKind
from syncd.model.qualification import OnDuplicate
from syncd.model.values import Value
from tests.crm.conftest import LATER, Store
from tests.crm.importing import ANNS, everything, filled, imported, latest, of_kind

BY_IMPORT = Actor(ActorKind.IMPORT, "a.csv")
BY_HAND = Actor(ActorKind.USER, "ann")
TWICE = "externalid,firstname,lastname,emailaddress1\n7,Kim,Ross,\n8,Bo,Ek,bo@ek.example\n"
CSV = "externalid,firstname,lastname,jobtitle,telephone1\n7,Kim,Ross,Buyer,1\n8,Bo,Ek,,\n"
CARDS = (
    "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:kim@x\r\nN:Ross;Kim\r\nORG:Northwind\r\nEND:VCARD\r\n"
    "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Ek;Bo\r\nEMAIL:bo@x.example\r\nEND:VCARD\r\n"
)
ROWS = json.dumps(
    [
        {"kind": "contact", "lastname": "Ross", "parentcustomerid": "Northwind"},
        {"kind": "account", "name": "Northwind", "externalid": 5, "primarycontactid": "C1"},
        {"kind": "contact", "externalid": "C1", "lastname": "Ek", "parentcustomerid": "5"},
        {"kind": "lead", "subject": "W", "firstname": "A", "lastname": "B", "statuscode": 3,
         "qualifyingopportunityid": "Deal", "estimatedamount": "1234.50"},
        {"kind": "opportunity", "name": "Deal", "customerid": "Northwind", "statecode": 1},
        {"kind": "phone call", "subject": "Call", "regardingobjectid": "Deal",
         "parties": [{"role": "to", "contact": "C1"}, {"role": "to", "address": "q@x.example"}]},
        {"kind": "note", "notetext": "N", "objectid": "Northwind"},
        {"kind": "user", "internalemailaddress": "carol@contoso.com"},
    ]
)  # fmt: skip


@pytest.mark.parametrize(("name", "text"), [("a.csv", CSV), ("a.vcf", CARDS), ("a.json", ROWS)])
def test_the_same_file_twice_changes_nothing(
    store: Store, tmp_path: Path, name: str, text: str
) -> None:
    """No record, no version, no line in the feed: with a key of its own or without."""
    rules = of_kind("contact") if name.endswith("csv") else ANNS
    first = imported(store, tmp_path / name, text, rules)
    assert first.rejected == []
    before = latest(store)
    again = imported(store, tmp_path / name, text, rules)
    assert (again.created, again.updated, again.rejects, again.keeps) == ({}, {}, 0, 0)
    made = sum(first.created.values()) - len(first.new_accounts)
    assert sum(again.unchanged.values()) == made
    assert latest(store) == before


def test_records_that_refer_to_each_other_in_a_circle_go_in(store: Store, tmp_path: Path) -> None:
    """What waits for another record is linked at the end, and closed after that."""
    assert imported(store, tmp_path / "a.json", ROWS).rejected == []
    northwind = everything(store, "account")[1]
    ek = next(e for e in everything(store, "contact") if e.record.fields["lastname"] == "Ek")
    (lead,), (deal,) = everything(store, "lead"), everything(store, "opportunity")
    assert northwind.record.fields["primarycontactid"] == ek.id
    assert ek.extras["parentcustomerid"] == northwind.id
    assert (lead.statecode, lead.record.fields["qualifyingopportunityid"]) == ("qualified", deal.id)
    assert (deal.statecode, deal.record.fields["customerid"]) == ("won", f"account:{northwind.id}")
    (call,) = everything(store, "phone_call")
    assert call.record.fields["regardingobjectid"] == f"opportunity:{deal.id}"


def test_an_import_that_was_torn_is_finished_by_the_next(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was put off when it broke is made up for: the links, and what is closed after them."""

    class Torn(Exception):
        pass

    def tear(*_: object) -> None:
        raise Torn

    with monkeypatch.context() as broken:
        broken.setattr("syncd.crm.importing.writing.finish", tear)
        with pytest.raises(Torn):
            imported(store, tmp_path / "a.json", ROWS)
    report = imported(store, tmp_path / "a.json", ROWS)
    assert (report.rejected, report.keeps, report.created) == ([], 0, {})
    test_records_that_refer_to_each_other_in_a_circle_go_in(store, tmp_path)


def _edit(store: Store, **patch: str) -> None:
    kim = next(e for e in everything(store, "contact") if e.record.fields["firstname"] == "Kim")
    with write(store.engine) as conn:
        records.update(conn, CONTACTS, kim.id, patch, expected=None, actor=BY_HAND, at=LATER)


def test_what_changed_in_the_file_changes_in_the_crm(store: Store, tmp_path: Path) -> None:
    """The fields that differ, and no others; an emptied cell empties the field."""
    imported(store, tmp_path / "a.csv", CSV, of_kind("contact"))
    _edit(store, department="Sales")
    changed = CSV.replace("Buyer,1", "Chief,")
    report = imported(store, tmp_path / "a.csv", changed, of_kind("contact"))
    assert (report.updated, report.unchanged, report.keeps) == ({"contact": 1}, {"contact": 1}, 0)
    kim = everything(store, "contact")[1]
    assert filled(kim) == {
        "firstname": "Kim", "lastname": "Ross", "jobtitle": "Chief", "department": "Sales",
    }  # fmt: skip


def test_what_changed_in_the_crm_is_not_overwritten(store: Store, tmp_path: Path) -> None:
    """P1: the same file leaves it alone, a changed one says so, and --overwrite is a decision."""
    imported(store, tmp_path / "a.csv", CSV, of_kind("contact"))
    _edit(store, jobtitle="Head of it all")
    assert imported(store, tmp_path / "a.csv", CSV, of_kind("contact")).keeps == 0
    changed = CSV.replace("Buyer", "Chief")
    for _ in range(2):  # until it is settled it is said each time
        report = imported(store, tmp_path / "a.csv", changed, of_kind("contact"))
        assert (report.updated, report.keeps) == ({}, 1)
        assert "the CRM's own jobtitle stays" in report.kept[0].reason
    rules = replace(of_kind("contact"), file_wins=True)
    assert imported(store, tmp_path / "a.csv", changed, rules).updated == {"contact": 1}
    assert everything(store, "contact")[1].record.fields["jobtitle"] == "Chief"


def test_what_was_deleted_is_not_brought_back(store: Store, tmp_path: Path) -> None:
    """It is said, and no second record is made."""
    imported(store, tmp_path / "a.csv", CSV, of_kind("contact"))
    kim = everything(store, "contact")[1]
    with write(store.engine) as conn:
        lifecycle.delete(conn, CONTACTS, kim.id, BY_HAND, LATER)
    report = imported(store, tmp_path / "a.csv", CSV, of_kind("contact"))
    assert (report.created, report.deleted) == ({}, {"contact": 1})
    assert len(everything(store, "contact")) == 1


def test_owner_and_state_follow_the_file_as_fields_do(store: Store, tmp_path: Path) -> None:
    """A record that closes takes its last values with it."""
    head = "externalid,subject,owner,statuscode,percentcomplete\n"
    imported(
        store, tmp_path / "a.csv", f"{head}1,Call,bob@contoso.com,not started,\n", of_kind("task")
    )
    text = f"{head}1,Call,ann@contoso.com,completed,100\n"
    assert imported(store, tmp_path / "a.csv", text, of_kind("task")).updated == {"task": 1}
    (task,) = everything(store, "task")
    assert (task.owner_id, task.statecode) == (store.ann.id, "completed")
    assert task.record.fields["percentcomplete"] == 100
    before = latest(store)
    assert imported(store, tmp_path / "a.csv", text, of_kind("task")).unchanged == {"task": 1}
    assert latest(store) == before


def test_two_rows_about_one_record_do_not_overwrite_each_other(
    store: Store, tmp_path: Path
) -> None:
    """What repeats is the same record; what contradicts is rejected, whatever the key."""
    rows = "lastname,emailaddress1,jobtitle\nA,a@x.example,1\nA,a@x.example,1\nA,a@x.example,2\n"
    report = imported(store, tmp_path / "a.csv", rows, of_kind("contact"))
    assert (report.created, report.unchanged) == ({"contact": 1}, {"contact": 1})
    assert [each.reason for each in report.rejected] == [
        "line 2 is about the same record and says something else; give each an externalid"
    ]


def test_keys_of_several_systems_are_told_apart(store: Store, tmp_path: Path) -> None:
    """Number 7 of the one is not number 7 of the other."""
    for source in ("erp", "shop", "erp"):
        rules = replace(of_kind("contact"), source=source, on_duplicate=OnDuplicate.IGNORE)
        imported(store, tmp_path / "a.csv", CSV, rules)
    assert len(everything(store, "contact")) == 4


def test_a_preview_says_the_same_and_writes_nothing(store: Store, tmp_path: Path) -> None:
    """The counts and the rejects are those of the real thing; it shows what records would be."""
    text = CSV + "9,Al,Po,,2,ragged\n"
    before = latest(store)
    rules = replace(of_kind("contact"), preview=True)
    preview = imported(store, tmp_path / "a.csv", text, rules)
    assert (latest(store), sorted(p.name for p in tmp_path.iterdir() if "rejects" in p.name)) == (
        before,
        [],
    )
    real = imported(store, tmp_path / "a.csv", text, of_kind("contact"))
    assert (preview.created, preview.rejected) == (real.created, real.rejected)
    assert [(s.line, s.deed, s.values["lastname"]) for s in preview.shown] == [
        (2, "create", "Ross"),
        (3, "create", "Ek"),
    ]


def test_who_is_there_already_waits_for_a_person(store: Store, tmp_path: Path) -> None:
    """A new row that is somebody for certain is rejected, and says who; what is known goes on."""
    imported(store, tmp_path / "a.csv", CSV.replace("8,Bo,Ek,,\n", ""), of_kind("contact"))
    ek = entered(store, firstname="Bo", lastname="Ek", emailaddress1="bo@ek.example")
    again = imported(store, tmp_path / "a.csv", TWICE, of_kind("contact"))
    assert again.unchanged == {"contact": 1}
    (rejected,) = again.rejected
    assert rejected.reason.startswith(f"it seems to be the contact 'Bo Ek' ({ek})")
    assert "An e-mail address is the same" in rejected.reason
    assert len(everything(store, "contact")) == 2


def test_who_is_there_already_may_be_adopted_or_doubled(store: Store, tmp_path: Path) -> None:
    """Adopted, a record gets what it has not, and keeps what it has; ignored, it gets a twin."""
    ek = entered(
        store, firstname="Bo", lastname="Ek", emailaddress1="bo@ek.example", jobtitle="CEO"
    )
    rules = replace(of_kind("contact"), on_duplicate=OnDuplicate.ADOPT)
    text = "externalid,firstname,lastname,emailaddress1,jobtitle,telephone1\n"
    text += "8,Bo,Ek,bo@ek.example,Clerk,555 0100\n"
    for _ in range(2):  # the second time it is known by its number
        adopted = imported(store, tmp_path / "a.csv", text, rules)
        assert adopted.created == {}
    (held,) = everything(store, "contact")
    assert held.id == ek
    assert (held.record.fields["jobtitle"], held.record.fields["telephone1"]) == ("CEO", "555 0100")
    twin = replace(rules, on_duplicate=OnDuplicate.IGNORE, source="elsewhere")
    assert imported(store, tmp_path / "a.csv", text, twin).created == {"contact": 1}


def entered(store: Store, **values: Value) -> str:
    """A contact of the CRM's own; its id."""
    return Crm(store.engine, BY_HAND).create("contact", values, owner=store.ann.id).id


@pytest.mark.parametrize("when", ["2020-01-01 09:30:00", "1/1/2020 9:30:00 AM", "junk"])
def test_a_file_of_no_clear_age_replaces_nothing(store: Store, tmp_path: Path, when: str) -> None:
    """Dynamics writes its times without a zone: what may be older than the CRM's never wins."""
    account = Crm(store.engine, BY_HAND).create(
        "account", {"name": "Woodgrove", "address1_city": "Rome"}, owner=store.ann.id
    )
    text = f"accountid,name,address1_city,modifiedon\n{account.id},Woodgrove,Old,{when}\n"
    report = imported(store, tmp_path / "a.csv", text, of_kind("account"))
    assert report.updated == {}
    (held,) = [each for each in everything(store, "account") if each.id == account.id]
    assert held.record.fields["address1_city"] == "Rome"
