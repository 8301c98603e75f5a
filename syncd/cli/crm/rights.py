"""`syncd crm team` and `syncd crm access`: who may read or change what."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from syncd.cli.crm.desk import Desk, as_json, pass_desk
from syncd.cli.crm.fields import field_called
from syncd.cli.crm.sorts import SORTS, Sort, sort_of
from syncd.cli.errors import Problem
from syncd.cli.output import emit_json, table, tell

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from syncd.crm.access import Rule
    from syncd.crm.teams import Team

LEVELS = ("none", "own", "team", "organisation")
OBEYED = (
    "The sync obeys it, too: a contact that its user may not read leaves the synced folder; one "
    'that syncd made goes to its sub-folder "Former CRM contacts".'
)
FIELD_OBEYED = (
    "The sync obeys it, too: such a field flows neither way any more. What of it is in Outlook "
    "already stays there."
)
_ENTITIES = tuple(each.command for each in SORTS.values())
_WHOSE = {
    "own": "their own {plural}, and those shared with them",
    "team": "the {plural} of their teams, and those shared with them",
    "organisation": "all {plural}",
}


@contextmanager
def _writing(desk: Desk, undone: str) -> Iterator[Connection]:
    """A change of teams or rules, which are the organisation's. Raises Problem with --as."""
    from syncd.crm import database

    if desk.acting is not None:
        what = "Teams and rules are the organisation's, and no user's."
        raise Problem(what, undone, "Leave out --as.")
    engine = desk.context.engine()
    with desk.explained(undone), database.write(engine, durable=True, alone=True) as conn:
        yield conn


@click.group("team", short_help="Look after the teams of users.")
def team() -> None:
    """Look after the teams of users: rights are given to them, and records shared with them."""


@team.command("new")
@click.argument("name")
@as_json
@pass_desk
def team_new(desk: Desk, /, *, name: str, as_json: bool) -> None:
    """Make a team called NAME."""
    from syncd.crm import teams

    with _writing(desk, "No team was made.") as conn:
        made = teams.add(conn, name)
    if as_json:
        emit_json(_team_json(made))
        return
    tell(f"Made the team {made.name} ({made.id}).")
    tell(f"Put users into it: syncd crm team put {shlex.quote(made.name)} ADDRESS")


@team.command("list")
@as_json
@pass_desk
def team_list(desk: Desk, /, *, as_json: bool) -> None:
    """List the teams with their members."""
    from syncd.cli.crm_store import reading
    from syncd.crm import teams

    with reading(desk.context) as conn:
        found = teams.every(conn)
    if as_json:
        emit_json([_team_json(each) for each in found])
    elif found:
        rows = [(each.id[:8], each.name, ", ".join(each.members)) for each in found]
        table("Teams", ("Id", "Name", "Members"), rows)
    else:
        tell("There is no team. Make one: syncd crm team new NAME")


@team.command("put")
@click.argument("name", metavar="TEAM")
@click.argument("addresses", metavar="ADDRESS...", nargs=-1, required=True)
@as_json
@pass_desk
def team_put(desk: Desk, /, *, name: str, addresses: tuple[str, ...], as_json: bool) -> None:
    """Put users into a team."""
    from syncd.crm import teams

    with _writing(desk, "Nobody was put into the team.") as conn:
        found = teams.get(conn, name)
        for each in addresses:
            teams.put_in(conn, found.id, desk.user_id(each))
        now = teams.get(conn, found.id)
    _tell_team(now, as_json=as_json)


@team.command("take")
@click.argument("name", metavar="TEAM")
@click.argument("addresses", metavar="ADDRESS...", nargs=-1, required=True)
@as_json
@pass_desk
def team_take(desk: Desk, /, *, name: str, addresses: tuple[str, ...], as_json: bool) -> None:
    """Take users out of a team."""
    from syncd.crm import teams

    with _writing(desk, "Nobody was taken out of the team.") as conn:
        found = teams.get(conn, name)
        for each in addresses:
            teams.take_out(conn, found.id, desk.user_id(each))
        now = teams.get(conn, found.id)
    _tell_team(now, as_json=as_json)


def _team_json(found: Team) -> dict[str, object]:
    return {"id": found.id, "name": found.name, "members": list(found.members)}


def _tell_team(found: Team, *, as_json: bool) -> None:
    if as_json:
        emit_json(_team_json(found))
    else:
        tell(f"In the team {found.name}: {', '.join(found.members) or 'nobody'}.")


_ABOUT = """Say who may read or change what: by sort of record, for everybody or for a team.

\b
none          nobody's records
own           one's own, and those shared with one
team          those of everybody in one's teams, too
organisation  all

Without a rule everybody may do everything. A team's rule goes before that for everybody; of
several teams the most generous counts. A rule for one field takes it away from those who may not
read, or change, it: none, or organisation. The sync obeys every rule.
"""


@click.group("access", help=_ABOUT, short_help="Say who may read or change what.")
def access() -> None:
    """Say who may read or change what."""


