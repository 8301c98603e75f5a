"""Filters over every entity: each type of field, each way to another record, who takes part."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from sqlalchemy import Connection, Engine, insert

from syncd.crm.database import open_database, read, write
from syncd.crm.entities import ENTITIES
from syncd.crm.tables import activity_party, share, team, team_member, user
from syncd.settings.filter_fields import fields_of, steps_of
from syncd.settings.filters import Filter
from tests.postgres import Postgres
from tests.settings.found import found

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
TODAY = NOW.date()


def _id(letter: str) -> str:
    return f"{letter * 8}-0000-4000-8000-{letter * 12}"


ALICE, BOB, CAROL = map(_id, "abc")
ACME, ZED = map(_id, "de")
SALES = _id("f")


def at(text: str) -> datetime:
    """A moment in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# entity → id → what differs from a record of Alice's that is new and holds nothing
RECORDS: Mapping[str, Mapping[str, Mapping[str, object]]] = {
    "account": {
        ACME: {"name": "Acme", "customertypecode": "customer", "address1_city": "Ghent"},
        ZED: {"name": "Zed", "owner_id": BOB, "parentaccountid": ACME},
    },
    "lead": {
        "hot": {"subject": "A", "leadqualitycode": "hot", "estimatedamount": Decimal("100.50"),
                "estimatedclosedate": date(2026, 12, 1), "parentaccountid": ZED},
        "lost": {"subject": "B", "statecode": "disqualified", "statuscode": "lost",
                 "estimatedamount": Decimal(20000), "owner_id": BOB},
        "bare": {"subject": "C", "owner_id": CAROL},
    },
    "opportunity": {
        "big": {"name": "Big", "customer_account_id": ACME, "estimatedvalue": Decimal(5000),
                "statuscode": "on hold"},
        "won": {"name": "Won", "customer_contact_id": "kim", "statecode": "won",
                "statuscode": "won"},
    },
    "contact": {
        "kim": {"lastname": "Lee", "firstname": "Kim", "parentcustomerid": ACME},
        "max": {"lastname": "May", "owner_id": CAROL},
    },
    "task": {
        "half": {"subject": "Half", "percentcomplete": 50, "prioritycode": "high",
                 "scheduledend": at("2026-11-23T15:00"), "regarding_account_id": ACME},
        "late": {"subject": "Late", "percentcomplete": 10, "owner_id": BOB,
                 "scheduledend": at("2026-11-01T00:00"), "regarding_opportunity_id": "big"},
        "none": {"subject": "None"},
    },
    "phone_call": {
        "ring": {"subject": "Ring", "directioncode": "incoming", "regarding_contact_id": "kim"},
    },
    "appointment": {
        "fair": {"subject": "Fair", "isalldayevent": True, "owner_id": BOB,
                 "scheduledstart": at("2026-11-30T00:00"), "scheduledend": at("2026-12-01T00:00")},
        "meet": {"subject": "Meet", "isalldayevent": False, "regarding_contact_id": "kim",
                 "scheduledstart": at("2026-11-24T09:00"), "scheduledend": at("2026-11-24T10:00")},
    },
    "email": {"sent": {"subject": "Re", "statecode": "completed", "statuscode": "sent"}},
    "note": {"said": {"notetext": "Said", "regarding_account_id": ACME}},
}  # fmt: skip

PARTIES = [
    {"activity_id": "fair", "role": "organizer", "user_id": BOB},
    {"activity_id": "fair", "role": "required", "user_id": ALICE},
    {"activity_id": "fair", "role": "optional", "contact_id": "kim"},
    {"activity_id": "meet", "role": "organizer", "user_id": ALICE},
    {"activity_id": "meet", "role": "required", "address": "x@contoso.test", "name": "Mr X"},
    {"activity_id": "sent", "role": "sender", "user_id": ALICE},
    {"activity_id": "sent", "role": "to", "contact_id": "kim"},
]
# Alice and Carol are one team; Bob is in none.
SHARES = [
    {"entity": "lead", "record_id": "lost", "principal_id": ALICE, "may_write": False},
    {"entity": "lead", "record_id": "bare", "principal_id": SALES, "may_write": True},
    {"entity": "account", "record_id": ZED, "principal_id": SALES, "may_write": False},
    {"entity": "contact", "record_id": "hot", "principal_id": ALICE, "may_write": False},  # of none
]

ORDER = ("account", "lead", "contact", "opportunity")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def filled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    """A store with all of this; the tests only look."""
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("filters") / "syncd.db"
        shutil.copy(request.getfixturevalue("empty_database"), path)
        engine = open_database(f"sqlite:///{path}")
        fill(engine)
        yield engine
        engine.dispose()
        return
    server: Postgres = request.getfixturevalue("postgres")
    url = server.migrated()
    engine = open_database(url)
    fill(engine)
    yield engine
    engine.dispose()
    server.drop(url)


