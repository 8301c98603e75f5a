"""Errors for people, and what the process exits with."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """Exit status. Where several apply, USAGE goes before UNREACHABLE, HELD and FAILED."""

    DONE = 0
    FAILED = 1  # some items failed
    WORK = 2  # `plan` alone: there is something to do
    HELD = 3  # something is held for a person
    USAGE = 4  # bad configuration or usage
    DIVERGED = 6  # `verify` alone: something is not as it should be, or could not be verified
    UNREACHABLE = 5  # the server cannot be reached


class Problem(Exception):
    """An error that a person reads: what happened, what was not done because of it, what to type.

    `undone` and `todo` are whole sentences, without a label.
    """

    def __init__(self, what: str, undone: str, todo: str, exit_code: Exit = Exit.USAGE) -> None:
        super().__init__(what)
        self.what = what
        self.undone = undone
        self.todo = todo
        self.exit_code = exit_code
