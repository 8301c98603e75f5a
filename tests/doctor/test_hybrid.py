"""What the doctor says where mailboxes are on servers of two sorts."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa

from syncd.sandbox.server import Sandbox
from tests.doctor.clinic import ALICE, BOB, clinic, troubles
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
