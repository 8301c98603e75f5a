"""Graph answers that no sandbox should give, and a host that nobody is to talk to."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from urllib.parse import urlsplit

from syncd.outlook.graph.mailbox import GraphMailbox, open_graph
from syncd.outlook.graph.session import GraphServer
from tests.outlook.desk import ADDRESS, Shown
from tests.outlook.wire import answering

SECRET = "the-token"


def http(content: object, status: int = 200, *headers: str) -> bytes:
    """A whole HTTP answer with this JSON."""
    body = json.dumps(content).encode()
    lines = (f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", "Connection: close", *headers)
    return "\r\n".join((*lines, "", "")).encode() + body


@contextmanager
def answered_by(
    *pieces: bytes, times: int = 1, pause: float = 0, timeout: float = 5, deadline: float = 10
) -> Iterator[GraphMailbox]:
    """A mailbox whose server answers every request with these pieces."""
    with answering(*pieces, times=times, pause=pause, asked=b"") as url:
        parts = urlsplit(url)
        base = f"{parts.scheme}://{parts.netloc}/v1.0"
        server = GraphServer(Shown(SECRET), base, timeout=timeout, deadline=deadline)
        with closing(open_graph(server, ADDRESS)) as mailbox:
            yield mailbox


@contextmanager
def deserted() -> Iterator[tuple[str, list[bytes]]]:
    """A host on loopback, as `host:port`; afterwards, what was sent to it."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        yield f"127.0.0.1:{listening.getsockname()[1]}", heard
        try:
            connection, _ = listening.accept()
        except BlockingIOError:
            return
        with connection:
            heard.append(connection.recv(10_000))
