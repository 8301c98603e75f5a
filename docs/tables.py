"""Prints the manual's tables from the code: `python docs/tables.py` rewrites them in place.

A test fails when the printed tables and the code differ.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from crm_tables import crm_page  # beside this file
from doctor_tables import doctor_tables
from fault_tables import fault_tables
from filter_tables import filter_tables
from online_tables import online_tables
from quarantine_tables import quarantine_tables
from settings_tables import settings_page

from syncd.crm.entities import ENTITIES
from syncd.crm.importing.headers import DYNAMICS, IGNORED, OUTLOOK
from syncd.crm.importing.keys import IDENTIFYING
from syncd.crm.importing.names import ID_KEYS, columns_of
from syncd.model.contact import CONTACT
from syncd.model.custom import FREE
from syncd.model.fields import EwsProperty, FieldType, Indexed, Mailing, Named, Tag, Uri
from syncd.model.policy import ScopeExit
from syncd.reconcile.breaker import Bounded
from syncd.reconcile.decide import EXISTENCE, Column, Row, Verb
from syncd.reconcile.leaving import EXITS
from syncd.reconcile.merge import MERGE
from syncd.reconcile.reasons import TOPICS, Reason
from syncd.sync import catalogue
from syncd.sync.alerts import LEVELS

HERE = Path(__file__).parent
PRINTED = "<!-- printed from the code from here on -->"


_NOTES = f"""\
- **Delete policy** (`on_outlook_delete`): by default the contact is remembered as thrown
  away by the user of that Outlook; the CRM keeps its record, and it does not come back by
  itself. `deactivate` deactivates the record, `delete-if-owner` deletes the record of a
  user who owns it; neither reaches further than the user's rights, nor follows a mere
  move to another folder.
- **Scope-exit policy by origin** (`on_scope_exit`): the table below. By default what syncd
  had created moves to the sub-folder "{CONTACT.archive_folder}"; what was the user's own
  is left where it is. Where the server moves nothing (Microsoft Graph), it stays in its
  place under the category "{CONTACT.archive_category}", which comes off when it is back in scope;
  what had been moved there before is its user's to drag back, and waits for that.
- **By origin: to Deleted Items, or kept** (`on_crm_delete`): `delete-created` moves what
  syncd created, `delete-if-not-owner` what users hold of a record that is not theirs,
  `delete` all, `release` none.
- A direction in which the CRM may not speak moves and deletes nothing in Outlook.
- **Take the edit**: where the mailbox's user may still change the record. Else, as
  of a deactivated one, the edit is kept aside, and stays in the item.
- **Deleted by a merge**: where a mailbox has only the item of a contact that was
  merged into another one in scope, that item goes on as the other one's.
