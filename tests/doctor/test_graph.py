"""What the doctor says of Exchange Online, well and broken in every way that it knows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypedDict, Unpack

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from syncd.outlook.authentication.credentials import Delegated
from syncd.outlook.authentication.login import Login
from syncd.sandbox.identity.registry import CLIENT_ID, TENANT, Registration
from syncd.sandbox.server import Sandbox
from syncd.settings.load import load
from syncd.sync.connect import application_of, resource_of
from syncd.sync.doctor.finding import Level
from syncd.sync.doctor.patients import Wanted
from tests.doctor.clinic import ALICE, BOB, EVE, Clinic, clinic, troubles
from tests.doctor.test_ews import told, told_twice
from tests.outlook.authentication.conftest import certify, pem

Break = Callable[["Tenant"], None]
NEEDED = frozenset({"Contacts.ReadWrite", "MailboxSettings.ReadWrite"})
ELSE = "5a2f7c1e-93b4-4d60-8a1f-0c7e6b9d2f43"  # the id of an application that is not there


class Switches(TypedDict, total=False):
    """What a tenant is like that is not as by default."""

    graph_moves: bool
    graph_if_match: bool


@dataclass
class Tenant:
    """A clinic in a tenant, with a key for certificates."""

    at: Clinic
    key: rsa.RSAPrivateKey

    @property
    def box(self) -> Sandbox:
        """The sandbox."""
        return self.at.box

    def register(self, **how: Unpack[Registration]) -> None:
        """Let the application be registered in another way: scoped over Alice unless said."""
        said: Registration = {
            "client_id": CLIENT_ID,
            "secret": "sandbox",
            "roles": NEEDED,
            "scope": {ALICE},
            "certificate": certify(self.key, 400),
        }
        said.update(how)
        self.box.entra.register(**said)

    def certificate(self, days: int = 400) -> None:
        """Sign in by certificate."""
        made = certify(self.key, days)
        self.at.server |= {
            "auth": "certificate",
            "client_secret_file": None,
            "certificate_file": self.at.file("syncd.pem", pem(self.key, made)),
        }
        self.register(certificate=made)

    def device(self) -> None:
        """Let Alice sign in by herself, which nobody has done yet."""
        self.at.server |= {"auth": "device-code", "client_secret_file": None}

    def log_in(self) -> None:
        """Alice types the code that syncd shows."""
        self.at.write()
        configuration = load(self.at.path)
        server = configuration.servers["it"]
        application = application_of(configuration, server, ALICE)
        grants = self.box.entra.grants

        def browser(_: float) -> None:
            with self.box.organisation.lock:
                for each in grants.waiting():
                    grants.decide(each.user_code, ALICE, approve=True)

        assert isinstance(application.credential, Delegated)
        login = Login(application, application.credential, resource_of(server), sleep=browser)
        login.begin()
        login.wait()


@dataclass(frozen=True)
class Case:
    """A set-up that is broken in one way: what is found, and what is told of it."""

    code: str
    level: Level
    says: str
    breaks: Break
    switches: Switches | None = None
    besides: frozenset[str] = frozenset()  # what else is not well there, by its nature


def _server(**keys: object) -> Break:
    return lambda tenant: tenant.at.server.update(keys)


def _registered(**how: Unpack[Registration]) -> Break:
    return lambda tenant: tenant.register(**how)


def _wrong_secret(tenant: Tenant) -> None:
    tenant.at.server["client_secret_file"] = tenant.at.file("other", "not-it\n")


def _certificate(days: int) -> Break:
    return lambda tenant: tenant.certificate(days)


def _unregistered_certificate(tenant: Tenant) -> None:
    tenant.certificate()
    tenant.register(certificate=())


def _other_key(tenant: Tenant) -> None:
    tenant.certificate()
    other = rsa.generate_private_key(65537, 2048)
    text = pem(other, certify(tenant.key, 400))
    tenant.at.server["certificate_file"] = tenant.at.file("syncd.pem", text)


def _no_certificate(tenant: Tenant) -> None:
    tenant.certificate()
    tenant.at.server["certificate_file"] = tenant.at.file("syncd.pem", "nothing\n")


def _no_key(tenant: Tenant) -> None:
    tenant.certificate()
    alone = certify(tenant.key, 400).public_bytes(serialization.Encoding.PEM)
    tenant.at.server["certificate_file"] = tenant.at.file("syncd.pem", alone.decode())


def _other_name(tenant: Tenant) -> None:
    tenant.at.server["endpoint"] = tenant.box.graph_url.replace("127.0.0.1", "localhost")


def _outside(address: str, **how: Unpack[Registration]) -> Break:
    def breaks(tenant: Tenant) -> None:
        tenant.register(**how)
        tenant.at.wanted = replace(tenant.at.wanted, outside=address)

    return breaks


def _out_of_scope(tenant: Tenant) -> None:
    tenant.at.serve(BOB)


def _on_premises(tenant: Tenant) -> None:
    tenant.box.on_premises.add(ALICE)


def _token_refused(tenant: Tenant) -> None:
    tenant.box.faults.add("*", "unauthorized", times=9)


def _ews_blocked(tenant: Tenant) -> None:
    tenant.at.server |= {"backend": "ews", "endpoint": tenant.box.url}
    tenant.register(roles={"EWS.AccessAsApp"})
    tenant.box.ews_blocked = True


def _not_signed_in(tenant: Tenant) -> None:
    tenant.device()


def _revoked(tenant: Tenant) -> None:
    tenant.device()
    tenant.log_in()
    tenant.box.entra.grants.revoke(ALICE)
    tenant.box.clock.advance(7200)  # the token that came with it is over


def _taken_back(tenant: Tenant) -> None:
    tenant.device()
    tenant.log_in()
    tenant.register(scopes={"Contacts.ReadWrite"})
    tenant.box.clock.advance(7200)


def _user_gave(*scopes: str) -> Break:
    def breaks(tenant: Tenant) -> None:
        tenant.device()
        tenant.register(scopes=set(scopes))
        tenant.log_in()

    return breaks


def _write(tenant: Tenant) -> None:
    tenant.at.wanted = Wanted(write=True)


PLAIN = frozenset({"secret-plain"})
BROKEN = {
    "a wrong secret": Case(
        "sign-in-refused", Level.FAILURE, "write its Value, not its Secret ID", _wrong_secret,
        besides=PLAIN,
    ),
    "another application": Case(
        "sign-in-refused", Level.FAILURE, "Check client_id and tenant", _server(client_id=ELSE),
        besides=PLAIN,
    ),
    "another tenant": Case(
        "sign-in-refused", Level.FAILURE, "Check tenant and cloud",
        _server(tenant="nobody.example"), besides=PLAIN,
    ),
    "a certificate that is not uploaded": Case(
        "sign-in-refused", Level.FAILURE, "upload the public part of", _unregistered_certificate
    ),
    "a certificate that expired": Case(
        "certificate-expired", Level.FAILURE, "./register.ps1 -Certificate", _certificate(-3)
    ),
    "a certificate that expires": Case(
        "certificate-expires", Level.WARNING, "./register.ps1 -Certificate", _certificate(20)
    ),
    "a certificate of another key": Case(
        "secret-missing", Level.FAILURE, "is not that of the key in it", _other_key
    ),
    "a certificate without its key": Case(
        "certificate-unreadable", Level.FAILURE, "cat syncd.crt syncd.key >", _no_key
    ),
    "the tenant of the examples": Case(
        "sign-in-example", Level.FAILURE, '"contoso.onmicrosoft.com" is only the example\'s',
        _server(tenant="contoso.onmicrosoft.com"), besides=PLAIN,
    ),
    "the same server by another name": Case(
        "folder-unread", Level.FAILURE, "named a link to https://127.0.0.1:", _other_name,
        besides=PLAIN,
    ),
    "a file without a certificate": Case(
        "certificate-unreadable", Level.FAILURE, "cat syncd.crt syncd.key >", _no_certificate
    ),
    "a consent for all mailboxes": Case(
        "permission-tenant-wide", Level.WARNING, "Remove-MgServicePrincipalAppRoleAssignment",
        _registered(unscoped=NEEDED), besides=PLAIN,
    ),
    "a permission that nobody needs": Case(
        "permission-surplus", Level.WARNING, "Mail.ReadWrite: Revoke admin consent",
        _registered(unscoped={"Mail.ReadWrite"}), besides=PLAIN,
    ),
    "a consent beside the scope": Case(
        "outside-reached", Level.FAILURE,
        "New-ManagementScope -Name 'syncd mailboxes' -RecipientRestrictionFilter",
        _outside(EVE, unscoped={"Contacts.ReadWrite"}),
        besides=PLAIN | {"permission-tenant-wide"},
    ),
    "nobody outside": Case(
        "outside-unknown", Level.WARNING, "Name one that exists", _outside("x@example.test"),
        besides=PLAIN,
    ),
    "a mailbox out of the scope": Case(
        "mailbox-denied", Level.FAILURE,
        "Add-DistributionGroupMember -Identity GROUP -Member bob@example.test",
        _out_of_scope, besides=PLAIN,
    ),
    "a mailbox on a server of their own": Case(
        "mailbox-elsewhere", Level.FAILURE, 'server = ["it", "office"]', _on_premises,
        besides=PLAIN,
    ),
    "a token that the server does not take": Case(
        "token-refused",
        Level.FAILURE,
        f"Test-ServicePrincipalAuthorization -Identity {CLIENT_ID} -Resource {ALICE}",
        _token_refused,
        besides=PLAIN,
    ),
    "no right to the categories": Case(
        "categories-denied", Level.WARNING, "'Application MailboxSettings.ReadWrite'",
        _registered(roles={"Contacts.ReadWrite"}), besides=PLAIN,
    ),
    "EWS blocked in the tenant": Case(
        "ews-blocked", Level.FAILURE,
        f'Set-OrganizationConfig -EwsAllowedAppIDs "THOSE-THAT-ARE-THERE,{CLIENT_ID}"',
        _ews_blocked, besides=PLAIN,
    ),
    "a user who has not signed in": Case(
        "mailbox-not-signed-in", Level.FAILURE, "syncd login alice@example.test", _not_signed_in
    ),
    "a user whose sign-in was revoked": Case(
        "mailbox-not-signed-in", Level.FAILURE, "syncd login alice@example.test", _revoked,
        besides=frozenset({"clock-here"}),
    ),
    "a consent that was taken back": Case(
        "mailbox-not-signed-in",
        Level.FAILURE,
        "Grant admin consent",
        _taken_back,
        besides=frozenset({"clock-here"}),
    ),
    "a user who gave more than is needed": Case(
        "consent-surplus",
        Level.WARNING,
        "Mail.Read: Remove permission",
        _user_gave(*NEEDED, "Mail.Read"),
    ),
    "If-Match is not heeded": Case(
        "stale-taken", Level.WARNING, "syncd compares before each write", _write,
        {"graph_if_match": False}, besides=PLAIN,
    ),
}  # fmt: skip


def online(tenant: Tenant) -> None:
    """A set-up in which all is well, by a secret."""
    at = tenant.at
    at.server |= {
        "backend": "graph",
        "endpoint": at.box.graph_url,
        "authority": at.box.base_url,
        "auth": "secret",
        "tenant": TENANT,
        "client_id": CLIENT_ID,
        "client_secret_file": at.file("secret"),
        "verify_tls": str(at.box.ca),
        "timeout": "5s",
    }
    tenant.register()
    at.serve(ALICE)


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_named_with_the_next_step(
    name: str, tmp_path: Path, empty_store: Path, tls: Path, key: rsa.RSAPrivateKey
) -> None:
    """One cause, one finding: nothing else is called broken because of it."""
    case = BROKEN[name]
    with (
        Sandbox([ALICE, BOB, EVE], tls=tls, **case.switches or {}) as box,
        clinic(tmp_path, empty_store, box) as at,
    ):
        tenant = Tenant(at, key)
        online(tenant)
        case.breaks(tenant)
        at.write()
        found = at.look()
    wrong = troubles(found)
    assert wrong.keys() == {case.code} | case.besides, [*map(told, wrong.values())]
    assert wrong[case.code].level is case.level
    assert case.says in told(wrong[case.code])
    assert told_twice(found) == []


def _by_secret(tenant: Tenant) -> None:
    """As it is."""


def _by_device(tenant: Tenant) -> None:
    tenant.device()
    tenant.register(scopes=NEEDED)
    tenant.log_in()


def _over_ews(tenant: Tenant) -> None:
    tenant.certificate()
    tenant.at.server |= {"backend": "ews", "endpoint": tenant.box.url}
    tenant.register(roles={"EWS.AccessAsApp"}, certificate=certify(tenant.key, 400))
    tenant.certificate()
    tenant.register(
        roles={"EWS.AccessAsApp"},
        certificate=tenant.box.entra.application(CLIENT_ID).certificates,
    )


WELL: dict[str, tuple[Break, frozenset[str]]] = {
    "Graph, by certificate": (lambda tenant: tenant.certificate(), frozenset()),
    "Graph, by secret": (_by_secret, PLAIN),
    "Graph, by device code": (_by_device, frozenset()),
    "EWS, by certificate": (_over_ews, frozenset()),
}


@pytest.mark.parametrize("name", WELL)
def test_nothing_is_found_where_all_is_well(
    name: str, tmp_path: Path, empty_store: Path, tls: Path, key: rsa.RSAPrivateKey
) -> None:
    """Every check was made, the one outside is kept out, and nothing was written."""
    prepares, warned = WELL[name]
    with Sandbox([ALICE, EVE], tls=tls) as box, clinic(tmp_path, empty_store, box) as at:
        tenant = Tenant(at, key)
        online(tenant)
        prepares(tenant)
        at.wanted = Wanted(outside=None if "device" in name else EVE)
        at.write()
        found = at.look()
        mailbox = box.mailbox(ALICE)
        assert [*mailbox.items("contacts"), *mailbox.items("deleteditems")] == []
    assert [told(each) for each in found if each.level is Level.FAILURE] == []
    assert troubles(found).keys() == warned
    (told_of,) = {each.code for each in found if each.check == "secrets"}
    each = "secrets-each" if "device" in name else "secrets-fine"
    assert told_of == next(iter(warned), each)
    assert Level.SKIPPED not in {each.level for each in found}
    checks = {each.check for each in found}
    assert checks >= {"tls", "clock", "mailbox", "folders", "categories", "capabilities"}
    assert "outside" in checks or "device" in name
