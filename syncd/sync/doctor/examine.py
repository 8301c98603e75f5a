"""Looking an installation over: every check in its order, and none whose ground has given way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from syncd.outlook.errors import MailboxError
from syncd.sync.doctor import concluding
from syncd.sync.doctor.catalogue import INSTALLATION, MAILBOX, SERVER, Check
from syncd.sync.doctor.causes import found, skipped
from syncd.sync.doctor.finding import Finding, Level
from syncd.sync.doctor.patients import Installation, MailboxPatient, ServerPatient
from syncd.sync.mailboxes import Misconfigured

Patient = TypeVar("Patient")


def examine(here: Installation) -> Iterator[Finding]:
    """Look an installation over; each finding as it is made."""
    stand = Standing()
    yield from _made(INSTALLATION, here, stand)
    not_on: dict[str, set[str]] = {}
    for server in here.servers():
        for each in of_server(server, stand.within()):
            if each.code == "mailbox-not-here":
                not_on.setdefault(each.mailbox, set()).add(each.server)
            yield each
    for row in here.served:
        servers = here.may_be_on(row)
        if servers and not_on.get(row.address, set()) >= set(servers):
            yield found("mailbox-nowhere", mailbox=row.address, servers=", ".join(servers))
    everywhere = [server.name for server in here.servers()]
    for address in here.strangers():
        if everywhere and not_on.get(address, set()) >= set(everywhere):
            yield found("mailbox-unfound", mailbox=address, servers=", ".join(everywhere))


def of_server(server: ServerPatient, stand: Standing) -> Iterator[Finding]:
    """Look one server over, and the mailboxes that are to be looked at there."""
    yield from _made(SERVER, server, stand, server=server.name)
    for address, others in server.elsewhere().items():
        served = f"not looked at: {others} serves it; type: syncd doctor {address}"
        yield skipped("mailbox", served, server=server.name, mailbox=address)
    for patient in server.mailboxes():
        names = {"server": server.name, "mailbox": patient.address}
        why = _left_alone(patient, stand)
        if why is not None:  # one line for each mailbox, and not one for each check of it
            free = [each for each in MAILBOX if not each.needs]
            yield from _made(free, patient, stand.within(), **names)
            yield skipped("mailbox", why, **names)
            continue
        yield from _made(MAILBOX, patient, stand.within(), **names)


def _left_alone(patient: MailboxPatient, stand: Standing) -> str | None:
    """Why a mailbox is not asked for at all; `None` where it is."""
    if patient.is_asked:
        return f"not looked at: its user has not agreed yet; syncd users consent {patient.address}"
    broken = stand.missing(("sign-in",))
    return None if broken is None else _not_made(broken)


class Standing:
    """Which checks gave way so far, on what is looked at and on what that stands on."""

    def __init__(self, above: Standing | None = None) -> None:
        self._above = above
        self._gone: dict[str, str] = {}  # check → the one that it came from

    def within(self) -> Standing:
        """The standing of something that stands on this."""
        return Standing(self)

    def gives_way(self, check: str, cause: str | None = None) -> None:
        """A check failed, or was not made because of another one."""
        self._gone.setdefault(check, cause or check)

    def missing(self, needs: Iterable[str]) -> str | None:
        """The check that failed and that one of these stands on; `None` where all are well."""
        for need in needs:
            found = self._gone.get(need)
            if found is None and self._above is not None:
                found = self._above.missing((need,))
            if found is not None:
                return found
        return None


def _made(
    checks: Sequence[Check[Patient]],
    patient: Patient,
    stand: Standing,
    *,
    server: str = "",
    mailbox: str = "",
) -> Iterator[Finding]:
    for check in checks:
        if not check.applies(patient):
            continue
        broken = stand.missing(check.needs)
        if broken is not None:
            stand.gives_way(check.name, broken)
            yield skipped(check.name, _not_made(broken), server=server, mailbox=mailbox)
            continue
        for each in _run(check, patient):
            if each.failed or each.stops:
                stand.gives_way(check.name)
            yield each
            if each.stops and each.level is Level.OK:
                return  # as it should be, and there is nothing to look at


def _run(check: Check[Patient], patient: Patient) -> Iterator[Finding]:
    """The findings of a check; a mailbox that fails in the middle of one is a finding, too."""
    try:
        yield from check.run(patient)
    except MailboxError as error:
        if not isinstance(patient, MailboxPatient):
            raise
        yield concluding.of_mailbox(patient, error)
    except Misconfigured as problem:
        if not isinstance(patient, MailboxPatient):
            raise
        yield concluding.of_problem(patient, problem)


def _not_made(broken: str) -> str:
    return f"not looked at, for it needs '{broken}', which did not go well"
