"""Whatever a filter says, the database finds what a naive reading of the same words finds.

The reading is written anew here, over Python values and in three truths (true, false, `None` for
unknown), and shares nothing with the compiler but the text.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, delete, insert

from syncd.crm.database import write
from syncd.crm.entities import ENTITIES
from syncd.crm.tables import activity, activity_party, user
from syncd.settings.filters import Filter
from tests.settings.found import found

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
TODAY = NOW.date()
ALICE, BOB = (f"{each * 8}-0000-4000-8000-{each * 12}" for each in "ab")
TASKS = ENTITIES["task"]

Truth = bool | None


@dataclass(frozen=True)
class Said:
    """A part of a filter: its text, and what it says of a record."""

    text: str
    holds: Callable[[Mapping[str, Any]], Truth]


# --- records ----------------------------------------------------------------------------------

TEXTS = ["", "a", "A", "ab", "b%", "ä", "'"]
DAYS = st.integers(-2, 2)
MOMENTS = st.builds(
    lambda day, hour: datetime.combine(TODAY, datetime.min.time(), UTC)
    + timedelta(days=day, hours=hour),
    DAYS, st.sampled_from([0, 1, 23]),
)  # fmt: skip
RECORD = st.fixed_dictionaries(
    {
        "subject": st.sampled_from(TEXTS[1:]),
        "description": st.none() | st.sampled_from(TEXTS),
        "percentcomplete": st.none() | st.sampled_from([0, 50, 100]),
        "prioritycode": st.none() | st.sampled_from(["low", "normal", "high"]),
        "scheduledend": st.none() | MOMENTS,
        "owner_id": st.sampled_from([ALICE, BOB]),
        "parties": st.lists(
            st.tuples(st.sampled_from(["to", "cc"]), st.sampled_from([ALICE, BOB, None]),
                      st.none() | st.sampled_from(TEXTS[1:])),
            max_size=3,
        ),
    }
)  # fmt: skip


# --- what a filter says -----------------------------------------------------------------------


def quoted(text: str) -> str:
    """A text as a filter has it."""
    doubled = text.replace("'", "''")
    return f"'{doubled}'"


def ordered(op: str, left: Any, right: Any) -> bool:
    """A comparison of two values: of a null only equality holds, and only with a null."""
    if op == "eq":
        return bool(left == right)
    if op == "ne":
        return bool(left != right)
    if left is None or right is None:
        return False
    return bool(getattr(operator, op)(left, right))


OPS = st.sampled_from(["eq", "ne", "gt", "ge", "lt", "le"])
EQUALITY = st.sampled_from(["eq", "ne"])


def compare(name: str, ops: Any, values: Any, write_: Callable[[Any], str]) -> Any:
    """Comparisons of one field with a value of its type."""
    return st.builds(
        lambda op, value: Said(
            f"{name} {op} {write_(value)}", lambda r: ordered(op, r[name], value)
        ),
        ops,
        values,
    )


def by_day(op: str, days: int) -> Said:
    """A moment compared with a whole day."""
    day = TODAY + timedelta(days=days)

    def holds(record: Mapping[str, Any]) -> bool:
        held = record["scheduledend"]
        return ordered(op, None if held is None else held.date(), day)

    return Said(f"scheduledend {op} @today{days:+d}d", holds)


def part(name: str, function: str, text: str) -> Said:
    """A function of a text; unknown of a null."""
    of: Mapping[str, Callable[[str], bool]] = {
        "contains": lambda held: text in held,
        "startswith": lambda held: held.startswith(text),
        "endswith": lambda held: held.endswith(text),
    }

    def holds(record: Mapping[str, Any]) -> Truth:
        held = record[name]
        return None if held is None else of[function](held)

    return Said(f"{function}({name}, {quoted(text)})", holds)


def among(values: list[str | None]) -> Said:
    """One of several, null among them."""
    written = ", ".join("null" if each is None else quoted(each) for each in values)
    return Said(f"description in ({written})", lambda r: r["description"] in values)


def quantified(word: str, text: str, fits: Callable[[Any], Truth]) -> Said:
    """`any` or `all` of who takes part: those named, and the owner."""

    def holds(record: Mapping[str, Any]) -> bool:
        everybody = [*record["parties"], ("owner", record["owner_id"], None)]
        truths = [fits(each) is True for each in everybody]
        return any(truths) if word == "any" else all(truths)

    return Said(f"activity_parties/{word}(p: {text})", holds)


def contained(held: str | None, text: str) -> Truth:
    """Whether a text is in what is held; unknown of a null."""
    return None if held is None else text in held


PARTIES = st.one_of(
    st.builds(
        lambda w, me: quantified(w, f"p/partyid eq {me}", lambda p: p[1] == me),
        st.sampled_from(["any", "all"]), st.sampled_from([ALICE, BOB]),
    ),
    st.builds(
        lambda w, role: quantified(
            w, f"p/participationtypemask ne '{role}'", lambda p: p[0] != role
        ),
        st.sampled_from(["any", "all"]), st.sampled_from(["to", "cc", "owner"]),
    ),
    st.builds(
        lambda w, text: quantified(
            w,
            f"p/partyid eq @me and not contains(p/addressused, {quoted(text)})",
            lambda p: p[1] == ALICE and contained(p[2], text) is False,
        ),
        st.sampled_from(["any", "all"]), st.sampled_from(TEXTS),
    ),
    st.builds(
        lambda w: quantified(
            w, "p/partyid eq null or p/addressused eq null", lambda p: p[1] is None or p[2] is None
        ),
        st.sampled_from(["any", "all"]),
    ),
)  # fmt: skip

LEAVES = st.one_of(
    compare("subject", OPS, st.sampled_from(TEXTS), quoted),
    compare("description", OPS, st.sampled_from(TEXTS), quoted),
    compare("description", EQUALITY, st.none(), lambda _: "null"),
    compare("percentcomplete", OPS, st.sampled_from([0, 50, 99]), str),
    compare("prioritycode", EQUALITY, st.sampled_from(["low", "high"]), quoted),
    compare("scheduledend", OPS, MOMENTS, lambda at: at.isoformat().replace("+00:00", "Z")),
    st.builds(by_day, OPS, DAYS),
    st.builds(part, st.sampled_from(["subject", "description"]),
              st.sampled_from(["contains", "startswith", "endswith"]), st.sampled_from(TEXTS)),
    st.builds(among, st.lists(st.none() | st.sampled_from(TEXTS), min_size=1, max_size=3)),
    st.sampled_from([
        Said("owner eq @me", lambda r: r["owner_id"] == ALICE),
        Said("owner ne @me", lambda r: r["owner_id"] != ALICE),
        Said("owner in @myteams", lambda r: r["owner_id"] == ALICE),
        Said("true", lambda _: True),
    ]),
    PARTIES,
)  # fmt: skip


def both(left: Said, right: Said) -> Said:
    """`and`, in three truths."""

    def holds(record: Mapping[str, Any]) -> Truth:
        one, two = left.holds(record), right.holds(record)
        if one is False or two is False:
            return False
        return None if one is None or two is None else True

    return Said(f"({left.text}) and ({right.text})", holds)


def negated(said: Said) -> Said:
    """`not`: unknown stays unknown."""

    def holds(record: Mapping[str, Any]) -> Truth:
        truth = said.holds(record)
        return None if truth is None else not truth

    return Said(f"not ({said.text})", holds)


def either(left: Said, right: Said) -> Said:
    """`or`, by De Morgan."""
    truth = negated(both(negated(left), negated(right))).holds
    return Said(f"({left.text}) or ({right.text})", truth)


FILTERS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(both, inner, inner), st.builds(either, inner, inner), st.builds(negated, inner)
    ),
    max_leaves=6,
)


@pytest.fixture
def users(engine: Engine) -> Iterator[Connection]:
    """A store with Alice and Bob, in a transaction that nothing of is kept."""
    with write(engine) as conn:
        for id_, name in ((ALICE, "alice"), (BOB, "bob")):
            conn.execute(insert(user).values(id=id_, address=f"{name}@example.test"))
        yield conn


@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(
    records=st.lists(RECORD, min_size=1, max_size=5),
    filters=st.lists(FILTERS, min_size=1, max_size=6),
)
def test_the_database_finds_what_the_words_say(
    users: Connection, records: list[Mapping[str, Any]], filters: list[Said]
) -> None:
    """Any filter over any records, on both databases, for one user and for all at once."""
    fill(users, records)
    for said in filters:
        expected = [f"{n}" for n, record in enumerate(records) if said.holds(record) is True]
        assert found(users, Filter.parse(said.text, TASKS), ALICE, TODAY) == expected, said.text


def fill(conn: Connection, records: list[Mapping[str, Any]]) -> None:
    """Put these records in the place of those before."""
    conn.execute(delete(activity_party))
    conn.execute(delete(activity))
    for number, record in enumerate(records):
        columns = {name: value for name, value in record.items() if name != "parties"}
        conn.execute(
            insert(activity).values(
                id=f"{number}", kind="task", statecode="open", statuscode="not started", version=1,
                origins={}, created_at=NOW, modified_at=NOW, **columns,
            )
        )  # fmt: skip
        for role, who, address in record["parties"]:
            conn.execute(
                insert(activity_party).values(
                    activity_id=f"{number}", role=role, user_id=who, address=address
                )
            )


AMOUNTS = st.decimals(Decimal(-2), Decimal(2), places=2)
LEADS = ENTITIES["lead"]


@settings(max_examples=15, suppress_health_check=list(HealthCheck))
@given(held=st.lists(st.none() | AMOUNTS, min_size=1, max_size=4), op=OPS, asked=AMOUNTS)
def test_amounts_are_compared_to_the_cent(
    users: Connection, held: list[Decimal | None], op: str, asked: Decimal
) -> None:
    """No rounding on the way into cents."""
    table = LEADS.table
    conn = users
    conn.execute(delete(table))
    for number, amount in enumerate(held):
        conn.execute(
            insert(table).values(
                id=f"{number}", owner_id=ALICE, subject="S", firstname="A", lastname="B",
                statecode="open", statuscode="new", version=1, origins={}, created_at=NOW,
                modified_at=NOW, estimatedamount=amount, estimatedclosedate=date(2026, 1, 1),
            )
        )  # fmt: skip
    expected = [f"{n}" for n, amount in enumerate(held) if ordered(op, amount, asked)]
    assert (
        found(conn, Filter.parse(f"estimatedamount {op} {asked}", LEADS), ALICE, TODAY) == expected
    )
