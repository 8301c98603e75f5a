"""Where the EWS of a mailbox on premises is: autodiscover in its plain form (POX).

Shapes: [MS-OXDSCLI]. Exchange Online is never looked for: its address is known. A password goes
to hosts of the mailbox's own domain, or to the one that the configuration names, over TLS and only
where they ask for it: whoever answers under a name that autodiscover makes up would have it else.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin, urlsplit
from xml.sax.saxutils import escape

import requests
import structlog
from lxml import etree
from requests.auth import HTTPBasicAuth

from syncd.outlook.errors import MailboxError, Scope, Sort
from syncd.outlook.ews import errors
from syncd.outlook.ews.sign_in import NO_HANDSHAKE, REFUSED, Basic, Ntlm, handshake
from syncd.outlook.ews.xml import Element, parse
from syncd.outlook.transport import LOST, is_loopback, lost, secure
from syncd.outlook.verdict import Effect, error

PATH = "/autodiscover/autodiscover.xml"
_REQUEST = "http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006"
_RESPONSE = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a"
_HOPS = 5  # redirects, of either sort, before it is taken for a circle
_UNKNOWN_ADDRESS = "500"
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_ONLINE = (".outlook.com", ".office365.com", ".office365.us", ".outlook.cn", ".onmicrosoft.com",
           ".onmicrosoft.us", ".partner.onmschina.cn")  # fmt: skip
_WRITE = "write its EWS URL as endpoint, or autodiscover, in the configuration"

_LOG = structlog.get_logger("syncd")


@dataclass(frozen=True, slots=True)
class Autodiscover:
    """Where to ask; `None`: at the hosts of the mailbox's domain."""

    url: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """The endpoint, and how many requests it took to find it: none where it was known."""

    endpoint: str
    requests: int


