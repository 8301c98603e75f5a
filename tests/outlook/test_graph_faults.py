"""What the Graph adapter makes of a server that fails. Nothing is ever sent twice."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import replace
from functools import partial

import pytest

from syncd.model.contact import CONTACT
from syncd.outlook.errors import Failure, MailboxError, Scope, Sort
from syncd.outlook.graph.mailbox import GraphMailbox, open_graph
from syncd.outlook.graph.session import GraphServer
from syncd.outlook.port import Move, Update, Written
from syncd.sandbox.server import Sandbox
from tests.outlook.desk import ADDRESS, GraphDesk, Shown, create, creation, default, everything

WRITES = ("POST contacts", "PATCH contacts", "DELETE contacts")


@pytest.fixture
def desk(box: Sandbox, graph: GraphMailbox) -> GraphDesk:
    """A desk over Graph alone: these faults are those of Graph."""
    return GraphDesk(box, graph)


def writes(desk: GraphDesk, operation: str, count: int = 1) -> Callable[[], object]:
    """A call that sends one batch of such writes; what it needs is there already."""
    where = default(desk)
    if operation == "POST contacts":
        batch = [creation(str(number), {"firstname": "Ann"}) for number in range(count)]
        return lambda: desk.mailbox.create(CONTACT, where, batch)
    made = [create(desk, str(number), {"firstname": "Ann"}) for number in range(count)]
    if operation == "PATCH contacts":
        updates = [Update(each.id, each.version, {"firstname": "Anna"}, None) for each in made]
        return lambda: desk.mailbox.update(CONTACT, updates)
    moves = [Move(each.id, each.version) for each in made]
    desk.mailbox.folders(CONTACT)  # what is in Deleted Items is known by now
    return lambda: desk.mailbox.trash(CONTACT, moves)


def strike(desk: GraphDesk, operation: str, fault: str, **options: object) -> None:
    """Arm a fault of the batch that writes: the first one where nothing is compared before."""
    before = 0 if operation == "POST contacts" else 1
    desk.box.faults.add("$batch", fault, after=before, **options)


def failing(call: Callable[[], object]) -> MailboxError:
    """The error that a call raises."""
    with pytest.raises(MailboxError) as caught:
        call()
    return caught.value


def results(call: Callable[[], object]) -> list[Written | Failure]:
    """What a write answers, item by item."""
    made = call()
    assert isinstance(made, list)
    return made


def effects(desk: GraphDesk) -> Mapping[str, int]:
    """How often each sort of write was asked for."""
    return {each: desk.box.requests.parts[each] for each in WRITES}


@pytest.mark.parametrize("operation", WRITES)
@pytest.mark.parametrize(
    ("fault", "sort", "scope"),
    [
        ("lost_answer", Sort.IN_DOUBT, Scope.MAILBOX),
        ("lost_request", Sort.IN_DOUBT, Scope.MAILBOX),
        ("late_write", Sort.IN_DOUBT, Scope.MAILBOX),
        ("corrupt_xml", Sort.IN_DOUBT, Scope.MAILBOX),
        ("internal_error", Sort.IN_DOUBT, Scope.MAILBOX),
        ("http_503", Sort.IN_DOUBT, Scope.MAILBOX),
        ("http_504", Sort.IN_DOUBT, Scope.MAILBOX),
        ("http_429", Sort.THROTTLED, Scope.MAILBOX),
        ("http_403", Sort.DENIED, Scope.MAILBOX),
    ],
)
def test_a_write_that_fails_is_sent_exactly_once(
    desk: GraphDesk, operation: str, fault: str, sort: Sort, scope: Scope
) -> None:
    """Whatever the server answers, nothing below the port sends a write again (P3)."""
    call = writes(desk, operation)
    before, ours, theirs = effects(desk), desk.mailbox.requests, desk.box.requests.total
    strike(desk, operation, fault, times=9, delay_ms=20)
    error = failing(call)
    assert (error.sort, error.scope) == (sort, scope)
    sent = 1 if operation == "POST contacts" else 2
    assert (desk.mailbox.requests - ours, desk.box.requests.total - theirs) == (sent, sent)
    assert effects(desk)[operation] - before[operation] <= 1
    armed = {rule.fault.value: left for rule, left in desk.box.faults.pending()}
    assert armed == {fault: 8}


@pytest.mark.parametrize("operation", WRITES)
@pytest.mark.parametrize(
    ("fault", "code", "sort"),
    [
        ("lost_answer", "", Sort.IN_DOUBT),
        ("http_504", "", Sort.IN_DOUBT),
        ("http_503", "", Sort.IN_DOUBT),
        ("internal_error", "", Sort.IN_DOUBT),
        ("item_error", "ErrorItemSave", Sort.INVALID),
        ("item_error", "ErrorInvalidProperty", Sort.INVALID),
        ("item_error", "ErrorItemNotFound", Sort.GONE),
        ("item_error", "ErrorIrresolvableConflict", Sort.PRECONDITION),
        ("item_error", "FailedDependency", Sort.NOT_TRIED),
        ("item_error", "ErrorQuotaExceeded", Sort.TRANSIENT),
        ("item_error", "MailboxNotEnabledForRESTAPI", Sort.ELSEWHERE),
        ("http_429", "MailboxConcurrency", Sort.THROTTLED),
        ("http_403", "", Sort.DENIED),
    ],
)
def test_what_one_part_answers_stays_its_own(
    desk: GraphDesk, operation: str, fault: str, code: str, sort: Sort
) -> None:
    """Of three parts the second fails: the others are done, and nothing is sent again (P10)."""
    call, before = writes(desk, operation, 3), effects(desk)[operation]
    options = {"code": code} if code else {}
    desk.box.faults.add(operation, fault, after=1, **options)
    one, two, three = results(call)
    assert isinstance(one, Written)
    assert isinstance(two, Failure)
    assert isinstance(three, Written)
    assert two.sort is sort
    assert effects(desk)[operation] - before == 3


@pytest.mark.parametrize("operation", WRITES)
@pytest.mark.parametrize(
    ("code", "sort", "scope"),
    [
        ("ErrorQuotaExceeded", Sort.TRANSIENT, Scope.MAILBOX),
        ("ErrorAccessDenied", Sort.DENIED, Scope.MAILBOX),
        ("MailboxNotEnabledForRESTAPI", Sort.ELSEWHERE, Scope.MAILBOX),
        ("ApplicationThrottled", Sort.THROTTLED, Scope.MAILBOX),
    ],
)
def test_what_every_part_answers_concerns_more_than_an_item(
    desk: GraphDesk, operation: str, code: str, sort: Sort, scope: Scope
) -> None:
    """Three times `the mailbox is full` is one error of the mailbox."""
    call = writes(desk, operation, 3)
    desk.box.faults.add(operation, "item_error", code=code, times=3)
    error = failing(call)
    assert (error.sort, error.scope) == (sort, scope)


@pytest.mark.parametrize(
    ("code", "sort"),
    [("ErrorItemSave", Sort.INVALID), ("ErrorIrresolvableConflict", Sort.PRECONDITION)],
)
def test_an_item_that_fails_alone_in_its_batch_is_still_one_item(
    desk: GraphDesk, code: str, sort: Sort
) -> None:
    """Else one bad item would stop its mailbox run after run (P10)."""
    call = writes(desk, "PATCH contacts")
    desk.box.faults.add("PATCH contacts", "item_error", code=code)
    (failed,) = results(call)
    assert isinstance(failed, Failure)
    assert failed.sort is sort


@pytest.mark.parametrize(
    ("fault", "sort", "scope"),
    [
        ("lost_answer", Sort.TRANSIENT, Scope.SERVER),
        ("corrupt_xml", Sort.TRANSIENT, Scope.SERVER),
        ("internal_error", Sort.TRANSIENT, Scope.MAILBOX),
        ("http_503", Sort.THROTTLED, Scope.SERVER),
        ("http_504", Sort.TRANSIENT, Scope.SERVER),
        ("http_429", Sort.THROTTLED, Scope.MAILBOX),
        ("http_403", Sort.DENIED, Scope.MAILBOX),
    ],
)
def test_a_read_that_fails_says_when_to_come_back(
    desk: GraphDesk, fault: str, sort: Sort, scope: Scope
) -> None:
    """A read has no effect, so it is never in doubt; its caller decides when to ask again."""
    where, before = default(desk), desk.mailbox.requests
    desk.box.faults.add("GET contacts/delta", fault)
    error = failing(lambda: desk.mailbox.changes(CONTACT, where, None))
    assert (error.sort, error.scope) == (sort, scope)
    assert desk.mailbox.requests == before + 1


def test_a_look_that_fails_writes_nothing(desk: GraphDesk) -> None:
    """It only read: nothing is in doubt, and nothing is written without a look."""
    call, before = writes(desk, "PATCH contacts"), effects(desk)
    desk.box.faults.add("$batch", "lost_answer")
    assert failing(call).sort is Sort.TRANSIENT
    desk.box.faults.add("GET contact", "internal_error")
    (failed,) = results(call)
    assert isinstance(failed, Failure)
    assert failed.sort is Sort.TRANSIENT
    assert effects(desk) == before


def test_a_write_whose_answer_was_lost_was_done(desk: GraphDesk) -> None:
    """In doubt means that somebody looks; and looking by key finds what was done."""
    call = writes(desk, "POST contacts")
    desk.box.faults.add("$batch", "lost_answer")
    assert failing(call).sort is Sort.IN_DOUBT
    assert len(desk.mailbox.find(CONTACT, [default(desk)], keys=["key-1"])) == 1


def test_a_write_that_came_late_is_there_in_the_end(desk: GraphDesk) -> None:
    """Once: the look right after it was refused must not be the last."""
    call = writes(desk, "POST contacts")
    desk.box.faults.add("$batch", "late_write", delay_ms=150)
    assert failing(call).sort is Sort.IN_DOUBT
    assert not everything(desk)
    time.sleep(0.4)
    assert len(everything(desk)) == 1


def test_an_answer_that_comes_too_late_is_in_doubt(box: Sandbox, desk: GraphDesk) -> None:
    """A time-out of a write says nothing about the write."""
    where, batch = default(desk), [creation("1", {"firstname": "Ann"})]
    hasty = GraphServer(Shown(box.graph_token), box.graph_url, timeout=0.4, deadline=5)
    with closing(open_graph(hasty, ADDRESS)) as mailbox:
        box.faults.add("$batch", "slow", delay_ms=1200)
        error = failing(lambda: mailbox.create(CONTACT, where, batch))
    assert (error.sort, error.code) == (Sort.IN_DOUBT, "timeout")
    assert len(everything(desk)) == 1


def test_a_server_that_is_not_there_was_sent_nothing() -> None:
    """A write that never left is not in doubt."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    for scheme in ("http", "https"):
        nobody = GraphServer(Shown("secret"), f"{scheme}://127.0.0.1:{port}/v1.0")
        with closing(open_graph(nobody, ADDRESS)) as mailbox:
            batch = [creation("1", {"firstname": "Ann"})]
            for call in (
                partial(mailbox.create, CONTACT, "folder", batch),
                partial(mailbox.changes, CONTACT, "folder", None),
            ):
                error = failing(call)
                assert (error.sort, error.scope) == (Sort.TRANSIENT, Scope.SERVER)
                assert error.code == "unreachable"
                assert "secret" not in str(error)
            assert (mailbox.requests, mailbox.subrequests) == (0, 0)