"""

_RULES = """\
*Carry* happens only where the direction in force lets that side speak, *conflict* is
decided by the conflict policy of the field (`crm`, `outlook`, `latest`, `ask`), and the
value that loses is kept. With `ask` each side keeps its own until somebody answers, or
until both come to hold the same; notes with formatting are never written over, so there
Outlook's count. The rights of the mailbox's user narrow the direction: what they may not
read goes neither way, what they may not change goes to Outlook only.
"""


def decisions() -> str:
    """`decisions.md`: the existence table, the merge table, the reason codes."""
    existence = [[f"**{row}**", *(EXISTENCE[row, column] for column in Column)] for row in Row]
    merge = [
        [_edited(crm), _edited(outlook), "yes" if equal else "no", verdict]
        for (crm, outlook, equal), verdict in MERGE.items()
    ]
    reasons = [[f"`{reason}`", catalogue.sentence(reason)] for reason in Reason]
    return "\n".join(
        [
            "# What happens when",
            "",
            "These tables are the code: `syncd/reconcile/` decides by them, and this page is",
            "printed from there.",
            "",
            "## A contact as a whole",
            "",
            "A row is where the CRM record and its link to the mailbox stand, a column where the",
            "item in Outlook stands. *Unknown* means that it could not be read: nothing follows",
            "from that. *Live*, *released*, *remembered* and *orphaned* are states of the link.",
            "",
            *_table(["", *Column], existence),
            "",
            *_NOTES.splitlines(),
            "",
            "## What leaving scope does",
            "",
            "| `on_scope_exit` | What happens to the item |",
            "|---|---|",
            *(f"| `{policy}` | {_EXIT_IN_WORDS[policy, verb]} |" for policy, verb in EXITS.items()),
            "",
            "## One field group",
            "",
            "Each side is compared with what it was last known to hold. A name, an address is one",
            "group; most other fields are a group of their own.",
            "",
            *_table(["CRM", "Outlook", "Equal now", "Verdict"], merge),
            "",
            *_RULES.splitlines(),
            "",
            "## Reason codes",
            "",
            *_table(["Code", "In words"], reasons),
            "",
        ]
    )


_EXIT_IN_WORDS = {
    (ScopeExit.ARCHIVE, Verb.MOVE_ITEM): (
        f'it moves to "{CONTACT.archive_folder}"; where the server moves nothing, it gets the '
        f'category "{CONTACT.archive_category}"'
    ),
    (ScopeExit.RELEASE, Verb.UNLINK): "it stays where it is, and is no longer kept in step",
    (ScopeExit.KEEP_UPDATING, Verb.UNLINK): (
        "it stays in step; where its user may not read the record any more, as with `release`"
    ),
    (ScopeExit.DELETE, Verb.TRASH_ITEM): "it goes to Deleted Items; an edit not taken is kept",
}


def reasons() -> str:
    """`reasons.md`: what every reason code says, what to do, what others call it."""
    known = catalogue.microsoft()
    heads = ["Code", "In words", "What to do", "Dynamics 365 calls it"]
    lines = [
        "# Reasons",
        "",
        "Every decision carries one of these codes: in the journal, in logs, in `--json`, and in",
        "words in `syncd explain`, `held`, `runs show` and `plan`. Printed from the code and from",
        "`syncd/sync/catalogue/`, which has the words in these languages:",
        f"{', '.join(catalogue.LANGUAGES)}. The last column has public names alone.",
        "",
    ]
    for topic, members in TOPICS.items():
        rows = [
            [
                f"`{each}`",
                catalogue.sentence(each),
                catalogue.remedy(each),
                known.get(each, ""),
            ]
            for each in members
        ]
        lines += [f"## {topic[:1].upper()}{topic[1:]}", "", *_table(heads, rows), ""]
    return "\n".join(lines)


def explain() -> str:
    """`explain.md`: its text stays, and the table of alerts is printed from the code."""
    text = (HERE / "explain.md").read_text(encoding="utf-8").split(PRINTED)[0]
    said = catalogue.texts(catalogue.ENGLISH)
    alerts = [
        [f"`{code}`", level.value, _shown(said[f"alert.{code}"]), _shown(said[f"advice.{code}"])]
        for code, level in LEVELS.items()
    ]
    held = [[f"`{each}`", _shown(said[f"seen.{each}"]), said[f"likely.{each}"]] for each in Bounded]
    lines = [
        *_table(["Code", "Level", "What is the matter", "What to do"], alerts),
        "",
        "## What is held back, and where it likely comes from",
        "",
        *_table(["Sort", "What would be done", "Likely causes"], held),
        "",
    ]
    return text + PRINTED + "\n\n" + "\n".join(lines)


def _shown(text: str) -> str:
    """A text with its places to fill in as a person types them."""
    return re.sub(r"\{(\w+)\}", lambda found: found[1].upper(), text)


def contact_fields() -> str:
    """`contact-fields.md`: the field map of the contact."""
    rows = [
        [
            field.label,
            f"`{'`, `'.join(field.crm)}`",
            field.type.value,
            f"`{_ews(field.ews)}`",
            f"`{field.graph}`",
            field.group,
            field.direction.value + (" (locked)" if field.locked else ""),
            field.sphere.value,
        ]
        for field in CONTACT.fields
    ]
    heads = [
        "Outlook", "CRM column", "Type", "EWS", "Graph", "Group", "Direction", "Sphere",
    ]  # fmt: skip
    return "\n".join(
        [
            "# The contact's fields",
            "",
            "Printed from `syncd/model/contact.py`. Fields of one group merge together. Personal",
            "fields of a contact that was in Outlook already stay apart until somebody edits them.",
            "",
            *_table(heads, rows),
            "",
            "Outlook's *File as* and *Display name* are set once, when syncd creates a contact;",
            "from then on they are the rep's.",
            "",
            *_own_fields(),
        ]
    )


def _own_fields() -> list[str]:
    """How an admin adds fields to the map, and where in Outlook there is room for them."""
    free = [[f"`{name}`", f"`{_ews(each.ews)}`", f"`{each.graph}`"] for name, each in FREE.items()]
    types = [[f"`{kind}`", *said] for kind, said in _SAID.items()]
    return [
        *_OWN.splitlines(),
        "",
        *_table(["Type", "In Outlook it is", "`converter`"], types),
        "",
        *_OWN_RULES.splitlines(),
        "",
        "### Free fields of Outlook",
        "",
        *_table(["`outlook`", "EWS", "Graph"], free),
        "",
    ]


_OWN = """## Fields of your own