class _Refused(Exception):
    """A host that does not say where the mailbox is. `why` is a clause."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


_KNOWN: dict[tuple[str, Autodiscover, str], str] = {}
_KNOWN_LOCK = threading.Lock()


def discover(
    address: str,
    where: Autodiscover,
    sign_in: Basic | Ntlm,
    *,
    verify_tls: bool | Path = True,
    timeout: float = 60.0,
) -> Found:
    """Where the EWS of a mailbox is; once found, it is known to the whole process.

    Raises MailboxError.
    """
    key = (address, where, sign_in.username)
    with _KNOWN_LOCK:
        known = _KNOWN.get(key)
    if known is not None:
        return Found(known, 0)
    with requests.Session() as session:
        secure(session, verify_tls)
        found = _Search(session, sign_in, where, timeout).of(address)
    with _KNOWN_LOCK:
        _KNOWN[key] = found.endpoint
    _LOG.info("autodiscover found the server", host=urlsplit(found.endpoint).hostname)
    return found


class _Search:
    """One search, from host to host."""

    def __init__(
        self,
        session: requests.Session,
        sign_in: Basic | Ntlm,
        where: Autodiscover,
        timeout: float,
    ) -> None:
        self._session, self._where, self._timeout = session, where, timeout
        self._auth = (
            handshake(sign_in)
            if isinstance(sign_in, Ntlm)
            else HTTPBasicAuth(sign_in.username, sign_in.password)
        )
        self._hops = 0
        self._count = 0

    def of(self, address: str) -> Found:
        """Where a mailbox is. Raises MailboxError."""
        domain = address.rpartition("@")[2]
        said = []
        for url in self._urls(domain):
            try:
                return Found(self._ask(url, address, domain), self._count)
            except _Refused as refused:
                said.append(f"{urlsplit(url).hostname} {refused.why}")
        raise MailboxError(
            Sort.TRANSIENT, Scope.SERVER, "autodiscover",
            f"autodiscover finds no Exchange of {domain} ({'; '.join(said)}); {_WRITE}",
        )  # fmt: skip

    def _urls(self, domain: str) -> tuple[str, ...]:
        if self._where.url is not None:
            return (self._where.url,)
        return f"https://{domain}{PATH}", f"https://autodiscover.{domain}{PATH}"

    def _ask(self, url: str, address: str, domain: str) -> str:
        """The endpoint that this URL names, or that it leads to."""
        reply = self._post(url, address)
        if reply.status_code in _REDIRECTS:
            return self._ask(self._next(url, reply.headers.get("Location", ""), domain), address,
                             domain)  # fmt: skip
        if reply.status_code != requests.codes.ok:
            raise _Refused(f"answers with HTTP {reply.status_code}")
        try:
            root = parse(reply.content)
        except etree.XMLSyntaxError:
            raise _Refused("answers with what is no autodiscover") from None
        code = _text(root, "ErrorCode")
        if code and code != _UNKNOWN_ADDRESS:
            raise _Refused(f"answers with error {code}")
        if code:
            raise _elsewhere(f"{urlsplit(url).hostname} knows no mailbox {address}")
        match _text(root, "Action").lower():
            case "redirectaddr":
                return self._at_other_address(_text(root, "RedirectAddr").lower(), url, domain)
            case "redirecturl":
                return self._ask(self._next(url, _text(root, "RedirectUrl"), domain), address,
                                 domain)  # fmt: skip
        endpoint = _endpoint_in(root)
        if endpoint is None:
            raise _Refused("names no EWS")
        return endpoint

    def _at_other_address(self, address: str, url: str, domain: str) -> str:
        self._hop()
        other = address.rpartition("@")[2]
        if f".{other}".endswith(_ONLINE):
            raise _elsewhere(f"{urlsplit(url).hostname} leads to {other}, in Exchange Online")
        if self._where.url is None and not _within(other, domain):
            raise _Refused(f"leads to addresses of {other}, which is another domain")
        return self._ask(url, address, domain)

    def _next(self, url: str, location: str, domain: str) -> str:
        """The URL that another one leads to, where that may have the password."""
        self._hop()
        further = urljoin(url, location)
        parts = urlsplit(further)
        host = parts.hostname or ""
        if f".{host}".endswith(_ONLINE):
            raise _elsewhere(f"{urlsplit(url).hostname} leads to {host}, in Exchange Online")
        if parts.scheme != "https" or parts.username is not None:
            raise _Refused("leads to what is no https:// URL")
        if not (_within(host, domain) or host == urlsplit(url).hostname):
            raise _Refused(f"leads to {host}, which is in another domain")
        return further

    def _hop(self) -> None:
        self._hops += 1
        if self._hops > _HOPS:
            raise _Refused("leads in a circle")

    def _post(self, url: str, address: str) -> requests.Response:
        """Ask without credentials, and with them where they are asked for."""
        body = (
            f'<Autodiscover xmlns="{_REQUEST}"><Request><EMailAddress>{escape(address)}'
            f"</EMailAddress><AcceptableResponseSchema>{_RESPONSE}</AcceptableResponseSchema>"
            "</Request></Autodiscover>"
        ).encode()
        try:
            reply = self._send(url, body, None)
            if reply.status_code == REFUSED:
                reply = self._send(url, body, self._auth)
        except NO_HANDSHAKE:
            raise error("ntlm", errors.NO_NTLM, Effect.NONE) from None
        except LOST as problem:
            why = lost(problem, Effect.NONE, begun=True)
            raise _Refused("cannot be reached" if why.code != "timeout" else why.message) from None
        if reply.status_code == REFUSED:
            raise error(f"http-{REFUSED}", errors.of_status(REFUSED), Effect.NONE)
        return reply

    def _send(
        self, url: str, body: bytes, auth: requests.auth.AuthBase | None
    ) -> requests.Response:
        reply = self._session.post(
            url, data=body, auth=auth, timeout=self._timeout, allow_redirects=False,
            headers={"Content-Type": "text/xml; charset=utf-8"},
        )  # fmt: skip
        self._count += 1 + len(reply.history)
        return reply


def _within(host: str, domain: str) -> bool:
    return host == domain or host.endswith(f".{domain}")


def _text(root: Element, name: str) -> str:
    """The text of the first element of this name, whatever its schema: there are three of them."""
    found = next(root.iter(f"{{*}}{name}"), None)
    return (found.text or "").strip() if found is not None else ""


def _endpoint_in(root: Element) -> str | None:
    """The EWS URL: for clients inside (EXCH) first, else for those outside (EXPR)."""
    by_type = {_text(each, "Type"): _text(each, "EwsUrl") for each in root.iter("{*}Protocol")}
    url = by_type.get("EXCH") or by_type.get("EXPR") or ""
    parts = urlsplit(url)
    safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))
    return url if safe and parts.hostname else None


def _elsewhere(says: str) -> MailboxError:
    todo = 'name a server with backend = "graph" in the policy, or check its address'
    return MailboxError(Sort.ELSEWHERE, Scope.MAILBOX, "autodiscover", f"{says}; {todo}")