def test_a_server_that_speaks_no_tls_was_sent_nothing(box: Sandbox) -> None:
    """A failed handshake comes before the request."""
    wrong = GraphServer(Shown("secret"), box.graph_url.replace("http://", "https://"))
    with closing(open_graph(wrong, ADDRESS)) as mailbox:
        batch = [creation("1", {"firstname": "Ann"})]
        error = failing(lambda: mailbox.create(CONTACT, "folder", batch))
    assert (error.sort, error.scope) == (Sort.TRANSIENT, Scope.SERVER)


def test_a_mailbox_that_is_not_here_is_elsewhere(box: Sandbox, graph: GraphMailbox) -> None:
    """On Exchange Server, or unknown: another server of the policy may have it."""
    box.on_premises.add(ADDRESS)
    server = GraphServer(Shown(box.graph_token), box.graph_url)
    with closing(open_graph(server, "nobody@example.test")) as nobody:
        for mailbox in (graph, nobody):
            error = failing(partial(mailbox.folder, CONTACT, "default", create=False))
            assert (error.sort, error.scope) == (Sort.ELSEWHERE, Scope.MAILBOX)


def test_a_pause_is_kept_without_sleeping_and_without_sending(desk: GraphDesk) -> None:
    """Retry-After holds the mailbox, for whoever opens it next: refused here, unsent."""
    where = default(desk)
    desk.box.faults.add("GET contacts/delta", "http_429", back_off_ms=30_000)
    assert failing(lambda: desk.mailbox.changes(CONTACT, where, None)).retry_after == 30
    before = desk.box.requests.total
    server = GraphServer(Shown(desk.box.graph_token), desk.box.graph_url)
    with closing(open_graph(server, ADDRESS.upper())) as again:
        for mailbox in (desk.mailbox, again):
            error = failing(partial(mailbox.changes, CONTACT, where, None))
            assert (error.sort, error.scope) == (Sort.THROTTLED, Scope.MAILBOX)
            assert 0 < (error.retry_after or 0) <= 30
    assert desk.box.requests.total == before
    with closing(open_graph(server, "bob@example.test")) as other:
        assert other.folder(CONTACT, "default", create=False) is not None


