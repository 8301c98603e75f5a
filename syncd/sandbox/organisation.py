"""The mailboxes of one server, who may use them, and the lock that guards all of it."""

import threading
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from syncd.sandbox.callers import Reach, everywhere
from syncd.sandbox.clock import Clock
from syncd.sandbox.mailbox import Mailbox


@dataclass(frozen=True, slots=True)
class Account:
    """Who is knocking: a user with a mailbox, or a service account, which has none.

    `reach` says whom a service account may impersonate.
    """

    name: str
    is_service: bool
    reach: Reach = everywhere


class Organisation:
    """All mailboxes, by address and by GUID. Hold `lock` while touching any of them."""

    def __init__(self, password: str, service: str, clock: Clock) -> None:
        self.password = password
        self.service = service
        self.clock = clock
        self.lock = threading.RLock()
        self._by_address: dict[str, Mailbox] = {}
        self._by_guid: dict[uuid.UUID, Mailbox] = {}

    def add(self, address: str, names: Mapping[str, str] | None = None) -> Mailbox:
        """Make a mailbox, its folders named as `names` says (by distinguished name)."""
        return self.put(Mailbox(address, self.clock, names))

    def put(self, mailbox: Mailbox) -> Mailbox:
        """Take in a mailbox as it is, in the place of one of the same address."""
        if (former := self.by_address(mailbox.address)) is not None:
            del self._by_guid[former.guid]
        self._by_address[mailbox.address.lower()] = mailbox
        self._by_guid[mailbox.guid] = mailbox
        return mailbox

    def mailboxes(self) -> Iterable[Mailbox]:
        """Return all mailboxes."""
        return self._by_address.values()

    def by_address(self, address: str) -> Mailbox | None:
        """Find a mailbox by its address, in whatever case."""
        return self._by_address.get(address.strip().lower())

    def by_guid(self, guid: uuid.UUID) -> Mailbox | None:
        """Find the mailbox an id belongs to."""
        return self._by_guid.get(guid)

    def sign_in(self, name: str, password: str) -> Account | None:
        """Check a name, with or without a Windows domain, and the password; None means no."""
        short = name.rpartition("\\")[2]
        if password != self.password:
            return None
        if short.lower() == self.service.lower():
            return Account(short, is_service=True)
        if self.by_address(short) is not None:
            return Account(short.lower(), is_service=False)
        return None
