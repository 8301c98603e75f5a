"""A filter clause by clause: what is shown is what is decided, on either database."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import Engine

from syncd.crm import database, records, users
from syncd.crm.feed import Actor, ActorKind
from syncd.crm.records import CONTACTS
from syncd.settings.filter_clauses import Clause, Joint, clauses
from syncd.settings.filters import Filter

FILTERS = [
    "owner eq @me and statecode eq 'active'",
    "owner ne @me",
    "owner eq 'bob@example.test'",
    "lastname eq null or lastname eq 'Lee'",
    "not (lastname eq 'Lee') and not startswith(firstname, 'B')",
    "startswith(nickname, 'A')",
    "not startswith(nickname, 'A')",
    "firstname in ('Ann', 'Bea') and (jobtitle eq 'Boss' or jobtitle eq null)",
    "'Lee' eq lastname",
    "parentaccount/name eq 'Contoso' or owner eq @me",
    "birthdate eq 1980-01-31",
    "true",
    "lastname eq 'O''Hara'",
    "createdon ge @today-30d",
    "tolower(firstname) eq 'ann' or contains(lastname, 'ee')",
    "owner in @myteams and not @shared",
    "parentaccount/owner eq @me or parentaccount/name eq null",
    "companyname eq null and statuscode eq 'active'",
]
DAY = date(2026, 11, 28)
PEOPLE = [
    {"firstname": "Ann", "lastname": "Lee", "jobtitle": "Boss"},
    {"firstname": "Bea", "nickname": "Abe"},
    {"firstname": "Cid", "lastname": "O'Hara"},
]


def leaves(clause: Clause) -> list[Clause]:
    """The clauses that are made of no others."""
    parts = [leaf for each in clause.parts for leaf in leaves(each)]
    return parts or [clause]


def consistent(clause: Clause) -> bool:
    """Whether a whole is what its parts make it."""
    held = [each.holds for each in clause.parts]
    makes = {Joint.AND: all, Joint.OR: any}.get(clause.joint)
    return (makes is None or makes(held) == clause.holds) and all(map(consistent, clause.parts))


def test_it_comes_out_as_the_filter_does(engine: Engine) -> None:
    """For every filter and every record; and a whole is what its parts make it."""
    actor = Actor(ActorKind.USER, "admin")
    with database.write(engine) as conn:
        me = users.add(conn, "ann@example.test").id
        bob = users.add(conn, "bob@example.test").id
        ids = [
            records.create(
                conn, CONTACTS, fields, owner_id=owner, actor=actor, at=database.utcnow()
            ).id
            for fields in PEOPLE
            for owner in (me, bob)
        ]
    with database.read(engine) as conn:
        for text in FILTERS:
            made = Filter.parse(text, CONTACTS)
            members = records.members_among(conn, CONTACTS, made.where(me, today=DAY), ids)
            for each in ids:
                clause = clauses(conn, made, me, each, today=DAY)
                assert clause.holds is (each in members), text
                assert consistent(clause), text
                assert bool(list(clause.failing())) is not clause.holds
                assert bool(list(clause.deciding())) is clause.holds


@pytest.mark.parametrize("kept_in", ["sqlite"], indirect=True)
def test_each_leaf_has_its_words_and_its_value(engine: Engine) -> None:
    """As it was written, with what the record has there; many alike stand side by side."""
    with database.write(engine) as conn:
        me = users.add(conn, "ann@example.test").id
        made = records.create(
            conn, CONTACTS, PEOPLE[2], owner_id=me,
            actor=Actor(ActorKind.USER, "admin"), at=database.utcnow(),
        )  # fmt: skip
        text = (
            "owner eq @me and lastname eq 'O''Hara' and not (firstname eq 'X' or jobtitle eq null)"
        )
        clause = clauses(conn, Filter.parse(text, CONTACTS), me, made.id, today=DAY)
        many = " or ".join(f"firstname eq 'N{n}'" for n in range(150))
        long = clauses(conn, Filter.parse(many, CONTACTS), me, made.id, today=DAY)
    assert [(e.text, e.holds, e.value) for e in leaves(clause)] == [
        ("owner eq @me", True, me),
        ("lastname eq 'O''Hara'", True, "O'Hara"),
        ("firstname eq 'X'", False, "Cid"),
        ("jobtitle eq null", True, None),
    ]
    assert [each.joint for each in clause.parts] == [Joint.LEAF, Joint.LEAF, Joint.NOT]
    assert clause.parts[0].owner
    assert len(long.parts) == 150
    assert not long.holds
