"""What goes wrong at the server: for a mailbox in memory here, over the wire by the sandbox."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from syncd.model.values import Value
from syncd.outlook.errors import MailboxError, Scope, Sort
from syncd.outlook.port import Backend
from syncd.sync.mailboxes import MailboxState
from tests.memory_server import Effect, MemoryServer, run
from tests.sync.world import WRITES
from tests.sync.worlds import Memory


class Woe(StrEnum):
    """The troubles there are."""

    STOPPED = "stopped"  # nothing is answered
    FORBIDDEN = "forbidden"  # the folder may not be read
    FORGOTTEN = "forgotten"  # where reading left off is not known any more
    UNANSWERED = "unanswered"  # the next write is done, and not answered


LASTING = frozenset({Woe.STOPPED, Woe.FORBIDDEN})
# A move where nothing can be moved: what is written in its place.
INSTEAD = frozenset({"update", "trash"})
CALLS: Mapping[Backend, Mapping[str, str]] = {
    Backend.EWS: {"create": "CreateItem", "update": "UpdateItem", "move": "MoveItem"},
    Backend.GRAPH: {
        "create": "POST contacts",
        "update": "PATCH contacts",
        "move": "PATCH contacts",
    },
}
# On what request, what goes wrong, and more of it. What names a pause is waited for: none does.
ON_THE_WIRE: Mapping[Backend, Mapping[Woe, tuple[str, str, Mapping[str, str]]]] = {
    Backend.EWS: {
        Woe.STOPPED: ("*", "http_503", {}),
        Woe.FORBIDDEN: ("SyncFolderItems", "soap_fault", {"code": "ErrorAccessDenied"}),
        Woe.FORGOTTEN: ("SyncFolderItems", "invalid_sync_state", {}),
        Woe.UNANSWERED: ("", "lost_answer", {}),
    },
    Backend.GRAPH: {
        Woe.STOPPED: ("*", "internal_error", {}),
        Woe.FORBIDDEN: ("GET contacts/delta", "http_403", {}),
        Woe.FORGOTTEN: ("GET contacts/delta", "invalid_sync_state", {}),
        Woe.UNANSWERED: ("", "lost_answer", {}),
    },
}


@dataclass
class Trouble:
    """Stands between a request and its effect in memory. A value, so that a twin has its own."""

    sort: Woe
    writes: frozenset[str] = WRITES
    over: bool = False

    def __call__(self, call: str, effect: Effect) -> object:
        """One request."""
        if self.over:
            return effect()
        match self.sort:
            case Woe.STOPPED:
                raise MailboxError(Sort.TRANSIENT, Scope.SERVER, "Stopped", "nobody answers")
            case Woe.FORBIDDEN if call == "changes":
                raise MailboxError(Sort.DENIED, Scope.MAILBOX, "Denied", "no right to the folder")
            case Woe.UNANSWERED if call in self.writes:
                self.over = True
                effect()
                raise MailboxError(Sort.IN_DOUBT, Scope.SERVER, "NoAnswer", "no answer came")
            case _:
                return effect()


@dataclass
class Overtaken:
    """An edit that is saved just before the next write: from a phone, while syncd is about to."""

    server: MemoryServer
    item: str
    fields: Mapping[str, Value]
    over: bool = False
    booked: bool = False  # in the ledger of a run that it fell into

    def __call__(self, call: str, effect: Effect) -> object:
        """One request."""
        if call in WRITES and not self.over:
            self.over = True
            self.server.edit(self.item, self.fields)
        return effect()


def well_again(memory: Memory) -> Memory:
    """The same with what lasts over, and nobody suspended for it. What comes once may yet come."""
    world, servers = memory
    for address, server in servers.items():
        if isinstance(server.meddle, Trouble) and server.meddle.sort in LASTING:
            server.meddle = run
        if world.state(address).state is MailboxState.SUSPENDED:
            world.resume(address)
    return memory


@dataclass(frozen=True)
class Refusal:
    """What a server in memory does not take: any write that sets these fields to these values."""

    values: Mapping[str, Value]

    def __call__(self, fields: Mapping[str, Value]) -> bool:
        """Whether a write is refused."""
        return all(fields.get(name) == value for name, value in self.values.items())
