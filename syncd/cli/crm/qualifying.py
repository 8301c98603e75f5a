"""`syncd crm lead qualify`: a lead becomes a contact, an account, an opportunity."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import click

from syncd.cli.crm.alike import found_json, found_lines
from syncd.cli.crm.desk import Desk, as_json, pass_desk
from syncd.cli.crm.printing import record_json, short_id, titled
from syncd.cli.crm.references import named, pointed
from syncd.cli.crm.sorts import SORTS, Sort
from syncd.cli.errors import Exit, Problem
from syncd.cli.output import emit_json, tell
from syncd.model.qualification import Becomes, OnDuplicate

if TYPE_CHECKING:
    from syncd.crm.duplicates import Found
    from syncd.crm.errors import DuplicatesFound
    from syncd.crm.qualifying import Qualification, Qualified
    from syncd.crm.stored import Stored

UNDONE = "The lead was not qualified; nothing was created."


@dataclass(frozen=True)
class Typed:
    """What was typed of how to qualify."""

    without: frozenset[Becomes]
    also: frozenset[Becomes]
    contact: str | None
    account: str | None
    duplicates: str | None

    def words(self) -> list[str]:
        """The same, as it would be typed again."""
        found = [f"--no-{each}" for each in Becomes if each in self.without]
        found += [word for each in Becomes if each in self.also for word in ("--also", each.value)]
        found += ["--contact", self.contact] if self.contact else []
        found += ["--account", self.account] if self.account else []
        return found


def qualify(sort: Sort) -> click.Command:
    """The verb that qualifies a lead."""

    @click.command("qualify", short_help="Let a lead become a contact, account, opportunity.")
    @click.argument("reference", metavar=sort.metavar)
    @click.option("--no-contact", "no_contact", is_flag=True, help="Make no contact of it.")
    @click.option("--no-account", "no_account", is_flag=True, help="Make no account of it.")
    @click.option(
        "--no-opportunity", "no_opportunity", is_flag=True, help="Make no opportunity of it."
    )
    @click.option(
        "--also",
        multiple=True,
        type=click.Choice([each.value for each in Becomes]),
        help="Make this of it, too, where the configuration does not.",
    )
    @click.option("--contact", metavar="CONTACT", help="Take this contact instead of a new one.")
    @click.option("--account", metavar="ACCOUNT", help="Take this account instead of a new one.")
    @click.option(
        "--adopt", "duplicates", flag_value="adopt",
        help="Take who is certainly there already; ask about the others.",
    )  # fmt: skip
    @click.option(
        "--ignore-duplicates", "duplicates", flag_value="ignore",
        help="Create it all, whoever is there already.",
    )  # fmt: skip
    @click.option(
        "--ask", "duplicates", flag_value="ask",
        help="Ask about everybody who may be there already (the default).",
    )  # fmt: skip
    @as_json
    @pass_desk
    def command(desk: Desk, /, *, reference: str, as_json: bool, **options: object) -> None:
        """Let a lead become a contact, an account and an opportunity, whole or not at all.

        What the lead names as existing is taken. If somebody who would be created seems to be in
        the CRM already, nothing is done, and you are asked: exit status 3. Open tasks, calls and
        meetings go on to the opportunity. [crm] in the configuration says what a lead becomes by
        default, and what happens to duplicates.
        """
        from syncd.crm.errors import DuplicatesFound

        typed = Typed(
            frozenset(each for each in Becomes if options[f"no_{each}"]),
            frozenset(Becomes(each) for each in cast("tuple[str, ...]", options["also"])),
            cast("str | None", options["contact"]),
            cast("str | None", options["account"]),
            cast("str | None", options["duplicates"]),
        )
        with desk.explained(UNDONE):
            _demand_sense(typed)
            lead = named(desk, sort, reference)
            how = _how(desk, typed)
            try:
                done = desk.crm.qualify(lead.id, how, expected=lead.version)
            except DuplicatesFound as error:
                raise _asked(desk, lead, typed, error, as_json=as_json) from error
            _tell(desk, done, as_json=as_json)

    return command


def _demand_sense(typed: Typed) -> None:
    for each in Becomes:
        clash = typed.also | {n for n in (Becomes.CONTACT, Becomes.ACCOUNT) if _taken(typed, n)}
        if each in typed.without and each in clash:
            other = f"--{each}" if _taken(typed, each) else f"--also {each}"
            raise Problem(f"--no-{each} and {other} exclude each other.", UNDONE, "Type one.")


def _taken(typed: Typed, what: Becomes) -> str | None:
    return {Becomes.CONTACT: typed.contact, Becomes.ACCOUNT: typed.account}.get(what)


def _how(desk: Desk, typed: Typed) -> Qualification:
    from syncd.crm.qualifying import Qualification

    lead = SORTS["lead"].by_name
    contact = typed.contact and pointed(desk, lead["parentcontactid"], typed.contact, UNDONE)
    account = typed.account and pointed(desk, lead["parentaccountid"], typed.account, UNDONE)
    becomes = (frozenset(desk.settings.qualify) | typed.also) - typed.without
    return Qualification(
        contact=Becomes.CONTACT in becomes or contact is not None,
        account=Becomes.ACCOUNT in becomes or account is not None,
        opportunity=Becomes.OPPORTUNITY in becomes,
        contact_id=contact,
        account_id=account,
        duplicates=OnDuplicate(typed.duplicates or desk.settings.on_duplicate),
    )


def _asked(
    desk: Desk, lead: Stored, typed: Typed, error: DuplicatesFound, *, as_json: bool
) -> Problem:
    """The problem of who may be there already: who, how sure, why, and what to type for each."""
    found = cast("Sequence[Found]", error.found)
    words = ["syncd", "crm", *desk.acting_words, "lead", "qualify", short_id(lead)]
    same = _without(typed.words(), f"--{error.entity}")
    ways = {
        each.record.id: [*words, *same, f"--{error.entity}", short_id(each.record)]
        for each in found
    }
    anew = [*words, *typed.words(), "--ignore-duplicates"]
    if as_json:
        data = [{**found_json(each), "type": shlex.join(ways[each.record.id])} for each in found]
        answer = {"done": False, "lead": lead.id, "entity": error.entity, "duplicates": data}
        emit_json({**answer, "ignore": shlex.join(anew)})
    sort = SORTS[error.entity]
    name = lead.name if error.entity == "contact" else str(lead.record.fields.get("companyname"))
    lines = "".join(f"\n{line}" for each in found for line in found_lines(desk, each))
    what = f"{name} may be there already, as {sort.one}:{lines}"
    one = "it" if len(found) == 1 else "one of them"
    todo = f"To take {one}, type:" + "".join(f"\n  {shlex.join(each)}" for each in ways.values())
    todo += f"\nTo create {sort.one} all the same:\n  {shlex.join(anew)}"
    return Problem(what, UNDONE, todo, Exit.HELD)


def _without(words: list[str], option: str) -> list[str]:
    if option not in words:
        return words
    at = words.index(option)
    return words[:at] + words[at + 2 :]


def _tell(desk: Desk, done: Qualified, *, as_json: bool) -> None:
    became: Mapping[str, Stored | None] = {
        "contact": done.contact,
        "account": done.account,
        "opportunity": done.opportunity,
    }
    if as_json:
        records = {
            name: record_json(desk, desk.crm.seen(each)) if each else None
            for name, each in became.items()
        }
        lead = record_json(desk, desk.crm.seen(done.lead))
        emit_json({"lead": lead, **records, "adopted": sorted(done.adopted)})
        return
    tell(f"Qualified {titled(done.lead)} ({done.lead.id}).")
    for name, each in became.items():
        if each is not None:
            how = "was there" if name in done.adopted else "new"
            tell(f"  {name}: {titled(each)} ({each.id}), {how}")
