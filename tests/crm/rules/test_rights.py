"""Who may read or change what: by level, by field, by sharing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from syncd.crm import access, teams, users
from syncd.crm.access import Level, Rule
from syncd.crm.api import Crm
from syncd.crm.database import write
from syncd.crm.entities import ENTITIES
from syncd.crm.errors import NoSuchPrincipal, NoSuchRecord, NotAllowed
from syncd.crm.feed import Actor, ActorKind
from syncd.crm.parties import Party
from syncd.crm.stored import Stored
from syncd.crm.users import User
from syncd.model.values import Value
from tests.crm.rules.desk import Desk
from tests.crm.rules.law import ACTIVITIES, CONTENT

NONE, OWN, TEAM, ALL = Level.NONE, Level.OWN, Level.TEAM, Level.ORGANISATION

# Whose a record is, and how it was shared → from which level on it may be read, and changed.
READ = {
    "own": OWN, "a colleague's": TEAM, "a stranger's": ALL, "shown to me": OWN,
    "given to me": OWN, "shown to my team": OWN, "given to my team": OWN,
}  # fmt: skip
WRITE = {
    "own": OWN, "a colleague's": TEAM, "a stranger's": ALL, "shown to me": ALL,
    "given to me": OWN, "shown to my team": ALL, "given to my team": OWN,
}  # fmt: skip
CASES = [(whose, level) for whose in READ for level in Level]


@dataclass(frozen=True)
class Team:
    """Carol, whose rights are tried; Dave, of her team; Bob, who is not."""

    desk: Desk
    id: str
    carol: User
    dave: User

    def rule(
        self,
        entity: str,
        read: Level,
        write_: Level,
        field: str | None = None,
        team: str | None = None,
    ) -> None:
        """Set a rule."""
        with write(self.desk.crm.engine) as conn:
            access.put(conn, Rule(entity, read, write_, field, team))

    def record(self, entity: str, whose: str, **values: Value) -> Stored:
        """A record as a row of the tables names it."""
        owner = {"own": self.carol, "a colleague's": self.dave}.get(whose, self.desk.bob)
        made = self.desk.make(entity, owner, **values)
        if whose.startswith(("shown", "given")):
            principal = self.id if whose.endswith("team") else self.carol.id
            self.desk.crm.share(entity, made.id, principal, may_write=whose.startswith("given"))
        return made

    @property
    def crm(self) -> Crm:
        """The CRM in Carol's hands."""
        return self.desk.by(self.carol)


@pytest.fixture
def team(desk: Desk) -> Team:
    """Two users of one team."""
    with write(desk.crm.engine) as conn:
        carol, dave = users.add(conn, "carol@contoso.com"), users.add(conn, "dave@contoso.com")
        made = teams.add(conn, "Sales")
        for each in (carol, dave):
            teams.put_in(conn, made.id, each.id)
    return Team(desk, made.id, carol, dave)


@pytest.mark.parametrize(("whose", "level"), CASES)
def test_what_may_be_read(team: Team, whose: str, level: Level) -> None:
    """Got, searched, named, compared with: everywhere the same."""
    held = team.record("contact", whose, firstname="Robert", emailaddress1="robert@contoso.com")
    team.desk.make("contact", team.carol, firstname="Robert", emailaddress1="robert@contoso.com")
    team.rule("contact", level, level)
    readable = level >= READ[whose]
    crm = team.crm
    try:
        assert crm.get("contact", held.id).id == held.id
        assert readable
    except NoSuchRecord:
        assert not readable
    _, found = crm.search("contact")
    assert (held.id in {each.id for each in found}) is readable
    assert (held.id in {each.id for each in crm.find("contact", "robert@contoso.com")}) is readable
    like = crm.like("contact", {"firstname": "Robert", "emailaddress1": "robert@contoso.com"})
    assert (held.id in {each.record.id for each in like}) is readable
    pairs = {each.id for pair in crm.duplicates("contact") for each in (pair.one, pair.two)}
    assert (held.id in pairs) is readable


