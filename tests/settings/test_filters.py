"""Filters: OData's meaning, on real databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Connection, Engine, insert

from syncd.crm.database import write
from syncd.crm.records import CONTACTS
from syncd.crm.tables import account, contact, user
from syncd.settings.filters import Filter, FilterError
from tests.settings.found import found

NOW = datetime(2026, 11, 23, tzinfo=UTC)
TODAY = NOW.date()
ALICE, BOB = (f"{each * 8}-0000-4000-8000-{each * 12}" for each in "ab")
CONTOSO = "cccccccc-0000-4000-8000-000000000001"

# id → what differs from a contact of Alice's that is active and holds nothing
PEOPLE: dict[str, dict[str, object]] = {
    "ann": {"firstname": "Ann", "jobtitle": "Head of Sales", "parentcustomerid": CONTOSO},
    "ben": {"firstname": "ben", "jobtitle": "assistant", "companyname": "Fabrikam"},
    "cid": {"firstname": "O'Cid", "owner_id": BOB, "birthdate": date(1980, 2, 29)},
    "dan": {"statecode": "inactive", "jobtitle": "50%", "address1_city": "Ghent"},
}


@pytest.fixture
def store(engine: Engine) -> Iterator[Connection]:
    """A store with two users, an account and `PEOPLE`."""
    kept = {
        "statecode": "active",
        "statuscode": "active",
        "version": 1,
        "created_at": NOW,
        "modified_at": NOW,
    }
    with write(engine) as conn:
        for id_, address in ((ALICE, "alice@example.test"), (BOB, "bob@example.test")):
            conn.execute(insert(user).values(id=id_, address=address))
        owned = {"owner_id": ALICE, **kept}
        conn.execute(
            insert(account).values(
                id=CONTOSO, name="Contoso", address1_city="Ghent", origins={}, **owned
            )
        )
        for id_, person in PEOPLE.items():
            status = {"statuscode": person.get("statecode", "active")}  # there is one for each
            row = {"id": id_, "origins": {}, **owned, **person, **status}
            conn.execute(insert(contact).values(row))
        yield conn


MEANINGS = [
    ("owner eq @me and statecode eq 'active'", "ann ben"),
    ("owner ne @me", "cid"),
    ("owner eq 'Bob@Example.test'", "cid"),
    ("owner eq 'nobody@example.test'", ""),
    ("owner ne 'nobody@example.test'", "ann ben cid dan"),
    ("owner in (@me, 'bob@example.test')", "ann ben cid dan"),
    (f"owner eq {BOB}", "cid"),
    (f"ownerid eq '{BOB.upper()}'", "cid"),
    (f"_ownerid_value eq {BOB}", "cid"),
    ("owner in ('bob@example.test', null)", "cid"),
    ("owner eq null", ""),
    ("owner in @myteams", "ann ben dan"),
    ("statecode eq 'inactive'", "dan"),
    ("'inactive' eq statecode", "dan"),
    # a null equals no value, and is told by null alone
    ("firstname eq 'Ann'", "ann"),
    ("firstname ne 'Ann'", "ben cid dan"),
    ("not (firstname eq 'Ann')", "ben cid dan"),
    ("firstname eq null", "dan"),
    ("firstname ne null", "ann ben cid"),
    ("firstname in ('Ann', null)", "ann dan"),
    ("not (firstname in ('Ann', 'ben'))", "cid dan"),
    ("firstname in ('Ann')", "ann"),
    # case counts
    ("firstname eq 'ann'", ""),
    ("startswith(firstname, 'b')", "ben"),
    ("startswith(firstname, 'B')", ""),
    ("contains(jobtitle, 'Sales')", "ann"),
    ("contains(jobtitle, 'sales')", ""),
    ("endswith(jobtitle, 'tant')", "ben"),
    ("endswith(jobtitle, 'a much longer text than any title')", ""),
    # nothing in a text is a wildcard, and the empty text is in every one
    ("contains(jobtitle, '%')", "dan"),
    ("contains(jobtitle, '_')", ""),
    ("contains(jobtitle, '')", "ann ben dan"),
    ("startswith(jobtitle, '')", "ann ben dan"),
    ("endswith(jobtitle, '')", "ann ben dan"),
    # a function of a null is null, and so is its opposite
    ("not contains(jobtitle, 'a')", "dan"),
    ("firstname eq 'O''Cid'", "cid"),
    ("firstname eq '@me'", ""),
    ("birthdate eq 1980-02-29", "cid"),
    ("address1_city eq 'Ghent'", "dan"),
    # who has no account stays in sight
    ("parentaccount/name eq 'Contoso'", "ann"),
    ("parentaccount/name ne 'Contoso'", "ben cid dan"),
    ("parentaccount/name eq null", "ben cid dan"),
    ("parentaccount/name eq 'Contoso' or firstname eq 'ben'", "ann ben"),
    ("startswith(parentaccount/name, 'Con')", "ann"),
    ("companyname in ('Contoso', 'Fabrikam')", "ann ben"),  # as the record shows it
    # any field of it, by any of the names of the way there
    ("parentaccount/address1_city eq 'Ghent'", "ann"),
    ("parentcustomerid/name eq 'Contoso'", "ann"),
    ("parentcustomerid_account/name eq 'Contoso'", "ann"),
    ("not (parentaccount/name eq 'Contoso')", "ben cid dan"),
    ("parentaccount/name eq 'x' or owner eq @me", "ann ben dan"),
    ("parentaccount/owner eq @me", "ann"),
    ("parentaccount/owner in @myteams", "ann"),
    ("parentaccount/statecode eq 'active'", "ann"),
    ("parentaccount/primarycontactid eq null", "ann ben cid dan"),
    ("tolower(parentaccount/name) eq 'contoso'", "ann"),
    ("parentaccount/createdon ge 2026-11-23T00:00:00Z", "ann"),
    (f"parentcustomerid eq {CONTOSO}", "ann"),
    (f"parentcustomerid eq '{CONTOSO}'", "ann"),
    (f"parentcustomerid ne {CONTOSO}", "ben cid dan"),
    ("parentcustomerid eq null", "ben cid dan"),
    (f"_parentcustomerid_value in ({CONTOSO}, null)", "ann ben cid dan"),
    # order
    ("firstname gt 'O'", "ben cid"),
    ("firstname ge 'Ann'", "ann ben cid"),
    ("firstname lt 'O'", "ann"),
    ("'O' gt firstname", "ann"),
    ("not (firstname lt 'O')", "ben cid dan"),  # of a null it is false
    ("birthdate gt 1980-02-28", "cid"),
    ("birthdate le 1980-02-28", ""),
    ("birthdate lt @today-46y", "cid"),
    ("birthdate gt @today-46y", ""),
    # letters of either case
    ("tolower(firstname) eq 'ann'", "ann"),
    ("contains(tolower(jobtitle), 'sales')", "ann"),
    ("tolower(firstname) ne 'ann'", "ben cid dan"),
    ("tolower(firstname) in ('ann', 'ben')", "ann ben"),
    # and binds tighter than or
    ("firstname eq 'Ann' or firstname eq 'ben' and owner eq 'bob@example.test'", "ann"),
    ("(firstname eq 'Ann' or firstname eq 'ben') and owner eq 'bob@example.test'", ""),
    ("not (owner eq @me) or statecode eq 'inactive'", "cid dan"),
    ("true", "ann ben cid dan"),
    ("false", ""),
    ("\n  owner eq @me\n  and statecode eq 'active'\n", "ann ben"),
]


@pytest.mark.parametrize(("text", "people"), MEANINGS)
def test_a_filter_means_what_odata_says(store: Connection, text: str, people: str) -> None:
    """Each filter finds exactly these contacts for Alice."""
    assert found(store, Filter.parse(text, CONTACTS), ALICE, TODAY) == people.split()


def test_me_is_whoever_the_mailbox_belongs_to(store: Connection) -> None:
    """One parsed filter serves all users."""
    mine = Filter.parse("owner eq @me", CONTACTS)
    assert found(store, mine, BOB, TODAY) == ["cid"]
    assert found(store, mine, ALICE, TODAY) == ["ann", "ben", "dan"]


# filter, the character that is pointed at, what is said of it, what is suggested
REFUSALS = [
    ("", 1, "the filter is empty", "true"),
    ("owner eq", 7, "cannot read 'eq'", None),
    ("owner eq @me and", 14, "cannot read 'and'", None),
    ("owner = @me", 7, "cannot read '= @me'", None),
    ("ownr eq @me", 1, "no field 'ownr'", "'owner'"),
    ("owner eq @me and (fistname eq 'x')", 19, "no field 'fistname'", "'firstname'"),
    ("Owner eq @me", 1, "no field 'Owner'", "'owner'"),
    ("@me eq owner", 1, "no field '@me'", "'owner'"),
    ("parentcustomerid eq 'Contoso'", 21, "this is no record", "parentcustomerid/…"),
    ("parentcustomerid gt null", 1, "no order", "eq, ne or in"),
    ("parentaccount/nme eq 'x'", 1, "accounts have no field 'nme'", "'name'"),
    ("parentacount/name eq 'x'", 1, "no field 'parentacount/name'", "'parentaccount/name'"),
    ("parentaccount/primarycontactid/firstname eq 'x'", 1, "one step", "parentaccount/name"),
    ("parentaccount eq 'x'", 1, "no field 'parentaccount'", "parentaccount/…"),
    ("activity_parties/any(p: p/partyid eq @me)", 1, "contacts have no field", "activities"),
    ("account/name eq 'x'", 1, "no field 'account/name'", "'parentaccount/name'"),
    ("categories eq 'x'", 1, "no field 'categories'", ""),
    ("owner eq @you", 10, "@you has no meaning", "@me"),
    ("owner in @myteam", 10, "@myteam has no meaning", "did you mean @myteams?"),
    ("owner eq @myteams", 10, "@myteams is a set", "owner in @myteams"),
    ("@myteams", 1, "this is no condition", "owner in @myteams"),
    ("owner in @shared", 10, "owner is never in @shared", "by itself"),
    ("firstname in @myteams", 14, "firstname is never in @myteams", "owner in @myteams"),
    ("owner eq ann@contoso.com", 13, "an address is written in single quotes", "'ann@"),
    ("owner gt @me", 1, "owner is a record, which has no order", "eq, ne or in"),
    ("birthdate gt @today-30", 14, "@today-30 is no day", "@today-30d"),
    ("birthdate gt @today-101y", 14, "100 years", None),
    ("birthdate gt @today sub duration'PT3H'", 25, "whole days", "duration'P30D'"),
    ("birthdate gt @today sub duration'P99999D'", 25, "100 years", None),
    ("birthdate gt null", 14, "nothing is greater or less than null", "eq or ne"),
    ("owner eq @today", 10, "this is no user", "@me"),
    ("createdon gt 2026-01-01T10:00:00", 14, "a time without its zone", "Z"),
    ("createdon gt 2026-02-30T10:00:00Z", 14, "there is no time", None),
    ("createdon gt 'x'", 14, "createdon is a time", "2026-01-31"),
    ("statecode gt 'active'", 1, "a choice, which has no order", "eq, ne or in"),
    ("statuscode eq 'aktive'", 15, "'aktive' is no status", "did you mean 'active'?"),
    ("tolower(birthdate) eq 'x'", 1, "tolower is for text", None),
    ("tolower(firstname)", 1, "this is no condition", "eq, ne or in"),
    ("toupper(firstname) eq 'X'", 1, "toupper is not supported", "tolower"),
    ("firstname in 'x'", 14, "cannot read", None),
    (" or ".join(["firstname eq 'x'"] * 600), 9997, "more than 500", "in (…)"),
    ("not (" * 3000 + "true" + ")" * 3000, 1, "nested too deeply", None),
    ("firstname eq 'a\0b'", 14, "no text has", None),
    ("firstname eq @me", 14, "only owner can be one", "owner eq @me"),
    ("firstname eq lastname", 14, "firstname is text", "'text'"),
    ("firstname eq 3", 14, "firstname is text", "'text'"),
    ("owner eq true", 10, "this is no user", "@me"),
    ("statecode eq 0", 14, "this is no state", "'active'"),
    ("statecode eq 'Active'", 14, "'Active' is no state", "'active'"),
    ("birthdate eq '1980-02-29'", 14, "birthdate is a day", "2026-01-31"),
    ("birthdate eq 1981-02-29", 14, "there is no day 1981-02-29", None),
    ("not firstname eq 'Ann'", 1, "not belongs to what follows", "not ("),
    ("not(firstname eq 'Ann')", 1, "no function 'not'", "with a blank"),
    ("firstname", 1, "this is no condition", "eq, ne or in"),
    ("'x' eq 'y'", 8, "a field is missing", ""),
    ("contains(firstname)", 1, "takes 2 arguments, not 1", None),
    ("contains(owner, 'x')", 1, "is for text, and owner is none", "eq, ne or in"),
    ("contains(firstname, lastname)", 21, "contains looks for a text", "quotes"),
    ("startwith(firstname, 'x')", 1, "no function 'startwith'", "'startswith'"),
    ("length(firstname) eq 3", 1, "length is not supported here", ""),
    ("firstname eq 'x", 14, 'cannot read "\'x"', None),
]


@pytest.mark.parametrize(("text", "at", "what", "suggestion"), REFUSALS)
def test_what_is_not_understood_is_refused_and_pointed_at(
    text: str, at: int, what: str, suggestion: str | None
) -> None:
    """A filter decides who sees whose contacts, so nothing in it is guessed at."""
    with pytest.raises(FilterError) as refused:
        Filter.parse(text, CONTACTS)
    assert what in refused.value.what
    assert refused.value.at + 1 == at
    if suggestion is None:
        assert refused.value.suggestion is None
    else:
        assert suggestion in (refused.value.suggestion or "")
