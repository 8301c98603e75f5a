"""`syncd verify`, as an admin sees it: what agrees, what waits, what is wrong, what is not known.

Over the real wire. Whatever it finds, it writes nothing, on either side, and of it into the store.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import Any

import pytest
import structlog

from syncd.model.contact import CONTACT
from syncd.outlook.ews.mailbox import open_ews
from syncd.outlook.ews.session import EwsServer
from syncd.outlook.ews.sign_in import Basic
from syncd.outlook.stamp import CLAIM
from syncd.reconcile.claim import Claim
from syncd.sandbox.properties import mapi_named
from tests.cli.office import ALICE, BOB, Office

NOWHERE = "http://127.0.0.1:9/EWS/Exchange.asmx"
CLAIMED = mapi_named(CLAIM.set_id, CLAIM.name or "", CLAIM.type)
JOB = "contacts:JobTitle"
READS = {"GetFolder", "FindFolder", "SyncFolderItems", "GetItem", "FindItem"}
# Who runs a mailbox, until when: that is noted of whatever looks into it.
LEASE = {"lease_owner", "lease_until", "fence"}
WHERE_READING_IS = """
    select mailbox_id, folder_id, cursor
    from mailbox_kind join mailbox on mailbox.id = mailbox_id where address = ?
"""
FAR = f"""
[servers.far]
backend = "ews"
endpoint = "{NOWHERE}"
username = "svc-syncd"
password_file = "password"
[policies.far]
server = "far"
[policies.far.contacts]
"""

Rows = Mapping[str, list[tuple[object, ...]]]


@pytest.fixture
def pair(office: Office) -> Office:
    """Ann is in step with Alice, Bea with Bob."""
    office.done("users", "add", BOB, "--policy", "sales")
    office.done(
        "crm", "contact", "new", "--owner", BOB, "--first-name", "Bea", "--last-name", "Moe"
    )
    office.done("sync")
    return office


def execute(office: Office, statement: str, *values: object) -> list[Any]:
    """Somebody tampers with the store by hand."""
    with closing(sqlite3.connect(office.folder / "syncd.db")) as conn, conn:
        return conn.execute(statement, values).fetchall()


def kept(office: Office, but: frozenset[str]) -> Rows:
    """All that the store holds; not the journal of runs, nor who runs a mailbox until when."""
    with closing(sqlite3.connect(office.folder / "syncd.db")) as conn:
        names = [n for (n,) in conn.execute("select name from sqlite_master where type = 'table'")]
        rows: dict[str, list[tuple[object, ...]]] = {}
        for name in sorted(set(names) - {"run"} - but):
            found = conn.execute(f"select * from {name}")  # noqa: S608 - a name of the store's own
            columns = [each[0] for each in found.description]
            taken = [at for at, each in enumerate(columns) if each not in LEASE]
            rows[name] = sorted((tuple(row[at] for at in taken) for row in found), key=repr)
        return rows


def held_in_outlook(office: Office) -> list[tuple[object, ...]]:
    """Each item of both, with its version, and what the folders bear."""
    found: list[tuple[object, ...]] = []
    for address in (ALICE, BOB):
        own = office.box.mailbox(address)
        found += [(address, each.id, each.change_key) for each in own.items("contacts")]
        found.append((address, own.folder("contacts").bag.get(CLAIMED)))
    return found


@contextmanager
def nothing_written(office: Office, but: frozenset[str] = frozenset()) -> Iterator[None]:
    """Only reads go over the wire meanwhile; both sides stay as they are, and all that is kept.

    Of the store it is all tables `but` these.
    """
    store, outlook = kept(office, but), held_in_outlook(office)
    before = office.box.requests.counts.copy()
    yield
    assert set(office.box.requests.counts - before) <= READS
    assert kept(office, but) == store
    assert held_in_outlook(office) == outlook


def verify(
    office: Office, *words: str, but: frozenset[str] = frozenset()
) -> tuple[int, list[Any], str]:
    """What verify exits with, tells programs and tells people; both times it writes nothing."""
    with nothing_written(office, but):
        result = office.type("verify", *words)
        told = office.json("verify", *words, exit_code=result.exit_code)
    return result.exit_code, told, result.output


def sorts(told: list[Any]) -> dict[str, list[str]]:
    """Which sorts of findings were told, by mailbox."""
    return {each["mailbox"]: [one["sort"] for one in each["findings"]] for each in told}


def edit_unseen(office: Office, address: str = ALICE) -> None:
    """Its user edits the only contact; that was told, and lost: reading goes on behind it."""
    (item,) = office.box.mailbox(address).items("contacts")
    office.box.mailbox(address).update(item.id, {JOB: "Boss"})
    server = EwsServer(office.box.url, Basic(office.box.service_account, office.box.password))
    ((number, folder, cursor),) = execute(office, WHERE_READING_IS, address)
    with closing(open_ews(server, address)) as port:
        page = port.changes(CONTACT, folder, cursor)
    execute(office, "update mailbox_kind set cursor = ? where mailbox_id = ?", page.cursor, number)


def edit_table(office: Office) -> None:
    """Somebody writes into the table of contacts by hand: no line of the feed tells of it."""
    execute(office, "update contact set jobtitle = 'CEO' where firstname = 'Ann'")


def claim_of(office: Office, change: Callable[[Claim], str | None]) -> None:
    """What Alice's folder bears of who serves it becomes something else."""
    own = office.box.mailbox(ALICE)
    known = Claim.parse(str(own.folder("contacts").bag[CLAIMED]))
    assert known is not None
    own.update_folder("contacts", None, {CLAIMED: change(known)})


