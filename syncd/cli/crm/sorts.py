"""What the command line knows of each entity: its verbs, what a list shows, its short options.

Literal tables; the options of the fields themselves are made from `syncd.model`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import click

from syncd.cli.context import Context
from syncd.model import entities
from syncd.model.contact import CONTACT
from syncd.model.entities import PARTIES
from syncd.model.fields import Attribute, FieldType
from syncd.model.kinds import Entity, Schema
from syncd.model.states import USE, States

NAME, STATUS, OWNER = "@name", "@status", "@owner"  # columns that are no fields


@dataclass(frozen=True)
class Sort:
    """One entity at the command line.

    `columns` are what a list shows; `short` gives fields a second, shorter option; `narrow` is the
    reference that a list can be narrowed by; `extras` are what is kept beside the fields.
    """

    schema: Schema
    states: States
    verbs: tuple[str, ...]
    columns: tuple[str, ...]
    short: Mapping[str, str] = field(default_factory=dict)
    narrow: str | None = None
    extras: tuple[Attribute, ...] = ()
    about: str = ""

    @property
    def entity(self) -> str:
        """Its name in the CRM: `phone_call`."""
        return self.schema.name

    @property
    def command(self) -> str:
        """What is typed: `phone-call`."""
        return self.entity.replace("_", "-")

    @property
    def word(self) -> str:
        """One of it, in a sentence: `phone call`."""
        return "e-mail" if self.entity == "email" else self.entity.replace("_", " ")

    @property
    def one(self) -> str:
        """One of it, with its article: `a phone call`."""
        return f"{'an' if self.word[0] in 'aeio' else 'a'} {self.word}"

    @property
    def metavar(self) -> str:
        """How help names one of it: `PHONE-CALL`."""
        return self.command.upper()

    @cached_property
    def attributes(self) -> tuple[Attribute, ...]:
        """Its fields, then what is kept beside them."""
        return (*self.schema.fields, *self.extras)

    @cached_property
    def by_name(self) -> Mapping[str, Attribute]:
        """The same, by logical name."""
        return {each.name: each for each in self.attributes}

    @property
    def parties(self) -> tuple[str, ...]:
        """The parts that somebody can take in it."""
        return PARTIES.get(self.entity, ())

    @property
    def activity(self) -> bool:
        """Whether it is something that is done, or was."""
        return self.entity in PARTIES

    @property
    def keyed(self) -> bool:
        """Whether it is recognised when it is entered twice."""
        return self.entity in ("lead", "account", "contact")

    @property
    def called(self) -> str:
        """What else than its id names one of it: `name or e-mail address`."""
        if self.entity == "note":
            return "title"
        if self.activity:
            return "subject"
        return {
            "lead": "topic, name or e-mail address",
            "opportunity": "topic",
        }.get(self.entity, "name or e-mail address")

    def counted(self, count: int) -> str:
        """`1 phone call`, `1,200 phone calls`."""
        return f"{count:,} {self.word if count == 1 else self.schema.plural}"

    @property
    def open_reasons(self) -> tuple[str, ...]:
        """The status reasons in which it can be changed."""
        open_ones = (each for each in self.states.states if each.editable)
        return tuple(reason for each in open_ones for reason in each.reasons)


_EDIT = ("new", "edit", "list", "show")
_OWNED = ("assign", "share", "unshare")
_DONE = ("complete", "cancel", "assign", "delete")


def _activity(schema: Entity, *columns: str, about: str) -> Sort:
    shown = ("subject", *columns, "regardingobjectid", STATUS, OWNER)
    return Sort(
        schema, schema.states, (*_EDIT, *_DONE), shown, narrow="regardingobjectid", about=about
    )


_SORTS = (
    Sort(
        entities.LEAD,
        entities.LEAD.states,
        (*_EDIT, "qualify", "disqualify", "reactivate", *_OWNED, "merge", "delete"),
        ("subject", NAME, "companyname", STATUS, OWNER),
        short={
            "parentaccountid": "--account",
            "parentcontactid": "--contact",
            "estimatedclosedate": "--close-date",
            "estimatedamount": "--value",
        },
        about="Leads: somebody who may buy.",
    ),
    Sort(
        entities.ACCOUNT,
        entities.ACCOUNT.states,
        (*_EDIT, "tree", "deactivate", "reactivate", *_OWNED, "merge", "delete"),
        ("name", "address1_city", "telephone1", STATUS, OWNER),
        short={"parentaccountid": "--parent"},
        narrow="parentaccountid",
        about="Accounts: the companies that contacts belong to.",
    ),
    Sort(
        CONTACT,
        USE,
        (*_EDIT, "deactivate", "reactivate", *_OWNED, "merge", "delete"),
        (NAME, "companyname", "emailaddress1", "telephone1", STATUS, OWNER),
        narrow="parentcustomerid",
        extras=(
            Attribute("accountrolecode", "Role", FieldType.TEXT, ()),
            Attribute("parentcustomerid", "Account", FieldType.REFERENCE, (), refers=("account",)),
            Attribute(
                "originatingleadid", "Originating lead", FieldType.REFERENCE, (), refers=("lead",)
            ),
        ),
        about="Contacts: the people, who are in their owners' Outlook.",
    ),
    Sort(
        entities.OPPORTUNITY,
        entities.OPPORTUNITY.states,
        (*_EDIT, "win", "lose", "reopen", *_OWNED, "delete"),
        ("name", "customerid", "estimatedvalue", "estimatedclosedate", STATUS, OWNER),
        short={
            "parentcontactid": "--contact",
            "estimatedvalue": "--value",
            "estimatedclosedate": "--close-date",
        },
        narrow="customerid",
        about="Opportunities: what may be sold, to whom, for how much.",
    ),
    _activity(entities.TASK, "scheduledend", about="Tasks: what is to be done."),
    _activity(entities.PHONE_CALL, "scheduledend", about="Phone calls, made and to be made."),
    _activity(entities.APPOINTMENT, "scheduledstart", about="Appointments and meetings."),
    _activity(entities.MAIL, "actualend", about="E-mails: the trail of what was written."),
    Sort(
        entities.NOTE_ENTITY,
        entities.NOTE_ENTITY.states,
        (*_EDIT, "delete"),
        ("subject", "notetext", "objectid", OWNER),
        narrow="objectid",
        about="Notes on a lead, an account, a contact, an opportunity.",
    ),
)

SORTS: Mapping[str, Sort] = {each.entity: each for each in _SORTS}


def sort_of(entity: str) -> Sort:
    """An entity, with the custom fields of the configuration that the command at work has."""
    sort = SORTS[entity]
    ctx = click.get_current_context(silent=True)
    context = ctx.find_object(Context) if ctx is not None else None
    own = context.custom(entity) if context is not None else ()
    return replace(sort, extras=(*sort.extras, *own)) if own else sort


def counted(taken: Mapping[str, int]) -> str:
    """`12 contacts, 3 opportunities and 5 tasks`."""
    parts = [SORTS[entity].counted(n) for entity, n in taken.items() if n]
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else "".join(parts)
