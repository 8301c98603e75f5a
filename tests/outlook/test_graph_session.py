"""The connection to Graph: where it leads, what it shows, and how long it waits."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from syncd.model.contact import CONTACT
from syncd.outlook.errors import MailboxError, Scope, Sort
from syncd.outlook.graph.errors import CODES, STATUSES, refusal, verdict
from syncd.outlook.graph.mailbox import GraphMailbox, open_graph
from syncd.outlook.graph.session import GRAPH, GraphServer
from syncd.outlook.port import Move, Update
from syncd.outlook.verdict import Effect
from syncd.sandbox.server import Sandbox
from syncd.sandbox.web import Answer, Call
from tests.outlook.desk import ADDRESS, GraphDesk, Shown, create, creation, default, everything
from tests.outlook.graph_wire import SECRET, answered_by, http

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n"


def failing(call: Callable[[], object]) -> MailboxError:
    """The error that a call raises."""
    with pytest.raises(MailboxError) as caught:
        call()
    return caught.value


def create_over(mailbox: GraphMailbox) -> MailboxError:
    """The error of a creation."""
    batch = [creation("1", {"firstname": "Ann"})]
    return failing(lambda: mailbox.create(CONTACT, "folder", batch))


@pytest.mark.parametrize("host", ["graph.microsoft.com", "10.0.0.1", "localhost.example.com"])
def test_a_token_does_not_travel_in_the_clear(host: str) -> None:
    """Plain HTTP is refused, except on loopback."""
    with pytest.raises(ValueError, match="in the clear"):
        GraphServer(Shown(SECRET), f"http://{host}/v1.0")
    GraphServer(Shown(SECRET), f"https://{host}/v1.0")
    for loopback in ("127.0.0.1", "[::1]", "localhost"):
        GraphServer(Shown(SECRET), f"http://{loopback}:8080/v1.0")


@pytest.mark.parametrize(
    "url", ["graph.microsoft.com", "ftp://x/", "https://u:p@x/", "https://", "https://a b/"]
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    """With an example of one."""
    with pytest.raises(ValueError, match=f"Write it as {GRAPH}"):
        GraphServer(Shown(SECRET), url)


def test_a_token_source_is_not_shown() -> None:
    """Not even where settings are printed."""
    assert SECRET not in repr(GraphServer(Shown(SECRET)))


def test_every_call_asks_for_ids_that_stay(box: Sandbox, graph: GraphMailbox) -> None:
    """Each call and each part of a batch; each call by an id of its own, for support."""
    calls: list[Call] = []

    def see(call: Call, answer: Answer) -> None:
        del answer
        calls.append(call)

    box.graph_observers.append(see)
    desk = GraphDesk(box, graph)
    made = create(desk, "1", {"firstname": "Ann"})
    graph.folders(CONTACT)
    graph.can_move(CONTACT)
    graph.offer_category("CRM")
    graph.withdraw_category("CRM")
    graph.folder(CONTACT, "default/Archiv", create=True)
    graph.find(CONTACT, [default(desk)], links=["a/b/c"], keys=["k"], ids=[made.id])
    everything(desk)
    graph.update(CONTACT, [Update(made.id, made.version, {"firstname": "Bea"}, None)])
    (item,) = graph.read(CONTACT, [made.id])
    graph.trash(CONTACT, [Move(made.id, getattr(item, "head", made).version)])
    whole = [call for call in calls if "client-request-id" in call.headers]
    assert len({call.headers["client-request-id"] for call in whole}) == graph.requests
    assert graph.requests == box.requests.total
    assert graph.subrequests == box.requests.parts.total()
    assert all('IdType="ImmutableId"' in call.headers["prefer"] for call in calls)
    changed = [c for c in calls if c.method in ("PATCH", "DELETE") and "/contacts/" in c.path]
    assert len(changed) == 2
    assert all(call.headers["if-match"].startswith('W/"') for call in changed)


def test_the_environment_does_not_replace_what_is_configured(
    box: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Neither its proxies, nor its CA bundle, nor its netrc."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login mallory password wrong\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "missing.pem"))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    server = GraphServer(Shown(box.graph_token), box.graph_url)
    with closing(open_graph(server, ADDRESS)) as mailbox:
        assert mailbox.folder(CONTACT, "default", create=False) is not None


def test_nothing_is_sent_before_the_first_call(box: Sandbox) -> None:
    """Opening a mailbox sends nothing."""
    server = GraphServer(Shown(box.graph_token), box.graph_url)
    with closing(open_graph(server, ADDRESS)) as mailbox:
        assert box.requests.total == 0
        assert mailbox.server_time is None
        mailbox.folder(CONTACT, "default", create=False)
        assert (box.requests.total, mailbox.requests) == (1, 1)
        assert mailbox.server_time is not None


def test_a_certificate_of_an_unknown_ca_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    """And with the CA named, the same server is reached."""
    with Sandbox(users=[ADDRESS], tls=tmp_path) as box:
        server = GraphServer(Shown(box.graph_token), box.graph_url)
        with closing(open_graph(server, ADDRESS)) as mailbox:
            error = create_over(mailbox)
            assert (error.sort, error.scope, error.code) == (
                Sort.TRANSIENT, Scope.SERVER, "untrusted",
            )  # fmt: skip
            assert mailbox.requests == 0
        assert box.ca is not None
        trusting = GraphServer(Shown(box.graph_token), box.graph_url, verify_tls=box.ca)
        with closing(open_graph(trusting, ADDRESS)) as mailbox:
            assert mailbox.folder(CONTACT, "default", create=False) is not None


def test_what_is_private_is_not_in_the_log(
    box: Sandbox, graph: GraphMailbox, caplog: pytest.LogCaptureFixture
) -> None:
    """Not even of a request that failed, and not at the lowest level (P14)."""
    caplog.set_level("DEBUG")
    where = default(GraphDesk(box, graph))
    batch = [creation("1", {"firstname": "Rumpelstilz"})]
    for fault in ("lost_answer", "corrupt_xml", "internal_error", "http_503"):
        box.faults.add("$batch", fault)
        error = failing(lambda: graph.create(CONTACT, where, batch))
        assert "Rumpelstilz" not in repr(error)
        assert box.graph_token not in repr(error)
    assert "Rumpelstilz" not in caplog.text
    assert box.graph_token not in caplog.text


def test_an_answer_that_trickles_ends_at_the_deadline() -> None:
    """No request outlives its deadline, however alive its server looks (the lease counts on it)."""
    started = time.monotonic()
    with answered_by(HEAD, *[b"x"] * 30, pause=0.05, timeout=1, deadline=0.5) as mailbox:
        error = create_over(mailbox)
        assert time.monotonic() - started < 1.4
    assert (error.sort, error.code) == (Sort.IN_DOUBT, "timeout")


@pytest.mark.parametrize(
    "pieces",
    [
        (HEAD, b"{}"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n<x/>",),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]",),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{",),
        (b"HTTP/1.1 500 Oops\r\nContent-Length: 5\r\n\r\nOops!",),
        (b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n",),
        (b"HTTP/1.1 302 Found\r\nLocation: /error\r\nContent-Length: 0\r\n\r\n",),
        (b"nonsense\r\n\r\n",),
        (http({"responses": 3}),),
        (),
    ],
)
def test_an_answer_that_is_none_leaves_a_write_in_doubt(pieces: tuple[bytes, ...]) -> None:
    """Cut off, empty, garbage, or from a gateway in between."""
    with answered_by(*pieces) as mailbox:
        error = create_over(mailbox)
    assert (error.sort, error.scope) == (Sort.IN_DOUBT, Scope.MAILBOX)
    assert "Ann" not in str(error)
    assert SECRET not in str(error)


def test_what_is_not_graph_is_said_to_be_none() -> None:
    """A wrong address, a proxy: nothing was written there."""
    with answered_by(b"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\n<x/>") as mailbox:
        error = create_over(mailbox)
    assert (error.sort, error.scope) == (Sort.TRANSIENT, Scope.SERVER)
    assert "base_url" in error.message


@pytest.mark.parametrize("code", [*CODES, *STATUSES, 418, 302, 599])
@pytest.mark.parametrize("effect", Effect)
def test_what_an_error_says_is_ours(code: str | int, effect: Effect) -> None:
    """Never the server's words, which may quote an item; and whether anything may be done."""
    status, name = (400, code) if isinstance(code, str) else (code, "Strange")
    error = refusal(status, name, effect, 7)
    assert (error.retry_after, error.code) == (7, name)
    assert error.scope is not Scope.ITEM
    assert ("may have been done" in error.message) is (error.sort is Sort.IN_DOUBT)
    assert effect is Effect.WRITES or error.sort is not Sort.IN_DOUBT


def test_a_refusal_after_which_something_may_be_done_is_a_doubt() -> None:
    """Every status of a server or a gateway that failed; no status of one that refused."""
    for status in (408, 500, 502, 503, 504, 302, 0):
        assert verdict(status, "").write is Sort.IN_DOUBT
    for status in (400, 401, 403, 404, 405, 409, 410, 412, 413, 423, 424, 429, 507):
        assert verdict(status, "").write is not Sort.IN_DOUBT
    for code in ("MailboxConcurrency", "ApplicationThrottled"):
        assert verdict(429, code).write is Sort.THROTTLED
        assert verdict(503, code).write is Sort.IN_DOUBT


def test_the_servers_words_are_not_passed_on() -> None:
    """They may quote what was in an item (P14)."""
    for code in ("ErrorItemSave", "Cannot save 'Rumpelstilz'.", {"x": "Rumpelstilz"}):
        said = {"error": {"code": code, "message": "Cannot save 'Rumpelstilz'."}}
        with answered_by(http(said, 400)) as mailbox:
            error = create_over(mailbox)
        assert "Rumpelstilz" not in json.dumps([str(error), error.message, error.code])
