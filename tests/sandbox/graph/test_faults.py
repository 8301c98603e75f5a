"""What goes wrong over Graph on demand: whole calls, parts of batches, dead links, limits."""

import time
from collections.abc import Callable
from typing import Any

import pytest
import requests

from syncd.sandbox.mailbox import Mailbox
from syncd.sandbox.server import Sandbox
from tests.sandbox.graph.conftest import ALICE, BOB, CONTACTS, Graph

ADA = {"givenName": "Ada"}
POST = "POST contacts"
ELSEWHERE = "MailboxNotEnabledForRESTAPI"
MALFORMED = "ErrorInvalidIdMalformed"

# fault, options, status, code, whether it is done all the same
REFUSALS: tuple[tuple[str, dict[str, Any], int, str, bool], ...] = (
    ("unauthorized", {}, 401, "InvalidAuthenticationToken", False),
    ("claims_challenge", {}, 401, "InvalidAuthenticationToken", False),
    ("http_403", {}, 403, "ErrorAccessDenied", False),
    ("http_429", {}, 429, "ApplicationThrottled", False),
    ("http_429", {"code": "MailboxConcurrency"}, 429, "MailboxConcurrency", False),
    ("http_503", {}, 503, "ServiceUnavailable", False),
    ("server_busy", {}, 503, "ErrorServerBusy", False),
    ("internal_error", {}, 500, "ErrorInternalServerError", False),
    ("http_504", {}, 504, "Timeout", True),
    ("item_error", {"code": "ErrorQuotaExceeded"}, 507, "ErrorQuotaExceeded", False),
    ("item_error", {"code": ELSEWHERE}, 404, ELSEWHERE, False),
)  # fmt: skip


@pytest.mark.parametrize(("fault", "options", "status", "code", "done"), REFUSALS)
def test_a_call_is_refused_on_demand(
    box: Sandbox,
    graph: Graph,
    mailbox: Mailbox,
    fault: str,
    options: dict[str, Any],
    status: int,
    code: str,
    done: bool,
) -> None:
    """By itself or as a part of a batch, once; the code decides the status."""
    box.faults.add(POST, fault, **options)
    assert graph.refused("POST", CONTACTS, ADA) == (status, code)
    assert len(mailbox.items()) == done
    graph.post(CONTACTS, ADA)

    box.faults.add(POST, fault, after=1, **options)
    answers = graph.batch(*[("POST", "/contacts", ADA)] * 3)
    assert [answers[key]["status"] for key in "123"] == [201, status, 201]
    assert answers["2"]["body"]["error"]["code"] == code
    assert len(mailbox.items()) == 3 + 2 * done


def test_what_is_over_the_limit_says_how_long_to_wait(box: Sandbox, graph: Graph) -> None:
    """As a header of the call, and of the part."""
    box.faults.add(POST, "http_429", back_off_ms=7000)
    assert graph.call("POST", CONTACTS, ADA).headers["Retry-After"] == "7"
    box.faults.add(POST, "http_429", back_off_ms=9000)
    assert graph.batch(("POST", "/contacts", ADA))["1"]["headers"]["Retry-After"] == "9"
    box.faults.add("$batch", "http_503", back_off_ms=5000)
    refused = graph.call("POST", f"{box.graph_url}/$batch", {"requests": []})
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")


def test_a_claims_challenge_says_what_the_next_token_needs(box: Sandbox, graph: Graph) -> None:
    """In the header that asks for another token."""
    box.faults.add("*", "claims_challenge")
    header = graph.call("GET", CONTACTS).headers["WWW-Authenticate"]
    assert 'error="insufficient_claims"' in header
    assert 'claims="' in header