@pytest.mark.parametrize(("whose", "level"), CASES)
def test_what_may_be_changed(team: Team, whose: str, level: Level) -> None:
    """By any deed; what is refused leaves the record as it was."""
    team.rule("contact", ALL, level)
    allowed = level >= WRITE[whose]
    for name, deed in DEEDS.items():
        held, other = team.record("contact", whose), team.desk.make("contact", team.carol)
        before, start = team.desk.now(held), team.desk.latest()
        try:
            deed(team, held, other)
            assert allowed, name
        except NotAllowed:
            assert not allowed, name
            assert team.desk.now(held) == before
            assert team.desk.lines(held, start) == []


DEEDS: dict[str, Callable[[Team, Stored, Stored], object]] = {
    "edit": lambda t, held, _: t.crm.edit("contact", held.id, {"jobtitle": "Buyer"}),
    "deactivate": lambda t, held, _: t.crm.deactivate("contact", held.id),
    "assign": lambda t, held, _: t.crm.assign("contact", held.id, t.dave.id),
    "share": lambda t, held, _: t.crm.share("contact", held.id, t.dave.id),
    "unshare": lambda t, held, _: t.crm.unshare("contact", held.id, t.dave.id),
    "delete": lambda t, held, _: t.crm.delete("contact", held.id),
    "merge into": lambda t, held, other: t.crm.merge("contact", held.id, other.id),
    "merge away": lambda t, held, other: t.crm.merge("contact", other.id, held.id),
}


@pytest.mark.parametrize("entity", ACTIVITIES)
@pytest.mark.parametrize("level", [NONE, OWN, ALL])
def test_what_may_be_done_to_activities(team: Team, entity: str, level: Level) -> None:
    """Finishing one, calling it off, saying who takes part: all are changes."""
    team.rule(entity, ALL, level)
    deeds: tuple[Callable[[Stored], object], ...] = (
        lambda held: team.crm.complete(entity, held.id),
        lambda held: team.crm.cancel(entity, held.id),
        lambda held: team.crm.set_parties(entity, held.id, OTHERS[entity]),
    )
    for deed in deeds:
        held = team.desk.make(entity, team.desk.bob, parties=GIVEN[entity])
        before, parties = team.desk.now(held), team.desk.parties_of(held)
        if level is ALL:
            deed(held)
            continue
        if entity == "task" and deed is deeds[2]:
            continue  # nobody takes part in a task
        with pytest.raises(NotAllowed):
            deed(held)
        assert team.desk.now(held) == before
        assert team.desk.parties_of(held) == parties


GIVEN: dict[str, list[Party]] = {
    "email": [Party("to", address="a@contoso.com")],
    "appointment": [Party("required", address="a@contoso.com")],
    "phone_call": [Party("to", address="a@contoso.com")],
    "task": [],
}
OTHERS: dict[str, list[Party]] = {
    entity: [Party(each.role, address="b@contoso.com") for each in given]
    for entity, given in GIVEN.items()
}


@pytest.mark.parametrize("level", Level)
def test_for_whom_may_be_created(team: Team, level: Level) -> None:
    """For oneself, for a colleague, for anybody."""
    team.rule("contact", ALL, level)
    for owner, needed in ((team.carol, OWN), (team.dave, TEAM), (team.desk.bob, ALL)):
        start = team.desk.latest()
        try:
            team.crm.create("contact", {"lastname": "Lyon"}, owner=owner.id)
            assert level >= needed
        except NotAllowed:
            assert level < needed
            assert team.desk.latest() == start


@pytest.mark.parametrize("read", Level)
@pytest.mark.parametrize("write_", Level)
def test_nobody_changes_what_they_may_not_read(team: Team, read: Level, write_: Level) -> None:
    """The right to write never reaches further than the right to read."""
    team.rule("contact", read, write_)
    held = team.record("contact", "a colleague's")
    try:
        team.crm.edit("contact", held.id, {"jobtitle": "Buyer"})
        assert min(read, write_) >= TEAM
    except NotAllowed:
        assert min(read, write_) < TEAM


@pytest.mark.parametrize("entity", ENTITIES)
def test_a_field_may_be_closed_to_somebody(team: Team, entity: str) -> None:
    """That field cannot be set nor changed, the others can; nor emptied, if it is filled."""
    name, value = CONTENT[entity]
    held = team.desk.make(entity, team.carol, **{name: value})
    team.rule(entity, ALL, NONE, field=name)
    for patch in ({name: f"{value}!"}, {name: None}):
        with pytest.raises(NotAllowed):
            team.crm.edit(entity, held.id, patch)
    with pytest.raises(NotAllowed):
        team.crm.create(entity, {**held.values, name: value}, owner=team.carol.id)
    assert team.desk.now(held) == held
    assert team.crm.edit(entity, held.id, {name: value}) == held


