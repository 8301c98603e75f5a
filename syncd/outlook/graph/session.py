"""One mailbox's connection to Graph: one session, one clock, a token, and the gate.

Nothing is ever sent twice but after a 401, which comes before any effect: then once, with a new
token.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import cast
from urllib.parse import SplitResult, quote, urlsplit
from uuid import uuid4

import requests

from syncd.model.values import UNSTORABLE
from syncd.outlook.authentication.challenge import claims_in
from syncd.outlook.authentication.source import TokenSource
from syncd.outlook.errors import MailboxError
from syncd.outlook.graph import errors
from syncd.outlook.graph.gate import Gate, gate_of
from syncd.outlook.transport import (
    LOST,
    Body,
    Reply,
    Wait,
    is_loopback,
    is_unconnected,
    lost,
    receive,
    secure,
)
from syncd.outlook.verdict import Effect, unanswered

Json = Mapping[str, object]

GRAPH = "https://graph.microsoft.com/v1.0"
NO_CONTENT = 204  # the status of a DELETE that was done
IMMUTABLE = 'IdType="ImmutableId"'  # else an id changes where the item is moved

_PORTS = {"https": 443, "http": 80}
_HOST = re.compile(r"(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::[0-9]+)?", re.IGNORECASE)
_CODE = re.compile(r"[\w.-]{1,80}")  # a code, and no sentence that quotes an item


@dataclass(frozen=True, slots=True)
class GraphServer:
    """Where Graph is, and who signs in. Raises ValueError for an address that is not safe.

    `verify_tls` is True, False, or the file of the organisation's own CA. `timeout` is how long
    to wait for the next piece of an answer, `deadline` for all of it, both in seconds; a request
    ends at the latest one `timeout` after its `deadline`, and a write at `WRITE_OVER`.
    """

    tokens: TokenSource = field(repr=False)
    base_url: str = GRAPH
    verify_tls: bool | Path = True
    timeout: float = 60.0
    deadline: float = 180.0

    def __post_init__(self) -> None:
        parts = urlsplit(self.base_url)
        if parts.scheme not in _PORTS or not parts.hostname or not _HOST.fullmatch(parts.netloc):
            raise ValueError(
                f"{self.base_url!r} is no address of Graph. Nothing was sent. Write it as {GRAPH}"
            )
        if parts.scheme == "http" and not is_loopback(parts.hostname):
            raise ValueError(
                f"{self.base_url} would send the access token in the clear. Nothing was sent. "
                "Write the address with https://"
            )


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, or that to one part of a batch. `code` is Graph's own, of one that failed.

    `challenge` is what a part of a batch asks of the token instead (WWW-Authenticate).
    """

    status: int
    body: Json
    retry_after: float | None = None
    challenge: str | None = None

    @property
    def ok(self) -> bool:
        """Whether what was asked was done."""
        return 200 <= self.status < 300

    @property
    def code(self) -> str:
        """The code of the error; empty where there is none."""
        error = self.body.get("error")
        code = error.get("code") if isinstance(error, dict) else None
        return code if isinstance(code, str) and _CODE.fullmatch(code) else ""


@dataclass(frozen=True, slots=True)
class _Asked:
    method: str
    url: str
    body: bytes = b""
    effect: Effect = Effect.NONE
    prefer: tuple[str, ...] = ()
    weight: int = 1


