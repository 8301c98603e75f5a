"""Several filters together: includes are a union, excludes subtract."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import Engine

from syncd.crm import users
from syncd.crm.database import read, write
from syncd.crm.entities import ENTITIES
from syncd.crm.feed import Actor, ActorKind
from syncd.crm.records import create, members
from syncd.settings.filters import Filter
from syncd.settings.scope import Scope
from tests.crm.conftest import NOON

LEADS = ENTITIES["lead"]


def scope(includes: str, excludes: str = "") -> Scope:
    """A scope of filters that are written beside each other."""
    both = [[f.strip() for f in each.split(";") if f.strip()] for each in (includes, excludes)]
    included, excluded = (tuple(Filter.parse(f, LEADS) for f in each) for each in both)
    return Scope(included, excluded)


SCOPES = [
    # includes, excludes, whom they let in, whom they keep out
    ("", "", "", ""),
    ("", "true", "", "abc"),
    ("subject eq 'a'", "", "a", ""),
    ("subject eq 'a'; subject eq 'b'", "", "ab", ""),
    ("true", "subject eq 'b'", "ac", "b"),
    ("true", "subject eq 'b'; subject eq 'c'", "a", "bc"),
    ("subject eq 'a'", "true", "", "abc"),
    # a null keeps nobody out: no job title has been said of these
    ("true", "contains(jobtitle, 'x')", "abc", ""),
    ("true", "not contains(jobtitle, 'x')", "abc", ""),
    ("owner eq @me", "owner ne @me", "abc", ""),
]


@pytest.mark.parametrize(("includes", "excludes", "inside", "outside"), SCOPES)
def test_includes_are_a_union_and_excludes_subtract(
    engine: Engine, includes: str, excludes: str, inside: str, outside: str
) -> None:
    """No include lets nobody in; an exclude keeps out whatever lets it in."""
    with write(engine) as conn:
        me = users.add(conn, "me@example.test").id
        for topic in "abc":
            values = {"subject": topic, "firstname": "A", "lastname": "B"}
            actor = Actor(ActorKind.API, "test")
            create(conn, LEADS, values, owner_id=me, actor=actor, at=NOON, id=topic)
    made = scope(includes, excludes)
    with read(engine) as conn:
        assert "".join(members(conn, LEADS, made.where(me, NOON.date()))) == inside
        kept_out = "".join(members(conn, LEADS, made.excluded(me, NOON.date())))
        assert kept_out == outside
        assert "".join(members(conn, LEADS, ~made.excluded(me, NOON.date()))) == "".join(
            each for each in "abc" if each not in kept_out
        )
    assert made.empty is (not includes)


POSSIBLE = [
    # includes, excludes, are one of each not understood, who surely belongs, who may
    ("subject eq 'a'", "", False, False, "a", "a"),
    ("subject eq 'a'", "subject eq 'c'", True, False, "a", "ab"),
    ("subject eq 'a'", "", False, True, "", "a"),
    ("subject eq 'a'", "subject eq 'c'", True, True, "", "ab"),
    ("", "subject eq 'c'", False, False, "", "ab"),  # without an include nothing leaves
]


@pytest.mark.parametrize(
    ("includes", "excludes", "include_unread", "exclude_unread", "sure", "possible"), POSSIBLE
)
def test_what_is_not_understood_lets_nobody_in_for_sure_and_puts_nobody_out(
    engine: Engine,
    *,
    includes: str,
    excludes: str,
    include_unread: bool,
    exclude_unread: bool,
    sure: str,
    possible: str,
) -> None:
    """What others exclude stays out; a scope that has such a filter says so."""
    with write(engine) as conn:
        me = users.add(conn, "me@example.test").id
        for topic in "abc":
            values = {"subject": topic, "firstname": "A", "lastname": "B"}
            actor = Actor(ActorKind.API, "test")
            create(conn, LEADS, values, owner_id=me, actor=actor, at=NOON, id=topic)
    plain = scope(includes, excludes)
    made = replace(
        plain,
        unread_includes=("gone eq 1",) if include_unread else (),
        unread_excludes=("gone eq 2",) if exclude_unread else (),
    )
    with read(engine) as conn:
        assert "".join(members(conn, LEADS, made.where(me, NOON.date()))) == sure
        assert "".join(members(conn, LEADS, made.possible(me, NOON.date()))) == possible
    assert (made.text == plain.text) is made.sure


def test_what_a_scope_says_does_not_depend_on_how_it_is_written_down() -> None:
    """Order, repetition and blanks change no rule; another filter or another place does."""
    one = scope("subject eq 'a'; owner  eq\n@me", "subject eq 'b  b'")
    assert one.text == scope("owner eq @me; subject eq 'a'; owner eq @me", "subject eq 'b  b'").text
    assert one.text != scope("owner eq @me; subject eq 'a'", "subject eq 'b b'").text
    assert scope("true", "false").text != scope("true; false").text
    assert scope("owner eq @me").text == "owner eq @me"
    assert scope("").text == "false"


def test_a_scope_says_what_it_depends_on() -> None:
    """One filter that changes with the day, or with the user, is enough; excludes count."""
    assert not scope("true", "subject eq 'a'").is_timed
    assert scope("true", "createdon lt @today-1y").is_timed
    assert not scope("true", "createdon lt @today-1y").is_personal
    assert scope("true; owner eq @me").is_personal
    assert scope("owner eq @me", "subject eq 'a'").reads == {("lead", "owner"), ("lead", "subject")}