def fill(engine: Engine) -> None:
    """Put everything in."""
    with write(engine) as conn:
        for id_, name in ((ALICE, "alice"), (BOB, "bob"), (CAROL, "carol")):
            conn.execute(insert(user).values(id=id_, address=f"{name}@example.test"))
        conn.execute(insert(team).values(id=SALES, name="Sales"))
        for each in (ALICE, CAROL):
            conn.execute(insert(team_member).values(team_id=SALES, user_id=each))
        for entity in (*ORDER, *(RECORDS.keys() - set(ORDER))):
            stored = ENTITIES[entity]
            initial = stored.states.by_name[stored.states.initial]
            for number, (id_, row) in enumerate(RECORDS[entity].items()):
                common = {
                    "id": id_, "owner_id": ALICE, "statecode": initial.name,
                    "statuscode": initial.default, "version": 1, "origins": {},
                    "created_at": NOW.replace(day=23 - 10 * number), "modified_at": NOW,
                }  # fmt: skip
                least = {"firstname": "A", "lastname": "B"} if entity == "lead" else {}
                values = {**common, **least, **stored.constants, **row}
                conn.execute(insert(stored.table).values(values))
        for party in PARTIES:
            conn.execute(insert(activity_party).values(party))
        conn.execute(insert(share), SHARES)


@pytest.fixture
def conn(filled: Engine) -> Iterator[Connection]:
    """A look at it."""
    with read(filled) as opened:
        yield opened


MINE = "p/partyid eq @me"
TAKES_PART = "p/participationtypemask in ('organizer', 'required', 'optional')"

