"""What a site of the sandbox is asked over HTTP, and what it answers. It knows no sockets."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `path` is without the query, both as they came; header names are lower case.

    `base` is where the server is reached, without a path: what links in answers begin with.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    base: str


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer. `silent`: the connection closes without it; `cut`: in the middle of it.

    `lead`: by how many seconds the clock is wrong that its Date is taken from.
    """

    status: int
    body: bytes = b""
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()
    silent: bool = False
    cut: bool = False
    lead: int = 0


class Site(Protocol):
    """One of the things that are served at one address, such as Graph or the sign-in."""

    def serves(self, path: str) -> bool:
        """Whether a path is this site's."""

    def answer(self, call: Call) -> Answer:
        """Do what is asked. Takes the lock of the organisation by itself."""
