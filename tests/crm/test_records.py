"""Records: what is written is what is read, once, under its version, with its origin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from uuid import UUID

import pytest
from sqlalchemy import MetaData, event, insert, select

from syncd.crm import feed, lifecycle, records
from syncd.crm.database import read, write
from syncd.crm.errors import (
    InvalidValue,
    NoSuchOwner,
    NoSuchRecord,
    RecordExists,
    StaleRecord,
)
from syncd.crm.feed import Actor, Verb
from syncd.crm.records import CONTACTS, New, Origin, Stored, Update
from syncd.crm.tables import contact, record_table, user
from syncd.model.contact import CONTACT
from syncd.model.fields import Field, FieldType, Uri
from syncd.model.values import Value
from tests.crm.conftest import BY_HAND, FROM_OUTLOOK, LATER, NOON, Store

KIM: Mapping[str, Value] = {
    "firstname": "Kim",
    "lastname": "Abercrombie",
    "emailaddress1": "Kim@Fabrikam.example",
    "address1_line1": "One Way\nFloor 3\nRoom 7\nDesk 1",
    "birthdate": date(1970, 2, 28),
    "childrensnames": ("Zoë", "Al"),
    "description": "Likes tea\n\nand cake",
}


def kim(store: Store, **more: Value) -> Stored:
    """A contact in the store."""
    with write(store.engine) as conn:
        return records.create(
            conn, CONTACTS, {**KIM, **more}, owner_id=store.ann.id, actor=BY_HAND, at=NOON
        )


def again(store: Store, record_id: str) -> Stored:
    """The contact as it is read."""
    with read(store.engine) as conn:
        return records.read(conn, CONTACTS, [record_id])[record_id]


def patch(
    store: Store,
    made: Stored,
    fields: Mapping[str, Value],
    actor: Actor = BY_HAND,
    origin_at: datetime | None = None,
) -> Stored:
    """The contact after an update that was made for the version of `made`."""
    with write(store.engine) as conn:
        return records.update(
            conn,
            CONTACTS,
            made.id,
            fields,
            expected=made.version,
            actor=actor,
            at=LATER,
            origin_at=origin_at,
        )


class TestCreating:
    """A created record is what was given, under a random UUID, at version 1."""

    def test_what_is_read_is_what_was_returned_and_what_was_written(self, store: Store) -> None:
        """P1: every type of value comes back as it went in; the rest is empty."""
        made = kim(store)
        assert again(store, made.id) == made
        assert {name: made.record.fields[name] for name in KIM} == KIM
        assert all(value is None for name, value in made.record.fields.items() if name not in KIM)
        assert made.record.fields.keys() == CONTACTS.kind.by_name.keys()
        assert (made.version, made.active, made.deleted) == (1, True, False)
        assert (made.owner_id, made.created_at, made.modified_at) == (store.ann.id, NOON, NOON)

    def test_an_id_is_a_random_uuid(self, store: Store) -> None:
        """Ids tell nothing and never meet."""
        assert {UUID(kim(store).id).version for _ in range(5)} == {4}

    def test_every_group_with_a_value_has_its_origin(self, store: Store) -> None:
        """Origin times are kept per group; a group that never held a value has none."""
        with write(store.engine) as conn:
            news = [New(KIM, store.ann.id, origin_at=NOON)]
            (made,) = records.create_many(conn, CONTACTS, news, actor=FROM_OUTLOOK, at=LATER)
        assert isinstance(made, Stored)
        groups = {CONTACTS.kind.by_name[name].group for name in KIM}
        assert made.origins == dict.fromkeys(groups, Origin(NOON, "ann@contoso.com"))

    @pytest.mark.parametrize(
        ("fields", "field"),
        [
            ({"firstnam": "Kim"}, "firstnam"),
            ({"birthdate": "1970-02-28"}, "birthdate"),
            ({"birthdate": NOON}, "birthdate"),
            ({"childrensnames": "Al"}, "childrensnames"),
            ({"firstname": ("Kim",)}, "firstname"),
            ({"lastname": "A\x00B"}, "lastname"),
            ({"lastname": "\ud800"}, "lastname"),
            ({"jobtitle": "x" * 32_769}, "jobtitle"),
            ({"childrensnames": ("x",) * 1_001}, "childrensnames"),
        ],
    )
    def test_a_value_that_cannot_be_stored_is_refused(
        self, store: Store, fields: Mapping[str, Value], field: str
    ) -> None:
        """The refusal names the field, and nothing is written."""
        with write(store.engine) as conn, pytest.raises(InvalidValue) as refusal:
            records.create(conn, CONTACTS, fields, owner_id=store.ann.id, actor=BY_HAND, at=NOON)
        assert refusal.value.field == field
        with read(store.engine) as conn:
            assert records.members(conn, CONTACTS, contact.c.id.is_not(None)) == []

    @pytest.mark.parametrize("empty", ["", "  ", "\n", (), ("", " ")])
    def test_empty_is_absent(self, store: Store, empty: Value) -> None:
        """White space alone is no value."""
        name = "childrensnames" if isinstance(empty, tuple) else "nickname"
        made = kim(store, **{name: empty})
        assert made.record.fields[name] is None
        assert again(store, made.id) == made

    def test_in_a_batch_a_bad_one_stays_alone(self, store: Store) -> None:
        """P10: each result stands in its place, and the good ones are stored."""
        mine = str(UUID(int=7))
        news = [
            New({"lastname": "One"}, store.ann.id, id=mine),
            New({"lastname": "Two"}, "nobody"),
            New({"lastname": 2}, store.ann.id),
            New({"lastname": "Four"}, store.bob.id, id=mine),
            New({"lastname": "Five"}, store.bob.id, NOON),
        ]
        with write(store.engine) as conn:
            results = records.create_many(conn, CONTACTS, news, actor=BY_HAND, at=LATER)
        kinds = [type(result) for result in results]
        assert kinds == [Stored, NoSuchOwner, InvalidValue, RecordExists, Stored]
        with read(store.engine) as conn:
            stored = records.members(conn, CONTACTS, contact.c.id.is_not(None))
        assert len(stored) == 2
        assert mine in stored

    def test_a_time_without_a_zone_is_refused(self, store: Store) -> None:
        """A time that nobody can place is a mistake, not UTC."""
        naive = NOON.replace(tzinfo=None)
        with write(store.engine) as conn, pytest.raises(ValueError, match="without a zone"):
            records.create(conn, CONTACTS, KIM, owner_id=store.ann.id, actor=BY_HAND, at=naive)


class TestUpdating:
    """A patch changes what it names, once, if the record is still the one it was made for."""

    def test_only_the_named_fields_change(self, store: Store) -> None:
        """P11; the version rises by one, and what is returned is what is stored."""
        made = kim(store)
        changed = patch(store, made, {"jobtitle": "Buyer", "childrensnames": None})
        assert changed.record.fields == {
            **made.record.fields,
            "jobtitle": "Buyer",
            "childrensnames": None,
        }
        assert (changed.version, changed.modified_at, changed.created_at) == (2, LATER, NOON)
        assert again(store, made.id) == changed

    def test_only_the_changed_groups_get_a_new_origin(self, store: Store) -> None:
        """A group's origin is when its value was authored: an equal value was authored before."""
        made = kim(store)
        zone = timezone(timedelta(hours=2))
        authored = datetime(2026, 10, 5, 10, 30, tzinfo=zone)
        changed = patch(
            store,
            made,
            {**KIM, "lastname": "A.", "jobtitle": None},
            actor=FROM_OUTLOOK,
            origin_at=authored,
        )  # fmt: skip
        assert changed.origins == {**made.origins, "name": Origin(authored, "ann@contoso.com")}

    def test_clearing_a_field_is_authored_too(self, store: Store) -> None:
        """An emptied group keeps its origin, or `latest` could not judge it."""
        changed = patch(store, kim(store), {"birthdate": None})
        assert changed.origins["birthdate"] == Origin(LATER, None)

    def test_a_patch_without_effect_writes_nothing(self, store: Store) -> None:
        """P4: same version, no line in the feed."""
        made = kim(store)
        with read(store.engine) as conn:
            before = feed.latest(conn)
        assert patch(store, made, dict(KIM)) == made
        with read(store.engine) as conn:
            assert feed.latest(conn) == before

    def test_a_stale_version_is_refused(self, store: Store) -> None:
        """Somebody else was quicker: nothing is written over what they wrote."""
        made = kim(store)
        theirs = patch(store, made, {"jobtitle": "Buyer"})
        with pytest.raises(StaleRecord) as refusal:
            patch(store, made, {"jobtitle": "Seller"})
        assert (refusal.value.expected, refusal.value.found) == (1, 2)
        assert again(store, made.id) == theirs

    def test_in_a_batch_each_has_its_result(self, store: Store) -> None:
        """P10; and of two patches to one record the second meets what the first left."""
        one, two, gone = kim(store), kim(store), kim(store)
        with write(store.engine) as conn:
            lifecycle.delete(conn, CONTACTS, gone.id, BY_HAND, NOON)
            results = records.update_many(
                conn,
                CONTACTS,
                [
                    Update(one.id, {"jobtitle": "Buyer"}, 1),
                    Update(two.id, {"jobtitle": "Buyer"}, 9),
                    Update("nobody", {"jobtitle": "Buyer"}),
                    Update(gone.id, {"jobtitle": "Buyer"}),
                    Update(two.id, {"jobtitel": "Buyer"}),
                    Update(one.id, {"nickname": "K"}, 2),
                    Update(one.id, {"nickname": "KA"}, 2),
                    Update(two.id, {"fax": "1", "pager": "2"}, None, NOON),
                ],
                actor=BY_HAND,
                at=LATER,
            )
        kinds = [type(result) for result in results]
        assert kinds == [
            Stored,
            StaleRecord,
            NoSuchRecord,
            NoSuchRecord,
            InvalidValue,
            Stored,
            StaleRecord,
            Stored,
        ]
        now = again(store, one.id)
        assert now == results[5]
        assert (now.record.fields["jobtitle"], now.record.fields["nickname"]) == ("Buyer", "K")
        assert again(store, two.id) == results[7]


