"""What the store refuses, as classes with fields. The text of each is a clause for a person."""

from __future__ import annotations

from collections.abc import Sequence


def entity_name(entity: str) -> str:
    """An entity as it is written in a sentence: `phone call`."""
    return entity.replace("_", " ")


def a_record(entity: str) -> str:
    """One record of an entity, in a sentence: `an account`."""
    return f"{'an' if entity[0] in 'aeio' else 'a'} {entity_name(entity)}"


class CrmError(Exception):
    """The store did not do what was asked. Nothing of the refused call was written."""


class RecordError(CrmError):
    """One record was refused. In a batch the other records of the batch go on (P10)."""


class NoSuchEntity(CrmError):
    """The CRM keeps no such thing."""

    def __init__(self, entity: str, known: Sequence[str]) -> None:
        super().__init__(f"there is no {entity!r}; there are {', '.join(known)}")
        self.entity, self.known = entity, tuple(known)


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


class NoSuchPrincipal(RecordError):
    """Neither a user nor a team."""

    def __init__(self, principal: str) -> None:
        super().__init__(f"there is no user or team {principal!r}")
        self.principal = principal


class InvalidValue(RecordError):
    """A field does not exist, or cannot hold this value."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field, self.reason = field, reason


class MissingValue(InvalidValue):
    """A field that every record of the entity must have would be empty."""

    def __init__(self, entity: str, field: str, label: str) -> None:
        super().__init__(field, f"{a_record(entity)} has a {label.lower()}")
        self.entity = entity


class ReadOnly(RecordError):
    """The record is closed; `way_back` says whether it can be opened again."""

    def __init__(self, entity: str, record_id: str, state: str, *, way_back: bool) -> None:
        todo = "reactivate it first" if way_back else "that is final"
        super().__init__(f"{entity_name(entity)} {record_id} is {state} and read-only; {todo}")
        self.entity, self.record_id, self.state, self.way_back = entity, record_id, state, way_back


class NotOpen(RecordError):
    """Only what is open can be brought to an end."""

    def __init__(self, entity: str, record_id: str, state: str) -> None:
        super().__init__(f"{entity_name(entity)} {record_id} is {state} already")
        self.entity, self.record_id, self.state = entity, record_id, state


class WrongState(RecordError):
    """The record's state does not lead to the one asked for."""

    def __init__(self, entity: str, record_id: str, state: str, wanted: str) -> None:
        super().__init__(
            f"{entity_name(entity)} {record_id} is {state}, and cannot become {wanted} from there"
        )
        self.entity, self.record_id, self.state, self.wanted = entity, record_id, state, wanted


class NotAllowed(RecordError):
    """The user on whose behalf it is done may not do this."""

    def __init__(self, entity: str, deed: str, record_id: str | None) -> None:
        which = f"{entity_name(entity)} {record_id}" if record_id else a_record(entity)
        super().__init__(f"this user may not {deed} {which}")
        self.entity, self.deed, self.record_id = entity, deed, record_id


class RuleBroken(RecordError):
    """A rule of the sales process forbids it; the text says which."""


class LoopFound(RuleBroken):
    """An account would be its own ancestor; `path` are the names on the way up to itself."""

    def __init__(self, path: Sequence[str]) -> None:
        super().__init__(f"an account would be its own parent: {' → '.join(path)}")
        self.path = tuple(path)


class UserExists(CrmError):
    """Another user has this address."""

    def __init__(self, address: str) -> None:
        super().__init__(f"there is a user {address!r} already")
        self.address = address


class NoSuchTeam(CrmError):
    """No team has this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no team {name!r}")
        self.name = name


class TeamExists(CrmError):
    """Another team has this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is a team {name!r} already")
        self.name = name


class DuplicatesFound(CrmError):
    """What would be created may be there already: a person says which it is."""

    def __init__(self, entity: str, found: Sequence[object]) -> None:
        super().__init__(f"{a_record(entity)} like this is there already")
        self.entity, self.found = entity, tuple(found)


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
