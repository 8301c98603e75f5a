"""The checks of one mailbox: whether it opens, its folders, what its server can, and writing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from syncd.model.contact import CONTACT
from syncd.outlook.errors import MailboxError, Sort
from syncd.sync.doctor import concluding, opening, probing, trying
from syncd.sync.doctor.causes import found
from syncd.sync.doctor.finding import Finding
from syncd.sync.doctor.patients import MailboxPatient
from syncd.sync.mailboxes import MailboxState

RESTING: Mapping[MailboxState, str] = {
    MailboxState.SUSPENDED: "mailbox-suspended",
    MailboxState.PAUSED: "mailbox-paused",
}


def state(patient: MailboxPatient) -> Iterator[Finding]:
    """Whether a mailbox was told to rest, by a person or after a refused sign-in."""
    code = RESTING.get(patient.row.state)
    if code is not None:
        trouble = (patient.row.trouble or "nothing").rstrip(".")
        yield found(
            code, trouble=trouble, server=patient.server.name, mailbox=patient.address
        )  # fmt: skip


def mailbox(patient: MailboxPatient) -> Iterator[Finding]:
    """Whether a mailbox opens: its default contact folder is asked for."""
    holes = {"server": patient.server.name, "mailbox": patient.address}
    try:
        with patient.open() as port:
            port.folder(CONTACT, "default", create=False)
    except MailboxError as error:
        if error.sort is Sort.ELSEWHERE and patient.is_sought:
            yield found("mailbox-not-here", detail=error.code, **holes)
        else:
            yield concluding.of_mailbox(patient, error)
    else:
        yield found("mailbox-fine", **holes)


def folders(patient: MailboxPatient) -> Iterator[Finding]:
    """Whether the folder of each kind, as the policy names it, is there and may be read."""
    policy = patient.policy
    wanted = (
        [(each.policy.kind, each.policy.folder) for each in policy.kinds.values()]
        if policy is not None and policy.kinds
        else [(CONTACT, "default")]
    )
    for kind, spec in wanted:
        holes: dict[str, object] = {
            "server": patient.server.name, "mailbox": patient.address,
            "kind": kind.plural.capitalize(), "folder": spec, "policy": patient.row.policy,
        }  # fmt: skip
        try:
            with patient.open() as port:
                folder = port.folder(kind, spec, create=False)
                if folder is not None:
                    port.changes(kind, folder.id, None)  # one page: that it may be read
        except MailboxError as error:
            if error.sort is Sort.THROTTLED:
                yield concluding.of_mailbox(patient, error)
                continue
            code = "folder-wrong" if error.code == "wrong-folder-class" else "folder-denied"
            if error.sort not in (Sort.DENIED, Sort.INVALID, Sort.GONE):
                code = "folder-unread"
            yield found(code, says=error.message, detail=error.code, **holes)
            continue
        if folder is None:
            yield found("folder-new", **holes)
        else:
            yield found("folder-fine", path=folder.path, total=folder.total, **holes)


def categories(patient: MailboxPatient) -> Iterator[Finding]:
    """Whether the list of categories may be read."""
    kinds = patient.policy.kinds.values() if patient.policy is not None else ()
    category = next((each.policy.track_category for each in kinds), "CRM")
    holes = {
        "server": patient.server.name, "mailbox": patient.address, "category": category,
        "principal": patient.server.principal,
    }  # fmt: skip
    with patient.open() as port:
        refused = probing.refusal_of_categories(port)
    if refused is None:
        yield found("categories-fine", **holes)
    else:
        graph = opening.is_graph(patient.server.section)
        code = "categories-denied" if graph else "categories-closed"
        yield found(code, detail=refused, **holes)


def capabilities(patient: MailboxPatient) -> Iterator[Finding]:
    """What the server of a mailbox can and cannot do, and what that means."""
    holes = {"server": patient.server.name, "mailbox": patient.address}
    with patient.open() as port:
        can, moves = port.capabilities, port.can_move(CONTACT)
    if not moves:
        yield found("cannot-move", **holes)
    if not can.searches_trash:
        yield found("cannot-search-trash", **holes)
    if moves and can.searches_trash:
        yield found("can-all", **holes)
    if opening.is_graph(patient.server.section) and not patient.server.wanted.write:
        yield found("if-match-unknown", **holes)


def write(patient: MailboxPatient) -> Iterator[Finding]:
    """Make one contact, change it, try to change it too late, delete it. Only when asked for."""
    with patient.open() as port:
        yield from trying.probe(patient, port)
