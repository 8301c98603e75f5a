"""What the EWS adapter makes of a server that fails. Nothing is ever sent twice."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace

import pytest

from syncd.model.contact import CONTACT
from syncd.outlook.errors import Failure, MailboxError, Scope, Sort
from syncd.outlook.ews.mailbox import EwsMailbox, open_ews
from syncd.outlook.ews.session import Access, EwsServer
from syncd.outlook.ews.sign_in import Basic
from syncd.outlook.port import Move, Update, Written
from syncd.sandbox.server import Sandbox
from tests.outlook.desk import ADDRESS, EwsDesk, create, creation, default
from tests.outlook.wire import answering

WRITES = ("CreateItem", "UpdateItem", "MoveItem")


@pytest.fixture
def desk(box: Sandbox, ews: EwsMailbox) -> EwsDesk:
    """A desk over EWS alone: these faults are those of EWS."""
    return EwsDesk(box, ews)


def writes(desk: EwsDesk, operation: str) -> Callable[[], object]:
    """A call that sends one write of this operation; what it needs is there already."""
    where = default(desk)
    if operation == "CreateItem":
        return lambda: desk.mailbox.create(CONTACT, where, [creation("1", {"firstname": "Ann"})])
    made = create(desk, "1", {"firstname": "Ann"})
    if operation == "UpdateItem":
        update = Update(made.id, made.version, {"firstname": "Anna"}, None)
        return lambda: desk.mailbox.update(CONTACT, [update])
    return lambda: desk.mailbox.trash(CONTACT, [Move(made.id, made.version)])


def failing(call: Callable[[], object]) -> MailboxError:
    """The error that a call raises."""
    with pytest.raises(MailboxError) as caught:
        call()
    return caught.value


@pytest.mark.parametrize("operation", WRITES)
@pytest.mark.parametrize(
    ("fault", "sort", "scope"),
    [
        ("lost_answer", Sort.IN_DOUBT, Scope.MAILBOX),
        ("lost_request", Sort.IN_DOUBT, Scope.MAILBOX),
        ("corrupt_xml", Sort.IN_DOUBT, Scope.MAILBOX),
        ("internal_error", Sort.IN_DOUBT, Scope.MAILBOX),
        ("http_503", Sort.IN_DOUBT, Scope.MAILBOX),
        ("http_429", Sort.THROTTLED, Scope.MAILBOX),
        ("server_busy", Sort.THROTTLED, Scope.MAILBOX),
        ("http_403", Sort.DENIED, Scope.MAILBOX),
        ("unauthorized", Sort.DENIED, Scope.CREDENTIAL),
    ],
)
def test_a_write_that_fails_is_sent_exactly_once(
    desk: EwsDesk, box: Sandbox, operation: str, fault: str, sort: Sort, scope: Scope
) -> None:
    """Whatever the server answers, nothing below the port sends a write again (P3)."""
    call = writes(desk, operation)
    before, ours = box.requests[operation], desk.mailbox.requests
    box.faults.add(operation, fault, times=9)
    error = failing(call)
    assert (error.sort, error.scope) == (sort, scope)
    assert desk.mailbox.requests - ours == (2 if operation == "MoveItem" else 1)
    assert box.requests[operation] - before <= 1
    armed = {rule.fault.value: left for rule, left in box.faults.pending()}
    assert armed == {fault: 8}


@pytest.mark.parametrize(
    ("fault", "sort", "scope"),
    [
        ("lost_answer", Sort.TRANSIENT, Scope.SERVER),
        ("corrupt_xml", Sort.TRANSIENT, Scope.SERVER),
        ("internal_error", Sort.TRANSIENT, Scope.MAILBOX),
        ("http_503", Sort.THROTTLED, Scope.SERVER),
        ("http_429", Sort.THROTTLED, Scope.MAILBOX),
        ("server_busy", Sort.THROTTLED, Scope.MAILBOX),
        ("http_403", Sort.DENIED, Scope.MAILBOX),
        ("unauthorized", Sort.DENIED, Scope.CREDENTIAL),
    ],
)
def test_a_read_that_fails_says_when_to_come_back(
    desk: EwsDesk, box: Sandbox, fault: str, sort: Sort, scope: Scope
) -> None:
    """A read has no effect, so it is never in doubt; its caller decides when to ask again."""
    where, before = default(desk), desk.mailbox.requests
    box.faults.add("SyncFolderItems", fault)
    error = failing(lambda: desk.mailbox.changes(CONTACT, where, None))
    assert (error.sort, error.scope) == (sort, scope)
    assert desk.mailbox.requests == before + 1
    assert desk.mailbox.changes(CONTACT, where, None).last  # the next one has a sound connection


def test_a_pause_that_the_server_asks_for_is_passed_on(desk: EwsDesk, box: Sandbox) -> None:
    """In seconds, from BackOffMilliseconds and from Retry-After; nobody sleeps down here."""
    where = default(desk)
    box.faults.add("SyncFolderItems", "server_busy", back_off_ms=2500)
    assert failing(lambda: desk.mailbox.changes(CONTACT, where, None)).retry_after == 2.5
    for fault in ("http_429", "http_503"):
        box.faults.add("*", fault, back_off_ms=7000)
        after = failing(lambda: desk.mailbox.changes(CONTACT, where, None)).retry_after
        assert after is not None
        assert after >= 1


def test_a_write_whose_answer_was_lost_was_done(desk: EwsDesk, box: Sandbox) -> None:
    """In doubt means that somebody looks; and looking by key finds what was done."""
    call = writes(desk, "CreateItem")
    box.faults.add("CreateItem", "lost_answer")
    assert failing(call).sort is Sort.IN_DOUBT
    assert len(desk.mailbox.find(CONTACT, [default(desk)], keys=["key-1"])) == 1


def test_an_answer_that_comes_too_late_is_in_doubt(box: Sandbox, server: EwsServer) -> None:
    """A time-out of a write says nothing about the write."""
    with closing(open_ews(replace(server, timeout=0.3), ADDRESS)) as mailbox:
        desk = EwsDesk(box, mailbox)
        call = writes(desk, "CreateItem")
        box.faults.add("CreateItem", "slow", delay_ms=1500)
        error = failing(call)
    assert (error.sort, error.code) == (Sort.IN_DOUBT, "timeout")
    assert box.requests["CreateItem"] <= 1


def test_one_bad_item_is_one_bad_item(desk: EwsDesk, box: Sandbox) -> None:
    """The other 99 are written, and their ids are known (P10)."""
    batch = [creation(str(number), {"firstname": "N"}) for number in range(100)]
    box.faults.add("CreateItem", "item_error", code="ErrorItemSavePropertyError", index=5)
    results = desk.mailbox.create(CONTACT, default(desk), batch)
    bad = [place for place, each in enumerate(results) if isinstance(each, Failure)]
    assert bad == [5]
    assert isinstance(results[5], Failure)
    assert (results[5].sort, results[5].code) == (Sort.INVALID, "ErrorItemSavePropertyError")


def test_items_after_a_stopped_batch_were_not_tried(desk: EwsDesk, box: Sandbox) -> None:
    """They are not in doubt: the server says that it did not get to them."""
    batch = [creation(str(number), {"firstname": "N"}) for number in range(4)]
    box.faults.add("CreateItem", "batch_stopped", index=2)
    one, two, *rest = desk.mailbox.create(CONTACT, default(desk), batch)
    assert isinstance(one, Written)
    assert isinstance(two, Written)
    assert [each.sort for each in rest if isinstance(each, Failure)] == [Sort.NOT_TRIED] * 2


@pytest.mark.parametrize(
    ("code", "sort"),
    [
        ("ErrorServerBusy", Sort.THROTTLED),
        ("ErrorAccessDenied", Sort.DENIED),
        ("ErrorQuotaExceeded", Sort.TRANSIENT),
        ("ErrorTimeoutExpired", Sort.IN_DOUBT),
        ("ErrorCorruptData", Sort.INVALID),
        ("ErrorVoiceMailNotImplemented", Sort.INVALID),
    ],
)
def test_what_one_item_answers_stays_its_own(
    desk: EwsDesk, box: Sandbox, code: str, sort: Sort
) -> None:
    """Even a code that mostly concerns a mailbox aborts nothing while other items are written."""
    batch = [creation(str(number), {"firstname": "N"}) for number in range(3)]
    box.faults.add("CreateItem", "item_error", code=code, index=1)
    before = box.requests["CreateItem"]
    one, two, three = desk.mailbox.create(CONTACT, default(desk), batch)
    assert isinstance(one, Written)
    assert isinstance(two, Failure)
    assert isinstance(three, Written)
    assert two.sort is sort
    assert box.requests["CreateItem"] == before + 1


def test_what_every_item_answers_concerns_more_than_an_item(desk: EwsDesk, box: Sandbox) -> None:
    """A hundred times `the mailbox is full` is one error of the mailbox."""
    batch = [creation(str(number), {"firstname": "N"}) for number in range(3)]
    box.faults.add("CreateItem", "item_error", code="ErrorQuotaExceeded")
    error = failing(lambda: desk.mailbox.create(CONTACT, default(desk), batch))
    assert (error.sort, error.scope) == (Sort.TRANSIENT, Scope.MAILBOX)


@pytest.mark.parametrize(
    ("code", "sort"),
    [
        ("ErrorInternalServerError", Sort.IN_DOUBT),
        ("ErrorAccessDenied", Sort.DENIED),
        ("ErrorItemSave", Sort.INVALID),
    ],
)
def test_an_item_that_fails_alone_in_its_batch_is_still_one_item(
    desk: EwsDesk, box: Sandbox, code: str, sort: Sort
) -> None:
    """Else one bad item would stop its mailbox run after run (P10)."""
    call = writes(desk, "UpdateItem")
    box.faults.add("UpdateItem", "item_error", code=code)
    results = call()
    assert isinstance(results, list)
    assert [each.sort for each in results] == [sort]


def test_a_right_that_is_missing_in_a_folder_is_an_error_of_the_folder(
    desk: EwsDesk, box: Sandbox
) -> None:
    """Nothing is wrong with the items that could not be created."""
    call = writes(desk, "CreateItem")
    box.faults.add("CreateItem", "item_error", code="ErrorAccessDenied")
    error = failing(call)
    assert (error.sort, error.scope) == (Sort.DENIED, Scope.FOLDER)


@pytest.mark.parametrize("fault", ["invalid_sync_state", "bare_sync_error"])
def test_a_forgotten_sync_state_is_a_lost_cursor(desk: EwsDesk, box: Sandbox, fault: str) -> None:
    """Also when the answer leaves out the SyncState element, as the schema allows."""
    where = default(desk)
    cursor = desk.mailbox.changes(CONTACT, where, None).cursor
    box.faults.add("SyncFolderItems", fault)
    error = failing(lambda: desk.mailbox.changes(CONTACT, where, cursor))
    assert (error.sort, error.scope) == (Sort.CURSOR_LOST, Scope.FOLDER)
    assert desk.mailbox.changes(CONTACT, where, None).last


def test_a_wrong_password_is_tried_once(server: EwsServer) -> None:
    """A thousand tries would lock the account."""
    with closing(open_ews(replace(server, sign_in=Basic("svc", "wrong")), ADDRESS)) as mailbox:
        error = failing(lambda: mailbox.folder(CONTACT, "default", create=False))
        assert (error.sort, error.scope) == (Sort.DENIED, Scope.CREDENTIAL)
        assert mailbox.requests == 1
    assert "wrong" not in str(error)


def test_a_mailbox_that_is_not_there_is_elsewhere(server: EwsServer) -> None:
    """With a hint at what to check."""
    with closing(open_ews(server, "nobody@example.test")) as mailbox:
        error = failing(lambda: mailbox.folder(CONTACT, "default", create=False))
    assert (error.sort, error.scope) == (Sort.ELSEWHERE, Scope.MAILBOX)
    assert "primary address" in error.message


def test_the_mailbox_own_account_reaches_it_and_no_other(box: Sandbox) -> None:
    """Per-mailbox credentials are delegate access to one's own mailbox."""
    own = EwsServer(box.url, Basic(ADDRESS, box.password), Access.DELEGATE)
    box.mailbox(ADDRESS).add("contacts", {"contacts:GivenName": "Ann"})
    with closing(open_ews(own, ADDRESS)) as mailbox:
        found = mailbox.folder(CONTACT, "default", create=False)
        assert found is not None
        assert found.total == 1
    with closing(open_ews(own, "bob@example.test")) as other:
        assert failing(lambda: other.folder(CONTACT, "default", create=False)).sort is Sort.DENIED
    acting = replace(own, access=Access.IMPERSONATION)
    with closing(open_ews(acting, "bob@example.test")) as other:
        error = failing(lambda: other.folder(CONTACT, "default", create=False))
    assert (error.sort, error.scope) == (Sort.DENIED, Scope.MAILBOX)
    assert "ApplicationImpersonation" in error.message


