"""How EWS is signed in to: tokens that end, handshakes, and a write sent once all the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from syncd.model.contact import CONTACT
from syncd.outlook.authentication.cache import cache_file
from syncd.outlook.authentication.clouds import Cloud, ews_of
from syncd.outlook.authentication.credentials import Delegated, Secret
from syncd.outlook.authentication.entra import Tokens
from syncd.outlook.authentication.login import Login
from syncd.outlook.errors import MailboxError, Scope, Sort
from syncd.outlook.ews.mailbox import EwsMailbox, open_ews
from syncd.outlook.ews.session import Access, EwsServer
from syncd.outlook.ews.sign_in import Basic, Ntlm, OAuth, SignIn
from syncd.sandbox.identity.registry import Resource
from syncd.sandbox.server import Sandbox
from tests.outlook.authentication.conftest import ALICE, Tenant
from tests.outlook.desk import EwsDesk, create

EWS = ews_of(Cloud.GLOBAL)


@contextmanager
def mailbox(
    box: Sandbox, sign_in: SignIn, access: Access = Access.IMPERSONATION
) -> Iterator[EwsMailbox]:
    """Alice's mailbox, opened so."""
    server = EwsServer(box.url, sign_in, access, verify_tls=box.ca or True, timeout=5)
    with closing(open_ews(server, ALICE)) as opened:
        yield opened


def by_token(tenant: Tenant) -> OAuth:
    """The application's tokens for EWS."""
    return OAuth(Tokens(tenant.application(Secret(tenant.box.password)), EWS))


def refused(opened: EwsMailbox) -> MailboxError:
    """The error of a mailbox that is not let in."""
    with pytest.raises(MailboxError) as error:
        opened.folder(CONTACT, "default", create=False)
    return error.value


def test_a_write_with_an_ended_token_is_done_once(tenant: Tenant) -> None:
    """The refusal came before any effect: one new token, and the write once more."""
    with mailbox(tenant.box, by_token(tenant)) as opened:
        desk = EwsDesk(tenant.box, opened)
        create(desk, "1", {"firstname": "Ann"})
        tenant.box.clock.advance(7200)
        create(desk, "2", {"firstname": "Bea"})
    assert tenant.asked["token"] == 2
    assert tenant.box.requests["CreateItem"] == 2
    assert len(tenant.box.mailbox(ALICE).items("contacts")) == 2


def test_a_challenge_is_answered(tenant: Tenant) -> None:
    """As over Graph: by a token that was asked for with the claims."""
    with mailbox(tenant.box, by_token(tenant)) as opened:
        assert opened.folder(CONTACT, "default", create=False)
        claims = {"nbf": {"essential": True, "value": "1790000000"}}
        tenant.entra.demand(claims, Resource.EWS)
        assert opened.folder(CONTACT, "default", create=False)
    assert tenant.asked["token"] == 2


def test_a_missing_permission_is_named(tenant: Tenant) -> None:
    """It is the application's, so all of its mailboxes are concerned."""
    tenant.entra.register(
        client_id=tenant.entra.default.client_id,
        secret=tenant.box.password,
        roles={"Contacts.ReadWrite"},
    )
    with mailbox(tenant.box, by_token(tenant)) as opened:
        error = refused(opened)
    assert (error.sort, error.scope) == (Sort.DENIED, Scope.CREDENTIAL)
    assert "full_access_as_app" in error.message


def test_a_blocked_tenant_leads_to_graph(tenant: Tenant) -> None:
    """403 to an application: the mailbox is to be reached otherwise, and nothing is suspended."""
    tenant.box.ews_blocked = True
    with mailbox(tenant.box, by_token(tenant)) as opened:
        error = refused(opened)
        assert opened.requests == 1
    assert (error.sort, error.scope) == (Sort.ELSEWHERE, Scope.MAILBOX)
    assert 'backend = "graph"' in error.message


def test_a_user_enters_their_own_mailbox(tenant: Tenant, tmp_path: Path) -> None:
    """With the same sign-in by code, where EWS is still allowed."""
    alice = Delegated(ALICE, cache_file(tmp_path / "sign-ins", ALICE))
    application = tenant.application(alice)
    login = Login(application, alice, EWS, sleep=lambda _: None)
    tenant.entra.grants.decide(login.begin().code, ALICE, approve=True)
    assert login.wait().granted == ("EWS.AccessAsUser.All",)
    own = OAuth(Tokens(application, EWS))
    with mailbox(tenant.box, own, Access.DELEGATE) as opened:
        assert opened.folder(CONTACT, "default", create=False)


@pytest.fixture(params=[False, True], ids=["http", "tls"])
def data_centre(request: pytest.FixtureRequest, tls: Path) -> Iterator[Sandbox]:
    """A server on premises that takes NTLM alone; over TLS the handshake is bound to it."""
    with Sandbox(
        [ALICE], ntlm=True, tls=tls if request.param else None, extended_protection=request.param
    ) as box:
        yield box


def test_ntlm_sends_a_write_once(data_centre: Sandbox) -> None:
    """The connection is proved by requests without content, once; then each write is one request.

    requests_ntlm alone would send the write three times, and leave it to the server to do it once.
    """
    box = data_centre
    with mailbox(box, Ntlm(box.service_account, box.password)) as opened:
        desk = EwsDesk(box, opened)
        create(desk, "1", {"firstname": "Ann"})
        before, done = opened.requests, box.requests.total
        create(desk, "2", {"firstname": "Bea"})
        assert opened.requests - before == box.requests.total - done
        assert box.requests["CreateItem"] == 2
    assert len(box.mailbox(ALICE).items("contacts")) == 2


def test_a_connection_that_was_closed_is_proved_anew(data_centre: Sandbox) -> None:
    """As every one is that idles; the write that found it closed is done once."""
    box = data_centre
    with mailbox(box, Ntlm(box.service_account, box.password)) as opened:
        desk = EwsDesk(box, opened)
        create(desk, "1", {"firstname": "Ann"})
        box._server.hang_up()
        create(desk, "2", {"firstname": "Bea"})
    assert box.requests["CreateItem"] == 2
    assert len(box.mailbox(ALICE).items("contacts")) == 2


def test_a_wrong_password_is_tried_once(data_centre: Sandbox) -> None:
    """By one handshake: a thousand would lock the account."""
    with mailbox(data_centre, Ntlm("svc-syncd", "wrong")) as opened:
        error = refused(opened)
    assert (error.sort, error.scope, error.code) == (Sort.DENIED, Scope.CREDENTIAL, "http-401")
    assert "wrong" not in error.message


def test_a_server_without_ntlm_says_so(tls: Path) -> None:
    """Neither the password nor its hash goes to it."""
    with (
        Sandbox([ALICE], tls=tls) as box,
        mailbox(box, Ntlm(box.service_account, box.password)) as opened,
    ):
        error = refused(opened)
    assert error.sort is Sort.DENIED
    assert "WindowsAuthentication" in error.message


def test_no_secret_is_shown() -> None:
    """Not even where settings are printed."""
    for sign_in in (Basic("svc", "hunter2"), Ntlm("svc", "hunter2")):
        assert "hunter2" not in repr(EwsServer("https://mail.example.com/", sign_in))
