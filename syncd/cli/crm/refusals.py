"""What the CRM refuses, as problems that say what to type."""

from __future__ import annotations

from syncd.cli.crm.fields import option_of
from syncd.cli.crm.sorts import SORTS, sort_of
from syncd.cli.errors import Problem
from syncd.crm import errors


def problem_of(error: errors.CrmError, undone: str) -> Problem:
    """The problem of a refusal."""
    return Problem(_what(error), undone, _todo(error))


def _what(error: errors.CrmError) -> str:
    if isinstance(error, errors.StaleRecord):
        return "Somebody else has changed it in the meantime."
    if isinstance(error, errors.MissingValue):
        sort = sort_of(error.entity)
        field = sort.by_name[error.field]
        return f"{_capital(sort.one)} needs a value for {field.label}."
    if isinstance(error, errors.NoSuchAccount) and error.found > 1:
        return f"{_capital(str(error))}."
    return f"{_capital(str(error))}."


def _todo(error: errors.CrmError) -> str:
    if isinstance(error, errors.NoSuchOwner):
        return "See the users: syncd users list"
    if isinstance(error, errors.NoSuchAccount):
        return "See the accounts, and name one by its id: syncd crm account list --json"
    if isinstance(error, errors.NoSuchTeam):
        return "See the teams: syncd crm team list"
    if isinstance(error, errors.TeamExists):
        return f'Put users into it: syncd crm team put "{error.name}" ADDRESS'
    if isinstance(error, errors.MissingValue):
        return f"Give it: {option_of(sort_of(error.entity).by_name[error.field])}"
    if isinstance(error, errors.NotAllowed):
        return "Ask its owner to share it. See the rules: syncd crm access list"
    if isinstance(error, errors.StaleRecord):
        return f"Look at it, and try again: syncd crm {_command(error.kind)} show {error.record_id}"
    if isinstance(error, errors.ReadOnly | errors.NotOpen | errors.WrongState):
        return _way_back(error.entity, error.record_id, error.state)
    return "Correct it, and try again."


def _way_back(entity: str, record_id: str, state: str) -> str:
    sort = sort_of(entity)
    leads_to = sort.states.by_name[state].leads_to
    verb = next((each for each in ("reopen", "reactivate") if each in sort.verbs), None)
    back = any(sort.states.by_name[each].editable for each in leads_to)
    if verb is None or not back or sort.states.by_name[state].editable:
        return f"See it: syncd crm {sort.command} show {record_id}"
    return f"Open it again first: syncd crm {sort.command} {verb} {record_id}"


def _command(entity: str) -> str:
    return sort_of(entity).command if entity in SORTS else entity


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"
