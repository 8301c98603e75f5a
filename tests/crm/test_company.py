"""The company of a contact is two columns: the parent account, and the text."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from sqlalchemy import select, update

from syncd.crm import accounts, feed, lifecycle, records
from syncd.crm.database import read, write
from syncd.crm.errors import NoSuchAccount
from syncd.crm.feed import Actor
from syncd.crm.records import CONTACTS, Origin, Stored
from syncd.crm.tables import account, contact
from syncd.model.values import Value
from tests.crm.conftest import BY_HAND, BY_UNDO, FROM_OUTLOOK, LATER, NOON, Store

FABRIKAM = "Fabrikam Inc."  # the one account there is


def start(store: Store, *, parent: bool, text: str | None) -> Stored:
    """A contact with these two columns, whatever a write would have made of them."""
    with write(store.engine) as conn:
        made = records.create(
            conn, CONTACTS, {"lastname": "A"}, owner_id=store.ann.id, actor=BY_HAND, at=NOON
        )
        conn.execute(
            update(contact).values(
                companyname=text, parentcustomerid=store.fabrikam.id if parent else None
            )
        )
    return made


def written(store: Store, made: Stored, fields: Mapping[str, Value], actor: Actor) -> Stored:
    """The contact after a write, which is what the write returned."""
    with write(store.engine) as conn:
        changed = records.update(
            conn, CONTACTS, made.id, fields, expected=None, actor=actor, at=LATER
        )
        assert records.read(conn, CONTACTS, [made.id]) == {made.id: changed}
    return changed


@pytest.mark.parametrize(
    ("actor", "parent", "text", "company", "then_parent", "then_text", "shown"),
    [
        # Outlook's text sets the parent on the exact name of one account alone; white space folds
        (FROM_OUTLOOK, False, None, "Fabrikam Inc.", True, "Fabrikam Inc.", FABRIKAM),
        (FROM_OUTLOOK, False, "X", " Fabrikam  Inc. ", True, " Fabrikam  Inc. ", FABRIKAM),
        (FROM_OUTLOOK, False, None, "fabrikam inc.", False, "fabrikam inc.", "fabrikam inc."),
        (FROM_OUTLOOK, False, None, "Twins", False, "Twins", "Twins"),
        (FROM_OUTLOOK, False, None, "Asleep", False, "Asleep", "Asleep"),
        # no account is ever made from it, and none is taken away
        (FROM_OUTLOOK, False, None, "Unheard of", False, "Unheard of", "Unheard of"),
        (FROM_OUTLOOK, True, "X", "Unheard of", True, "Unheard of", FABRIKAM),
        # it is never blanked for lack of an account, and an empty one never hides the account
        (FROM_OUTLOOK, True, "X", None, True, "X", FABRIKAM),
        (FROM_OUTLOOK, False, "X", None, False, None, None),
        # a person may empty the text; only the account itself can be taken away
        (BY_HAND, True, "X", None, True, None, FABRIKAM),
        (BY_HAND, False, "X", FABRIKAM, True, FABRIKAM, FABRIKAM),
        (BY_HAND, True, "X", "Unheard of", True, "Unheard of", FABRIKAM),
        # undo puts back what was shown (P13)
        (BY_UNDO, True, "X", "Before", False, "Before", "Before"),
        (BY_UNDO, True, "X", None, False, None, None),
        (BY_UNDO, False, "X", FABRIKAM, True, FABRIKAM, FABRIKAM),
    ],
)
def test_what_a_written_company_does(
    store: Store,
    actor: Actor,
    parent: bool,
    text: str | None,
    company: str | None,
    then_parent: bool,
    then_text: str | None,
    shown: str | None,
) -> None:
    """Before, what is written by whom, and after: what is returned is what is shown then."""
    with write(store.engine) as conn:
        for name in ("Twins", "Twins", "Asleep"):
            accounts.create(conn, name, owner_id=store.ann.id, actor=BY_HAND, at=NOON)
        conn.execute(
            update(account)
            .where(account.c.name == "Asleep")
            .values(statecode="inactive", statuscode="inactive")
        )
    made = start(store, parent=parent, text=text)
    changed = written(store, made, {"companyname": company}, actor)
    assert changed.record.fields["companyname"] == shown
    with read(store.engine) as conn:
        row = conn.execute(select(contact)).one()
        assert len(accounts.every(conn)) == 4
    assert row.companyname == then_text
    assert row.parentcustomerid == (store.fabrikam.id if then_parent else None)


def test_a_text_behind_an_account_has_no_origin(store: Store) -> None:
    """What is shown did not change, so nobody authored it; the text is kept all the same (P1)."""
    made = start(store, parent=True, text=None)
    changed = written(store, made, {"companyname": "Unheard of"}, FROM_OUTLOOK)
    assert (changed.version, changed.origins) == (2, made.origins)


def test_the_account_is_set_and_taken_away_by_id(store: Store) -> None:
    """`parentcustomerid` says which account, before any text does; an unknown one is refused."""
    made = start(store, parent=False, text="Text")
    with_parent = written(store, made, {"parentcustomerid": store.fabrikam.id}, BY_HAND)
    assert with_parent.record.fields["companyname"] == FABRIKAM
    assert with_parent.extras["parentcustomerid"] == store.fabrikam.id
    assert with_parent.origins["companyname"] == Origin(LATER, None)
    without = written(store, made, {"parentcustomerid": None}, BY_HAND)
    assert without.record.fields["companyname"] == "Text"
    with pytest.raises(NoSuchAccount):
        written(store, made, {"parentcustomerid": "nobody"}, BY_HAND)


def test_renaming_an_account_changes_its_contacts(store: Store) -> None:
    """The account's name flows to Outlook: each live contact gets a version, an origin, a line."""
    made = start(store, parent=True, text=None)
    with write(store.engine) as conn:
        fields: dict[str, Value] = {"companyname": FABRIKAM}
        gone = records.create(conn, CONTACTS, fields, owner_id=store.ann.id, actor=BY_HAND, at=NOON)
        lifecycle.delete(conn, CONTACTS, gone.id, BY_HAND, NOON)
    with write(store.engine) as conn:
        before = feed.latest(conn)
        for _ in range(2):  # the second time it has the name
            accounts.rename(conn, store.fabrikam.id, "Fabrikam  AG", actor=BY_HAND, at=LATER)
        found = records.read(conn, CONTACTS, [made.id])[made.id]
    with read(store.engine) as conn:
        lines = [(each.kind, each.id, each.fields) for each in feed.since(conn, before)]
    assert found.record.fields["companyname"] == "Fabrikam AG"
    assert (found.version, found.origins["companyname"]) == (2, Origin(LATER, None))
    assert lines == [
        ("account", store.fabrikam.id, ("name",)),
        ("contact", made.id, ("companyname",)),
    ]


def test_filters_may_ask_for_the_account(store: Store) -> None:
    """`members` sees the account beside its contacts, and contacts without one."""
    with_parent = start(store, parent=True, text=None)
    with write(store.engine) as conn:
        without = records.create(
            conn, CONTACTS, {"lastname": "B"}, owner_id=store.ann.id, actor=BY_HAND, at=NOON
        )
        assert records.members(conn, CONTACTS, account.c.name == FABRIKAM) == [with_parent.id]
        assert records.members(conn, CONTACTS, account.c.name.is_(None)) == [without.id]