class TestDeleting:
    """A deleted record is a tombstone: it left every list, and its values can be read back."""

    def test_values_stay_readable(self, store: Store) -> None:
        """P1: sync and undo read what was deleted."""
        made = kim(store)
        with write(store.engine) as conn:
            gone = lifecycle.delete(conn, CONTACTS, made.id, BY_HAND, LATER, expected=1)
        assert again(store, made.id) == gone
        assert (gone.deleted, gone.version, gone.record) == (True, 2, made.record)

    def test_it_is_a_member_of_nothing(self, store: Store) -> None:
        """Filters see live records only."""
        made, other = kim(store), kim(store)
        anybody = contact.c.lastname == "Abercrombie"
        with write(store.engine) as conn:
            lifecycle.delete(conn, CONTACTS, made.id, BY_HAND, LATER)
            assert records.members(conn, CONTACTS, anybody) == [other.id]
            both = [made.id, other.id, "nobody"]
            assert records.members_among(conn, CONTACTS, anybody, both) == {other.id}

    def test_it_cannot_be_written(self, store: Store) -> None:
        """Whatever wants to write a deleted record has to decide again."""
        made = kim(store)
        with write(store.engine) as conn:
            lifecycle.delete(conn, CONTACTS, made.id, BY_HAND, LATER)
            with pytest.raises(NoSuchRecord) as refusal:
                lifecycle.delete(conn, CONTACTS, made.id, BY_HAND, LATER)
            assert refusal.value.deleted
            with pytest.raises(NoSuchRecord):
                lifecycle.assign(conn, CONTACTS, made.id, store.bob.id, BY_HAND, LATER)


