"""CSV of Outlook, Dynamics and by hand: what the columns mean, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from syncd.crm.importing.load import Rules
from syncd.crm.importing.report import UnreadableFile
from syncd.crm.importing.values import Manner, Order
from tests.crm.conftest import Store
from tests.crm.importing import ANNS, everything, filled, imported, of_kind

US = replace(ANNS, manner=Manner(Order.MDY, ZoneInfo("America/New_York")))


def test_outlooks_contacts_are_recognised(store: Store, tmp_path: Path) -> None:
    """Its headings are enough; a day is read as the person says; Private stays out (P7)."""
    text = (
        '"First Name","Last Name","Company","Business Street","Business Street 2","E-mail Address",'
        '"E-mail Type","Business Phone 2","Birthday","Categories","Private","Hobby"\r\n'
        '"Kim","Ross","Fabrikam Inc.","One Way","Floor 2","kim@x.example","SMTP","5","2/28/1970",'
        '"A;B","False","Chess"\r\n'
        '"Mia","","","","","","","","0/0/00","","True",""\r\n'
    )
    report = imported(store, tmp_path / "a.csv", text, US)
    assert (report.created, report.private, report.rejects) == ({"contact": 1}, 1, 0)
    assert dict(report.left_out) == {"Hobby": 1}
    (kim,) = everything(store, "contact")
    assert filled(kim) == {
        "firstname": "Kim",
        "lastname": "Ross",
        "companyname": "Fabrikam Inc.",
        "parentcustomerid": store.fabrikam.id,
        "address1_line1": "One Way\nFloor 2",
        "emailaddress1": "kim@x.example",
        "business2": "5",
        "birthdate": date(1970, 2, 28),
        "categories": ("A", "B"),
    }


def test_outlooks_calendar_and_tasks_are_recognised(store: Store, tmp_path: Path) -> None:
    """Date and time are two columns, in the zone of the mailbox that they come from."""
    calendar = (
        "Subject,Start Date,Start Time,End Date,End Time,All day event,Required Attendees,"
        "Show time as,Priority\n"
        "Lunch,3/4/2026,12:30:00 PM,3/4/2026,1:30 PM,False,Kim <kim@x.example>;Bo,Free,Normal\n"
    )
    tasks = (
        "Subject,Start Date,Due Date,% Complete,Status,Priority\n"
        "Call,,3/4/2026,50,In Progress,High\n"
    )
    assert imported(store, tmp_path / "c.csv", calendar, US).created == {"appointment": 1}
    assert imported(store, tmp_path / "t.csv", tasks, US).created == {"task": 1}
    (lunch,), (call,) = everything(store, "appointment"), everything(store, "task")
    assert lunch.record.fields["scheduledstart"] == datetime(2026, 3, 4, 17, 30, tzinfo=UTC)
    assert (lunch.statecode, lunch.statuscode) == ("open", "free")
    assert call.record.fields["percentcomplete"] == 50
    assert (call.statuscode, call.record.fields["prioritycode"]) == ("in progress", "high")


def test_dynamics_own_export_keeps_its_ids(store: Store, tmp_path: Path) -> None:
    """Display names, labels and separators of Export to Excel; `(Do Not Modify)` holds the id."""
    mine = "6f1c39f2-54b4-4d0e-a4d6-0d5f1e3a2b10"
    text = (
        "(Do Not Modify) Lead;(Do Not Modify) Row Checksum;(Do Not Modify) Modified On;Topic;"
        "First Name;Last Name;Est. Value;Rating;Lead Source;Status;Status Reason;Owner\n"
        f"{mine.upper()};x/y=;01/02/2026 10:00;Wheels;Kim;Ross;€ 1.234,50;Hot;Trade Show;"
        "Disqualified;Cannot Contact;Ann van Dyk\n"
    )
    report = imported(store, tmp_path / "Leads.csv", text, Rules())
    assert report.rejected == []
    (lead,) = everything(store, "lead")
    assert (lead.id, lead.owner_id) == (mine, store.ann.id)
    assert (lead.statecode, lead.statuscode) == ("disqualified", "cannot contact")
    assert lead.record.fields["estimatedamount"] == Decimal("1234.50")
    assert lead.record.fields["leadqualitycode"] == "hot"


def test_the_same_headings_of_several_kinds_need_a_word(store: Store, tmp_path: Path) -> None:
    """Not a guess, but a question with the answer in it."""
    with pytest.raises(UnreadableFile, match="any of these: contact, lead") as refused:
        imported(store, tmp_path / "a.csv", "firstname,lastname\nA,B\n")
    assert "--kind" in refused.value.todo
    report = imported(store, tmp_path / "a.csv", "firstname,lastname\nA,B\n", of_kind("contact"))
    assert report.created == {"contact": 1}


def test_a_kind_column_says_it_for_each_row(store: Store, tmp_path: Path) -> None:
    """A contact may come before its account."""
    text = "kind,name,lastname,parentcustomerid\ncontact,,Ross,Northwind\naccount,Northwind,,\n"
    report = imported(store, tmp_path / "a.csv", text)
    assert report.created == {"account": 1, "contact": 1}


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("lastname,jobtitle\nZoë,x\n".encode(), "Zoë"),
        ("lastname;jobtitle\nZoë;x\n".encode("utf-8-sig"), "Zoë"),
        ("lastname\tjobtitle\nZoë\tx\n".encode("utf-16"), "Zoë"),
        (b'sep=;\r\nlastname;jobtitle\r\n"Z""o";x\r\n', 'Z"o'),
        (b'lastname,jobtitle\r\n"two\r\nlines",x\r\n', "two\r\nlines"),
        (b'lastname,jobtitle\n5" pipe,x\n', '5" pipe'),
        (b"lastname,jobtitle\n'=A1,x\n", "=A1"),
    ],
)
def test_what_says_how_it_is_written_is_read_so(
    store: Store, tmp_path: Path, content: bytes, name: str
) -> None:
    """Marks, delimiters, quotes; the apostrophe that keeps a formula from being one goes."""
    report = imported(store, tmp_path / "a.csv", content, of_kind("contact"))
    assert (report.rejected, report.warnings) == ([], [])
    assert [each.record.fields["lastname"] for each in everything(store, "contact")] == [name]


def test_another_encoding_is_guessed_aloud_or_stated(store: Store, tmp_path: Path) -> None:
    """A guess is said; a statement is not questioned."""
    content = "lastname,jobtitle\nZoë,x\n".encode("cp1252")
    report = imported(store, tmp_path / "a.csv", content, of_kind("contact"))
    assert "read as cp1252" in report.warnings[0]
    assert [each.record.fields["lastname"] for each in everything(store, "contact")] == ["Zoë"]
    polish = "lastname,jobtitle\nŁódź,x\n".encode("cp1250")
    rules = replace(of_kind("contact"), encoding="cp1250")
    assert imported(store, tmp_path / "b.csv", polish, rules).warnings == []
    assert everything(store, "contact")[-1].record.fields["lastname"] == "Łódź"


HOSTILE = (
    "lastname,jobtitle,birthdate\n"
    "Good 1,x,\n"
    "Too,many,1970-01-01,cells\n"
    "Too few\n"
    'Open,"never closed,\n'
    "Good 2,x,\n"
    "N\x00UL,x,\n"
    "Day,x,3/4/1970\n"
    'Quote,"a" b,\n'
    "Good 3,x,1970-02-28\n"
)


def test_each_bad_row_is_named_and_the_rest_goes_in(store: Store, tmp_path: Path) -> None:
    """P10: a quote that is never closed costs its own line, and not the rest of the file."""
    report = imported(store, tmp_path / "a.csv", HOSTILE, of_kind("contact"))
    assert report.created == {"contact": 3}
    assert [(each.line, each.reason.split(":")[0]) for each in report.rejected] == [
        (3, "it has 4 cells, where the header has 3"),
        (4, "it has 1 cells, where the header has 3"),
        (5, "a quote is opened and never closed"),
        (7, "lastname"),
        (8, "birthdate"),
        (9, "a quote is in a place where none may be"),
    ]
    assert "--dates dmy" in report.rejected[4].reason


def test_rejects_are_corrected_and_imported_from_their_file(store: Store, tmp_path: Path) -> None:
    """The file has the reason beside each row, is its owner's alone, and is never overwritten."""
    report = imported(store, tmp_path / "a.csv", HOSTILE, of_kind("contact"))
    assert report.rejects_file == str(tmp_path / "a.rejects.csv")
    rejects = tmp_path / "a.rejects.csv"
    assert rejects.stat().st_mode & 0o777 == 0o600
    lines = rejects.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "syncd_reason,lastname,jobtitle,birthdate"
    day = next(line for line in lines if ",Day,x," in line)
    fixed = "\n".join([lines[0], day.replace("3/4/1970", "1970-04-03")])
    report = imported(store, rejects, fixed, of_kind("contact"))
    assert (report.created, report.rejects) == ({"contact": 1}, 0)
    imported(store, tmp_path / "a.csv", HOSTILE, of_kind("contact"))
    assert (tmp_path / "a.rejects-2.csv").exists()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it is empty"),
        (b"lastname,lastname\nA,B\n", "two of its columns are called 'lastname'"),
        (b"these,are,nobodys\n1,2,3\n", "none of its columns is one of ours"),
    ],
)
def test_what_makes_no_sense_is_refused_whole(
    store: Store, tmp_path: Path, content: bytes, reason: str
) -> None:
    """An error that says what to do, not an empty success."""
    with pytest.raises(UnreadableFile, match=reason) as refused:
        imported(store, tmp_path / "a.csv", content)
    assert refused.value.todo.endswith(".")


@pytest.mark.parametrize("name", ['"\n', '\n"', '"\n"', 'a""\n"b', '""'])
def test_a_quote_at_the_end_of_a_line_is_read_as_written(
    store: Store, tmp_path: Path, name: str
) -> None:
    """Three quotes in a row open a cell that begins with one; they do not close an empty one."""
    quoted = name.replace('"', '""')
    text = f'firstname,lastname\nKim,"{quoted}"\nBo,Ek\n'
    report = imported(store, tmp_path / "a.csv", text, of_kind("contact"))
    assert report.rejected == []
    assert {e.record.fields["lastname"] for e in everything(store, "contact")} == {name, "Ek"}