@pytest.mark.parametrize(
    ("fault", "now", "later"), [("lost_answer", 1, 1), ("lost_request", 0, 0), ("late_write", 0, 1)]
)
def test_a_call_without_an_answer(
    box: Sandbox, graph: Graph, mailbox: Mailbox, fault: str, now: int, later: int
) -> None:
    """Done, not done, or done later; in a batch it is a gateway that gave up."""
    box.faults.add(POST, fault, delay_ms=50)
    with pytest.raises(requests.ConnectionError):
        graph.call("POST", CONTACTS, ADA)
    assert len(mailbox.items()) == now
    box.faults.add(POST, fault, delay_ms=50)
    assert graph.batch(("POST", "/contacts", ADA))["1"]["status"] == 504
    for _ in range(100):
        if len(mailbox.items()) == 2 * later:
            break
        time.sleep(0.02)
    assert len(mailbox.items()) == 2 * later


def test_an_answer_is_cut_in_the_middle(box: Sandbox, graph: Graph, mailbox: Mailbox) -> None:
    """What was asked for is done."""
    box.faults.add(POST, "corrupt_xml")
    answer = graph.call("POST", CONTACTS, ADA)
    assert answer.status_code == 201
    with pytest.raises(requests.JSONDecodeError):
        answer.json()
    assert len(mailbox.items()) == 1


@pytest.mark.parametrize("whole", [True, False])
def test_an_answer_is_slow(box: Sandbox, graph: Graph, whole: bool) -> None:
    """Of a call, and of a batch that one part keeps back."""
    box.faults.add("$batch" if whole else POST, "slow", delay_ms=60)
    start = time.monotonic()
    assert graph.batch(("POST", "/contacts", ADA))["1"]["status"] == 201
    assert time.monotonic() - start >= 0.06


def test_somebody_saves_a_contact_just_before(box: Sandbox, graph: Graph) -> None:
    """Then its etag is stale."""
    made = graph.post(CONTACTS, ADA)
    box.faults.add("PATCH contacts", "stale_change_key", item=made["id"])
    path, etag = f"/contacts/{made['id']}", made["@odata.etag"]
    assert graph.refused("PATCH", path, ADA, If_Match=etag) == (412, "ErrorIrresolvableConflict")


@pytest.mark.parametrize(
    ("fault", "options", "refusal"),
    [
        ("invalid_sync_state", {}, (410, "SyncStateNotFound")),
        ("invalid_sync_state", {"code": MALFORMED}, (400, MALFORMED)),
        ("bare_sync_error", {}, (400, "BadRequest")),
    ],
)
def test_a_delta_link_dies(
    box: Sandbox, graph: Graph, fault: str, options: dict[str, str], refusal: tuple[int, str]
) -> None:
    """In any of the ways in which they do; a fresh round is let be."""
    delta = f"{CONTACTS}/delta"
    box.faults.add("GET contacts/delta", fault, **options)
    _, link = graph.rounds(delta)
    assert graph.refused("GET", link) == refusal
    assert graph.rounds(link)[0] == []


def test_a_rule_can_be_of_one_mailbox(box: Sandbox, graph: Graph) -> None:
    """The others go on."""
    box.faults.add("*", "http_403", mailbox=BOB, times=9)
    graph.get(CONTACTS)
    assert Graph(box, BOB).refused("GET", CONTACTS) == (403, "ErrorAccessDenied")


def test_a_mailbox_has_a_limit(make_box: Callable[..., Sandbox]) -> None:
    """In ten minutes by the sandbox's clock; parts count singly, other mailboxes by themselves."""
    box = make_box(graph_limit=3)
    graph = Graph(box)
    graph.get(CONTACTS)
    answers = graph.batch(*[("GET", "/contactFolders")] * 3)
    assert [answers[key]["status"] for key in "123"] == [200, 200, 429]
    assert answers["3"]["headers"]["Retry-After"] == "600"
    assert graph.refused("GET", CONTACTS) == (429, "ApplicationThrottled")
    Graph(box, BOB).get(CONTACTS)
    box.clock.advance(601)
    graph.get(CONTACTS)
    assert ALICE in graph.user
