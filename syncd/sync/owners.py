"""Who holds a lease: which process, on which machine, so that one that died here is known for dead.

Killed at any instruction, the next start goes on by itself: it need not wait for the lease of a
process to run out that provably lives no more. Judged are processes of this very machine alone,
and whenever anything is unclear its holder counts as alive: then the lease runs out, as any does.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import socket
from functools import cache
from pathlib import Path

_PROC = Path("/proc")  # of Linux; elsewhere nobody is judged
_BOOT = _PROC / "sys/kernel/random/boot_id"
_NAMESPACE = _PROC / "self/ns/pid"  # containers of one machine count their processes apart
_STATE, _THREADS, _STARTED = 0, 17, 19  # behind the name in /proc/PID/stat, see proc(5)


def new_owner() -> str:
    """A name for the holder of one lease: nobody else's, and saying which process that is."""
    place, once = _place(), secrets.token_hex(8)
    began = _began(os.getpid()) if place else None
    return f"{place}:{os.getpid()}:{began}:{once}" if began else once


def is_dead(owner: str) -> bool:
    """Whether the holder of a lease is a process of this machine that provably lives no more."""
    match owner.split(":"):
        case [place, pid, began, _] if place == _place() and pid.isdecimal():
            return not _lives(int(pid), began)
        case _:
            return False


def _lives(pid: int, began: str) -> bool:
    try:
        os.kill(pid, 0)  # asks only; unlike /proc it never hides what another user runs
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    # The number may have gone to another process since, which then began later.
    found = _stat(pid)
    if found is None:
        return True
    killed = found[_STATE] in "ZX" and int(found[_THREADS]) <= 1  # nobody has taken note of it yet
    return found[_STARTED] == began and not killed


def _began(pid: int) -> str | None:
    """When a process began, in ticks of the clock since this machine did."""
    found = _stat(pid)
    return found[_STARTED] if found else None


def _stat(pid: int) -> list[str] | None:
    try:
        fields = (_PROC / f"{pid}" / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return fields if len(fields) > _STARTED else None


@cache
def _place() -> str:
    """This machine since it was last started, and this container in it; empty when not known."""
    try:
        said = f"{_BOOT.read_text().strip()} {_NAMESPACE.readlink()} {socket.gethostname()}"
    except OSError:
        return ""
    return hashlib.blake2b(said.encode(), digest_size=8).hexdigest()
