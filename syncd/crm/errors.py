"""What the store refuses, as classes with fields. The text of each is a clause for a person."""

from __future__ import annotations


class CrmError(Exception):
    """The store did not do what was asked. Nothing of the refused call was written."""


class RecordError(CrmError):
    """One record was refused. In a batch the other records of the batch go on (P10)."""


class StaleRecord(RecordError):
    """The record changed since it was read; read it again and decide again."""

    def __init__(self, kind: str, record_id: str, expected: int, found: int) -> None:
        super().__init__(f"{kind} {record_id} is at version {found}, not {expected}")
        self.kind, self.record_id, self.expected, self.found = kind, record_id, expected, found


class NoSuchRecord(RecordError):
    """No record has this id; `deleted` says that one had it until it was deleted."""

    def __init__(self, kind: str, record_id: str, *, deleted: bool = False) -> None:
        super().__init__(f"{kind} {record_id} {'was deleted' if deleted else 'does not exist'}")
        self.kind, self.record_id, self.deleted = kind, record_id, deleted


class RecordExists(RecordError):
    """The id asked for belongs to another record, live or deleted."""

    def __init__(self, kind: str, record_id: str) -> None:
        super().__init__(f"{kind} {record_id} exists already")
        self.kind, self.record_id = kind, record_id


class NoSuchOwner(RecordError):
    """`owner` is neither the id nor the address of a user."""

    def __init__(self, owner: str) -> None:
        super().__init__(f"there is no user {owner!r}")
        self.owner = owner


class NoSuchAccount(RecordError):
    """`account` is neither the id of an account nor the name of exactly one."""

    def __init__(self, account: str, found: int = 0) -> None:
        many = f"{found} accounts are called" if found else "there is no account"
        super().__init__(f"{many} {account!r}")
        self.account, self.found = account, found


class InvalidValue(RecordError):
    """A field does not exist, or cannot hold this value."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field, self.reason = field, reason


class UserExists(CrmError):
    """Another user has this address."""

    def __init__(self, address: str) -> None:
        super().__init__(f"there is a user {address!r} already")
        self.address = address


class DatabaseProblem(CrmError):
    """The database cannot be used: `what` happened, and `todo` is what helps."""

    def __init__(self, what: str, todo: str) -> None:
        super().__init__(f"{what}. {todo}")
        self.what, self.todo = what, todo


class ServerUnreachable(DatabaseProblem):
    """The database's server does not answer: it may when it is asked again."""


class NewerDatabase(DatabaseProblem):
    """A later version of syncd has written this database."""

    def __init__(self, revision: str, head: str) -> None:
        super().__init__(
            f"The database is at revision {revision}; this syncd knows revisions up to {head}",
            "Install the version of syncd that wrote it, or a later one",
        )
        self.revision, self.head = revision, head
