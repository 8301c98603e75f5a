"""Export gives back what import takes: the same records elsewhere, and nothing to do here."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from shutil import copy
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from syncd.crm import accounts, records, users
from syncd.crm.database import open_database, write
from syncd.crm.entities import ENTITIES
from syncd.crm.exporting.files import CannotExport, export_file
from syncd.crm.importing.csv_file import neutralised, restored
from syncd.crm.importing.load import Rules, import_file
from syncd.crm.importing.parties import parties_said
from syncd.crm.stored import Stored
from syncd.model.fields import FieldType
from syncd.model.normal import text
from syncd.model.values import Value
from tests.crm.conftest import BY_HAND, NOON, Store
from tests.crm.importing import everything, imported, latest

ANNS_ID = "00000000-0000-4000-8000-000000000001"


def known_by(record: Stored) -> tuple[object, ...]:
    """What has to come back of a record."""
    state = (record.statecode, record.statuscode, record.created_at)
    return (record.id, record.owner_id, *state, record.values)


@contextmanager
def another(empty: Path) -> Iterator[Store]:
    """A store with Ann and nothing else."""
    with TemporaryDirectory() as folder:
        copy(empty, Path(folder) / "a.db")
        engine = open_database(f"sqlite:///{folder}/a.db")
        with write(engine) as conn:
            ann = users.add(conn, "ann@contoso.com", id=ANNS_ID)
            firm = accounts.create(
                conn, "Firm", owner_id=ann.id, actor=BY_HAND, at=NOON, id=ANNS_ID
            )
        yield Store(engine, ann, ann, firm)
        engine.dispose()


_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1)
_TEXT = _TEXT.filter(lambda each: not each.isspace())
_NAMES = st.lists(_TEXT, min_size=1, max_size=3, unique=True).map(tuple)
_SORTS: dict[FieldType, st.SearchStrategy[Value]] = {
    FieldType.NAMES: _NAMES,
    FieldType.DATE: st.dates(date(1600, 1, 1), date(2200, 1, 1)),
    FieldType.MONEY: st.decimals(-(10**9), 10**9, places=2),
    FieldType.MOMENT: st.datetimes(
        datetime(1950, 1, 1), datetime(2150, 1, 1), timezones=st.just(UTC)  # noqa: DTZ001 - with it
    ),
    FieldType.WHOLE: st.integers(-(2**31) + 1, 2**31 - 1),
    FieldType.FLAG: st.booleans(),
    FieldType.LINES: st.lists(
        _TEXT.filter(lambda t: not set("\r\n\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029") & set(t)),
        min_size=1, max_size=3,
    ).map("\n".join),
}  # fmt: skip


def _values(kind: str) -> st.SearchStrategy[dict[str, Value]]:
    fields = [f for f in ENTITIES[kind].kind.fields if f.type is not FieldType.REFERENCE]
    sorts = {
        f.name: st.sampled_from([o.name for o in f.options])
        if f.type is FieldType.CHOICE
        else st.integers(*f.between)
        if f.between
        else _SORTS.get(f.type, _TEXT)
        for f in fields
    }
    needed = {n: s for n, s in sorts.items() if ENTITIES[kind].kind.by_name[n].required}
    needed = needed or {fields[3].name: sorts[fields[3].name]}
    return st.fixed_dictionaries(
        needed, optional={n: s for n, s in sorts.items() if n not in needed}
    )


@pytest.mark.parametrize(
    ("kind", "suffix"),
    [
        ("contact", ".csv"), ("contact", ".jsonl"), ("contact", ".vcf"), ("lead", ".csv"),
        ("account", ".json"), ("opportunity", ".csv"), ("task", ".csv"), ("note", ".csv"),
    ],
)  # fmt: skip
@settings(max_examples=8)
@given(data=st.data())
def test_what_is_exported_is_imported_as_it_was(
    kind: str, suffix: str, data: st.DataObject, empty_database: Path
) -> None:
    """Any text, day, amount: the same record, under its id; and once more, nothing to do."""
    values = data.draw(st.lists(_values(kind), min_size=1, max_size=2))
    with another(empty_database) as one, another(empty_database) as two, TemporaryDirectory() as at:
        stored, path = ENTITIES[kind], Path(at) / f"x{suffix}"
        with write(one.engine) as conn:
            whose = {"customerid": f"account:{one.fabrikam.id}"} if kind == "opportunity" else {}
            for each in values:
                records.create(
                    conn, stored, {**each, **whose}, owner_id=ANNS_ID, actor=BY_HAND, at=NOON
                )
        export_file(one.engine, kind, path)
        before = latest(one)
        again = import_file(one.engine, path, Rules(), clock=lambda: NOON)
        assert (again.rejected, again.kept, latest(one)) == ([], [], before)
        moved = import_file(two.engine, path, Rules(), clock=lambda: NOON)
        if kind == "account":
            moved.created["account"] += 1  # it is there under its id
        assert (moved.rejected, dict(moved.left_out)) == ([], {})
        assert _comparable(two, kind) == _comparable(one, kind)


def _comparable(store: Store, kind: str) -> dict[object, tuple[object, ...]]:
    found: dict[object, tuple[object, ...]] = {}
    for each in everything(store, kind):
        values = dict(each.values)
        values.pop("parentcustomerid", None)  # a card names no record
        if isinstance(company := values.get("companyname"), str):
            values["companyname"] = text(company)  # which a card makes an account's name
        found[each.id] = (*known_by(each)[:-1], values)
    return found


def test_all_of_a_store_goes_through_one_file(store: Store, tmp_path: Path) -> None:
    """Users, accounts, contacts, what refers to them in circles, parties: the same over there."""
    rows = (
        '{"kind": "account", "name": "Woodgrove", "externalid": "5", "primarycontactid": "C1"}\n'
        '{"kind": "contact", "externalid": "C1", "lastname": "Ek", "parentcustomerid": "5"}\n'
        '{"kind": "lead", "subject": "W", "firstname": "A", "lastname": "B", "statuscode": 3, '
        '"qualifyingopportunityid": "Deal"}\n'
        '{"kind": "opportunity", "name": "Deal", "customerid": "5", "statecode": 1}\n'
        '{"kind": "email", "subject": "M", "regardingobjectid": "C1", "statuscode": 3, '
        '"parties": [{"role": "to", "contact": "C1"}, {"role": "cc", "address": "q@x.example"}]}\n'
    )
    rules = Rules(default_owner="bob@contoso.com")
    assert imported(store, tmp_path / "a.jsonl", rows, rules).rejected == []
    path = tmp_path / "all.json"
    export_file(store.engine, "all", path)
    copied = tmp_path / "other.db"
    engine = _empty(copied)
    other = Store(engine, store.ann, store.bob, store.fabrikam)
    report = import_file(engine, path, Rules(), clock=lambda: NOON)
    assert (report.rejected, report.keeps, dict(report.left_out)) == ([], 0, {})
    for kind in ENTITIES:
        ours, theirs = everything(store, kind), everything(other, kind)
        assert [known_by(e) for e in theirs] == [known_by(e) for e in ours]
    (mail,) = everything(other, "email")
    with write(engine) as conn:
        assert len(parties_said(conn, [mail.id])[mail.id]) == 2
    engine.dispose()


def _empty(path: Path) -> Engine:
    from syncd.crm.migration import upgrade

    engine = open_database(f"sqlite:///{path}")
    upgrade(engine)
    return engine


@pytest.mark.parametrize("text", ["=1+1", "+49 30", "-1", "@x", "\tx", "\rx", "'x", "'=x", "x", ""])
def test_no_cell_is_a_formula_and_every_one_comes_back(text: str) -> None:
    """A spreadsheet takes none of them for its own; the import takes the apostrophe off."""
    assert neutralised(text)[:1] not in tuple("=+-@\t\r")
    assert restored(neutralised(text)) == text


def test_an_exported_formula_is_a_text(store: Store, tmp_path: Path) -> None:
    """In the file itself."""
    fields: dict[str, Value] = {"lastname": "=HYPERLINK(1)", "telephone1": "+49 30 1"}
    with write(store.engine) as conn:
        records.create(
            conn, ENTITIES["contact"], fields, owner_id=store.ann.id, actor=BY_HAND, at=NOON
        )
    export_file(store.engine, "contact", tmp_path / "a.csv")
    with (tmp_path / "a.csv").open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["lastname"], row["telephone1"]) == ("'=HYPERLINK(1)", "'+49 30 1")


def test_a_file_is_its_owners_whole_and_never_lost(store: Store, tmp_path: Path) -> None:
    """0600; what is there is replaced only when asked; nothing is left of what failed."""
    path = tmp_path / "a.csv"
    assert export_file(store.engine, "account", path) == {"account": 1}
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(CannotExport, match="is there already"):
        export_file(store.engine, "account", path)
    export_file(store.engine, "account", path, owner_id=store.bob.id, force=True)
    assert len(path.read_text().splitlines()) == 1
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


@pytest.mark.parametrize(
    ("kind", "name"), [("lead", "a.vcf"), ("all", "a.csv"), ("contact", "a.xls")]
)
def test_what_a_format_cannot_hold_is_refused(
    store: Store, tmp_path: Path, kind: str, name: str
) -> None:
    """With what can be typed instead."""
    with pytest.raises(CannotExport) as refused:
        export_file(store.engine, kind, tmp_path / name)
    assert refused.value.todo.endswith(".")
    assert not (tmp_path / name).exists()


def test_an_old_export_does_not_undo_what_came_after(store: Store, tmp_path: Path) -> None:
    """The version in the file says which state of the record it was made from (P1)."""
    fields: dict[str, Value] = {"lastname": "Ek", "jobtitle": "Buyer"}
    with write(store.engine) as conn:
        ek = records.create(
            conn, ENTITIES["contact"], fields, owner_id=store.ann.id, actor=BY_HAND, at=NOON
        )
    export_file(store.engine, "contact", tmp_path / "a.csv")
    with write(store.engine) as conn:
        patch: dict[str, Value] = {"jobtitle": "Chief"}
        records.update(conn, ENTITIES["contact"], ek.id, patch, expected=1, actor=BY_HAND, at=NOON)
    report = import_file(store.engine, tmp_path / "a.csv", Rules(), clock=lambda: NOON)
    assert (report.updated, report.keeps) == ({}, 1)
    assert everything(store, "contact")[0].record.fields["jobtitle"] == "Chief"
