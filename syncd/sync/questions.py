"""Questions to a person about who is who, and what was answered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, or_, select, update

from syncd.reconcile.reasons import Reason
from syncd.sync.session import Session
from syncd.sync.snapshots import chunks
from syncd.sync.tables import noticed, observed
from syncd.sync.tables import question as table


class Answer(StrEnum):
    """What a person may say."""

    LINK = "link"  # it is this one
    CREATE = "create"  # it is somebody new
    IGNORE = "ignore"  # leave it alone until it changes
    NEVER = "never"  # leave it alone for good


LASTING = (Answer.IGNORE.value, Answer.NEVER.value)


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer. `chosen` is the candidate that it is; `version` the subject's when asked."""

    answer: Answer
    chosen: str | None
    version: str | None

    def left_alone(self, version: str) -> Reason | None:
        """Why the subject, as it is now, is left alone; `None` when it is not."""
        if self.answer is Answer.NEVER:
            return Reason.NEVER
        still = self.answer is Answer.IGNORE and self.version == version
        return Reason.IGNORED if still else None


def ask(
    conn: Connection,
    session: Session,
    subject: str,
    reason: Reason,
    candidates: Sequence[str],
    version: str,
    *,
    again: bool = False,
) -> None:
    """Ask about a record (its id) or an item (its remote id).

    `again`: what was answered before could not be done. Else an answer stands that came just now.
    """
    mine = session.mine(table) & (table.c.subject == subject)
    values: dict[str, object] = {
        "reason": reason.value,
        "candidates": list(candidates),
        "version": version,
        **(dict.fromkeys(("answer", "chosen", "answered_at")) if again else {}),
    }
    if conn.execute(select(table.c.id).where(mine)).first():
        conn.execute(update(table).where(mine).values(**values))
        return
    made = {**session.ours, "subject": subject, "asked_at": session.clock(), **values}
    conn.execute(insert(table).values(made))


def answered(conn: Connection, session: Session) -> dict[str, Answered]:
    """The answers in one mailbox, by what they are about."""
    mine = session.mine(table) & table.c.answer.is_not(None)
    return {
        row.subject: Answered(Answer(row.answer), row.chosen, row.version)
        for row in conn.execute(select(table).where(mine))
    }


def settle(conn: Connection, session: Session, subjects: Iterable[str]) -> None:
    """These were decided about: nothing is asked of them any more. What was said for good stays."""
    for chunk in chunks(subjects):
        over = or_(table.c.answer.is_(None), table.c.answer.not_in(LASTING))
        conn.execute(delete(table).where(session.mine(table), table.c.subject.in_(chunk), over))


def leave_alone(
    conn: Connection,
    mailbox_id: int,
    kind: str,
    subject: str,
    version: str,
    at: datetime,
    *,
    reason: Reason = Reason.HELD,
) -> None:
    """A person decided against making it: it is left alone until it changes.

    `reason` is why that was asked.
    """
    mine = (table.c.mailbox_id == mailbox_id) & (table.c.kind == kind)
    conn.execute(delete(table).where(mine, table.c.subject == subject))
    conn.execute(
        insert(table).values(
            mailbox_id=mailbox_id, kind=kind, subject=subject, reason=reason.value,
            candidates=[], asked_at=at, answer=Answer.IGNORE.value, version=version,
            answered_at=at,
        )
    )  # fmt: skip


def one(conn: Connection, number: int) -> Row[Any] | None:
    """A question by its number."""
    return conn.execute(select(table).where(table.c.id == number)).one_or_none()


def answer(
    conn: Connection, row: Row[Any], said: Answer, at: datetime, chosen: str | None = None
) -> None:
    """Note what a person said; the mailbox's next run carries it out."""
    values = {"answer": said.value, "chosen": chosen, "answered_at": at}
    conn.execute(update(table).where(table.c.id == row.id).values(**values))
    for each, column in ((observed, observed.c.remote_id), (noticed, noticed.c.crm_id)):
        mine = (each.c.mailbox_id == row.mailbox_id) & (each.c.kind == row.kind)
        conn.execute(update(each).where(mine, column == row.subject).values(retry_at=None))


def of_mailbox(conn: Connection, mailbox_id: int) -> Mapping[int, Row[Any]]:
    """Everything that was asked in one mailbox, by number."""
    query = select(table).where(table.c.mailbox_id == mailbox_id).order_by(table.c.id)
    return {row.id: row for row in conn.execute(query)}
