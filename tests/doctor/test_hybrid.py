"""What the doctor says where mailboxes are on servers of two sorts."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa

from syncd.sandbox.server import Sandbox
from syncd.sync.doctor.finding import Level
from syncd.sync.doctor.patients import Wanted
from tests.doctor.clinic import ALICE, BOB, clinic, troubles
from tests.doctor.test_ews import ews
from tests.doctor.test_graph import PLAIN, Tenant, online


def test_in_a_hybrid_each_mailbox_is_on_one_of_the_servers(
    tmp_path: Path, empty_store: Path, tls: Path, key: rsa.RSAPrivateKey
) -> None:
    """That it is not on the other one is no failure; that it is on none is."""
    carol = "carol@example.test"
    with Sandbox([ALICE, BOB, carol], tls=tls) as box, clinic(tmp_path, empty_store, box) as at:
        tenant = Tenant(at, key)
        online(tenant)
        tenant.register(scope={ALICE, BOB, carol})
        office: dict[str, object] = {"backend": "ews", "endpoint": box.url}
        office |= {"username": "svc-syncd", "password_file": at.file("password")}
        at.others["office"] = office | {"verify_tls": str(box.ca)}
        at.policy["server"] = ["it", "office"]
        at.serve(BOB, carol)
        box.on_premises |= {BOB, carol}
        at.write()
        before = at.look()
        box.faults.add("*", "soap_fault", mailbox=carol, code="ErrorNonExistentMailbox", times=9)
        after = at.look()
    assert troubles(before).keys() == PLAIN
    assert {(e.mailbox, e.server) for e in before if e.code == "mailbox-not-here"} == {
        (BOB, "it"),
        (carol, "it"),
    }
    assert {(each.mailbox, each.server) for each in before if each.code == "mailbox-fine"} >= {
        (ALICE, "it"),
        (BOB, "office"),
    }
    assert troubles(after).keys() == PLAIN | {"mailbox-nowhere"}
    assert troubles(after)["mailbox-nowhere"].mailbox == carol


def test_a_mailbox_that_is_not_served_is_looked_for_on_every_server(
    tmp_path: Path, empty_store: Path, tls: Path, key: rsa.RSAPrivateKey
) -> None:
    """Where one has it, all is well; where none has, that is said, and fails."""
    carol, ghost = "carol@example.test", "ghost@example.test"
    with Sandbox([ALICE, carol], tls=tls) as box, clinic(tmp_path, empty_store, box) as at:
        tenant = Tenant(at, key)
        online(tenant)
        tenant.register(scope={ALICE, carol})
        office: dict[str, object] = {"backend": "ews", "endpoint": box.url}
        office |= {"username": "svc-syncd", "password_file": at.file("password")}
        at.others["office"] = office | {"verify_tls": str(box.ca)}
        box.on_premises.add(carol)
        at.wanted = Wanted([carol, ghost])
        at.write()
        found = at.look()
        at.wanted = Wanted([carol], server="it")
        named = at.look()
    assert {(each.mailbox, each.server) for each in found if each.code == "mailbox-fine"} == {
        (carol, "office")
    }
    assert troubles(found).keys() == PLAIN | {"mailbox-not-served", "mailbox-unfound"}
    assert troubles(found)["mailbox-unfound"].mailbox == ghost
    assert Level.SKIPPED not in {each.level for each in found}
    assert "each of the servers it, office" in troubles(found)["mailbox-not-served"].follows
    assert troubles(named).keys() == PLAIN | {"mailbox-not-served", "mailbox-elsewhere"}
    assert "on the server it." in troubles(named)["mailbox-not-served"].follows


def test_a_mailbox_that_another_server_serves_is_not_passed_over_in_silence(
    tmp_path: Path, empty_store: Path
) -> None:
    """Nor is its own password shown to a server that is not its own."""
    with Sandbox([ALICE]) as box, clinic(tmp_path, empty_store, box) as at:
        ews(at)
        at.others["office"] = dict(at.server)
        at.wanted = Wanted([ALICE], server="office")
        at.write()
        found = at.look()
        sent = box.requests.counts.total()
    (told,) = [each for each in found if each.mailbox]
    assert (told.level, told.server) == (Level.SKIPPED, "office")
    assert "it serves it" in told.what
    assert sent == 0