def test_a_pause_that_one_part_asks_for_holds_the_mailbox(desk: GraphDesk) -> None:
    """What the others answered is kept; the next request waits."""
    call = writes(desk, "POST contacts", 3)
    desk.box.faults.add("POST contacts", "http_429", back_off_ms=20_000)
    made = results(call)
    assert [isinstance(each, Written) for each in made] == [False, True, True]
    error = failing(call)
    assert error.sort is Sort.THROTTLED
    assert 0 < (error.retry_after or 0) <= 20


def test_a_token_that_is_refused_is_replaced_once(box: Sandbox) -> None:
    """A 401 comes before any effect; the second one is final, and locks nobody out."""
    tokens = Handed(["stale", box.graph_token])
    server = GraphServer(tokens, box.graph_url)
    with closing(open_graph(server, ADDRESS)) as mailbox:
        desk = GraphDesk(box, mailbox)
        create(desk, "1", {"firstname": "Ann"})
        assert tokens.asked == [(None, None), ("stale", None)]
        assert len(everything(desk)) == 1
        assert tokens.asked[2:] == []
    tokens = Handed(["stale", "staler", "never"])
    with closing(open_graph(replace(server, tokens=tokens), ADDRESS)) as mailbox:
        batch = [creation("2", {"firstname": "Bob"})]
        error = failing(lambda: mailbox.create(CONTACT, "contacts", batch))
        assert (error.sort, error.scope) == (Sort.DENIED, Scope.CREDENTIAL)
        assert mailbox.requests == len(tokens.asked) == 2
    assert "stale" not in str(error)


