"""A sandbox for each test, and Graph as bare requests see it; every exchange as it is described."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from syncd.sandbox.mailbox import Mailbox
from syncd.sandbox.server import Sandbox
from tests.sandbox.graph.description import watch

ALICE, BOB = "alice@example.test", "bob@example.test"
LINK = "String {5f0b9c1e-7d43-4a86-9e1b-2c6a8f3d4e70} Name SyncdLink"
IMMUTABLE = 'IdType="ImmutableId"'
CONTACTS = "/contactFolders/contacts/contacts"


class Graph:
    """One caller of one mailbox, by default an application as syncd's, with immutable ids."""

    def __init__(self, box: Sandbox, address: str = ALICE, token: str | None = None) -> None:
        self.box = box
        self.user = f"{box.graph_url}/users/{address}"
        self._session = requests.Session()
        self._session.headers.update(
            {
                "Authorization": f"Bearer {box.graph_token if token is None else token}",
                "Prefer": IMMUTABLE,
            }
        )

    def call(
        self, method: str, path: str, body: Any = None, /, **headers: str
    ) -> requests.Response:
        """Send a request; `path` is below the user, or a whole URL. `If_Match` is a header."""
        url = path if path.startswith("http") else self.user + path
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._session.request(method, url, json=body, headers=named, timeout=10)

    def get(self, path: str, **headers: str) -> Any:
        """Read, and return what is read."""
        return _fine(self.call("GET", path, **headers))

    def post(self, path: str, body: Any, **headers: str) -> Any:
        """Make, and return what was made."""
        return _fine(self.call("POST", path, body, **headers))

    def patch(self, path: str, body: Any, **headers: str) -> Any:
        """Change, and return what it is now."""
        return _fine(self.call("PATCH", path, body, **headers))

    def delete(self, path: str, **headers: str) -> None:
        """Delete."""
        assert self.call("DELETE", path, **headers).status_code == 204

    def batch(self, *parts: tuple[Any, ...]) -> dict[str, Any]:
        """Send parts `(method, path, body, headers, after)`; the answers by id, from "1" on."""
        written = []
        for number, part in enumerate(parts, 1):
            method, path, body, headers, after = (*part, None, None, None)[:5]
            given = {"id": str(number), "method": method, "url": f"/users/{ALICE}{path}"}
            named = {"Prefer": IMMUTABLE, **(headers or {})}
            if body is not None:
                named["Content-Type"] = "application/json"
                given["body"] = body
            if after:
                given["dependsOn"] = after
            written.append({**given, "headers": named})
        url = f"{self.box.graph_url}/$batch"
        answers = self.post(url, {"requests": written})["responses"]
        return {each["id"]: each for each in answers}

    def rounds(self, link: str, **headers: str) -> tuple[list[Any], str]:
        """Follow a delta to its end: all it told, and the link to go on with."""
        told: list[Any] = []
        while True:
            page = self.get(link, **headers)
            told += page["value"]
            if "@odata.deltaLink" in page:
                return told, page["@odata.deltaLink"]
            link = page["@odata.nextLink"]

    def refused(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, str]:
        """The status and the code of a refusal."""
        answer = self.call(method, path, body, **headers)
        return answer.status_code, answer.json()["error"]["code"]


def _fine(answer: requests.Response) -> Any:
    assert answer.status_code < 300, answer.text
    return answer.json()


@pytest.fixture
def make_box() -> Iterator[Callable[..., Sandbox]]:
    """Start sandboxes; an exchange that is not as described fails the test."""
    boxes: list[Sandbox] = []
    complaints: list[list[str]] = []

    def make(**options: Any) -> Sandbox:
        box = Sandbox(**{"users": [ALICE, BOB], **options}).start()
        boxes.append(box)
        complaints.append(watch(box))
        return box

    yield make
    for box in boxes:
        box.close()
    assert [each for found in complaints for each in found] == []


@pytest.fixture
def box(make_box: Callable[..., Sandbox]) -> Sandbox:
    """A running sandbox with Alice and Bob."""
    return make_box()


@pytest.fixture
def graph(box: Sandbox) -> Graph:
    """Alice's mailbox over Graph."""
    return Graph(box)


@pytest.fixture
def mailbox(box: Sandbox) -> Mailbox:
    """Alice's mailbox from the inside, as EWS has it."""
    return box.mailbox(ALICE)