def _of(function: click.decorators.FC) -> click.decorators.FC:
    field = click.option("--field", metavar="FIELD", help="Only one field of it.")(function)
    return click.option("--team", "team_name", metavar="TEAM", help="For a team only.")(field)


_entity = click.argument(
    "entity", metavar="SORT", type=click.Choice(_ENTITIES, case_sensitive=False)
)
_level = click.Choice(LEVELS, case_sensitive=False)


@access.command("set")
@_entity
@click.option("--read", required=True, type=_level, help="Whose may be read.")
@click.option("--write", required=True, type=_level, help="Whose may be changed.")
@_of
@as_json
@pass_desk
def access_set(
    desk: Desk,
    /,
    *,
    entity: str,
    read: str,
    write: str,
    team_name: str | None,
    field: str | None,
    as_json: bool,
) -> None:
    """Set a rule about SORT: lead, account, contact, opportunity, task, ….

    For example: syncd crm access set contact --read team --write own
    """
    from syncd.crm import access as rules

    undone = "No rule was set."
    sort = _sort(entity)
    if LEVELS.index(write) > LEVELS.index(read):
        what = f"What may not be read cannot be changed: --write {write} is more than --read {read}"
        raise Problem(f"{what}.", undone, f"Type --write {read}, or less.")
    name = field_called(sort, field, undone) if field else None
    if name and {read, write} - {"none", "organisation"}:
        what = "A field is there for all who may read the record, or for nobody."
        raise Problem(what, undone, "Type none or organisation for --read and --write.")
    with _writing(desk, undone) as conn:
        team_id = _team_id(conn, team_name)
        rule = rules.Rule(sort.entity, rules.LEVELS[read], rules.LEVELS[write], name, team_id)
        rules.put(conn, rule)
        names = _team_names(conn)
    if as_json:
        emit_json(_rule_json(rule, names))
        return
    tell(_sentence(rule, names))
    tell(FIELD_OBEYED if rule.field else OBEYED)


@access.command("list")
@as_json
@pass_desk
def access_list(desk: Desk, /, *, as_json: bool) -> None:
    """List the rules, each with what it means."""
    from syncd.cli.crm_store import reading
    from syncd.crm import access as rules

    with reading(desk.context) as conn:
        found = rules.every(conn)
        names = _team_names(conn)
    if as_json:
        emit_json([_rule_json(each, names) for each in found])
    elif not found:
        tell("There is no rule: everybody may read and change everything.")
        tell("Set one: syncd crm access set contact --read team --write own")
    else:
        for each in found:
            tell(_sentence(each, names))
        tell("Of what no rule speaks, everybody may read and change all. The sync obeys them.")


@access.command("clear")
@_entity
@_of
@as_json
@pass_desk
def access_clear(
    desk: Desk, /, *, entity: str, team_name: str | None, field: str | None, as_json: bool
) -> None:
    """Remove a rule about SORT: the one for everybody, for a --team, for a --field."""
    from syncd.crm import access as rules

    undone = "No rule was removed."
    sort = _sort(entity)
    name = field_called(sort, field, undone) if field else None
    with _writing(desk, undone) as conn:
        gone = rules.clear(conn, sort.entity, name, _team_id(conn, team_name))
    if as_json:
        emit_json({"removed": gone})
    elif gone:
        tell("Removed. See what is left: syncd crm access list")
    else:
        raise Problem("There is no such rule.", undone, "See the rules: syncd crm access list")


def _sort(command: str) -> Sort:
    return sort_of(command.lower().replace("-", "_"))


def _team_id(conn: Connection, name: str | None) -> str | None:
    from syncd.crm import teams

    return teams.get(conn, name).id if name else None


def _team_names(conn: Connection) -> dict[str, str]:
    from syncd.crm import teams

    return {each.id: each.name for each in teams.every(conn)}


def _rule_json(rule: Rule, teams: dict[str, str]) -> dict[str, object]:
    return {
        "entity": rule.entity,
        "field": rule.field,
        "team": teams.get(rule.team_id) if rule.team_id else None,
        "read": rule.read.name.lower(),
        "write": rule.write.name.lower(),
        "sentence": _sentence(rule, teams),
    }


def _sentence(rule: Rule, teams: dict[str, str]) -> str:
    """What a rule means: `Everybody may read … and change …`."""
    team = f"The team {teams.get(rule.team_id)}" if rule.team_id else None
    sort = sort_of(rule.entity)
    plural = sort.schema.plural
    read, write = (level.name.lower() for level in (rule.read, rule.write))
    what = plural if rule.field is None else f"{sort.by_name[rule.field].label} of {plural}"
    if read == "none":
        who = f"{team} may neither read nor" if team else "Nobody may read or"
        return f"{who} change {what}."
    who = team or "Everybody"
    if rule.field is not None:
        may = "read, but not change," if write == "none" else "read and change"
        return f"{who} may {may} {what}, as far as the record itself."
    reads, writes = (_WHOSE.get(each, "").format(plural=plural) for each in (read, write))
    if write == "none":
        return f"{who} may read {reads}, and change none."
    if read == write:
        return f"{who} may read and change {reads}."
    return f"{who} may read {reads}; and change {writes}."
