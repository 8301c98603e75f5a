"""Delta over Graph: links followed as they came and to nobody else, items looked at before use."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from syncd.model.contact import CONTACT
from syncd.outlook.errors import MailboxError, Scope, Sort
from syncd.outlook.graph.mailbox import GraphMailbox, open_graph
from syncd.outlook.graph.session import GraphServer, Session
from syncd.outlook.port import Sensitivity, Update
from syncd.sandbox.server import Sandbox
from syncd.sandbox.web import Answer, Call
from tests.outlook.conftest import sandbox
from tests.outlook.desk import (
    ADDRESS,
    GraphDesk,
    Shown,
    create,
    create_all,
    creation,
    default,
    everything,
    stamp,
)
from tests.outlook.graph_wire import answered_by, deserted, http


@pytest.fixture
def desk(box: Sandbox, graph: GraphMailbox) -> GraphDesk:
    """A desk over Graph alone."""
    return GraphDesk(box, graph)


def failing(mailbox: GraphMailbox, folder: str, cursor: str | None) -> MailboxError:
    """What a listing comes to."""
    with pytest.raises(MailboxError) as caught:
        mailbox.changes(CONTACT, folder, cursor)
    return caught.value


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("invalid_sync_state", "SyncStateNotFound"),
        ("invalid_sync_state", "ErrorInvalidIdMalformed"),
        ("bare_sync_error", ""),
    ],
)
@pytest.mark.parametrize("done", [True, False])
def test_a_forgotten_link_is_a_lost_cursor(
    desk: GraphDesk, fault: str, code: str, done: bool
) -> None:
    """410, and 400 of both sorts; of a finished round, and in the middle of one."""
    for number in range(0 if done else 201):
        desk.add({"firstname": f"N{number}"})
    where = default(desk)
    page = desk.mailbox.changes(CONTACT, where, None)
    assert page.last is done
    desk.box.faults.add("GET contacts/delta", fault, code=code)
    error = failing(desk.mailbox, where, page.cursor)
    assert (error.sort, error.scope) == (Sort.CURSOR_LOST, Scope.FOLDER)
    assert len(everything(desk)) == (0 if done else 201)


def test_a_stored_link_of_another_host_is_lost_and_shown_no_token(desk: GraphDesk) -> None:
    """Whoever could write into the store could else have a token sent wherever he likes."""
    where = default(desk)
    link = desk.mailbox.changes(CONTACT, where, None).cursor
    before = desk.mailbox.requests
    with deserted() as (host, heard):
        own = desk.box.graph_url.partition("//")[2].partition("/")[0]
        error = failing(desk.mailbox, where, link.replace(own, host))
        assert (error.sort, error.scope) == (Sort.CURSOR_LOST, Scope.FOLDER)
    assert not heard
    assert desk.mailbox.requests == before


@pytest.mark.parametrize("name", ["@odata.nextLink", "@odata.deltaLink"])
def test_a_fresh_link_to_another_host_is_an_error_and_shown_no_token(name: str) -> None:
    """Nothing of that page is used."""
    with deserted() as (host, heard):
        page = http({"value": [], name: f"http://{host}/v1.0/next"})
        with answered_by(page) as mailbox:
            error = failing(mailbox, "folder", None)
        assert (error.sort, error.code) == (Sort.TRANSIENT, "foreign-link")
        assert f"a link to http://{host}" in error.message
    assert not heard


@pytest.mark.parametrize(
    "link",
    [
        "not a cursor",
        "H4sIAAA=",
        "",
        "http://graph.microsoft.com/v1.0/x",
        "https://graph.microsoft.com.evil.test/v1.0/x",
        "https://graph.microsoft.com@evil.test/v1.0/x",
        "https://evil.test\\@graph.microsoft.com/v1.0/x",
        "https://graph.microsoft.com\\.evil.test/v1.0/x",
        "https://graph.microsoft.com:8443/v1.0/x",
        "https://graph.microsoft.com:port/v1.0/x",
        "//graph.microsoft.com/v1.0/x",
        "file://graph.microsoft.com/v1.0/x",
        "https://graph.microsoft.us/v1.0/x",
    ],
)
def test_only_a_link_of_this_very_server_is_followed(link: str) -> None:
    """Scheme, host and port: whatever parsers could differ about is not this server."""
    with closing(Session(GraphServer(Shown("secret")), ADDRESS)) as session:
        assert not session.is_here(link)
        assert session.is_here("https://graph.microsoft.com/v1.0/x?$deltatoken=a")
        assert session.is_here("https://GRAPH.microsoft.com:443/v1.0/x")


@pytest.mark.parametrize("page", [{"value": []}, [], "page", None])
def test_a_page_that_cannot_be_read_is_no_page(page: object) -> None:
    """Half a listing never becomes fewer items (P5)."""
    with answered_by(http(page)) as mailbox:
        assert failing(mailbox, "folder", None).code == "garbage"


def test_what_we_wrote_is_not_asked_for(desk: GraphDesk) -> None:
    """Until somebody else changed it: then that one is looked at (P4)."""
    where = default(desk)
    made = [desk.mailbox.create(CONTACT, where, [creation(str(n), {})])[0] for n in range(3)]
    before, parts = desk.mailbox.requests, desk.mailbox.subrequests
    page = desk.mailbox.changes(CONTACT, where, None)
    assert {head.version for head in page.seen} == {getattr(each, "version", "") for each in made}
    assert {head.stamp for head in page.seen} == {stamp(str(number)) for number in range(3)}
    assert desk.mailbox.requests - before == 1
    desk.edit(page.seen[0].id, {"firstname": "Mine"})
    page = desk.mailbox.changes(CONTACT, where, page.cursor)
    assert [head.match["firstname"] for head in page.seen] == ["Mine"]
    assert desk.mailbox.requests - before == 3
    assert desk.mailbox.subrequests - parts == 1


def test_a_cycle_without_edits_is_one_request(desk: GraphDesk) -> None:
    """However many items there are."""
    create_all(desk, [creation(str(number), {"firstname": "N"}) for number in range(45)])
    where = default(desk)
    page = desk.mailbox.changes(CONTACT, where, None)
    before = desk.mailbox.requests
    page = desk.mailbox.changes(CONTACT, where, page.cursor)
    assert (page.seen, page.removed, page.last) == ((), (), True)
    assert desk.mailbox.requests - before == 1


def test_a_folder_that_is_read_anew_is_listed_and_not_asked_item_by_item(desk: GraphDesk) -> None:
    """450 items are 3 pages and one list; what changed in between is looked at."""
    ids = [desk.add({"firstname": str(number)}) for number in range(450)]
    where, before = default(desk), desk.mailbox.requests

    def edit(call: Call, answer: Answer) -> None:
        del answer
        if "/contacts/delta" in call.path:
            desk.box.graph_observers.remove(edit)
            desk.edit(ids[-1], {"firstname": "Mine"})  # the newest is told first

    desk.box.graph_observers.append(edit)
    heads = {head.id: head for head in everything(desk, where)}
    assert heads.keys() == set(ids)
    assert heads[ids[-1]].match["firstname"] == "Mine"
    assert {head.folder for head in heads.values()} == {None}
    assert desk.mailbox.requests - before <= 6
    assert desk.mailbox.subrequests <= 5


def test_where_a_list_fails_its_items_are_looked_at_one_by_one(desk: GraphDesk) -> None:
    """One item can be enough to bring a list down; the others are there all the same (P10)."""
    ids = {desk.add({"firstname": str(number)}) for number in range(30)}
    bad = next(iter(ids))
    where = default(desk)
    desk.box.faults.add("GET contacts", "internal_error")
    desk.box.faults.add("GET contact", "internal_error", item=bad)
    page = desk.mailbox.changes(CONTACT, where, None)
    assert {head.id for head in page.seen} == ids - {bad}
    assert page.unread.keys() == {bad}
    assert {head.id for head in everything(desk)} == ids


def test_a_list_that_is_put_off_is_a_page_that_fails(desk: GraphDesk) -> None:
    """Whoever asks for a pause is not asked item by item."""
    for number in range(30):
        desk.add({"firstname": str(number)})
    where = default(desk)
    desk.box.faults.add("GET contacts", "http_429")
    assert failing(desk.mailbox, where, None).sort is Sort.THROTTLED


def test_an_item_that_is_gone_by_the_look_is_left_out(desk: GraphDesk) -> None:
    """It is named as removed later on; the others of its page are there."""
    kept, gone = desk.add({"firstname": "Kept"}), desk.add({"firstname": "Gone"})
    desk.box.faults.add("GET contact", "item_error", code="ErrorItemNotFound", item=gone)
    page = desk.mailbox.changes(CONTACT, default(desk), None)
    assert [head.id for head in page.seen] == [kept]
    assert page.removed == ()


def test_an_item_that_cannot_be_looked_at_is_named_apart(desk: GraphDesk) -> None:
    """No item is used before it is known whether it is private (P7)."""
    ann = desk.add({"firstname": "Ann"})
    secret = desk.add({"firstname": "Secret"}, sensitivity=Sensitivity.PRIVATE)
    where = default(desk)
    desk.box.faults.add("GET contact", "internal_error", item=secret)
    page = desk.mailbox.changes(CONTACT, where, None)
    assert [head.id for head in page.seen] == [ann]
    assert {each: failed.sort for each, failed in page.unread.items()} == {secret: Sort.TRANSIENT}
    assert page.removed == ()
    page = desk.mailbox.changes(CONTACT, where, None)
    assert (len(page.seen), page.unread) == (2, {})


@pytest.mark.parametrize("fault", ["http_403", "http_429", "http_503"])
def test_a_look_that_fails_for_more_than_its_item_is_a_page_that_fails(
    desk: GraphDesk, fault: str
) -> None:
    """P5: and the next try has all of it."""
    for name in ("Ann", "Ben"):
        desk.add({"firstname": name})
    where = default(desk)
    desk.box.faults.add("GET contact", fault)
    assert failing(desk.mailbox, where, None).scope is not Scope.ITEM


def test_an_item_that_went_elsewhere_by_the_look_is_not_here(desk: GraphDesk) -> None:
    """Where it is says the item, and not the page that named it."""
    item, where = desk.add({"firstname": "Ann"}), default(desk)
    other = desk.add_folder("Andere")

    def move(call: Call, answer: Answer) -> None:
        del answer
        if "/contacts/delta" in call.path:
            desk.box.graph_observers.remove(move)
            desk.own.move(desk.meant(item), desk.folder_meant(other))

    desk.box.graph_observers.append(move)
    page = desk.mailbox.changes(CONTACT, where, None)
    assert (page.seen, page.removed) == ((), ())
    assert desk.mailbox.changes(CONTACT, where, page.cursor).removed == (item,)
    assert [head.id for head in everything(desk, other)] == [item]


def test_what_left_the_folder_is_removed_and_found_by_its_id(desk: GraphDesk) -> None:
    """Thrown away, moved, or gone for good: the id says which."""
    thrown, moved, gone = (desk.add({"firstname": str(number)}) for number in range(3))
    where, other = default(desk), desk.add_folder("Andere")
    cursor = desk.mailbox.changes(CONTACT, where, None).cursor
    desk.to_trash(thrown)
    desk.own.move(desk.meant(moved), desk.folder_meant(other))
    desk.delete(gone)
    page = desk.mailbox.changes(CONTACT, where, cursor)
    assert (page.seen, set(page.removed)) == ((), {thrown, moved, gone})
    found = desk.mailbox.find(CONTACT, [], ids=page.removed)
    assert {head.id: head.folder for head in found} == {thrown: "deleteditems", moved: other}


@pytest.fixture
def repeating() -> Iterator[GraphDesk]:
    """A desk where changes are told twice and rounds end with an empty page, as they may."""
    with sandbox(graph_replays=True) as box:
        server = GraphServer(Shown(box.graph_token), box.graph_url)
        with closing(open_graph(server, ADDRESS)) as mailbox:
            yield GraphDesk(box, mailbox)


def test_what_is_told_twice_is_there_once(repeating: GraphDesk) -> None:
    """And a page without items is not the end where a link says so."""
    desk = repeating
    ids = {desk.add({"firstname": str(number)}) for number in range(250)}
    where, seen, cursor, last = default(desk), [], None, False
    while not last:
        page = desk.mailbox.changes(CONTACT, where, cursor)
        of_page = [head.id for head in page.seen]
        assert len(of_page) == len(set(of_page))
        seen += of_page
        cursor, last = page.cursor, page.last
    assert set(seen) == ids
    gone, kept = sorted(ids)[:2]
    desk.to_trash(gone)
    desk.edit(kept, {"firstname": "Changed"})
    removed: set[str] = set()
    changed: set[str] = set()
    last = False
    while not last:
        page = desk.mailbox.changes(CONTACT, where, cursor)
        removed |= set(page.removed)
        changed |= {head.id for head in page.seen}
        cursor, last = page.cursor, page.last
    assert (removed, changed) == ({gone}, {kept})


def test_an_update_of_ours_is_looked_at_once(desk: GraphDesk) -> None:
    """What was created is known by its answer (P4); of a change it is asked what is marked (P7)."""
    made = create(desk, "1", {"firstname": "Ann", "fax": "+49 89 1"})
    where = default(desk)
    cursor = desk.mailbox.changes(CONTACT, where, None).cursor
    patch = Update(made.id, made.version, {"pager": "+49 89 2"}, stamp("1", "key-2"))
    desk.mailbox.update(CONTACT, [patch])
    before = desk.mailbox.requests
    (head,) = desk.mailbox.changes(CONTACT, where, cursor).seen
    assert head.stamp == stamp("1", "key-2")
    assert desk.mailbox.requests - before == 2