def test_what_agrees_is_told_so(pair: Office) -> None:
    """Exit 0: a line for each mailbox; to programs an object without findings, and nothing else."""
    structlog.reset_defaults()  # as in a process of its own
    status, told, shown = verify(pair)
    assert status == 0
    assert shown == f"{ALICE}: both sides agree.\n{BOB}: both sides agree.\n"
    agreed: dict[str, object] = {"error": None, "waiting": 0, "findings": []}
    assert told == [{"mailbox": ALICE, **agreed}, {"mailbox": BOB, **agreed}]


def test_what_waits_has_its_reason(pair: Office) -> None:
    """Exit 3, with how much it is and where to see it; it is nothing wrong."""
    pair.box.faults.add("CreateItem", "item_error", code="ErrorItemSave", times=999)
    pair.done("crm", "contact", "new", "--owner", ALICE, "--first-name", "Eve", "--last-name", "E")
    assert pair.type("sync", ALICE).exit_code == 1
    status, told, shown = verify(pair)
    assert status == 3
    assert [(each["waiting"], each["findings"]) for each in told] == [(1, []), (0, [])]
    assert f"{ALICE}: 1 waits: for the next sync; for a person, see: syncd held {ALICE}; " in shown
    assert f"{ALICE}: both sides agree." not in shown
    assert f"{BOB}: both sides agree." in shown


WRONG: Mapping[str, tuple[Callable[[Office], None], str]] = {
    "a row changed by hand": (edit_table, "record-differs"),
    "an edit that was lost": (edit_unseen, "item-differs"),
}