def test_assigning_and_deactivating_are_written_once(store: Store) -> None:
    """Each is a version and a line in the feed; to what is so already it does nothing."""
    made = kim(store)
    with write(store.engine) as conn:
        before = feed.latest(conn)
        for _ in range(2):
            moved = lifecycle.assign(conn, CONTACTS, made.id, store.bob.id, BY_HAND, LATER)
        for _ in range(2):
            rests = lifecycle.set_active(conn, CONTACTS, made.id, False, BY_HAND, LATER)
        woken = lifecycle.set_active(conn, CONTACTS, made.id, True, BY_HAND, LATER)
        with pytest.raises(NoSuchOwner):
            lifecycle.assign(conn, CONTACTS, made.id, "nobody", BY_HAND, LATER)
    with read(store.engine) as conn:
        lines = [(each.verb, each.fields) for each in feed.since(conn, before)]
    assert (moved.owner_id, moved.version, moved.record) == (store.bob.id, 2, made.record)
    assert (rests.active, rests.version) == (False, 3)
    assert (woken.active, woken.version) == (True, 4)
    assert lines == [
        (Verb.ASSIGN, ("ownerid",)),
        (Verb.DEACTIVATE, ("statecode", "statuscode")),
        (Verb.ACTIVATE, ("statecode", "statuscode")),
    ]
    assert again(store, made.id) == woken