What your organisation keeps of a contact and this map does not name, you add to it in the
configuration, a section for each field:

```toml
[fields.contact.favourite_colour]
label = "Favourite colour"        # made from the name, if you leave it out
type = "choice"                   # default "text"
options = ["red", "dark green"]   # of a choice
outlook = "User1"                 # or: property = "favouriteColour"
direction = "two-way"             # or "to-outlook", "to-crm", "none"
sphere = "business"               # or "personal"
converter = { red = "Rot", "dark green" = "Dunkelgrün" }
```

From then on it is a field like any other: `syncd crm contact new --favourite-colour red`, a
column in imports and exports, a name in filters, a field for `syncd crm access`; and a group of
its own in the sync. No other property of the item is touched (P11).

`outlook` is one of the fields below. `property` is a named property that forms, add-ins and other
programs see: a name among the public strings, or `{guid}/name`, or `{guid}/0x8123` of another
property set. Two fields cannot share a place."""

_OWN_RULES = """\
A text in Outlook that is no value of the field (*perhaps*, for yes or no) stays as it is, the CRM
keeps what it has, and the rest of the contact is synced.

When you add a field, or map it to another place, contacts that are in step already are read once
and decided once, as on first contact: an empty side takes the other's value; of two that differ
the CRM's is written and Outlook's kept; a personal field stays apart until somebody edits it.
`syncd plan` shows that before it happens. What stood in the old place stays there. When you take
a field out, its values stay in the store and in Outlook, and are there again when you put it
back."""

# Of each type of a custom field: how Outlook has it, and how that may be changed.
_SAID: Mapping[FieldType, tuple[str, str]] = {
    FieldType.TEXT: ("a line", '`"upper"`, `"lower"`: held so on both sides'),
    FieldType.LINES: ("a few lines", ""),
    FieldType.NOTE: ("a text", ""),
    FieldType.PHONE: ("a number, compared by what is dialled", ""),
    FieldType.EMAIL: ("an address, compared without case", ""),
    FieldType.DATE: ("2026-12-31", '`"iso"`, `"dmy"` (31.12.2026), `"mdy"` (12/31/2026)'),
    FieldType.WHOLE: ("a number in digits", ""),
    FieldType.FLAG: (
        "yes or no",
        '`"yes/no"`, `"true/false"`, `"1/0"`, `{ yes = "Ja", no = "Nein" }`',
    ),
    FieldType.CHOICE: ("the option, in any case", "a table of the words for the options"),
    FieldType.NAMES: ("a list, in a `property` only; merged by element", ""),
}


def importing() -> str:
    """`import.md`: its text stays, and the tables at its end are printed from the code."""
    text = (HERE / "import.md").read_text(encoding="utf-8").split(PRINTED)[0]
    known = [
        [f"`{kind}`", ", ".join(f"`{name}`" for name in names)]
        for kind, names in IDENTIFYING.items()
    ]
    own = [
        [f"`{kind}`", f"`{ID_KEYS[kind]}`", ", ".join(f"`{each}`" for each in columns_of(stored))]
        for kind, stored in ENTITIES.items()
    ]
    lines = [
        "## What identifies a row without a key",
        "",
        *_table(["Kind", "Known by"], known),
        "",
        "## Our own columns",
        "",
        *_table(["Kind", "Id", "Columns"], own),
        "",
    ]
    for program, tables in (("Outlook", OUTLOOK), ("Dynamics", DYNAMICS)):
        for kind, names in tables.items():
            rows = [[head, f"`{to}`"] for head, to in names.items() if to != IGNORED]
            lines += [f"## {program}: {kind.replace('_', ' ')}", ""]
            lines += [*_table(["Heading", "Becomes"], rows), ""]
    return text + PRINTED + "\n\n" + "\n".join(lines)


def filters() -> str:
    """`filters.md`: its text stays, and the tables at its end are printed from the code."""
    text = (HERE / "filters.md").read_text(encoding="utf-8").split(PRINTED)[0]
    return text + PRINTED + "\n\n" + "\n".join(filter_tables(_table))


def doctor() -> str:
    """`doctor.md`: its text stays, and the checks and what they may find are printed."""
    text = (HERE / "doctor.md").read_text(encoding="utf-8").split(PRINTED)[0]
    return text + PRINTED + "\n\n" + "\n".join(doctor_tables(_table))


def faults() -> str:
    """`faults.md`: its text stays, and the table that the tests play is printed."""
    text = (HERE / "faults.md").read_text(encoding="utf-8").split(PRINTED)[0]
    return text + PRINTED + "\n\n" + "\n".join(fault_tables(_table))


def quarantine() -> str:
    """`quarantine.md`: its text stays, and the numbers and reasons at its end are printed."""
    text = (HERE / "quarantine.md").read_text(encoding="utf-8").split(PRINTED)[0]
    return text + PRINTED + "\n\n" + "\n".join(quarantine_tables(_table))


def exchange_online() -> str:
    """`exchange-online.md`: its text stays, and the comparison at its end is printed."""
    text = (HERE / "exchange-online.md").read_text(encoding="utf-8").split(PRINTED)[0]
    return text + PRINTED + "\n\n" + "\n".join(online_tables(_table))


def _table(heads: Iterable[str], rows: Iterable[Sequence[str]]) -> list[str]:
    heads = list(heads)
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    return lines + [f"| {' | '.join(row)} |" for row in rows]


def _edited(changed: bool) -> str:  # noqa: FBT001 - one word for one bit of the table
    return "edited" if changed else "as it was"


def _ews(prop: EwsProperty) -> str:
    match prop:
        case Uri(uri):
            return uri
        case Indexed(uri, index):
            return f"{uri} ({index})"
        case Mailing(part):
            return f"contacts:PhysicalAddress:{part} (the mailing one)"
        case Tag(tag, kind):
            return f"{kind} 0x{tag:04X}"
        case Named(set_id, number, name, kind):
            return f"{kind} {{{set_id}}} {name or f'0x{number:04X}'}"


PAGES = {
    "decisions.md": decisions,
    "reasons.md": reasons,
    "explain.md": explain,
    "contact-fields.md": contact_fields,
    "crm.md": lambda: crm_page(_table),
    "import.md": importing,
    "filters.md": filters,
    "doctor.md": doctor,
    "exchange-online.md": exchange_online,
    "faults.md": faults,
    "quarantine.md": quarantine,
    "settings.md": lambda: settings_page(_table),
}


if __name__ == "__main__":
    for name, render in PAGES.items():
        (HERE / name).write_text(render(), encoding="utf-8")
