"""What a check finds, as a value: what is the matter, what follows for syncd, what to do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is. A `SKIPPED` check was not made; what it waits for says why."""

    OK = "ok"
    WARNING = "warning"
    FAILURE = "failure"
    SKIPPED = "skipped"


class Bar(StrEnum):
    """What a failure bars, which decides how the command ends."""

    CONFIGURATION = "configuration"  # somebody is to mend the file, or what it names
    NETWORK = "network"  # the server cannot be reached
    OTHER = "other"  # a right, an account, a mailbox


@dataclass(frozen=True, slots=True)
class Cause:
    """One thing that a check may find. All texts have holes, filled in by `found`.

    `what` and `follows` are sentences; `steps` tells a person what to do, `type` are lines to type
    or to write into the configuration, each whole; what is in capitals is to be filled in (the
    manual lists such words). `follows` is empty where nothing does. `stops`: what needs this check
    cannot be looked at, although it is no failure.
    """

    level: Level
    what: str
    follows: str = ""
    steps: str = ""
    type: tuple[str, ...] = ()
    bar: Bar = Bar.OTHER
    stops: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding. `server` and `mailbox` are empty where it concerns all of them.

    `code` names the cause and stays the same from version to version; `detail` is the server's
    own code, for the log and for support.
    """

    check: str
    code: str
    level: Level
    what: str
    follows: str = ""
    steps: str = ""
    type: tuple[str, ...] = ()
    server: str = ""
    mailbox: str = ""
    detail: str = ""
    bar: Bar = Bar.OTHER
    stops: bool = False

    @property
    def failed(self) -> bool:
        """Whether something is broken."""
        return self.level is Level.FAILURE
