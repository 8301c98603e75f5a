"""Where a server on premises is found, and where no password goes."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from urllib3.util import connection

from syncd.model.contact import CONTACT
from syncd.outlook.errors import MailboxError, Scope, Sort
from syncd.outlook.ews import autodiscover
from syncd.outlook.ews.autodiscover import Autodiscover, discover
from syncd.outlook.ews.mailbox import open_ews
from syncd.outlook.ews.session import EwsServer
from syncd.outlook.ews.sign_in import Basic, Ntlm
from syncd.sandbox.server import Sandbox
from syncd.sandbox.web import Answer, Call
from tests.outlook.authentication.conftest import ALICE

XML = (
    '<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006">'
    '<Response xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/'
    'responseschema/2006a"><Account>{}</Account></Response></Autodiscover>'
)


class Hosts:
    """What answers under which name, by host: a redirect, an XML answer, or a status.

    A name that is not here is the sandbox's own. `shown` are the hosts that saw credentials.
    """

    def __init__(self) -> None:
        self.answers: Mapping[str, str | int] = {}
        self.asked: list[str] = []
        self.shown: set[str] = set()

    def serves(self, path: str) -> bool:
        """Whatever is asked of a host that has an answer of its own."""
        return path == autodiscover.PATH and bool(self.answers)

    def answer(self, call: Call) -> Answer:
        """Answer for the host that was asked."""
        host = call.headers["host"]
        self.asked.append(host)
        if "authorization" in call.headers:
            self.shown.add(host)
        said = self.answers[host]
        if isinstance(said, int):
            return Answer(said)
        if said.startswith(("https:", "http:")):
            return Answer(302, headers=(("Location", said),))
        if "authorization" not in call.headers:
            return Answer(401, headers=(("WWW-Authenticate", "Basic"),))
        return Answer(200, XML.format(said).encode(), "text/xml")


@pytest.fixture
def box(tls: Path) -> Iterator[Sandbox]:
    """A server on premises, over TLS."""
    with Sandbox([ALICE], tls=tls) as box:
        yield box


@pytest.fixture
def hosts(box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Hosts:
    """Every name leads to the sandbox, where these answer under it; nothing is remembered."""
    made = Hosts()
    box.sites.insert(0, made)
    port = int(box.base_url.rpartition(":")[2])

    def connect(_: tuple[str, int], *args: Any, **kwargs: Any) -> socket.socket:
        return real(("127.0.0.1", port), *args, **kwargs)

    real = connection.create_connection
    monkeypatch.setattr(connection, "create_connection", connect)
    monkeypatch.setattr(autodiscover, "_KNOWN", {})
    return made


def found(where: Autodiscover | None = None, address: str = ALICE) -> str:
    """Where the mailbox's EWS is said to be."""
    account = Basic("svc-syncd", "sandbox")
    return discover(address, where or Autodiscover(), account, verify_tls=False).endpoint


def refused(where: Autodiscover | None = None) -> MailboxError:
    """Why it is not found."""
    with pytest.raises(MailboxError) as error:
        found(where)
    return error.value


SETTINGS = (
    "<Action>settings</Action><Protocol><Type>EXCH</Type><EwsUrl>{}</EwsUrl></Protocol>"
    "<Protocol><Type>EXPR</Type><EwsUrl>https://out.example.test/</EwsUrl></Protocol>"
)
HERE = SETTINGS.format("https://mail.example.test/EWS/Exchange.asmx")


def test_a_server_is_found_in_the_domain_of_the_mailbox(hosts: Hosts) -> None:
    """At the domain itself, else at autodiscover below it; what was found is not asked again."""
    hosts.answers = {"example.test": 404, "autodiscover.example.test": HERE}
    assert found() == "https://mail.example.test/EWS/Exchange.asmx"
    assert found() == "https://mail.example.test/EWS/Exchange.asmx"
    assert len(hosts.asked) == 3
    assert hosts.shown == {"autodiscover.example.test"}


