"""Texts that one of the databases cannot look up by, or not keep: refused alike, each row alone."""

from __future__ import annotations

import json
import random
import string
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection

from syncd.crm import accounts, teams, users
from syncd.crm.checking import MAX_KEYED
from syncd.crm.database import write
from syncd.crm.errors import InvalidValue
from tests.crm.conftest import BY_HAND, NOON, Store
from tests.crm.importing import everything, imported, of_kind

# By chance, for PostgreSQL packs what repeats itself.
LONG = "".join(random.Random(6).choices(string.ascii_letters + string.digits, k=6_000))  # noqa: S311
WIDEST = "\U0001f600" * MAX_KEYED

Make = Callable[[Connection, Store, str], object]


def _account(conn: Connection, store: Store, name: str) -> object:
    return accounts.create(conn, name, owner_id=store.ann.id, actor=BY_HAND, at=NOON)


MADE: dict[str, Make] = {
    "account": _account,
    "team": lambda conn, _, name: teams.add(conn, name),
    "user": lambda conn, _, name: users.add(
        conn, name[: MAX_KEYED - 5] + name[MAX_KEYED:] + "@x.de"
    ),
}


@pytest.mark.parametrize("what", MADE)
def test_what_is_looked_up_by_is_as_long_as_an_index_takes(store: Store, what: str) -> None:
    """PostgreSQL keeps no longer one, and would stop a whole batch for it."""
    with write(store.engine) as conn:
        MADE[what](conn, store, WIDEST)
        with pytest.raises(InvalidValue, match=f"longer than {MAX_KEYED}"):
            MADE[what](conn, store, LONG)


ODD: dict[str, tuple[str, dict[str, object]]] = {
    "a long key": ("contact", {"externalid": LONG}),
    "a NUL in a key": ("contact", {"externalid": "a\0b"}),
    "half a character in a key": ("contact", {"externalid": "a\ud83d"}),
    "a NUL in a link": ("contact", {"parentcustomerid": "a\0"}),
    "half a character in a link": ("contact", {"parentcustomerid": "a\ud83d"}),
    "a NUL in an owner": ("contact", {"owner": "a\0@x.de"}),
    "a long account": ("account", {"name": LONG}),
    "a NUL in an account": ("account", {"name": "a\0"}),
    "a NUL in a party": ("email", {"parties": [{"role": "to", "contact": "a\0"}]}),
    "a NUL in a user": ("user", {"internalemailaddress": "a\0@x.de"}),
}


@pytest.mark.parametrize("odd", ODD)
def test_an_odd_text_keeps_out_its_own_row_alone(store: Store, tmp_path: Path, odd: str) -> None:
    """The other one of its batch comes in; the odd one is rejected, and it is said why."""
    kind, said = ODD[odd]
    named = {"contact": "lastname", "account": "name", "email": "subject"}.get(kind, "fullname")
    good: dict[str, object] = {named: "Good", "internalemailaddress": "good@x.de"}
    if kind != "user":
        del good["internalemailaddress"]
    text = json.dumps([{named: "Bad"} | said, good])
    report = imported(store, tmp_path / "in.json", text, of_kind(kind))
    (refused,) = report.rejected
    assert "longer than" in refused.reason or "characters that no text" in refused.reason
    if kind != "user":
        assert "Good" in [each.name for each in everything(store, kind)]
    assert report.created[kind] == 1