class Session:
    """The connection of one mailbox: one request at a time, not between threads."""

    def __init__(self, server: GraphServer, address: str) -> None:
        self._server = server
        self._base = server.base_url.rstrip("/")
        self._session = requests.Session()
        secure(self._session, server.verify_tls)
        self._token: str | None = None
        self.user = f"/users/{quote(address, safe='@')}"
        self.gate: Gate = gate_of(urlsplit(self._base).netloc, address)
        self.requests = 0
        self.subrequests = 0
        self.server_time: datetime | None = None

    def get(self, link: str, *prefer: str) -> Answer:
        """Read what is at a link: a path of Graph, or a whole URL that it gave out."""
        return self._send(_Asked("GET", self._url(link), prefer=prefer))

    def post(self, path: str, content: Json, effect: Effect, weight: int = 1) -> Answer:
        """Post to a path of Graph; `weight` is how many requests it counts as."""
        body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
        return self._send(_Asked("POST", self._url(path), body, effect, weight=weight))

    def renew(self, challenge: str | None) -> str:
        """Have a new token, in the place of one that was refused. Raises MailboxError."""
        claims = claims_in(challenge)
        self._token = self._server.tokens.token(refused=self._token, claims=claims)
        return self._token

    def is_here(self, link: str) -> bool:
        """Whether a whole URL leads to this server: nobody else is shown a token."""
        try:
            return _where(urlsplit(link)) == _where(urlsplit(self._base))
        except ValueError:
            return False

    def foreign(self, link: str) -> MailboxError:
        """What it means that a link leads elsewhere: it is not followed."""
        says = (
            f"Graph, asked at {_shown(self._base)}, named a link to {_shown(link)}, where nothing "
            "was sent; write the one that it names as the endpoint, if it is the same server"
        )
        return unanswered("foreign-link", says, Effect.NONE)

    def close(self) -> None:
        """Give back the connection."""
        self._session.close()

    def _url(self, link: str) -> str:
        """The whole URL of a path. Raises MailboxError for one that leads elsewhere."""
        url = f"{self._base}{link}" if link.startswith("/") else link
        if not self.is_here(url):
            raise self.foreign(url)
        return url

    def _send(self, asked: _Asked) -> Answer:
        token = self._token = self._token or self._server.tokens.token()
        reply = self._pass(asked, token)
        if reply.status == 401:
            reply = self._pass(asked, self.renew(reply.challenge))
        if reply.status == 401:
            self._token = None
        answer = Answer(reply.status, _json(reply, asked.effect), reply.pause)
        if answer.status in (429, 503) and answer.retry_after is not None:
            self.gate.hold(answer.retry_after)
        return answer

    def _pass(self, asked: _Asked, token: str) -> Reply:
        with self.gate.passing(asked.weight):
            reply = self._exchange(asked, token)
        self.server_time = reply.date
        return reply

    def _exchange(self, asked: _Asked, token: str) -> Reply:
        wait = Wait.of(asked.effect, self._server.timeout, self._server.deadline)
        body = Body(asked.body, wait.until) if asked.body else None
        headers = {
            "Authorization": f"Bearer {token}",
            "Accept": "application/json",
            "Accept-Encoding": "gzip, deflate",
            "Prefer": ", ".join((IMMUTABLE, *asked.prefer)),
            "User-Agent": "syncd",
            "client-request-id": str(uuid4()),
            **({"Content-Type": "application/json"} if asked.body else {}),
        }
        begun = True
        try:
            # Prepared here: the session has nothing of its own to add, neither a cookie nor a
            # sign-in from a netrc of the environment.
            request = requests.Request(asked.method, asked.url, headers, data=body).prepare()
            with self._session.send(
                request,
                timeout=wait.silence,
                allow_redirects=False,
                stream=True,
            ) as response:
                return receive(response, wait.until)
        except LOST as problem:
            begun = body.begun if body is not None else not is_unconnected(problem)
            # Its cause may quote the request.
            raise lost(problem, asked.effect, begun=begun) from None
        finally:
            self.requests += begun


def refused(answer: Answer, effect: Effect = Effect.NONE) -> MailboxError:
    """What an answer that is no success is raised as."""
    return errors.refusal(answer.status, answer.code, effect, answer.retry_after)


def values(body: Json) -> list[Json]:
    """The members of a collection. Raises MailboxError when the answer holds none."""
    found = body.get("value")
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise unanswered("garbage", "the answer cannot be read", Effect.NONE)
    return cast("list[Json]", found)


def link_in(body: Json, name: str) -> str | None:
    """A link that an answer holds, such as `@odata.nextLink`."""
    found = body.get(name)
    return found if isinstance(found, str) and found else None


def _where(parts: SplitResult) -> tuple[str, str | None, int | None]:
    """The place that a URL leads to. Raises ValueError where parsers could differ about it."""
    if parts.scheme not in _PORTS or not _HOST.fullmatch(parts.netloc):
        raise ValueError("no plain address")
    return parts.scheme, parts.hostname, parts.port or _PORTS[parts.scheme]


def _shown(link: str) -> str:
    """The host of a URL, with its port, as far as it is a plain one."""
    try:
        scheme, host, port = _where(urlsplit(link))
    except ValueError:
        return "an address that cannot be read"
    return f"{scheme}://{host}:{port}"


# How JSON says what no store can keep, or something like it.
_MAYBE_UNSTORABLE = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])|\xed[\xa0-\xbf]")


def _json(reply: Reply, effect: Effect) -> Json:
    """The object that an answer holds. What failed may hold anything else.

    What no store can keep is taken out, as over EWS: one such item must not hide all others (P10).
    """
    try:
        found = json.loads(reply.content) if reply.content else {}
    except ValueError:
        found = None
    if _MAYBE_UNSTORABLE.search(reply.content):
        found = _sound(found)
    if isinstance(found, dict):
        return found
    if 200 <= reply.status < 300:
        raise unanswered("garbage", "the answer cannot be read", effect)
    return {}


def _sound(said: object) -> object:
    if isinstance(said, str):
        return UNSTORABLE.sub("", said)
    if isinstance(said, list):
        return [_sound(each) for each in said]
    if isinstance(said, dict):
        return {_sound(name): _sound(each) for name, each in said.items()}
    return said
