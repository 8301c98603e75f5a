"""Telling the service manager how far we are (sd_notify), where there is one that listens."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from contextlib import suppress


def notify(state: str, environment: Mapping[str, str] = os.environ) -> None:
    """Send `READY=1` or the like to the socket that NOTIFY_SOCKET names. Never fails."""
    address = environment.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    if address.startswith("@"):  # a socket without a file, of Linux
        address = f"\0{address[1:]}"
    # A manager that does not listen must not stop what it manages.
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.connect(address)
        sender.sendall(state.encode())