FOUND = [
    # choices, by their names; an unset one equals nothing
    ("lead", "leadqualitycode eq 'hot'", "hot"),
    ("lead", "leadqualitycode ne 'hot'", "bare lost"),
    ("lead", "leadqualitycode in ('cold', null)", "bare lost"),
    ("task", "prioritycode eq 'high' and statuscode eq 'not started'", "half"),
    ("phone_call", "directioncode eq 'incoming'", "ring"),
    # each entity's own states and reasons
    ("lead", "statecode eq 'disqualified' and statuscode eq 'lost'", "lost"),
    ("lead", "statecode in ('open', 'qualified')", "bare hot"),
    ("opportunity", "statuscode eq 'on hold'", "big"),
    ("email", "statuscode eq 'sent'", "sent"),
    ("note", "statecode eq 'active'", "said"),
    ("appointment", "statecode eq 'scheduled'", "fair meet"),
    # amounts, to the cent, and numbers
    ("lead", "estimatedamount eq 100.5", "hot"),
    ("lead", "estimatedamount gt 100.50", "lost"),
    ("lead", "estimatedamount ge 100.50", "hot lost"),
    ("lead", "100.51 gt estimatedamount", "hot"),
    ("lead", "not (estimatedamount lt 1e3)", "bare lost"),
    ("lead", "estimatedamount in (100.50, 20000)", "hot lost"),
    ("task", "percentcomplete lt 50", "late"),
    ("task", "percentcomplete ne 50", "late none"),
    ("task", "percentcomplete in (10, 50, null)", "half late none"),
    # flags
    ("appointment", "isalldayevent eq true", "fair"),
    ("appointment", "isalldayevent ne true", "meet"),
    ("appointment", "isalldayevent in (true, false)", "fair meet"),
    # days and moments; a day is whole, in UTC
    ("lead", "estimatedclosedate eq 2026-12-01", "hot"),
    ("lead", "estimatedclosedate le @today+1w", ""),
    ("lead", "estimatedclosedate le @today+8d", "hot"),
    ("lead", "estimatedclosedate lt @today+1m", "hot"),
    ("task", "scheduledend eq 2026-11-23T15:00:00Z", "half"),
    ("task", "scheduledend eq 2026-11-23T16:00:00+01:00", "half"),
    ("task", "scheduledend gt 2026-11-23T15:00:00Z", ""),
    ("task", "scheduledend eq @today", "half"),
    ("task", "scheduledend ne @today", "late none"),
    ("task", "scheduledend in (@today, 2026-11-01)", "half late"),
    ("task", "scheduledend lt @today", "late"),
    ("task", "scheduledend le @today", "half late"),
    ("task", "scheduledend gt @today", ""),
    ("task", "scheduledend ge @today", "half"),
    ("task", "scheduledend ge @today-22d", "half late"),
    ("task", "scheduledend gt @today sub duration'P22D'", "half"),
    ("task", "scheduledend lt @today add duration'P1M'", "half late"),
    ("appointment", "scheduledstart ge @today and scheduledstart lt @today+1w", "meet"),
    ("lead", "createdon ge @today-10d", "hot lost"),
    ("lead", "modifiedon eq @today", "bare hot lost"),
    # references, by id; of several entities
    ("lead", f"parentaccountid eq {ZED}", "hot"),
    ("opportunity", f"customerid eq {ACME}", "big"),
    ("opportunity", f"customerid eq 'account:{ACME}'", "big"),
    ("opportunity", f"customerid eq 'contact:{ACME}'", ""),
    ("opportunity", "customerid eq 'contact:kim'", "won"),
    ("opportunity", f"customerid ne {ACME}", "won"),
    ("opportunity", "customerid eq null", ""),
    ("task", "regardingobjectid eq null", "none"),
    ("task", f"regardingobjectid in ({ACME}, null)", "half none"),
    ("task", "regardingobjectid ne null", "half late"),
    ("note", f"objectid eq {ACME}", "said"),
    ("account", f"accountid eq {ACME}", ACME),
    # one step further; who has no relation stays
    ("lead", "parentaccount/name eq 'Zed'", "hot"),
    ("lead", "parentaccountid/name ne 'Zed'", "bare lost"),
    ("lead", "parentaccount/name eq 'x' or owner eq @me", "hot"),
    ("lead", f"parentaccountid/parentaccountid eq {ACME}", "hot"),
    ("lead", "parentaccountid/owner eq @me", ""),
    ("account", "parentaccountid/name eq 'Acme'", ZED),
    ("account", "startswith(parentaccountid/address1_city, 'G')", ZED),
    ("opportunity", "customerid_contact/lastname eq 'Lee'", "won"),
    ("opportunity", "customerid_contact/companyname eq 'Acme'", "won"),
    ("opportunity", "customerid_account/customertypecode eq 'customer'", "big"),
    ("task", "regardingobjectid_account/name eq 'Acme'", "half"),
    ("task", "regardingobjectid_account_task/name eq 'Acme'", "half"),
    ("task", "regardingobjectid_opportunity/estimatedvalue ge 5000", "late"),
    ("phone_call", "regardingobjectid_contact_phonecall/firstname eq 'Kim'", "ring"),
    ("note", "objectid_account/name eq 'Acme'", "said"),
    # owner, teams, shares
    ("lead", "owner in @myteams", "bare hot"),
    ("lead", "not (owner in @myteams)", "lost"),
    ("lead", "owner in (@myteams, 'bob@example.test')", "bare hot lost"),
    ("lead", "@shared", "bare lost"),
    ("lead", "not @shared", "hot"),
    ("lead", "owner eq @me or @shared", "bare hot lost"),
    ("lead", "leadid in @shared", "bare lost"),
    ("lead", "parentaccountid in @shared", "hot"),
    ("contact", "@shared", ""),
    # who takes part, the owner and what it is regarding too
    ("appointment", f"activity_parties/any(p: {MINE} and {TAKES_PART})", "fair meet"),
    ("appointment", f"activity_parties/any(p: {MINE} and p/participationtypemask eq 7)", "meet"),
    ("appointment", f"activity_parties/any(p: {MINE} and p/participationtypemask eq 'owner')",
     "meet"),
    ("appointment", "activity_parties/any(p: p/partyid eq 'bob@example.test')", "fair"),
    ("appointment", f"activity_parties/any(p: p/partyid eq {BOB})", "fair"),
    ("appointment", "appointment_activity_parties/any(p: p/partyid eq 'contact:kim')",
     "fair meet"),
    ("appointment", ("activity_parties/any(p: p/partyid eq 'contact:kim' and "
     "p/participationtypemask eq 'regarding')"), "meet"),
    ("appointment", ("activity_parties/any(p: p/partyid in @myteams and "
     "p/participationtypemask eq 'organizer')"), "meet"),
    ("appointment", "activity_parties/any(p: p/partyid eq null)", "meet"),
    ("appointment", "activity_parties/any(p: p/addressused eq 'x@contoso.test')", "meet"),
    ("appointment", "activity_parties/any(p: contains(p/unresolvedpartyname, 'X'))", "meet"),
    ("appointment", "not activity_parties/any(p: contains(p/unresolvedpartyname, 'X'))", "fair"),
    ("appointment", f"activity_parties/any(p: {MINE} and isalldayevent eq true)", "fair"),
    ("appointment", f"not activity_parties/any(p: p/partyid eq {BOB})", "meet"),
    ("appointment", "activity_parties/any()", "fair meet"),
    ("appointment", "activity_parties/all(p: p/partyid ne null)", "fair"),
    ("appointment", "activity_parties/all(p: p/participationtypemask ne 'optional')", "meet"),
    ("appointment", f"activity_parties/all(p: p/partyid in ({ALICE}, 'contact:kim', null))",
     "meet"),
    ("task", f"activity_parties/any(p: {MINE})", "half none"),
    ("task", f"activity_parties/all(p: {MINE})", "none"),
    ("task", f"activity_parties/any(p: p/partyid eq 'account:{ACME}')", "half"),
    ("email", f"activity_parties/any(p: p/participationtypemask eq 'sender' and {MINE})", "sent"),
    # sorts of activities lie in one table, and stay apart
    ("task", "true", "half late none"),
    ("phone_call", "true", "ring"),
]  # fmt: skip


