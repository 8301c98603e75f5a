"""The columns are as wide as what goes into them: PostgreSQL refuses more, SQLite does not mind.

So what runs on SQLite alone cannot show it.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

import pytest
from sqlalchemy import String, Text

from syncd.crm.tables import metadata
from syncd.model.fields import Side
from syncd.outlook.port import Backend
from syncd.reconcile.breaker import Bounded
from syncd.reconcile.decision import Stand, Verb
from syncd.reconcile.facts import LinkState, Origin
from syncd.reconcile.reasons import Reason
from syncd.settings.keys import KEYS
from syncd.settings.kind_section import LONGEST_NAME
from syncd.settings.kinds import KINDS
from syncd.sync import alerts, journal
from syncd.sync.finishing import BY_HAND
from syncd.sync.first_contact import ContactState
from syncd.sync.mailboxes import MailboxState
from syncd.sync.questions import Answer
from syncd.sync.report import Outcome

LONGEST_FIELD = "x" * 40
A_NAME = "x" * LONGEST_NAME
HASHES = {"hash", "hash_key", "crm_image", "outlook_image", "before", "after", "kept", "other"}
# What lets a run begin.
CAUSES = (
    "schedule", BY_HAND, "audit", "onboard", "offboard", "untrack", "plan", "verify", "restore",
    "relink",
)  # fmt: skip

LONGEST: dict[str, type[StrEnum] | Iterable[str]] = {
    # By the column's name, or its table's and its own: all that may stand in it.
    "kind": KINDS,
    "reason": Reason,
    "stand": Stand,
    "mailbox.state": MailboxState,
    "mailbox.backend": Backend,
    "mailbox_kind.contact_state": ContactState,
    "link.state": LinkState,
    "link.origin": Origin,
    "run.cause": CAUSES,
    "run.outcome": Outcome,
    "operation.verb": Verb,
    "operation.status": journal.Status,
    "conflict.field_group": [LONGEST_FIELD],
    "conflict.loser": Side,
    "conflict.state": ("open", "kept", "resolved"),
    "held.verb": Bounded,
    "question.answer": Answer,
    "alert.code": alerts.Code,
    "alert.level": alerts.Level,
    "setting.key": [each.name.replace("*", LONGEST_FIELD) for each in KEYS if each.openable],
    "user_filter.name": [A_NAME],
    "user_filter.template": [A_NAME],
    "run.id": ["0" * 12],
    "run_id": ["0" * 12],
    "cause.key": ["0" * 64],
}
BOUNDED = [
    (f"{table.name}.{column.name}", column.type.length)
    for table in metadata.sorted_tables
    for column in table.columns
    if isinstance(column.type, String)
    and not isinstance(column.type, Text)
    and column.type.length not in (None, 36)  # an id
    and column.name not in HASHES
]


@pytest.mark.parametrize(("column", "width"), BOUNDED, ids=lambda each: str(each))
def test_a_column_is_as_wide_as_the_longest_that_goes_into_it(column: str, width: int) -> None:
    """And each column that has a width says here what goes into it."""
    goes_in = LONGEST.get(column) or LONGEST[column.partition(".")[2]]
    assert max(len(each) for each in goes_in) <= width
