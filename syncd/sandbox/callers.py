"""Who calls with a token, what they were granted, and which mailboxes that covers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

Reach = Callable[[str], bool]


def everywhere(_address: str) -> bool:
    """The reach of a role that nobody has scoped."""
    return True


@dataclass(frozen=True, slots=True)
class Caller:
    """One application, or one user by way of an application.

    `name` is the client id of an application and the address of a user. `mailbox` is the user's
    own, None for an application, which comes without one. `roles` are application roles or
    delegated scopes. `reaches` says for a role which addresses it covers (RBAC for Applications);
    a role that is not in it covers all.
    """

    name: str
    mailbox: str | None
    roles: frozenset[str]
    reaches: Mapping[str, Reach] = field(default_factory=lambda: MappingProxyType({}))

    def may_reach(self, address: str, role: str | None = None) -> bool:
        """Whether a mailbox is the caller's to open: with one role, or with any that it has."""
        if self.mailbox is not None:
            return self.mailbox.lower() == address.strip().lower()
        roles = self.roles if role is None else self.roles & {role}
        return any(self.reaches.get(each, everywhere)(address.strip().lower()) for each in roles)