def test_delegate_access_names_the_mailbox_in_its_folders(box: Sandbox, server: EwsServer) -> None:
    """A service account with full access has no contacts of its own to fall back to."""
    box.mailbox(ADDRESS).add("contacts", {"contacts:GivenName": "Ann"})
    with closing(open_ews(replace(server, access=Access.DELEGATE), ADDRESS)) as mailbox:
        desk = EwsDesk(box, mailbox)
        made = create(desk, "1", {"firstname": "Bea"})
        (thrown,) = mailbox.trash(CONTACT, [Move(made.id, made.version)])
        assert isinstance(thrown, Written)
        assert [f.total for f in mailbox.folders(CONTACT)] == [1, 1]
    assert len(box.mailbox(ADDRESS).items("deleteditems")) == 1


def test_a_server_that_is_not_there_was_sent_nothing() -> None:
    """A write that never left is not in doubt."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    nobody = EwsServer(f"http://127.0.0.1:{port}/EWS/Exchange.asmx", Basic("svc", "secret"))
    with closing(open_ews(nobody, ADDRESS)) as mailbox:
        batch = [creation("1", {"firstname": "Ann"})]
        error = failing(lambda: mailbox.create(CONTACT, "folder", batch))
        assert mailbox.requests == 0
    assert (error.sort, error.scope, error.code) == (Sort.TRANSIENT, Scope.SERVER, "unreachable")
    assert "secret" not in str(error)


def test_a_server_that_speaks_no_tls_was_sent_nothing(box: Sandbox) -> None:
    """A failed handshake comes before the request."""
    wrong = EwsServer(box.url.replace("http://", "https://"), Basic("svc", "secret"))
    with closing(open_ews(wrong, ADDRESS)) as mailbox:
        batch = [creation("1", {"firstname": "Ann"})]
        error = failing(lambda: mailbox.create(CONTACT, "folder", batch))
    assert (error.sort, error.scope) == (Sort.TRANSIENT, Scope.SERVER)


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://mail.example.com/EWS/Exchange.asmx",
        "http://10.0.0.1/EWS/Exchange.asmx",
        "http://localhost.example.com/EWS/Exchange.asmx",
    ],
)
def test_a_password_does_not_travel_in_the_clear(endpoint: str) -> None:
    """Basic authentication over plain HTTP is refused, except on loopback."""
    with pytest.raises(ValueError, match="over plain HTTP"):
        EwsServer(endpoint, Basic("svc", "secret"))
    EwsServer(endpoint.replace("http:", "https:"), Basic("svc", "secret"))
    for loopback in ("127.0.0.1", "[::1]", "localhost"):
        EwsServer(f"http://{loopback}:8080/EWS/Exchange.asmx", Basic("svc", "secret"))


@pytest.mark.parametrize("endpoint", ["mail.example.com", "ftp://x/", "https://u:p@x/", "https://"])
def test_an_endpoint_that_is_none_is_refused(endpoint: str) -> None:
    """With an example of one; and a password has no place in it."""
    with pytest.raises(ValueError, match="Write it as https"):
        EwsServer(endpoint, Basic("svc", "secret"))


def test_a_password_is_not_shown() -> None:
    """Not even where settings are printed."""
    assert "secret" not in repr(EwsServer("https://mail.example.com/", Basic("svc", "secret")))


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 100000\r\n\r\n"


def create_against(server: EwsServer) -> MailboxError:
    """The error of a creation."""
    with closing(open_ews(server, ADDRESS)) as mailbox:
        return failing(
            lambda: mailbox.create(CONTACT, "folder", [creation("1", {"firstname": "Ann"})])
        )


def test_an_answer_that_trickles_ends_at_the_deadline() -> None:
    """No request outlives its deadline, however alive its server looks (the lease counts on it)."""
    started = time.monotonic()
    with answering(HEAD, *[b"x"] * 30, pause=0.05) as url:
        server = EwsServer(url, Basic("svc", "secret"), timeout=1, deadline=0.5)
        error = create_against(server)
        assert time.monotonic() - started < 1.4
    assert (error.sort, error.code) == (Sort.IN_DOUBT, "timeout")


@pytest.mark.parametrize(
    "pieces",
    [
        (HEAD, b"<x>"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n<x/>",),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n<x",),
        (b"HTTP/1.1 500 Oops\r\nContent-Length: 5\r\n\r\nOops!",),
        (b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n",),
        (b"HTTP/1.1 302 Found\r\nLocation: /error\r\nContent-Length: 0\r\n\r\n",),
        (b"nonsense\r\n\r\n",),
        (),
    ],
)
def test_an_answer_that_is_none_leaves_a_write_in_doubt(pieces: tuple[bytes, ...]) -> None:
    """Cut off, empty, garbage, or from a gateway in between."""
    with answering(*pieces) as url:
        error = create_against(EwsServer(url, Basic("svc", "secret"), timeout=5))
    assert (error.sort, error.scope) == (Sort.IN_DOUBT, Scope.MAILBOX)
    assert "Ann" not in str(error)
