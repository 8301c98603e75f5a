"""When a user's rights are the same: what has to be looked at anew goes by it."""

from __future__ import annotations

from sqlalchemy import Engine

from syncd.crm import access, teams, users
from syncd.crm.access import Access, Level, Rule
from syncd.crm.database import write

NONE, OWN, TEAM, ALL = Level.NONE, Level.OWN, Level.TEAM, Level.ORGANISATION


def test_a_digest_changes_with_what_its_user_may_do_and_with_nothing_else(engine: Engine) -> None:
    """Rules of another entity or team, and members who are none of ours, do not count."""
    with write(engine) as conn:
        ann, bob, eve = (users.add(conn, f"{n}@example.test").id for n in ("ann", "bob", "eve"))
        north, south = (teams.add(conn, name).id for name in ("North", "South"))
        teams.put_in(conn, north, ann)

        def digest() -> str:
            return Access.of(conn, ann).digest("contact")

        assert digest() == ""
        access.put(conn, Rule("account", OWN, OWN))
        access.put(conn, Rule("contact", NONE, NONE, None, south))
        assert digest() == ""
        access.put(conn, Rule("contact", OWN, OWN))
        own = digest()
        teams.put_in(conn, north, bob)
        assert digest() == own  # whose records a colleague has is nothing to who sees their own
        access.put(conn, Rule("contact", TEAM, OWN))
        team = digest()
        assert team not in (own, "")
        teams.put_in(conn, south, eve)
        assert digest() == team
        teams.put_in(conn, north, eve)
        assert digest() != team
        access.put(conn, Rule("contact", ALL, ALL))
        everything = digest()
        teams.take_out(conn, north, eve)
        assert digest() == everything
        access.put(conn, Rule("contact", ALL, NONE, "jobtitle"))
        assert digest() != everything
