"""Ending a record because its user deleted its item, where the policy says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection

from syncd.crm import cascades, lifecycle
from syncd.crm.errors import RecordError, StaleRecord
from syncd.reconcile.decide import Stand, Verb
from syncd.reconcile.reasons import Reason
from syncd.sync.session import Session
from syncd.sync.settling import Task, postpone


def end(conn: Connection, session: Session, tasks: Sequence[Task]) -> set[int]:
    """Deactivate or delete the records of these tasks; which tasks are not to be gone on with.

    What the CRM refuses, such as to delete what others may not lose, is no failure of the deletion
    in Outlook: that one is respected, as it is by default. It refuses before it writes anything.
    """
    refused: set[int] = set()
    for task in tasks:
        try:
            _end(conn, session, task)
        except StaleRecord:
            refused.add(id(task))
            postpone(conn, session, task.work, Stand.WAITING, Reason.EDITED_MEANWHILE)
        except RecordError:
            task.decision = replace(
                task.decision, reason=Reason.OUTLOOK_DELETED, verbs=(Verb.UNLINK,)
            )
    return refused


def _end(conn: Connection, session: Session, task: Task) -> None:
    at, actor, version = session.clock(), session.actor, task.work.case.crm.version
    if Verb.DELETE_RECORD in task.decision.verbs:
        ended = cascades.delete(conn, session.stored, task.crm_id, actor, at, expected=version)
        session.tally.crm["deleted"] += 1
    else:
        ended = lifecycle.set_active(
            conn, session.stored, task.crm_id, active=False, actor=actor, at=at, expected=version
        )
        session.tally.crm["updated"] += 1
    task.crm_version = ended.version
