"""A server of a few lines, for answers that no sandbox should give."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def answering(
    *pieces: bytes,
    pause: float = 0,
    tls: ssl.SSLContext | None = None,
    times: int = 1,
    asked: bytes = b"Envelope>",
) -> Iterator[str]:
    """The endpoint of a server that answers whatever it is asked with these pieces, and hangs up.

    `pause` is the time between two pieces, in seconds; `times` how many connections it takes;
    `asked` is what a request has near its end.
    """
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            for _ in range(times):
                plain, _ = listening.accept()
                with plain:
                    try:
                        _answer(tls.wrap_socket(plain, server_side=True) if tls else plain)
                    except OSError:  # the client has hung up
                        continue

        def _answer(connection: socket.socket) -> None:
            with connection:
                while asked not in connection.recv(1_000_000):
                    pass
                for piece in pieces:
                    connection.sendall(piece)
                    time.sleep(pause)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        scheme, port = "https" if tls else "http", listening.getsockname()[1]
        yield f"{scheme}://127.0.0.1:{port}/EWS/Exchange.asmx"
        thread.join(5)
