"""What everybody in a scenario can do: one function for each word of the vocabulary."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import timedelta

from syncd.model.policy import Track
from syncd.model.values import Value
from syncd.outlook.port import Sensitivity
from tests.scenarios import policies, saying
from tests.scenarios.reading import MANY, Step, Table, near, numbered, values
from tests.scenarios.stage import ADDRESSES, Stage
from tests.scenarios.trouble import Overtaken, Woe
from tests.scenarios.vocabulary import VERBS, role_of, verb
from tests.sync import desk
from tests.sync.relinked import put_back

__all__ = ["VERBS", "role_of", "saying"]  # all that is entered below, and what people say

LEVELS = {"none": desk.NONE, "own": desk.OWN, "team": desk.TEAM, "all": desk.ALL}


def _to(stage: Stage, step: Step, key: str) -> str:
    rep = str(step.given[key])
    if rep not in ADDRESSES:
        raise stage.scenario.wrong(step, f"{key} = {rep!r}; {near(rep, ADDRESSES)}")
    return ADDRESSES[rep]


def _seen(stage: Stage, step: Step, name: str, held: dict[str, Value], wanted: Table) -> None:
    for key, value in values(wanted).items():
        if held.get(key) != value:
            what = f"{key} of {name!r} is {held.get(key)!r}, and {value!r} is expected"
            raise AssertionError(str(stage.scenario.wrong(step, what)))


# --- a rep, in Outlook ---------------------------------------------------------------------------


@verb("rep", "adds", "what", f"folder marked sort profession {MANY}", fields=True)
def _adds(stage: Stage, step: Step) -> None:
    given = {key: value for key, value in step.given.items() if key != "what"}
    for name, each in numbered(step.given["what"], given):
        stage.put(ADDRESSES[step.who], name, each)


@verb("rep", "edits", "what", "profession", fields=True)
def _edits(stage: Stage, step: Step) -> None:
    for name in stage.each(step):
        address, item = ADDRESSES[step.who], stage.its_item(step, name)
        fields = values(step.given)
        if fields:
            stage.hand(step).edit(item, fields)
        if "categories" in fields:
            stage.labels[address, name] = fields["categories"]
        if "profession" in step.given:
            stage.jot(address, name, step.given["profession"])


@verb("rep", "saves just before syncd does", "what", fields=True)
def _overtakes(stage: Stage, step: Step) -> None:
    server = stage.servers[ADDRESSES[step.who]]
    for name in stage.each(step):
        server.meddle = Overtaken(server, stage.its_item(step, name), values(step.given))


@verb("rep", "tracks", "what")
def _tracks(stage: Stage, step: Step) -> None:
    _label(stage, step, on=True)


@verb("rep", "untracks", "what")
def _untracks(stage: Stage, step: Step) -> None:
    _label(stage, step, on=False)


def _label(stage: Stage, step: Step, *, on: bool) -> None:
    rules, address = stage.world.rules, ADDRESSES[step.who]
    if rules.track is not Track.CATEGORY:
        raise stage.scenario.wrong(step, "nothing is tracked by category under this policy")
    for name in stage.each(step):
        item = stage.its_item(step, name)
        had = stage.labels.get((address, name)) or ()
        assert isinstance(had, tuple)
        rest = tuple(each for each in had if each != rules.track_category)
        now = (*rest, rules.track_category) if on else rest
        stage.hand(step).edit(item, {"categories": now or None})
        stage.labels[address, name] = now or None


@verb("rep", "deletes", "what")
def _deletes(stage: Stage, step: Step) -> None:
    _move(stage, step, "Deleted Items")


@verb("rep", "deletes for good", "what")
def _deletes_for_good(stage: Stage, step: Step) -> None:
    for name in stage.each(step):
        stage.hand(step).delete(stage.its_item(step, name))


@verb("rep", "moves", "what to")
def _moves(stage: Stage, step: Step) -> None:
    _move(stage, step, step.given["to"])


def _move(stage: Stage, step: Step, to: str) -> None:
    address = ADDRESSES[step.who]
    folder = stage.folder(address, to)
    for name in stage.each(step):
        item = stage.its_item(step, name)
        stage.items[address, name] = stage.hand(step).move(item, folder)


@verb("rep", "copies", "what as")
def _copies(stage: Stage, step: Step) -> None:
    address, copy = ADDRESSES[step.who], step.given["as"]
    (name,) = stage.each(step)
    stage.items[address, copy] = stage.hand(step).copy(stage.its_item(step, name))
    stage.labels[address, copy] = stage.labels.get((address, name))
    held = stage.item(address, copy)
    assert held is not None
    stage.own[address, copy] = {k: v for k, v in held.fields.items() if k != "categories"}


@verb("rep", "marks", "what as")
def _marks(stage: Stage, step: Step) -> None:
    for name in stage.each(step):
        stage.hand(step).mark(stage.its_item(step, name), Sensitivity(step.given["as"]))


@verb("rep", "makes folder", "folder", "below")
def _makes_folder(stage: Stage, step: Step) -> None:
    address = ADDRESSES[step.who]
    below = stage.folder(address, step.given["below"]) if "below" in step.given else ""
    made = stage.hand(step).add_folder(step.given["folder"], below)
    stage.folders[address, step.given["folder"]] = made


@verb("rep", "moves folder", "folder to")
def _moves_folder(stage: Stage, step: Step) -> None:
    address = ADDRESSES[step.who]
    folder = stage.folder(address, step.given["folder"])
    stage.hand(step).move_folder(folder, stage.folder(address, step.given["to"]))
    stage.folders[address, step.given["folder"]] = folder


@verb("rep", "deletes folder for good", "folder")
def _deletes_folder(stage: Stage, step: Step) -> None:
    address, name = ADDRESSES[step.who], step.given["folder"]
    stage.hand(step).delete_folder(stage.folder(address, name))
    stage.folders.pop((address, name), None)


@verb("rep", "sees", "what", fields=True)
def _sees(stage: Stage, step: Step) -> None:
    for name in stage.each(step):
        found = stage.item(ADDRESSES[step.who], name)
        if found is None:
            what = f"{step.who} has no item of {name!r}"
            raise AssertionError(str(stage.scenario.wrong(step, what)))
        _seen(stage, step, name, found.fields, step.given)


@verb("rep", "does not see", "what")
def _does_not_see(stage: Stage, step: Step) -> None:
    for name in stage.each(step):
        found = stage.item(ADDRESSES[step.who], name)
        shown = {each.id for each in stage.world.items(address=ADDRESSES[step.who])}
        if found is not None and found.id in shown:
            what = f"{step.who} has an item of {name!r}, and none is expected"
            raise AssertionError(str(stage.scenario.wrong(step, what)))


# --- the office, in the CRM ----------------------------------------------------------------------


@verb("office", "adds", "what", f"owner account active {MANY}", fields=True)
def _enters(stage: Stage, step: Step) -> None:
    given = {key: value for key, value in step.given.items() if key != "what"}
    stage.enter(dict(numbered(step.given["what"], given)))


@verb("office", "edits", "what", "account", fields=True)
def _changes(stage: Stage, step: Step) -> None:
    patch = values(step.given)
    if "account" in step.given:
        patch["parentcustomerid"] = stage.others[step.given["account"]]
    for name in stage.each(step):
        stage.world.change(stage.its_record(step, name), **patch)


@verb("office", "assigns", "what to")
def _assigns(stage: Stage, step: Step) -> None:
    for name in stage.each(step):
        stage.world.assign(stage.its_record(step, name), _to(stage, step, "to"))


@verb("office", "deactivates", "what")
def _deactivates(stage: Stage, step: Step) -> None:
    for name in stage.each(step):
        stage.world.set_active(stage.its_record(step, name), active=False)


@verb("office", "activates", "what")
def _activates(stage: Stage, step: Step) -> None:
    for name in stage.each(step):
        stage.world.set_active(stage.its_record(step, name), active=True)


@verb("office", "deletes", "what")
def _removes(stage: Stage, step: Step) -> None:
    for name in stage.each(step):
        stage.world.remove(stage.its_record(step, name))


@verb("office", "merges", "what into")
def _merges(stage: Stage, step: Step) -> None:
    (survivor,) = stage.each(step, "into")
    for name in stage.each(step):
        desk.merge(stage.world, stage.its_record(step, survivor), stage.its_record(step, name))


@verb("office", "shares", "what with", "may_write")
def _shares(stage: Stage, step: Step) -> None:
    for name in stage.each(step):
        record, whom = stage.its_record(step, name), _whom(stage, step)
        desk.share(stage.world, record, whom, may_write=bool(step.given.get("may_write")))


@verb("office", "unshares", "what with")
def _unshares(stage: Stage, step: Step) -> None:
    for name in stage.each(step):
        desk.unshare(stage.world, stage.its_record(step, name), _whom(stage, step))


def _whom(stage: Stage, step: Step) -> str:
    who = str(step.given["with"])
    return stage.others[who] if who in stage.others else _to(stage, step, "with")


@verb("office", "renames account", "account to")
def _renames(stage: Stage, step: Step) -> None:
    desk.change_account(stage.world, stage.others[step.given["account"]], name=step.given["to"])


@verb("office", "assigns account", "account to")
def _assigns_account(stage: Stage, step: Step) -> None:
    account = stage.others[step.given["account"]]
    desk.assign_account(stage.world, account, _to(stage, step, "to"))


@verb("office", "sees", "what", fields=True)
def _sees_record(stage: Stage, step: Step) -> None:
    for name in stage.each(step):
        _seen(stage, step, name, stage.world.crm(stage.its_record(step, name)), step.given)


# --- the admin -----------------------------------------------------------------------------------


@verb("admin", "sets", anything=True)
def _sets(stage: Stage, step: Step) -> None:
    try:
        policies.change(stage.world, step.given)
    except ValueError as error:
        raise stage.scenario.wrong(step, str(error)) from None


@verb("admin", "approves", "mailbox")
def _approves(stage: Stage, step: Step) -> None:
    stage.world.approve(_to(stage, step, "mailbox"))


@verb("admin", "resumes", "mailbox")
def _resumes(stage: Stage, step: Step) -> None:
    stage.world.resume(_to(stage, step, "mailbox"))


@verb("admin", "rules", "read write", "field")
def _rules(stage: Stage, step: Step) -> None:
    read, write = (LEVELS[step.given[each]] for each in ("read", "write"))
    desk.rule(stage.world, read=read, write=write, field=step.given.get("field"))


@verb("admin", "takes the rule back", "", "field")
def _takes_back(stage: Stage, step: Step) -> None:
    desk.no_rule(stage.world, field=step.given.get("field"))


@verb("admin", "makes team", "team of")
def _makes_team(stage: Stage, step: Step) -> None:
    members = [ADDRESSES[each] for each in step.given["of"]]
    stage.others[step.given["team"]] = desk.team(stage.world, step.given["team"], *members)


@verb("admin", "takes out of team", "team rep")
def _takes_out(stage: Stage, step: Step) -> None:
    desk.leave(stage.world, stage.others[step.given["team"]], _to(stage, step, "rep"))


# --- syncd, time, and what goes wrong ------------------------------------------------------------


@verb("syncd", "settles")
def _settles(stage: Stage, step: Step) -> None:
    del step
    stage.settle()


@verb("syncd", "syncs", "mailbox")
def _syncs(stage: Stage, step: Step) -> None:
    stage.run(_to(stage, step, "mailbox"))


@verb("time", "passes", "", "minutes hours days")
def _passes(stage: Stage, step: Step) -> None:
    passed = timedelta(**step.given)
    stage.world.pass_time(seconds=passed.total_seconds())


@verb("exchange", "stops", "mailbox")
def _stops(stage: Stage, step: Step) -> None:
    stage.strike(_to(stage, step, "mailbox"), Woe.STOPPED)


@verb("exchange", "forbids the folder", "mailbox")
def _forbids(stage: Stage, step: Step) -> None:
    stage.strike(_to(stage, step, "mailbox"), Woe.FORBIDDEN)


@verb("exchange", "is well again", "mailbox")
def _is_well(stage: Stage, step: Step) -> None:
    stage.heal(_to(stage, step, "mailbox"))


@verb("exchange", "forgets where reading left off", "mailbox")
def _forgets(stage: Stage, step: Step) -> None:
    stage.strike(_to(stage, step, "mailbox"), Woe.FORGOTTEN)


@verb("exchange", "does not answer the next", "mailbox write")
def _does_not_answer(stage: Stage, step: Step) -> None:
    stage.strike(_to(stage, step, "mailbox"), Woe.UNANSWERED, step.given["write"])


@verb("exchange", "backs up", "mailbox")
def _backs_up(stage: Stage, step: Step) -> None:
    address = _to(stage, step, "mailbox")
    stage.backups[address] = copy.deepcopy(stage.servers[address])


@verb("exchange", "restores", "mailbox")
def _restores(stage: Stage, step: Step) -> None:
    address = _to(stage, step, "mailbox")
    if address not in stage.backups:
        raise stage.scenario.wrong(step, f"the mailbox of {address} was not backed up")
    for _, name in stage.items:  # what came after the backup is known by its record alone
        stage.record(name)
    put_back(stage.servers[address], stage.backups[address])


@verb("exchange", "refuses", "mailbox", fields=True)
def _refuses(stage: Stage, step: Step) -> None:
    stage.refuse(_to(stage, step, "mailbox"), values(step.given))


@verb("accident", "loses", "what")
def _loses(stage: Stage, step: Step) -> None:
    lost: dict[str, Callable[[], None]] = {
        "all that is known of items": stage.world.forget_links,
        "the links": lambda: stage.world.execute("delete from link"),
        "the cursor": lambda: stage.world.execute("update mailbox_kind set cursor = null"),
    }
    what = str(step.given["what"])
    if what not in lost:
        raise stage.scenario.wrong(step, f"what = {what!r}; {near(what, lost)}")
    stage.bind()
    lost[what]()
