"""Batches: up to twenty requests in one, each with an answer of its own."""

import pytest

from syncd.sandbox.mailbox import Mailbox
from syncd.sandbox.server import Sandbox
from tests.sandbox.graph.conftest import ALICE, CONTACTS, IMMUTABLE, Graph


def test_each_part_is_answered_by_itself(box: Sandbox, graph: Graph, mailbox: Mailbox) -> None:
    """Made, changed, refused, deleted in one request; a `204` has no body, ids are as asked for."""
    made = [graph.post(CONTACTS, {"givenName": name}) for name in ("Ada", "Bea")]
    box.requests.reset()
    ada, bea = (f"/contacts/{each['id']}" for each in made)
    answers = graph.batch(
        ("GET", f"{ada}?$select=givenName"),
        ("PATCH", ada, {"givenName": "x"}, {"If-Match": made[1]["@odata.etag"]}),
        ("PATCH", bea, {"givenName": "Bee"}, {"If-Match": made[1]["@odata.etag"]}),
        ("POST", "/contacts", {"givenName": "Cleo"}),
        ("DELETE", ada),
        ("GET", "/contacts/x"),
    )
    statuses = {key: answer["status"] for key, answer in answers.items()}
    assert statuses == {"1": 200, "2": 412, "3": 200, "4": 201, "5": 204, "6": 400}
    assert answers["1"]["body"]["id"] == made[0]["id"]
    assert answers["1"]["headers"]["Preference-Applied"] == IMMUTABLE
    assert answers["2"]["body"]["error"]["code"] == "ErrorIrresolvableConflict"
    assert "body" not in answers["5"]
    assert [item["contacts:GivenName"] for item in mailbox.items()] == ["Bee", "Cleo"]
    assert dict(box.requests.counts) == {"$batch": 1}
    assert box.requests.parts.total() == 6
    assert box.requests.parts["PATCH contacts"] == 2


def test_answers_come_in_an_order_of_their_own(graph: Graph) -> None:
    """Not that of the requests, but always the same."""
    parts = [
        {"id": str(number), "method": "GET", "url": f"/users/{ALICE}/contactFolders"}
        for number in range(10)
    ]
    url = f"{graph.box.graph_url}/$batch"
    orders = [
        [each["id"] for each in graph.post(url, {"requests": parts})["responses"]] for _ in range(2)
    ]
    assert orders[0] == orders[1]
    assert sorted(orders[0]) == [part["id"] for part in parts] != orders[0]


def test_what_depends_on_a_failure_is_not_done(graph: Graph, mailbox: Mailbox) -> None:
    """424, and so is what depends on that; the others are done."""
    answers = graph.batch(
        ("GET", "/contacts/x"),
        ("POST", "/contacts", {"givenName": "Ada"}, None, ["1"]),
        ("POST", "/contacts", {"givenName": "Bea"}, None, ["2"]),
        ("POST", "/contacts", {"givenName": "Cleo"}),
    )
    assert [answers[key]["status"] for key in "1234"] == [400, 424, 424, 201]
    assert [item["contacts:GivenName"] for item in mailbox.items()] == ["Cleo"]


PART = {"id": "1", "method": "GET", "url": f"/users/{ALICE}/contactFolders"}


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [{**PART, "id": str(number)} for number in range(21)],
        [PART, PART],
        [{**PART, "dependsOn": ["2"]}],
        [{**PART, "method": "POST", "body": {}}],
        [{"id": "1"}],
        [{**PART, "method": "POST", "url": "/$batch"}],
        ["x"],
    ],
)
def test_a_batch_that_cannot_be_is_refused_as_a_whole(graph: Graph, parts: list[object]) -> None:
    """Too many, an id twice, a dependency on what is not before it, a body of no type."""
    refusal = graph.refused("POST", f"{graph.box.graph_url}/$batch", {"requests": parts})
    assert refusal == (400, "BadRequest")