@pytest.mark.parametrize("ntlm", [False, True])
def test_a_mailbox_is_opened_where_it_was_found(
    tls: Path, monkeypatch: pytest.MonkeyPatch, ntlm: bool
) -> None:
    """The first request looks for it, opening sends nothing, and the next mailbox knows it."""
    monkeypatch.setattr(autodiscover, "_KNOWN", {})
    with Sandbox([ALICE], tls=tls, ntlm=ntlm, extended_protection=ntlm) as box:
        sign_in = (Ntlm if ntlm else Basic)(box.service_account, box.password)
        where = Autodiscover(f"{box.base_url}{autodiscover.PATH}")
        server = EwsServer(where, sign_in, verify_tls=box.ca or True)
        counts = []
        for _ in range(2):
            with closing(open_ews(server, ALICE)) as mailbox:
                assert mailbox.requests == 0
                assert mailbox.folder(CONTACT, "default", create=False)
                counts.append(mailbox.requests)
        assert counts[0] > counts[1]
        assert box.requests["GetFolder"] == 2


ONLINE = "https://autodiscover-s.outlook.com/autodiscover/autodiscover.xml"

# what the domain answers → what comes of it, and what is said
LEADS: list[tuple[Mapping[str, str | int], Sort, str]] = [
    (
        {"example.test": "https://evil.test/", "autodiscover.example.test": 404},
        Sort.TRANSIENT,
        "leads to evil.test, which is in another domain",
    ),
    (
        {"example.test": "http://example.test/a", "autodiscover.example.test": 404},
        Sort.TRANSIENT,
        "no https:// URL",
    ),
    ({"example.test": ONLINE}, Sort.ELSEWHERE, "in Exchange Online"),
    (
        {
            "example.test": "<Action>redirectAddr</Action>"
            "<RedirectAddr>alice@contoso.mail.onmicrosoft.com</RedirectAddr>"
        },
        Sort.ELSEWHERE,
        "contoso.mail.onmicrosoft.com, in Exchange Online",
    ),
    (
        {
            "example.test": "<Action>redirectAddr</Action>"
            "<RedirectAddr>alice@evil.test</RedirectAddr>",
            "autodiscover.example.test": 500,
        },
        Sort.TRANSIENT,
        "leads to addresses of evil.test",
    ),
    (
        {
            "example.test": f"https://example.test{autodiscover.PATH}",
            "autodiscover.example.test": 404,
        },
        Sort.TRANSIENT,
        "leads in a circle",
    ),
    (
        {
            "example.test": SETTINGS.format("http://mail.example.test/EWS"),
            "autodiscover.example.test": 404,
        },
        Sort.TRANSIENT,
        "names no EWS",
    ),
    ({"example.test": "<ErrorCode>500</ErrorCode>"}, Sort.ELSEWHERE, f"knows no mailbox {ALICE}"),
    (
        {"example.test": 404, "autodiscover.example.test": 503},
        Sort.TRANSIENT,
        "write its EWS URL as endpoint",
    ),
]


@pytest.mark.parametrize(("answers", "sort", "said"), LEADS)
def test_where_a_search_ends(
    hosts: Hosts, answers: Mapping[str, str | int], sort: Sort, said: str
) -> None:
    """No password leaves the domain, nobody walks in circles, and each host is named."""
    hosts.answers = answers
    error = refused()
    assert error.sort is sort
    assert said in error.message
    assert "evil.test" not in hosts.asked
    assert hosts.shown <= {"example.test"}


def test_a_redirect_within_the_domain_is_followed(hosts: Hosts) -> None:
    """To another host, or to another address."""
    hosts.answers = {
        "example.test": f"https://mail.example.test{autodiscover.PATH}",
        "mail.example.test": f"<Action>redirectUrl</Action><RedirectUrl>https://"
        f"cas.example.test{autodiscover.PATH}</RedirectUrl>",
        "cas.example.test": HERE,
    }
    assert found() == "https://mail.example.test/EWS/Exchange.asmx"
    assert hosts.shown == {"mail.example.test", "cas.example.test"}


def test_a_wrong_password_is_no_reason_to_ask_elsewhere(hosts: Hosts) -> None:
    """It would be shown to one host after another."""
    hosts.answers = {"example.test": 401, "autodiscover.example.test": HERE}
    error = refused()
    assert (error.sort, error.scope) == (Sort.DENIED, Scope.CREDENTIAL)
    assert hosts.asked == ["example.test", "example.test"]