def test_reading_keeps_the_order_asked_for_and_leaves_out_the_absent(store: Store) -> None:
    """More ids than one statement takes are read in chunks."""
    with write(store.engine) as conn:
        news = [New({"lastname": f"N{n}"}, store.ann.id) for n in range(1_100)]
        made = records.create_many(conn, CONTACTS, news, actor=BY_HAND, at=NOON)
    ids = [each.id for each in reversed(made) if isinstance(each, Stored)]
    with read(store.engine) as conn:
        found = records.read(conn, CONTACTS, [*ids, "nobody"])
    assert list(found) == ids
    assert list(found.values()) == list(reversed(made))


def test_a_batch_takes_a_handful_of_statements(store: Store) -> None:
    """Cost follows batches, not records: a thousand contacts are not a thousand round trips."""
    statements: list[str] = []
    event.listen(
        store.engine, "before_cursor_execute", lambda *a: statements.append(a[2]) if a else None
    )
    news = [New({**KIM, "companyname": f"C{n % 7}"}, store.ann.id) for n in range(1_000)]
    with write(store.engine) as conn:
        made = records.create_many(conn, CONTACTS, news, actor=BY_HAND, at=NOON)
    assert len(statements) <= 20
    statements.clear()
    hundred = [
        Update(each.id, {("fax", "pager", "callback")[n % 3]: "1"}, 1)
        for n, each in enumerate(made[:100])
        if isinstance(each, Stored)
    ]
    with write(store.engine) as conn:
        records.update_many(conn, CONTACTS, hundred, actor=FROM_OUTLOOK, at=LATER)
    assert len(statements) <= 10


def test_a_kind_is_data(store: Store) -> None:
    """A kind that nobody wrote code for is stored, versioned and fed like a contact."""

    def field(name: str, kind: FieldType, *columns: str) -> Field:
        return Field(name, name, kind, columns or (name,), Uri(name), name, name)

    toy = replace(
        CONTACT,
        name="toy",
        fields=(
            field("title", FieldType.TEXT),
            field("place", FieldType.LINES, "place_1", "place_2"),
            field("made_on", FieldType.DATE),
            field("tags", FieldType.NAMES),
        ),
    )
    metadata = MetaData()
    toys = records.plain(toy, record_table("toy", toy, metadata))
    fields: dict[str, Value] = {"title": "Top", "place": "a\nb\nc", "made_on": date(2026, 1, 1)}
    with write(store.engine) as conn:
        metadata.create_all(conn)
        made = records.create(conn, toys, fields, owner_id=store.ann.id, actor=BY_HAND, at=NOON)
        changed = records.update(
            conn, toys, made.id, {"tags": ("x",)}, expected=1, actor=FROM_OUTLOOK, at=LATER
        )
        assert records.read(conn, toys, [made.id]) == {made.id: changed}
    with read(store.engine) as conn:
        line = feed.since(conn, feed.latest(conn) - 1, kind="toy")
    assert changed.record.fields == {**fields, "tags": ("x",)}
    assert [(each.id, each.fields) for each in line] == [(made.id, ("tags",))]


def test_names_and_values_cannot_become_sql(store: Store) -> None:
    """What people type is bound, never spliced."""
    nasty = "Robert'); DROP TABLE contact; --"
    made = kim(store, nickname=nasty)
    assert again(store, made.id).record.fields["nickname"] == nasty
    with write(store.engine) as conn:
        assert records.read(conn, CONTACTS, [nasty]) == {}
        conn.execute(insert(user).values(id=nasty, address="x", name=None))
        assert conn.execute(select(user.c.id).where(user.c.id == nasty)).scalar_one() == nasty
