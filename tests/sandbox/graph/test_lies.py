"""Faults of a server that answers in good form what is not so: over Graph."""

from __future__ import annotations

from base64 import b64decode
from email.utils import parsedate_to_datetime

import pytest
import requests

from syncd.sandbox.mailbox import Mailbox
from syncd.sandbox.server import Sandbox
from tests.sandbox.graph.conftest import CONTACTS, Graph

NAME = "contacts:GivenName"
DELTA = f"{CONTACTS}/delta"
FIND = f"{CONTACTS}?$filter=givenName eq 'Ada'"


def names(told: list[dict[str, str]]) -> list[str]:
    """The names in an answer, in order."""
    return [each["givenName"] for each in told]


def test_an_empty_folder_is_listed_whole(box: Sandbox, graph: Graph, mailbox: Mailbox) -> None:
    """Nothing, and a delta link to go on from; no search finds any."""
    mailbox.add("contacts", {NAME: "Ada"})
    box.faults.add("*", "empty_folder", times=2)
    told, link = graph.rounds(DELTA)
    assert told == graph.get(FIND)["value"] == graph.rounds(link)[0] == []
    assert names(graph.rounds(DELTA)[0]) == names(graph.get(FIND)["value"]) == ["Ada"]


def test_changes_come_in_another_order_and_twice(
    box: Sandbox, graph: Graph, mailbox: Mailbox
) -> None:
    """The same changes, and no others."""
    for name in ("Ada", "Bob"):
        mailbox.add("contacts", {NAME: name})
    plain = names(graph.rounds(DELTA)[0])
    box.faults.add("GET contacts/delta", "reordered")
    assert names(graph.rounds(DELTA)[0]) == plain[::-1]
    box.faults.add("GET contacts/delta", "repeated")
    assert names(graph.rounds(DELTA)[0]) == [*plain, *plain]


def test_an_index_that_lags_does_not_show_what_is_young(
    box: Sandbox, graph: Graph, mailbox: Mailbox
) -> None:
    """Only to a search: a listing shows it."""
    mailbox.add("contacts", {NAME: "Ada"})
    box.faults.add("*", "lagging_index", delay_ms=60_000, times=99)
    assert graph.get(FIND)["value"] == []
    assert names(graph.get(CONTACTS)["value"]) == names(graph.rounds(DELTA)[0]) == ["Ada"]
    box.clock.advance(61)
    assert names(graph.get(FIND)["value"]) == ["Ada"]


def test_a_wrong_clock_dates_answers_and_items(box: Sandbox, graph: Graph) -> None:
    """For as long as the request takes."""
    before = box.clock.seconds()
    box.faults.add("POST contacts", "wrong_clock", delay_ms=3_600_000)
    made = graph.call("POST", CONTACTS, {"givenName": "Ada"})
    wrong = parsedate_to_datetime(made.headers["Date"]).timestamp()
    assert 3600 <= wrong - before <= 3630
    other = graph.post(CONTACTS, {"givenName": "Bob"})
    assert made.json()["lastModifiedDateTime"] > other["lastModifiedDateTime"]


@pytest.mark.parametrize(
    ("fault", "kept"), [("normalised", "ADALBERTINE"), ("truncated", "Adalbert")]
)
def test_a_text_is_kept_otherwise_than_it_was_sent(
    box: Sandbox, graph: Graph, mailbox: Mailbox, fault: str, kept: str
) -> None:
    """Once."""
    box.faults.add("POST contacts", fault)
    for _ in range(2):
        graph.post(CONTACTS, {"givenName": "Adalbertine"})
    assert [each[NAME] for each in mailbox.items()] == [kept, "Adalbertine"]


def test_change_keys_move_for_nothing(box: Sandbox, graph: Graph, mailbox: Mailbox) -> None:
    """Each item has another one, and the same content."""
    item = mailbox.add("contacts", {NAME: "Ada"})
    box.faults.add("GET contacts/delta", "restless")
    (told,) = graph.rounds(DELTA)[0]
    assert (told["givenName"], told["changeKey"] == item.change_key) == ("Ada", False)


def test_an_answer_is_cut_in_its_middle(box: Sandbox, graph: Graph, mailbox: Mailbox) -> None:
    """What was asked is done; as a part of a batch it is 504."""
    box.faults.add("POST contacts", "cut", times=2)
    with pytest.raises(requests.exceptions.RequestException):
        graph.call("POST", CONTACTS, {"givenName": "Ada"})
    assert graph.batch(("POST", "/contacts", {"givenName": "Bob"}))["1"]["status"] == 504
    assert [each[NAME] for each in mailbox.items()] == ["Ada", "Bob"]


def test_an_answer_is_none_of_graph(box: Sandbox, graph: Graph, mailbox: Mailbox) -> None:
    """A page for people, with 200; as a part of a batch in base64, as what is no JSON is."""
    box.faults.add("POST contacts", "garbage", times=2)
    answer = graph.call("POST", CONTACTS, {"givenName": "Ada"})
    assert (answer.status_code, answer.headers["Content-Type"][:9]) == (200, "text/html")
    part = graph.batch(("POST", "/contacts", {"givenName": "Bob"}))["1"]
    assert part["status"] == 200
    assert b"<html>" in b64decode(part["body"])
    assert len(mailbox.items()) == 2
