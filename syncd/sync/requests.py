"""The writes of a run as the port takes them: one request for each lot of attempts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from syncd.model.fields import Side
from syncd.outlook.errors import Failure, Sort
from syncd.outlook.port import Creation, Move, Stamp, Update, Written
from syncd.reconcile.decide import Verb
from syncd.sync.session import Session
from syncd.sync.settling import Task

Results = Sequence[Written | Failure]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One task's write in one batch, under its operation key.

    `alone`: requests that it was part of came to nothing time and again; it has one of its own.
    """

    task: Task
    key: str
    alone: bool = False


def _stamp(session: Session, attempt: Attempt) -> Stamp:
    name = session.policy.kind.name
    return Stamp(session.installation.name, name, attempt.task.crm_id, attempt.key)


def _create(session: Session, attempts: Sequence[Attempt]) -> Results:
    kind = session.policy.kind
    creations = []
    for each in attempts:
        values = each.task.decision.patch(Side.OUTLOOK)
        composed = {i.name: i.compose(values) for i in kind.initial}
        creations.append(
            Creation(
                {name: value for name, value in values.items() if value is not None},
                {name: text for name, text in composed.items() if text},
                _stamp(session, each),
            )
        )
    with session.read() as conn:
        folder = session.state(conn).folder_id
    return session.port.create(kind, folder, creations)


def _update(session: Session, attempts: Sequence[Attempt]) -> Results:
    # The operation key travels with every update, so that one that was not answered can be
    # settled by looking at the item.
    updates = [
        Update(
            each.task.remote_id,
            each.task.remote_version,
            each.task.decision.patch(Side.OUTLOOK),
            _stamp(session, each),
        )
        for each in attempts
    ]
    return session.port.update(session.policy.kind, updates)


def _moves(attempts: Sequence[Attempt]) -> list[Move]:
    return [Move(each.task.remote_id, each.task.remote_version) for each in attempts]


def _archive(session: Session, attempts: Sequence[Attempt]) -> Results:
    kind = session.policy.kind
    # Asked for each time: its user may have thrown the folder away, and what is moved into one
    # that is in Deleted Items goes with it.
    folder = session.port.folder(kind, f"default/{kind.archive_folder}", create=True)
    if folder is None:
        return [Failure(Sort.TRANSIENT, "NoFolder", kind.archive_folder)] * len(attempts)
    # Which folder it is before what is moved there, and on disk: a move whose answer was lost is
    # known as ours by the folder that the item is in. The other order would take it for its user's.
    with session.read() as conn:
        known = session.state(conn).archive_id
    if known != folder.id:
        with session.write(durable=True) as conn:
            session.set_state(conn, archive_id=folder.id)
    return session.port.move(kind, _moves(attempts), folder.id)


def _restore(session: Session, attempts: Sequence[Attempt]) -> Results:
    with session.read() as conn:
        folder = session.state(conn).folder_id
    return session.port.move(session.policy.kind, _moves(attempts), folder)


def _trash(session: Session, attempts: Sequence[Attempt]) -> Results:
    return session.port.trash(session.policy.kind, _moves(attempts))


REQUESTS: Mapping[Verb, Callable[[Session, Sequence[Attempt]], Results]] = {
    Verb.RESTORE_ITEM: _restore,
    Verb.CREATE_ITEM: _create,
    Verb.UPDATE_ITEM: _update,
    Verb.MOVE_ITEM: _archive,
    Verb.TRASH_ITEM: _trash,
}