@pytest.mark.parametrize(("entity", "text", "records"), FOUND)
def test_a_filter_finds_these_records(
    conn: Connection, entity: str, text: str, records: str
) -> None:
    """Each filter finds exactly these records for Alice."""
    filter_ = Filter.parse(text, ENTITIES[entity])
    assert sorted(found(conn, filter_, ALICE, TODAY)) == sorted(records.split())


OTHERS = [
    ("lead", "owner in @myteams", BOB, "lost"),  # in no team: his own
    ("lead", "owner in @myteams", CAROL, "bare hot"),
    ("lead", "@shared", BOB, ""),
    ("lead", "@shared", CAROL, "bare"),
    ("appointment", f"activity_parties/any(p: {MINE} and {TAKES_PART})", BOB, "fair"),
    ("appointment", f"activity_parties/any(p: {MINE} and {TAKES_PART})", CAROL, ""),
]


@pytest.mark.parametrize(("entity", "text", "who", "records"), OTHERS)
def test_a_filter_is_somebody_elses_for_somebody_else(
    conn: Connection, entity: str, text: str, who: str, records: str
) -> None:
    """The aliases mean whoever is asked for."""
    filter_ = Filter.parse(text, ENTITIES[entity])
    assert sorted(found(conn, filter_, who, TODAY)) == sorted(records.split())


def test_a_timed_filter_goes_by_the_day_it_is_given(conn: Connection) -> None:
    """No clock inside: another day, another answer. The last of a month stands for its end."""
    due = Filter.parse("scheduledend lt @today", ENTITIES["task"])
    assert found(conn, due, ALICE, date(2026, 11, 1)) == []
    assert found(conn, due, ALICE, date(2026, 11, 24)) == ["half", "late"]
    month = Filter.parse("scheduledend eq @today-1m", ENTITIES["task"])
    assert found(conn, month, ALICE, date(2026, 12, 1)) == ["late"]
    closing = Filter.parse("estimatedclosedate eq @today+1y", ENTITIES["lead"])
    assert found(conn, closing, ALICE, date(2025, 12, 1)) == ["hot"]


def ways(entity: str) -> dict[str, str]:
    """Where a step leads from an entity, with the name of the step."""
    return {each.entity: each.name for each in steps_of(ENTITIES[entity]).values()}


@pytest.mark.parametrize("entity", ENTITIES)
def test_every_field_can_be_asked_for(conn: Connection, entity: str) -> None:
    """Every field of every entity, here and one step on, is read by every database.

    What a step leads to has the same fields wherever one comes from: they are shared out among
    those who come there.
    """
    stored = ENTITIES[entity]
    names = list(fields_of(stored))
    for target, step in ways(entity).items():
        come_there = [each for each in ENTITIES if target in ways(each)]
        shared_out = list(fields_of(ENTITIES[target]))[come_there.index(entity) :: len(come_there)]
        assert shared_out
        names += [f"{step}/{name}" for name in shared_out]
    for start in range(0, len(names), 40):
        each = (f"{name} eq null and {name} ne null" for name in names[start : start + 40])
        nothing = Filter.parse(" or ".join(each), stored)
        assert found(conn, nothing, ALICE, TODAY) == []


# text, whether it changes with the day, whether with the user
SAID = [
    ("owner eq @me", False, True),
    ("owner in @myteams", False, True),
    ("@shared", False, True),
    ("createdon ge @today-30d", True, False),
    ("subject eq '@today'", False, False),
    ("owner eq @me and createdon ge @today", True, True),
    ("true", False, False),
]


@pytest.mark.parametrize(("text", "timed", "personal"), SAID)
def test_a_filter_says_what_it_depends_on(text: str, timed: bool, personal: bool) -> None:
    """What is worked out anew when the day turns, and what once for all mailboxes."""
    filter_ = Filter.parse(text, ENTITIES["lead"])
    assert (filter_.is_timed, filter_.is_personal) == (timed, personal)


def test_a_filter_says_which_fields_it_reads() -> None:
    """A change of one of these may change whom it finds."""
    text = "parentaccount/name eq 'x' or tolower(subject) eq 'y' and _ownerid_value eq @me"
    reads = Filter.parse(text, ENTITIES["lead"]).reads
    assert reads == {("account", "name"), ("lead", "subject"), ("lead", "ownerid")}
    parties = Filter.parse("activity_parties/any(p: p/partyid eq @me)", ENTITIES["task"]).reads
    assert parties == {("task", "parties")}
