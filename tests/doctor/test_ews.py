"""What the doctor says of Exchange Server, well and broken in every way that it knows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from syncd.crm.database import write
from syncd.sandbox.server import Sandbox
from syncd.sync import mailboxes
from syncd.sync.doctor.finding import Finding, Level
from syncd.sync.doctor.patients import Wanted
from syncd.sync.mailboxes import MailboxState
from tests.doctor.clinic import ALICE, BOB, EVE, Clinic, clinic, troubles

Break = Callable[[Clinic], None]
NO_NAME = f"{'x' * 64}.example.test"  # too long for a name, so that no name server is asked


@dataclass(frozen=True)
class Case:
    """A set-up that is broken in one way: what is found, what follows, what is to be typed."""

    code: str
    level: Level
    says: str  # part of what is told, steps and lines to type included
    breaks: Break
    host: str = "127.0.0.1"
    tls: bool = False
    ntlm: bool = False
    left: frozenset[str] = frozenset({"skipped"})  # what else may be told


def _set(**keys: object) -> Break:
    return lambda at: at.server.update(keys)


def _wrong_password(at: Clinic) -> None:
    at.server["password_file"] = at.file("wrong", "not-it\n")


def _open_password(at: Clinic) -> None:
    at.server["password_file"] = at.file("open", mode=0o644)


def _nobody_listens(at: Clinic) -> None:
    at.server["endpoint"] = "http://127.0.0.1:9/EWS/Exchange.asmx"


def _no_tls(at: Clinic) -> None:
    at.server["endpoint"] = at.box.url.replace("http:", "https:")


def _plain(at: Clinic) -> None:
    at.server["endpoint"] = at.box.url.replace("https:", "http:")


def _resting(state: MailboxState) -> Break:
    """A mailbox that is not run, though all is well with it."""

    def breaks(at: Clinic) -> None:
        with write(at.engine) as conn:
            mailboxes.set_state(conn, mailboxes.get(conn, ALICE).id, state, "no sign-in.")

    return breaks


def _password_in_a_folder(at: Clinic) -> None:
    at.server["password_file"] = str(at.folder)


def _block(at: Clinic) -> None:
    at.box.ews_blocked = True


def _wrong_path(at: Clinic) -> None:
    at.server["endpoint"] = f"{at.box.base_url}/owa"


def _no_autodiscover(at: Clinic) -> None:
    at.server |= {"endpoint": None, "autodiscover": f"{at.box.base_url}/autodiscover/nothing"}


def _fault(code: str) -> Break:
    return lambda at: _faulty(at, code)


def _faulty(at: Clinic, code: str) -> None:
    at.box.faults.add("*", "soap_fault", code=code, times=9)


def _by_a_user(access: str) -> Break:
    """Alice's account signs in, and Bob's mailbox is served."""

    def breaks(at: Clinic) -> None:
        at.server.update(username=ALICE, access=access)
        at.serve(BOB)

    return breaks


def _serve_a_stranger(at: Clinic) -> None:
    at.serve("carol@example.test")


def _folder_of_tasks(at: Clinic) -> None:
    box = at.box.mailbox(ALICE)
    box.add_folder("contacts", "Clients", "IPF.Task")
    at.contacts["folder"] = "default/Clients"


def _outside(at: Clinic) -> None:
    at.wanted = replace(at.wanted, outside=EVE)


def _outside_is_served(at: Clinic) -> None:
    at.wanted = replace(at.wanted, outside=ALICE)


def _clock(at: Clinic) -> None:
    at.box.clock.advance(300)


BROKEN = {
    "no such server name": Case(
        "name-unknown", Level.FAILURE, f"getent hosts {NO_NAME}",
        _set(endpoint=f"https://{NO_NAME}/EWS/Exchange.asmx"),
    ),
    "nothing listens there": Case(
        "connection-refused", Level.FAILURE, "Check `endpoint` in [servers.it]", _nobody_listens
    ),
    "a port without TLS": Case("tls-none", Level.FAILURE, "TLS 1.2 or later", _no_tls),
    "a CA that is not trusted": Case(
        "tls-untrusted", Level.FAILURE, "by syncd sandbox CA, and trusted are only the public CAs",
        _set(verify_tls=True), tls=True,
    ),
    "a file of CAs that is not there": Case(
        "tls-ca-unusable", Level.FAILURE, "there is no file", _set(verify_tls="gone.pem"), tls=True
    ),
    "a file of CAs that is none": Case(
        "tls-ca-unusable", Level.FAILURE, "password holds no CA certificate",
        lambda at: at.server.update(verify_tls=at.file("password")), tls=True,
    ),
    "plain HTTP at a port of TLS": Case(
        "tls-unasked", Level.FAILURE, "Write https:// in `endpoint` of [servers.it]", _plain,
        tls=True,
    ),
    "a mailbox that is suspended": Case(
        "mailbox-suspended", Level.FAILURE, "syncd resume alice@example.test\nsyncd resume --all",
        _resting(MailboxState.SUSPENDED),
    ),
    "a mailbox that is paused": Case(
        "mailbox-paused", Level.WARNING, "syncd resume alice@example.test",
        _resting(MailboxState.PAUSED),
    ),
    "a folder in a file's place": Case(
        "secret-missing", Level.FAILURE, "is a folder.\nNo mailbox", _password_in_a_folder
    ),
    "a certificate for another name": Case(
        "tls-wrong-name", Level.FAILURE, "is for localhost, 127.0.0.1", lambda _: None,
        tls=True, host="127.0.0.2",
    ),
    "a certificate that is not checked": Case(
        "tls-unchecked", Level.WARNING, "verify_tls = true", _set(verify_tls=False), tls=True
    ),
    "a clock that is five minutes off": Case(
        "clock-here", Level.WARNING, "seconds behind that of 127.0.0.1", _clock
    ),
    "no password file": Case(
        "secret-missing", Level.FAILURE, "as its only line; then: chmod 600",
        _set(password_file="gone"),
    ),
    "a password file that others read": Case(
        "secret-exposed", Level.WARNING, "chmod 600", _open_password
    ),
    "a wrong password": Case(
        "account-refused", Level.FAILURE, "Unlock-ADAccount svc-syncd", _wrong_password
    ),
    "a password that expired": Case(
        "account-expired", Level.FAILURE, "Set-ADUser svc-syncd -PasswordNeverExpires",
        _fault("ErrorPasswordExpired"),
    ),
    "NTLM where there is none": Case(
        "method-refused", Level.FAILURE, "-WindowsAuthentication $true", _set(auth="ntlm")
    ),
    "EWS blocked": Case(
        "ews-refused", Level.FAILURE, '-EwsAllowList @{Add="syncd"}', _block
    ),
    "a path without EWS": Case(
        "endpoint-wrong", Level.FAILURE, "Get-WebServicesVirtualDirectory", _wrong_path
    ),
    "autodiscover that leads nowhere": Case(
        "autodiscover-failed",
        Level.FAILURE,
        "Write the address itself as `endpoint` in [servers.it]",
        _no_autodiscover,
    ),
    "an older Exchange": Case(
        "server-old", Level.FAILURE, "Exchange 2016, 2019 or SE",
        _fault("ErrorIncorrectSchemaVersion"),
    ),
    "no right to impersonate": Case(
        "impersonation-missing", Level.FAILURE,
        "-Role ApplicationImpersonation -User alice -CustomRecipientWriteScope 'syncd mailboxes'",
        _by_a_user("impersonation"),
    ),
    "no access as a delegate": Case(
        "delegation-missing", Level.FAILURE,
        "Add-MailboxPermission bob@example.test -User alice -AccessRights FullAccess",
        _by_a_user("delegate"),
    ),
    "no such mailbox": Case(
        "mailbox-unknown", Level.FAILURE, "syncd users change carol@example.test --address NEW",
        _serve_a_stranger,
    ),
    "a mailbox whose account is disabled": Case(
        "mailbox-disabled", Level.FAILURE, "syncd pause alice@example.test",
        _fault("ErrorAccountDisabled"),
    ),
    "a server that asks for a pause": Case(
        "mailbox-busy", Level.WARNING, "syncd status", _fault("ErrorServerBusy")
    ),
    "a folder of another class": Case(
        "folder-wrong", Level.FAILURE, "in the policy 'sales'", _folder_of_tasks
    ),
    "a stranger's mailbox is open": Case(
        "outside-reached-by-role", Level.FAILURE, "Set-ManagementRoleAssignment ASSIGNMENT",
        _outside,
    ),
    "the one outside is served": Case(
        "outside-served", Level.FAILURE, "syncd doctor --outside ADDRESS", _outside_is_served
    ),
    "a key that there is not": Case(
        "configuration-mistake", Level.FAILURE, "config validate",
        lambda at: at.contacts.update(directon="none"),
    ),
}  # fmt: skip


def ews(at: Clinic) -> None:
    """A set-up in which all is well."""
    at.server |= {
        "backend": "ews",
        "endpoint": at.box.url,
        "username": "svc-syncd",
        "password_file": at.file("password"),
        "timeout": "5s",
    }
    if at.box.ca is not None:
        at.server["verify_tls"] = str(at.box.ca)
    at.serve(ALICE)


def told(each: Finding) -> str:
    """All words of a finding."""
    return "\n".join((each.what, each.follows, each.steps, *each.type))


def told_twice(found: Sequence[Finding]) -> list[tuple[str, str]]:
    """What is not well and is told more than once of the same mailbox."""
    levels = (Level.WARNING, Level.FAILURE)
    counts = Counter((each.code, each.mailbox) for each in found if each.level in levels)
    return [each for each, count in counts.items() if count > 1]


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_named_with_the_next_step(
    name: str, tmp_path: Path, empty_store: Path, tls: Path
) -> None:
    """One cause, one finding: nothing else is called broken because of it."""
    case = BROKEN[name]
    folder = tls if case.tls else None
    with (
        Sandbox([ALICE, BOB, EVE], host=case.host, tls=folder, ntlm=case.ntlm) as box,
        clinic(tmp_path, empty_store, box) as at,
    ):
        ews(at)
        case.breaks(at)
        at.write()
        found = at.look()
    wrong = troubles(found)
    assert wrong.keys() == {case.code}, [*map(told, wrong.values())]
    assert wrong[case.code].level is case.level
    assert case.says in told(wrong[case.code])
    assert told_twice(found) == []


def test_a_mailbox_that_rests_is_told_of_though_its_server_is_out_of_reach(
    tmp_path: Path, empty_store: Path
) -> None:
    """Else it would be left behind when the server is back."""
    with Sandbox([ALICE]) as box, clinic(tmp_path, empty_store, box) as at:
        ews(at)
        _resting(MailboxState.SUSPENDED)(at)
        at.server["password_file"] = "gone"
        at.write()
        found = at.look()
    assert troubles(found).keys() == {"secret-missing", "mailbox-suspended"}
    codes = {each.code for each in found}
    assert "configuration-read" in codes  # and not that it has no mistake
    assert "configuration-fine" not in codes


@pytest.mark.parametrize(("auth", "secure"), [("basic", False), ("basic", True), ("ntlm", False)])
def test_nothing_is_found_where_all_is_well(
    auth: str, secure: bool, tmp_path: Path, empty_store: Path, tls: Path
) -> None:
    """By either sign-in, and over TLS; and every check was made."""
    with (
        Sandbox([ALICE], tls=tls if secure else None, ntlm=auth == "ntlm") as box,
        clinic(tmp_path, empty_store, box) as at,
    ):
        ews(at)
        at.server["auth"] = auth
        at.write()
        found = at.look()
        writes = box.requests["CreateItem"] + box.requests["UpdateItem"]
    assert [told(each) for each in found if each.level is not Level.OK] == []
    checks = {each.check for each in found}
    assert checks >= {"store", "tls", "clock", "sign-in", "mailbox", "folders", "categories"}
    assert writes == 0


def test_a_server_that_autodiscover_finds_is_looked_at(tmp_path: Path, empty_store: Path) -> None:
    """The one that is asked is what the first checks look at."""
    with Sandbox([ALICE]) as box, clinic(tmp_path, empty_store, box) as at:
        ews(at)
        where = f"{box.base_url}/autodiscover/autodiscover.xml"
        at.server |= {"endpoint": None, "autodiscover": where}
        at.write()
        found = at.look()
    assert troubles(found) == {}
    assert {"tls-plain", "clock-fine", "mailbox-fine"} <= {each.code for each in found}


def test_a_refused_password_is_tried_once(tmp_path: Path, empty_store: Path) -> None:
    """Whatever the number of mailboxes: more would lock the account."""
    with Sandbox([ALICE, BOB]) as box, clinic(tmp_path, empty_store, box) as at:
        ews(at)
        at.serve(BOB)
        _wrong_password(at)
        at.write()
        box.faults.add("*", "unauthorized", times=9)
        found = at.look()
        tried = 9 - sum(left for _, left in box.faults.pending())
    assert troubles(found).keys() == {"account-refused"}
    assert tried <= 1
    skipped = [each for each in found if each.level is Level.SKIPPED]
    assert {each.mailbox for each in skipped if each.check == "mailbox"} == {ALICE, BOB}
    assert all("'sign-in'" in each.what for each in skipped)


def test_the_probe_leaves_one_contact_in_deleted_items(tmp_path: Path, empty_store: Path) -> None:
    """It says what it made, and a change that comes too late is refused."""
    with Sandbox([ALICE]) as box, clinic(tmp_path, empty_store, box) as at:
        ews(at)
        at.wanted = Wanted(write=True)
        at.write()
        found = at.look()
        mailbox = box.mailbox(ALICE)
        here = mailbox.items("contacts")
        gone = mailbox.items("deleteditems")
    assert troubles(found) == {}
    assert {"stale-refused", "write-fine"} <= {each.code for each in found}
    assert here == []
    (left,) = gone
    assert "syncd doctor" in str(left.view)
    assert "SyncdLink" not in str(left.view)


def test_a_mailbox_whose_user_has_not_agreed_is_not_looked_into(
    tmp_path: Path, empty_store: Path
) -> None:
    """Not one request is sent for it."""
    with Sandbox([ALICE]) as box, clinic(tmp_path, empty_store, box) as at:
        ews(at)
        at.policy["consent"] = "user"
        at.write()
        found = at.look()
        sent = box.requests.counts.total()
    assert sent == 0
    (asked,) = [each for each in found if each.mailbox]
    assert (asked.level, asked.check) == (Level.SKIPPED, "mailbox")
    assert f"syncd users consent {ALICE}" in asked.what