def test_a_field_that_may_not_be_read_is_not_shown(team: Team) -> None:
    """It is not there for whoever may not read it, wherever a record is shown."""
    team.rule("contact", NONE, NONE, field="emailaddress1")
    given = {"firstname": "Robert", "emailaddress1": "robert@contoso.com"}
    held = team.desk.make("contact", team.carol, **given)
    assert "emailaddress1" not in team.crm.get("contact", held.id).record.fields
    _, found = team.crm.search("contact")
    assert ["emailaddress1" in each.record.fields for each in found] == [False]
    assert "emailaddress1" not in team.crm.find("contact", held.id)[0].record.fields
    assert team.desk.crm.get("contact", held.id).record.fields["emailaddress1"] is not None


@pytest.mark.parametrize("generous", ["everybody", "team"])
def test_a_teams_rule_goes_before_that_for_everybody(team: Team, generous: str) -> None:
    """Whether it gives more or less; for others everybody's holds."""
    wide, narrow = (ALL, ALL), (OWN, OWN)
    everybody, own = (wide, narrow) if generous == "everybody" else (narrow, wide)
    team.rule("contact", *everybody)
    team.rule("contact", *own, team=team.id)
    held = team.record("contact", "a stranger's")
    by_whom = {"everybody": team.desk.by(team.desk.ann), "team": team.crm}
    for name, crm in by_whom.items():
        if name == generous:
            assert crm.get("contact", held.id).id == held.id
        else:
            with pytest.raises(NoSuchRecord):
                crm.get("contact", held.id)


def test_without_rules_everybody_may_do_everything(team: Team) -> None:
    """Rights are for those who set them; and a rule for contacts says nothing of leads."""
    lead = team.record("lead", "a stranger's")
    team.rule("contact", NONE, NONE)
    assert team.crm.edit("lead", lead.id, {"jobtitle": "Buyer"}).version == 2
    assert team.crm.get("lead", lead.id).version == 2


@pytest.mark.parametrize("kind", ActorKind)
def test_who_is_no_user_is_not_bound(team: Team, kind: ActorKind) -> None:
    """The organisation itself, an import, the undo: rights are of users."""
    team.rule("contact", NONE, NONE)
    team.rule("contact", NONE, NONE, field="jobtitle")
    held = team.record("contact", "a stranger's")
    crm = Crm(team.desk.crm.engine, Actor(kind, "carol@contoso.com"))
    assert crm.edit("contact", held.id, {"jobtitle": "Buyer"}).version == 2
    assert crm.get("contact", held.id).values["jobtitle"] == "Buyer"


def test_a_share_is_with_somebody(team: Team) -> None:
    """A user or a team; sharing again says anew how much."""
    held = team.desk.make("contact")
    with pytest.raises(NoSuchPrincipal):
        team.desk.crm.share("contact", held.id, "nobody")
    for may_write in (True, False):
        team.desk.crm.share("contact", held.id, team.id, may_write=may_write)
        assert [each.may_write for each in team.desk.crm.shares("contact", held.id)] == [may_write]


def test_who_leaves_a_team_leaves_its_rights(team: Team) -> None:
    """What was shared with the team, and what its colleagues own."""
    team.rule("contact", TEAM, TEAM)
    held = [team.record("contact", each) for each in ("shown to my team", "a colleague's")]
    for each in held:
        assert team.crm.get("contact", each.id).id == each.id
    with write(team.desk.crm.engine) as conn:
        assert teams.take_out(conn, team.id, team.carol.id)
    for each in held:
        with pytest.raises(NoSuchRecord):
            team.crm.get("contact", each.id)


def test_nobody_learns_from_a_new_lead_what_they_may_not_read(team: Team) -> None:
    """A contact who may not be read cannot be named, either."""
    held = team.record("contact", "a stranger's", firstname="Robert", jobtitle="Buyer")
    team.rule("contact", OWN, OWN)
    given = {"subject": "x", "firstname": "A", "lastname": "B", "parentcontactid": held.id}
    with pytest.raises(NoSuchRecord):
        team.crm.create("lead", given, owner=team.carol.id)
