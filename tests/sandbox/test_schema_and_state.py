"""Schema validation both ways, mailboxes that outlive a restart, and the command."""

import ast
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from exchangelib import Contact
from exchangelib.errors import TransportError

import syncd.sandbox
from syncd.cli.sandbox import command
from syncd.sandbox.server import Sandbox
from tests.sandbox.conftest import (
    ALICE,
    HAVE_SCHEMAS,
    SCHEMAS,
    connect,
    get_items,
    send,
    sync,
)
from tests.sandbox.test_contacts import whole_contact

needs_schemas = pytest.mark.skipif(not HAVE_SCHEMAS, reason=f"NO EWS SCHEMAS in {SCHEMAS}")


@needs_schemas
def test_all_that_exchangelib_sends_and_all_we_answer_is_valid(alice: Any, box: Sandbox) -> None:
    """A round through everything, each message checked against messages.xsd."""
    contact = whole_contact(alice).save()
    whole_contact(alice).save()
    list(alice.root.walk())
    list(alice.contacts.all())
    list(alice.contacts.sync_items())
    contact.body, contact.phone_numbers = "new", None
    contact.save()
    contact.copy(alice.contacts)
    contact.move(alice.trash)
    list(alice.fetch(ids=[(contact.id, contact.changekey), ("garbage", "garbage")]))
    alice.contacts.all().delete()
    assert box.invalid_responses == []
    assert set(box.requests.counts) >= {
        "CreateItem",
        "UpdateItem",
        "GetItem",
        "MoveItem",
        "DeleteItem",
    }


@needs_schemas
@pytest.mark.parametrize(
    "body",
    [
        "<m:GetItem><m:ItemIds/></m:GetItem>",
        sync(limit=513),
        get_items("x", shape="<t:BaseShape>Everything</t:BaseShape>"),
        (
            "<m:CreateItem><m:Items><t:Contact><t:Surname>b</t:Surname><t:GivenName>"
            "a</t:GivenName></t:Contact>"
            "</m:Items></m:CreateItem>"
        ),
    ],
)
def test_an_invalid_request_is_refused(box: Sandbox, body: str) -> None:
    """SOAP fault ErrorSchemaValidation with the violation; nothing is done."""
    reply = send(box, body)
    assert (reply.status, reply.codes) == (500, ["ErrorSchemaValidation"])
    assert reply.all("//t:Violation/text()")
    assert box.mailbox(ALICE).items() == []


def test_what_is_not_xml_or_not_an_operation(box: Sandbox) -> None:
    """HTTP 400 and a SOAP fault; a document type is not XML to us."""
    assert send(box, "", raw=b"<oops").status == 400
    assert send(box, "", raw=b'<!DOCTYPE x [<!ENTITY e "x">]><x>&e;</x>').status == 400
    assert send(box, "<m:MakeCoffee/>").status == 500


def test_ids_and_sync_states_outlive_a_restart(
    make_box: Callable[..., Sandbox], tmp_path: Path
) -> None:
    """The same mailbox, as if nothing had happened."""
    box = make_box(state=tmp_path)
    alice = connect(box)
    kept = Contact(account=alice, folder=alice.contacts, display_name="kept").save()
    gone = Contact(account=alice, folder=alice.contacts, display_name="gone").save()
    state = send(box, sync()).all("//m:SyncState/text()")[0]
    gone_id = gone.id
    gone.delete()
    box.clock.advance(7200)
    before, offset = box.mailbox(ALICE).items(), box.clock.seconds()
    box.mailbox(ALICE).add_folder("contacts", "Below")
    box.close()
    with pytest.raises(TransportError):
        alice.contacts.refresh()

    again = make_box(state=tmp_path)
    assert again.mailbox(ALICE).items() == before
    assert again.mailbox(ALICE).folder("Below").folder_class == "IPF.Contact"
    assert again.clock.seconds() >= offset
    reply = send(again, sync(state))
    assert reply.all("//t:Delete/t:ItemId/@Id") == [gone_id]
    new = again.mailbox(ALICE).add("contacts", {})
    assert new.id not in {kept.id, gone_id}
    reply = send(again, sync(reply.all("//m:SyncState/text()")[0]))
    assert reply.all("//t:Create/t:Contact/t:ItemId/@Id") == [new.id]


def test_the_sandbox_imports_nothing_else_of_syncd() -> None:
    """A test double that shares code with what it tests proves nothing."""
    folder = Path(syncd.sandbox.__file__).parent
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [a.name for a in node.names] if isinstance(node, ast.Import) else []
            strangers = [
                n for n in names if n.startswith("syncd") and not n.startswith("syncd.sandbox")
            ]
            assert strangers == [], path


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--listen", "0.0.0.0:0"], "not a loopback address"),
        (["--listen", "8800"], "not HOST:PORT"),
        (["--validate", "/nowhere"], "messages.xsd"),
        (["--user", "notanaddress"], "--user notanaddress is not an e-mail address"),
        (["--user", "a b@example.test"], "--user a b@example.test is not an e-mail address"),
    ],
)
def test_the_command_says_what_is_wrong(arguments: list[str], words: str) -> None:
    """What happened, what was not done, what to type next."""
    result = CliRunner().invoke(command, ["--user", ALICE, *arguments])
    assert result.exit_code == 1
    assert words in result.output
    assert "Nothing was started. Type" in result.output


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_the_command_serves_until_it_is_stopped(sign: signal.Signals) -> None:
    """One line with the address, then service, then exit 0."""
    code = "from syncd.cli.sandbox import command; command()"
    arguments = ["--listen", "127.0.0.1:0", "--user", ALICE]
    with subprocess.Popen(  # noqa: S603  # our own interpreter and our own code
        [sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert re.match(r"EWS at http://127\.0\.0\.1:\d+/EWS/Exchange\.asmx", line)
        process.send_signal(sign)
        assert process.wait(10) == 0
