"""Prints `crm.md`, the manual's page on the CRM store, from the tables that the store works by."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from syncd.model.entities import (
    ACCOUNT,
    ACTIVITIES,
    LEAD,
    NOTE_ENTITY,
    OPPORTUNITY,
    PARTIES,
    SINGLE_PARTIES,
)
from syncd.model.fields import Attribute, FieldType
from syncd.model.kinds import Entity
from syncd.model.likeness import RULES, THRESHOLD
from syncd.model.qualification import TO_ACCOUNT, TO_CONTACT, TO_OPPORTUNITY
from syncd.model.relations import RELATIONS, Relation
from syncd.model.states import USE, States

Table = Callable[[Iterable[str], Iterable[Sequence[str]]], list[str]]
_ENTITIES = (LEAD, ACCOUNT, OPPORTUNITY, *ACTIVITIES, NOTE_ENTITY)


def crm_page(table: Table) -> str:
    """`crm.md`: life cycles, what hangs together, qualifying, duplicates, fields."""
    fields = [
        line
        for entity in _ENTITIES
        for line in (f"### {_word(entity.name).capitalize()}", "", *_fields(table, entity), "")
    ]
    return "\n".join(
        [
            "# The CRM store",
            "",
            "Its rules are tables in `syncd/model/`, and this page is printed from there. Whatever",
            "writes, by the command line, the sync, an import or another program, meets the same",
            "rules; what breaks one is refused, and nothing of it is written. The database itself",
            "refuses what would break a life cycle.",
            "",
            "## Life cycles",
            "",
            "What is closed is read-only until it is opened again. A finished activity stays as it",
            "is. The number is the one of Dynamics 365.",
            "",
            *_life_cycles(table),
            "",
            "## Qualifying a lead",
            "",
            "A lead becomes a contact, an account (when it names a company) and an opportunity: by",
            "three switches, in one transaction. What it names, or what the CRM has already, is",
            "taken instead of made anew: asked, adopted or ignored by choice. Its open activities",
            "are the opportunity's from then on.",
            "",
            *_qualifying(table),
            "",
            "The account is the contact's parent and the opportunity's customer, the contact its",
            "primary contact unless it has one; without an account the contact is the customer.",
            "All three name the lead that they came from.",
            "",
            "## What hangs together",
            "",
            "What happens to a record when the one it points to is assigned, shared or deleted.",
            "*With it*: the same. *If open*: the same, unless it is closed. *Unlinked*: it stays,",
            "and loses the reference. *Stays*: nothing. Merging points all to the survivor.",
            "",
            *_relations(table),
            "",
            "Who took part in an activity and is deleted stays in it by address and name.",
            "`syncd crm account assign` and `delete` say first how many records go along, for",
            "these leave and enter people's Outlook.",
            "",
            "## Who takes part in an activity",
            "",
            *_parties(table),
            "",
            "Each is a user, a contact, an account, a lead, or a bare address. The owner and what",
            "it is regarding take part in each.",
            "",
            "## Who is there already",
            "",
            f"Two records that reach {THRESHOLD:.2f} are alike: `syncd crm duplicates`. What",
            "speaks for it adds up as chances do; what speaks against it is taken off.",
            "",
            *table(["What", "Counts"], ([r.sentence, f"{r.weight:+.2f}"] for r in RULES)),
            "",
            "## Fields",
            "",
            "Names in code type are those of Dataverse. The contact's are in",
            "[contact-fields.md](contact-fields.md).",
            "",
            *fields[:-1],
            "",
        ]
    )


def _life_cycles(table: Table) -> list[str]:
    cycles: list[tuple[str, States]] = [("contact", USE)]
    cycles += [(_word(entity.name), entity.states) for entity in _ENTITIES]
    rows = [
        [
            name,
            f"{state.name} ({state.code})",
            ", ".join(f"{reason} ({code})" for reason, code in state.reasons.items()),
            ", ".join(state.leads_to) or "nothing: final",
            "yes" if state.editable else "no",
        ]
        for name, states in cycles
        for state in states.states
    ]
    return table(["Record", "State", "Status reasons", "Leads to", "May be edited"], rows)


def _qualifying(table: Table) -> list[str]:
    maps = (TO_CONTACT, TO_ACCOUNT, TO_OPPORTUNITY)
    rows = [
        [field.label, *(f"`{m[field.name]}`" if field.name in m else "" for m in maps)]
        for field in LEAD.fields
        if any(field.name in m for m in maps)
    ]
    return table(["Lead", "Contact", "Account", "Opportunity"], rows)


def _relations(table: Table) -> list[str]:
    rows = [
        [
            _word(each.entity),
            _label(each),
            each.target,
            each.assign.value,
            each.share.value,
            each.delete.value,
        ]
        for each in RELATIONS
    ]
    return table(["Record", "Points as its", "To", "Assigned", "Shared", "Deleted"], rows)


def _label(relation: Relation) -> str:
    for entity in _ENTITIES:
        if entity.name == relation.entity:
            return entity.by_name[relation.field].label.lower()
    return _OF_CONTACT[relation.field]


# What a contact has beside its field map.
_OF_CONTACT = {"parentcustomerid": "account", "originatingleadid": "originating lead"}


def _parties(table: Table) -> list[str]:
    rows = [
        [
            _word(entity.name),
            ", ".join(
                f"{role} (one)" if role in SINGLE_PARTIES else f"{role} (many)"
                for role in PARTIES[entity.name]
            )
            or "nobody else",
        ]
        for entity in ACTIVITIES
    ]
    return table(["Activity", "Who takes part"], rows)


def _fields(table: Table, entity: Entity) -> list[str]:
    rows = [
        [
            each.label + (" (required)" if each.required else ""),
            f"`{each.name}`",
            _values(each),
        ]
        for each in entity.fields
    ]
    return table(["Field", "Name", "Holds"], rows)


def _values(each: Attribute) -> str:
    if each.type is FieldType.CHOICE:
        return ", ".join(option.name for option in each.options)
    if each.type is FieldType.REFERENCE:
        return f"one {' or '.join(_word(entity) for entity in each.refers)}"
    return each.type.value


def _word(entity: str) -> str:
    return "e-mail" if entity == "email" else entity.replace("_", " ")
