"""The one thing that the doctor writes: a contact that it makes, changes and deletes again.

It is in nobody's way: its name says what it is, and it carries no stamp once it was changed, so
that no run takes it for an item of syncd's, or of another installation's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar
from uuid import uuid4

from syncd.model.contact import CONTACT
from syncd.outlook.errors import Failure, MailboxError, Sort
from syncd.outlook.port import Creation, Mailbox, Move, Stamp, Update, Written
from syncd.sync.doctor import probing
from syncd.sync.doctor.causes import found
from syncd.sync.doctor.finding import Finding
from syncd.sync.doctor.patients import MailboxPatient

_OURS = "syncd doctor"

Answer = TypeVar("Answer")


def probe(patient: MailboxPatient, port: Mailbox) -> Iterator[Finding]:
    """Whether a contact can be made, changed and deleted, and a late change is refused."""
    holes: dict[str, object] = {"server": patient.server.name, "mailbox": patient.address}
    name = f"{_OURS} {patient.server.now():%Y-%m-%d %H:%M:%S}"
    folder = port.folder(CONTACT, "default", create=False)
    if folder is None:
        return
    holes |= {"name": name, "folder": folder.path}
    made = _asked(lambda: port.create(CONTACT, folder.id, [_creation(name)]))
    if isinstance(made, Failure):
        yield _refused("made", made, holes)
        return
    patch = {"jobtitle": "can be deleted"}
    changed = _asked(
        lambda: port.update(CONTACT, [Update(made.id, made.version, patch, None, clear_stamp=True)])
    )
    if isinstance(changed, Failure):
        yield _refused("changed", changed, holes)
        changed = Written(made.id, made.version)
    else:
        late, changed = _late(port, made, changed, holes)
        yield late
    gone = _asked(lambda: port.trash(CONTACT, [Move(changed.id, changed.version)]))
    if isinstance(gone, Failure):
        yield found("write-left", says=gone.message, detail=gone.code, **holes)
    else:
        yield found("write-fine", **holes)


def _creation(name: str) -> Creation:
    stamp = Stamp("doctor", CONTACT.name, str(uuid4()), str(uuid4()))
    return Creation({"lastname": name}, {each.name: name for each in CONTACT.initial}, stamp)


def _asked(ask: Callable[[], Sequence[Answer | Failure]]) -> Answer | Failure:
    """The one answer of a batch of one; a whole request that failed is that answer's failure."""
    try:
        (answer,) = ask()
    except MailboxError as error:
        return Failure(error.sort, error.code, error.message)
    return answer


def _late(
    port: Mailbox, made: Written, changed: Written, holes: dict[str, object]
) -> tuple[Finding, Written]:
    """What the server says to a change of the version before; and the version after that."""
    try:
        code = probing.late_change(port, made)
    except MailboxError as error:
        failure = Failure(error.sort, error.code, error.message)
        return _refused("changed", failure, holes), changed
    if code is not None:
        return found("stale-refused", detail=code, **holes), changed
    now = _asked(lambda: port.read(CONTACT, [changed.id]))
    version = changed.version if isinstance(now, Failure) else now.head.version
    return found("stale-taken", **holes), Written(changed.id, version)


def _refused(step: str, failure: Failure, holes: dict[str, object]) -> Finding:
    code = "write-in-doubt" if failure.sort is Sort.IN_DOUBT else "write-refused"
    return found(code, step=step, says=failure.message, detail=failure.code, **holes)
