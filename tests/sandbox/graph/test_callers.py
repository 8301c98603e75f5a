"""Who may what over Graph, and which mailboxes are not on it."""

from typing import Any

import pytest
import requests

from syncd.sandbox.server import Sandbox
from tests.sandbox.graph.conftest import ALICE, BOB, CONTACTS, Graph

READ, WRITE, SETTINGS = "Contacts.Read", "Contacts.ReadWrite", "MailboxSettings.ReadWrite"


def token(box: Sandbox, user: str | None = None, **registration: Any) -> str:
    """A token of an application, or of a user by way of it."""
    with box.organisation.lock:
        app = box.entra.register(client_id="app", **registration)
        return box.entra.tokens.access(app, "https://graph.microsoft.com", user, "")


@pytest.mark.parametrize("shown", ["", "nonsense"])
def test_nobody_comes_in_without_a_token(box: Sandbox, shown: str) -> None:
    """Also none that is none; the answer says how to sign in."""
    graph = Graph(box, token=shown)
    assert graph.refused("GET", CONTACTS) == (401, "InvalidAuthenticationToken")
    assert "Bearer" in graph.call("GET", CONTACTS).headers["WWW-Authenticate"]


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        (READ, {"GET /contacts"}),
        (WRITE, {"GET /contacts", "POST /contacts"}),
        ("MailboxSettings.Read", {"GET /outlook/masterCategories"}),
        (SETTINGS, {"GET /outlook/masterCategories", "POST /outlook/masterCategories"}),
        ("User.Read.All", {"GET "}),
    ],
)
def test_a_role_is_good_for_what_it_names(box: Sandbox, role: str, allowed: set[str]) -> None:
    """Reading is reading, and contacts are not settings."""
    graph = Graph(box, token=token(box, roles=frozenset({role})))
    bodies = {"/contacts": {"givenName": "Ada"}, "/outlook/masterCategories": {"displayName": "x"}}
    calls = [
        *(("GET", path, None) for path in ("", *bodies)),
        *(("POST", path, body) for path, body in bodies.items()),
    ]
    for method, path, body in calls:
        answer = graph.call(method, path, body)
        may = f"{method} {path}" in allowed
        assert answer.status_code in ({200, 201} if may else {403}), (method, path)


def test_users_are_found_by_id_and_by_address(box: Sandbox) -> None:
    """And one that is not there is not found, in the words of the part that was asked."""
    shown = token(box, roles=frozenset({WRITE, "User.Read.All"}))
    graph = Graph(box, ALICE, shown)
    user = graph.get("?$select=id,mail,userPrincipalName,displayName")
    assert (user["mail"], user["userPrincipalName"]) == (ALICE, ALICE)
    by_id = Graph(box, user["id"], shown)
    assert by_id.get("")["mail"] == ALICE
    by_id.post(CONTACTS, {"givenName": "Ada"})
    assert len(graph.get(CONTACTS)["value"]) == 1
    nobody = Graph(box, "nobody@example.test", shown)
    assert nobody.refused("GET", "") == (404, "Request_ResourceNotFound")
    assert nobody.refused("GET", CONTACTS) == (404, "ResourceNotFound")
    assert Graph(box).refused("GET", "") == (403, "Authorization_RequestDenied")


def test_a_mailbox_may_not_be_on_graph(box: Sandbox) -> None:
    """Its user is in the directory all the same."""
    graph = Graph(box, ALICE, token(box, roles=frozenset({WRITE, "User.Read.All"})))
    box.on_premises.add(ALICE)
    assert graph.refused("GET", CONTACTS) == (404, "MailboxNotEnabledForRESTAPI")
    assert graph.batch(("GET", "/contacts"))["1"]["status"] == 404
    assert graph.get("")["mail"] == ALICE
    Graph(box, BOB).get(CONTACTS)


def test_another_process_says_which_mailboxes_are_not_on_graph(box: Sandbox, graph: Graph) -> None:
    """By the control endpoint, all of them at once; one that there is not is refused."""
    url = f"{box.control_url}graph"
    for addresses, status in (([ALICE.upper()], 404), ([BOB], 200), ([ALICE], 404), ([], 200)):
        told = requests.post(url, json={"on_premises": addresses}, timeout=10)
        assert told.json() == {"on_premises": [each.lower() for each in addresses]}
        assert graph.call("GET", CONTACTS).status_code == status
    wrong: tuple[object, ...] = ({"on_premises": ["nobody@x.test"]}, {"on": []}, {"on_premises": 1})
    for body in wrong:
        assert requests.post(url, json=body, timeout=10).status_code == 400
    assert requests.get(url, timeout=10).json() == {"on_premises": []}


@pytest.mark.parametrize(
    ("user", "registration"),
    [
        (None, {"roles": frozenset({WRITE}), "scope": frozenset({ALICE})}),
        (ALICE, {"scopes": frozenset({WRITE})}),
    ],
)
def test_a_caller_reaches_its_own_mailboxes(
    box: Sandbox, user: str | None, registration: dict[str, Any]
) -> None:
    """An application those in its scope, a user the own one; others are denied."""
    shown = token(box, user, **registration)
    Graph(box, ALICE, shown).post(CONTACTS, {"givenName": "Ada"})
    denied = (403, "ErrorAccessDenied")
    assert Graph(box, BOB, shown).refused("GET", CONTACTS) == denied
    assert Graph(box, ALICE, shown).refused("GET", "/outlook/masterCategories") == denied