@pytest.mark.parametrize(("happens", "sort"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_named_and_left(
    pair: Office, happens: Callable[[Office], None], sort: str
) -> None:
    """Exit 6, with the sort, who it is, the id, and what to type; the other one agrees."""
    happens(pair)
    pair.done("sync")  # which was told of nothing
    status, told, shown = verify(pair)
    assert status == 6
    (ann,) = (each["id"] for each in pair.json("crm", "contact", "list") if "Ann" in str(each))
    assert told[0]["findings"] == [{"sort": sort, "name": "Ann Lee", "id": ann}]
    assert told[1]["findings"] == []
    assert all(each in shown for each in (sort, "Ann Lee", ann))
    assert f"{ALICE}: 1 not as they should be; nothing was changed." in shown
    assert f"syncd sync {ALICE}" in shown
    assert f"{BOB}: both sides agree." in shown


def test_a_server_that_cannot_be_reached(pair: Office) -> None:
    """Exit 5, and why; nothing is taken for wrong or for right."""
    pair.configure(NOWHERE)
    status, told, shown = verify(pair)
    assert status == 5
    assert all("nothing listens" in each["error"] for each in told)
    assert [each["findings"] for each in told] == [[], []]
    assert f"{ALICE}: it could not be verified: " in shown
    assert "agree" not in shown


@pytest.mark.parametrize("order", [(ALICE, BOB), (BOB, ALICE)], ids=str)
def test_what_is_wrong_outweighs_what_cannot_be_reached(
    pair: Office, order: tuple[str, str]
) -> None:
    """Exit 6, whichever comes first: one is on a server that is down, the other differs."""
    edit_table(pair)
    file = pair.folder / "syncd.toml"
    file.write_text(file.read_text() + FAR)
    execute(pair, "update mailbox set policy = 'far', server = 'far' where address = ?", BOB)
    status, told, _ = verify(pair, *order)
    assert status == 6
    assert [each["mailbox"] for each in told] == list(order)
    assert sorts(told) == {ALICE: ["record-differs"], BOB: []}
    assert {each["mailbox"] for each in told if each["error"]} == {BOB}
    assert verify(pair, BOB)[0] == 5


def test_those_that_are_named_are_verified(pair: Office) -> None:
    """Each once, in the order in which they are typed; the others are not looked at."""
    edit_table(pair)
    status, told, shown = verify(pair, BOB)
    assert (status, sorts(told)) == (0, {BOB: []})
    assert shown == f"{BOB}: both sides agree.\n"
    status, told, _ = verify(pair, BOB, ALICE, BOB)
    assert (status, [each["mailbox"] for each in told]) == (6, [BOB, ALICE])


def test_a_mailbox_that_is_not_served(pair: Office) -> None:
    """Exit 4 for an unknown address, before any is looked at."""
    with nothing_written(pair):
        result = pair.type("verify", ALICE, "eve@example.test")
    assert result.exit_code == 4
    assert "No mailbox eve@example.test is served." in result.stderr
    assert result.stdout == ""


def test_a_store_without_mailboxes(pair: Office) -> None:
    """Exit 4, and how to add one."""
    execute(pair, "delete from mailbox")
    result = pair.type("verify")
    assert result.exit_code == 4
    assert "syncd users add" in result.stderr


def test_a_mailbox_that_was_never_synced(office: Office) -> None:
    """Exit 6: it cannot be said to agree. What it would be synced by is noted, and that is all."""
    status, told, shown = verify(office, but=frozenset({"mailbox", "user_filter", "templated"}))
    assert (status, sorts(told)) == (6, {ALICE: ["never-synced"]})
    assert "agree" not in shown
    assert f"it was not synced yet. Begin with: syncd onboard {ALICE}" in shown


RESTING: Mapping[str, tuple[str, str, str]] = {
    "added": ("state = 'added'", "not approved yet", "syncd users test"),
    "tested": ("state = 'tested'", "not approved yet", "syncd users approve"),
    "paused": ("state = 'paused'", "paused", "syncd resume"),
    "suspended": ("state = 'suspended', trouble = 'no right'", "no right", "syncd resume"),
}


@pytest.mark.parametrize(("state", "why", "todo"), RESTING.values(), ids=RESTING)
def test_a_mailbox_that_is_not_synced_now(pair: Office, state: str, why: str, todo: str) -> None:
    """Named, it could not be verified: exit 6, why, and what lets it; it is asked nothing."""
    where = "where address = ?"
    execute(pair, f"update mailbox set {state} {where}", ALICE)  # noqa: S608 - of this table
    asked = pair.box.requests.counts.copy()
    status, told, shown = verify(pair, ALICE)
    assert status == 6
    assert why in told[0]["error"]
    assert told[0]["findings"] == []
    assert f"{todo} {ALICE}" in shown
    assert pair.box.requests.counts == asked
    # With all of them, it is left alone as by a sync; a suspended one is told with the others.
    result = pair.type("verify")
    told_of = (result.stdout, 6) if "suspended" in state else (result.stderr, 0)
    assert f"{todo} {ALICE}" in told_of[0]
    assert result.exit_code == told_of[1]
    assert f"{BOB}: both sides agree." in result.stdout


CLAIMS: Mapping[str, tuple[Callable[[Claim], str | None], str]] = {
    "foreign": (lambda c: str(replace(c, installation="another")), "nother"),
    "gone": (lambda _: None, "folder is gone"),
    "mailbox-restored": (lambda c: str(replace(c, counter=c.counter - 1)), "mailbox is older"),
    "store-restored": (lambda c: str(replace(c, counter=c.counter + 1)), "store was restored"),
}


@pytest.mark.parametrize("finding", CLAIMS)
def test_a_folder_that_is_not_ours(pair: Office, finding: str) -> None:
    """Exit 6 and whose it is, though nothing else is compared; `relink` is what to type."""
    edit_table(pair)
    change, said = CLAIMS[finding]
    claim_of(pair, change)
    status, told, shown = verify(pair)
    assert (status, sorts(told)) == (6, {ALICE: [finding], BOB: []})
    assert f"{ALICE}: it was not held against the CRM." in shown
    assert said in shown
    assert f"syncd relink {ALICE}" in shown
    pair.done("relink", ALICE, "--yes")
    pair.type("sync")
    assert finding not in sorts(verify(pair)[1])[ALICE]
