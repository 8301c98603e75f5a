"""The check of exchanges against the description finds what is wrong."""

import json
from typing import Any

import pytest

from syncd.sandbox.web import Answer, Call
from tests.sandbox.graph.description import HAVE_DESCRIPTION, description

pytestmark = pytest.mark.skipif(not HAVE_DESCRIPTION, reason="needs the description of Graph")

CONTACTS = "/v1.0/users/a@x.test/contacts"
ERROR = {"error": {"code": "x", "message": "y"}}


@pytest.mark.parametrize(
    ("method", "path", "sent", "status", "body", "wrong"),
    [
        ("GET", f"{CONTACTS}/x", None, 200, {"@odata.etag": "e", "id": "x"}, False),
        ("GET", f"{CONTACTS}/x", None, 200, {"givenName": 3}, True),
        ("GET", f"{CONTACTS}/x", None, 200, {"faxNumber": "3"}, True),
        ("GET", f"{CONTACTS}/x", None, 404, ERROR, False),
        ("GET", f"{CONTACTS}/x", None, 404, {"error": "x"}, True),
        ("GET", f"{CONTACTS}/x", None, 202, {}, True),
        ("GET", CONTACTS, None, 200, {"value": [{"id": "x", "faxNumber": "3"}]}, True),
        ("GET", f"{CONTACTS}/delta", None, 200, {"value": [{"id": "x", "@removed": {}}]}, False),
        ("GET", f"{CONTACTS}/delta", None, 200, {"@odata.deltaLink": "x"}, True),
        ("POST", CONTACTS, {"givenName": "x"}, 201, {"id": "x"}, False),
        ("POST", CONTACTS, {"givenName": 3}, 201, {"id": "x"}, True),
        ("POST", CONTACTS, {"faxNumber": "3"}, 201, {"id": "x"}, True),
        ("POST", CONTACTS, {"faxNumber": "3"}, 400, ERROR, False),
        ("DELETE", f"{CONTACTS}/x", None, 204, None, False),
        ("DELETE", f"{CONTACTS}/x", None, 204, {}, True),
        ("POST", "/v1.0/$batch", {}, 200, {"responses": [{"id": "1"}]}, True),
    ],
)
def test_what_is_not_as_described_is_found(
    method: str, path: str, sent: Any, status: int, body: Any, wrong: bool
) -> None:
    """Types, names, statuses and missing parts, of answers and of what was let in."""
    call = Call(method, path, "", {}, _bytes(sent), "http://x")
    found = description().complaints(call, Answer(status, _bytes(body)))
    assert bool(found) == wrong, found


def _bytes(body: Any) -> bytes:
    return b"" if body is None else json.dumps(body).encode()
