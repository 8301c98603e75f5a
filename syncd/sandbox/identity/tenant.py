"""The tenant: its applications, how they sign in, and whether a token that is shown holds.

box.entra.register(client_id="…", secret="…", roles={"Contacts.ReadWrite"}, scope={"a@b.test"})
box.entra.grants.decide("BCDFGHJKL", "alice@example.test", approve=True)
box.entra.demand({"nbf": {"essential": True, "value": "1790000000"}})
"""

import json
from collections.abc import Mapping
from typing import Unpack

from syncd.sandbox.callers import Caller
from syncd.sandbox.clock import Clock
from syncd.sandbox.identity import errors
from syncd.sandbox.identity.grants import Grants
from syncd.sandbox.identity.registry import (
    CLIENT_ID,
    EWS_ROLES,
    TENANT,
    Application,
    Registration,
    Resource,
    application,
)
from syncd.sandbox.identity.tokens import TokenRefused, Tokens, Wrong
from syncd.sandbox.web import Call


class Entra:
    """One tenant. Whoever is not in the same thread as a test holds the organisation's lock."""

    def __init__(self, clock: Clock, secret: str) -> None:
        self.tenant = TENANT
        self.clock = clock
        self.tokens = Tokens(clock)
        self.grants = Grants(clock)
        self._applications: dict[str, Application] = {}
        self._demanded: dict[Resource, str] = {}
        self.default = self.register(client_id=CLIENT_ID, secret=secret, managed=True)

    def register(self, **registration: Unpack[Registration]) -> Application:
        """Add an application, or put another in the place of the one with its id.

        The fields are those of `Registration`.
        """
        made = application(**registration)
        self._applications[made.client_id] = made
        return made

    def remove(self, client_id: str) -> None:
        """Take an application away: neither it nor its tokens are known any more."""
        self._applications.pop(client_id, None)

    def application(self, client_id: str) -> Application:
        """Return an application.

        Raises:
            SignInRefused: there is none.

        """
        found = self._applications.get(client_id.strip().lower())
        if found is None:
            raise errors.unknown_application(client_id, self.tenant)
        return found

    def client_ids(self) -> list[str]:
        """Return the ids of all applications."""
        return sorted(self._applications)

    def managed(self, client_id: str | None) -> Application | None:
        """Return the managed identity of an id, or the one that the machine has of itself."""
        able = [each for each in self._applications.values() if each.managed]
        return next((a for a in able if client_id is None or a.client_id == client_id), None)

    def demand(self, claims: Mapping[str, object], resource: Resource = Resource.GRAPH) -> None:
        """Refuse tokens of a resource, with a claims challenge, until they come with these claims.

        No claims demand nothing.
        """
        text = json.dumps({"access_token": claims}, separators=(",", ":")) if claims else ""
        self._demanded[resource] = text

    def examine(self, authorization: str, resource: Resource) -> Caller:
        """Return who shows a token in an Authorization header.

        Raises:
            TokenRefused: no token, or one that does not hold.

        """
        scheme, _, raw = authorization.partition(" ")
        if scheme.lower() != "bearer" or not raw.strip():
            raise TokenRefused(Wrong.MISSING)
        token = self.tokens.check(raw.strip(), resource, self._demanded.get(resource, ""))
        found = self._applications.get(token.text("appid"))
        if found is None:
            raise TokenRefused(Wrong.APPLICATION)
        if token.text("idtyp") == "user":
            user = token.text("upn")
            return Caller(user, user, frozenset(token.text("scp").split()))
        listed = token.claims.get("roles", [])
        consented = frozenset(map(str, listed)) if isinstance(listed, list) else frozenset()
        scoped = {
            role: reach
            for role, reach in found.scoped.items()
            if role not in consented and (role in EWS_ROLES) is (resource is Resource.EWS)
        }
        return Caller(found.client_id, None, consented | scoped.keys(), scoped)

    def caller_of(self, call: Call, resource: Resource) -> Caller | None:
        """Return who makes a call, None where the token does not hold; `examine` says why."""
        try:
            return self.examine(call.headers.get("authorization", ""), resource)
        except TokenRefused:
            return None