def test_a_claims_challenge_is_honoured_once(box: Sandbox) -> None:
    """With the claims as the sign-in takes them: decoded."""
    tokens = Handed([box.graph_token] * 3)
    with closing(open_graph(GraphServer(tokens, box.graph_url), ADDRESS)) as mailbox:
        where = default(GraphDesk(box, mailbox))
        box.faults.add("$batch", "claims_challenge")
        made = mailbox.create(CONTACT, where, [creation("1", {"firstname": "Ann"})])
        assert isinstance(made[0], Written)
        ((_, claims),) = tokens.asked[1:]
        assert claims is not None
        assert claims.startswith('{"access_token"')
        assert mailbox.requests == 3
        box.faults.add("$batch", "claims_challenge", times=2)
        batch = [creation("2", {"firstname": "Bob"})]
        assert failing(lambda: mailbox.create(CONTACT, where, batch)).scope is Scope.CREDENTIAL
    assert len(box.mailbox(ADDRESS).items()) == 1


class Handed:
    """Gives out these tokens one after the other. Implements `TokenSource`."""

    def __init__(self, texts: list[str]) -> None:
        self._texts = texts
        self.asked: list[tuple[str | None, str | None]] = []

    def token(self, *, refused: str | None = None, claims: str | None = None) -> str:
        """Give out the next token, and remember why it was asked for."""
        self.asked.append((refused, claims))
        return self._texts[len(self.asked) - 1]


@pytest.mark.parametrize("operation", WRITES)
@pytest.mark.parametrize("fault", ["unauthorized", "claims_challenge"])
def test_a_part_that_is_refused_for_its_token_is_sent_once_more(
    desk: GraphDesk, operation: str, fault: str
) -> None:
    """A 401 comes before any effect; what the others of its batch did is not done again (P3)."""
    call = writes(desk, operation, 3)
    before = effects(desk)[operation]
    desk.box.faults.add(operation, fault, after=1)
    assert all(isinstance(each, Written) for each in results(call))
    assert effects(desk)[operation] - before == 4


@pytest.mark.parametrize("operation", WRITES)
def test_a_part_that_is_refused_with_a_new_token_too_is_denied(
    desk: GraphDesk, operation: str
) -> None:
    """What the others did is known to be done, and no batch is sent a third time."""
    call = writes(desk, operation, 2)
    before = effects(desk)[operation]
    desk.box.faults.add(operation, "unauthorized", after=1, times=9)
    one, other = results(call)
    assert isinstance(one, Written)
    assert isinstance(other, Failure)
    assert other.sort is Sort.DENIED
    assert effects(desk)[operation] - before == 3


@pytest.mark.parametrize("operation", WRITES)
@pytest.mark.parametrize(
    ("fault", "sort"), [("lost_answer", Sort.IN_DOUBT), ("http_429", Sort.DENIED)]
)
def test_what_is_lost_with_the_second_try_is_that_part_alone(
    desk: GraphDesk, operation: str, fault: str, sort: Sort
) -> None:
    """Those that were done at first are not in doubt, and not taken for failed (P3)."""
    call = writes(desk, operation, 2)
    desk.box.faults.add(operation, "unauthorized")
    desk.box.faults.add("$batch", fault, after=1 if operation == "POST contacts" else 2)
    one, other = results(call)
    assert isinstance(other, Written)
    assert isinstance(one, Failure)
    assert one.sort is sort
