"""A hybrid tenant in memory: some mailboxes on premises, some in the cloud, under one policy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from syncd.outlook.errors import MailboxError, Scope, Sort
from syncd.outlook.port import Backend, Mailbox
from syncd.sync.mailboxes import MailboxRow
from tests.memory_mailbox import MemoryMailbox, MemoryServer
from tests.other_ids import OtherIds, OwnIds, here
from tests.sync.world import ALICE, BOB, World
from tests.sync.worlds import Memory

OFFICE, CLOUD = "office", "cloud"
NOT_HERE = {
    OFFICE: MailboxError(Sort.ELSEWHERE, Scope.MAILBOX, "NoMailbox", "there is no such mailbox"),
    CLOUD: MailboxError(Sort.ELSEWHERE, Scope.MAILBOX, "NotEnabled", "it is kept on premises"),
}
DOWN = MailboxError(Sort.TRANSIENT, Scope.SERVER, "Down", "it cannot be reached")
REFUSED = MailboxError(Sort.DENIED, Scope.CREDENTIAL, "Refused", "it refused the password")

T = TypeVar("T")


class _Gated(MemoryMailbox):
    """A port that asks at each request whether its server answers at all."""

    gate: Callable[[str], None]

    def _ask(self, call: str, effect: Callable[[], T]) -> T:
        def behind() -> T:
            self.gate(call)
            return effect()

        return super()._ask(call, behind)


class _Office(_Gated, OwnIds):
    pass


class _Cloud(_Gated, OtherIds):
    pass


@dataclass
class Hybrid:
    """The two servers. `home` says which one has a mailbox, `says` what one answers to anything.

    `asked` counts the requests by server. `leaving`: at which call a mailbox turns out to be gone.
    """

    world: World
    servers: Mapping[str, MemoryServer]
    home: dict[str, str] = field(default_factory=lambda: {ALICE: OFFICE, BOB: CLOUD})
    says: dict[str, MailboxError] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    leaving: str = ""

    @classmethod
    def of(cls, memory: Memory) -> Hybrid:
        """A world becomes hybrid: its policy names both servers."""
        world, servers = memory
        hybrid = cls(world, servers)
        world.servers, world.open_on = (OFFICE, CLOUD), hybrid.open_on
        world.other_ids = lambda address, item: (
            here(item) if hybrid.home[address] == CLOUD else item
        )
        return hybrid

    def open_on(self, server: str, row: MailboxRow) -> Mailbox:
        """Open a mailbox on one of them."""
        port: _Gated
        on_premises = self.home.get(row.address) == OFFICE
        self.servers[row.address].backend = Backend.EWS if on_premises else Backend.GRAPH
        if server == CLOUD:
            port = _Cloud(self.servers[row.address], row.address)
        else:
            port = _Office(self.servers[row.address], row.address)
        port.gate = lambda call: self._gate(server, row.address, call)
        return port

    def _gate(self, server: str, address: str, call: str) -> None:
        self.asked[server] += 1
        if call == self.leaving:
            self.leaving, self.home[address] = "", CLOUD
        if server in self.says:
            raise self.says[server]
        if self.home.get(address) != server:
            raise NOT_HERE[server]
