"""Tokens of Microsoft Entra, for all threads: one request at a time, and none that is of no use."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import structlog

from syncd.outlook.authentication.cache import NotSignedIn
from syncd.outlook.authentication.certificate import CredentialUnusable
from syncd.outlook.authentication.clients import Answer, Client, client_of
from syncd.outlook.authentication.clouds import Resource
from syncd.outlook.authentication.credentials import Application, Delegated, ManagedIdentity
from syncd.outlook.authentication.refusals import explained
from syncd.outlook.authentication.wire import NoTenant, Wire, WireProblem
from syncd.outlook.errors import MailboxError, Scope, Sort

# Seconds for which a sign-in that was refused for good is not tried again: all mailboxes that are
# being synced learn of it, and whoever has put it right is not told of the old refusal.
REST = 30.0

NO_ANSWER = frozenset({"timeout", "unreachable"})
_AT_THE_MACHINE = 5.0  # seconds: it is asked over no network

_LOG = structlog.get_logger("syncd")


class Tokens:
    """The tokens of one application for one resource: a TokenSource.

    msal sends a request per thread where it has no token yet; here the first one asks, and the
    others wait for its answer.
    """

    def __init__(
        self,
        application: Application,
        resource: Resource,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._application, self._resource = application, resource
        patience = _AT_THE_MACHINE if self._is_of_machine() else application.timeout
        self._wire = Wire(verify_tls=application.verify_tls, timeout=patience, clock=clock)
        self._lock = threading.Lock()
        self._client: Client | None = None
        self._ready = False

    def token(self, *, refused: str | None = None, claims: str | None = None) -> str:
        """See TokenSource."""
        with self._lock:
            try:
                return self._token(refused, claims)
            except WireProblem as problem:
                raise self._away(problem.error) from None
            except CredentialUnusable as unusable:
                raise _unusable(unusable) from None
            except NotSignedIn:
                raise self._not_signed_in() from None
            except NoTenant as unknown:
                answer = {"error": "invalid_tenant", "error_description": unknown.description}
                raise self._refused(answer) from None
            except (ValueError, KeyError, RuntimeError):  # msal's, for what it cannot read
                says = "the sign-in service answers with what cannot be read; check authority"
                error = MailboxError(Sort.TRANSIENT, Scope.SERVER, "unreadable", says)
                raise error from None

    def _token(self, refused: str | None, claims: str | None) -> str:
        client = self._refreshed()
        if refused is not None:
            if not client.holds(refused):
                claims = None  # another thread has had a new one since
            elif claims is None:  # with claims, what is held is asked to be replaced
                client.forget(refused)
        answer = client.ask(claims)
        token = answer.get("access_token")
        if isinstance(token, str) and token:
            return token
        raise self._refused(answer)

    def _refreshed(self) -> Client:
        if self._client is None:
            self._client = client_of(self._application, self._resource, self._wire)
        try:
            self._client.refresh()
        except CredentialUnusable as unusable:
            # While a new certificate is written, the one before it goes on.
            if not self._ready or isinstance(self._application.credential, Delegated):
                raise
            _LOG.warning("the new credential cannot be used yet", problem=unusable.what)
        self._ready = True
        return self._client

    def _refused(self, answer: Answer) -> MailboxError:
        error, stops = explained(answer, self._application, self._resource.permissions)
        if stops:
            self._wire.hold(error, REST)
        return error

    def _away(self, error: MailboxError) -> MailboxError:
        """The error of a service that did not answer; a machine outside of Azure has none."""
        if error.code not in NO_ANSWER or not self._is_of_machine():
            return error
        says = (
            "this machine has no identity of its own that answers; managed-identity is for Azure, "
            'elsewhere write auth = "certificate" or "federation"'
        )
        return MailboxError(error.sort, error.scope, error.code, says)

    def _is_of_machine(self) -> bool:
        return isinstance(self._application.credential, ManagedIdentity)

    def _not_signed_in(self) -> MailboxError:
        credential = self._application.credential
        user = credential.user if isinstance(credential, Delegated) else "MAILBOX"
        says = f"{user} has not signed in; sign in: syncd login {user}"
        return MailboxError(Sort.DENIED, Scope.CREDENTIAL, "not-signed-in", says)


def _unusable(unusable: CredentialUnusable) -> MailboxError:
    # It is this machine's to mend, and often in the middle of it: nothing is suspended for it.
    says = f"{unusable.what}; {unusable.todo}"
    return MailboxError(Sort.TRANSIENT, Scope.CREDENTIAL, "credential-unusable", says)


_KNOWN: dict[tuple[Application, Resource], Tokens] = {}
_KNOWN_LOCK = threading.Lock()


def tokens_for(application: Application, resource: Resource) -> Tokens:
    """The tokens of an application for a resource, the same for all mailboxes of the process."""
    with _KNOWN_LOCK:
        known = _KNOWN.get((application, resource))
        if known is None:
            known = _KNOWN[application, resource] = Tokens(application, resource)
        return known
