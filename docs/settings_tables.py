"""Prints `settings.md`, the manual's page on the configuration, from the types that check it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import get_args

from syncd.settings.allowed import plain_text
from syncd.settings.configuration import Configuration
from syncd.settings.keys import ANY, KEYS, Key, keys_of
from syncd.settings.kinds import KINDS
from syncd.settings.layers import Origin

Table = Callable[[Iterable[str], Iterable[Sequence[str]]], list[str]]

# Dynamics 365, server-side synchronization: what it is there, by default; what it is here.
SWITCHES = (
    (
        "DistinctPhysicalAndLogicalDeletesForExchangeSync",
        "false",
        "contacts.on_scope_exit",
        (
            '`"release"` is true, `"delete"` is false. Here, leaving is never taken for a '
            "deletion, which has a rule of its own, `contacts.on_crm_delete`."
        ),
    ),
    (
        "IgnoreCopiedItemsInSSSForMailbox",
        "true",
        "contacts.copies",
        '`"ignore"` is true, `"take"` is false.',
    ),
    (
        "TrackCategorizedItems",
        "true",
        "contacts.track",
        '`"category"` is true. There, contacts are not tracked so; here, they are.',
    ),
    (
        "ExchangeSyncIdMappingPersistenceTimeInDays",
        "3",
        "journal.keep",
        (
            "For how long what became of single items can be looked up; 3 days there, 90 here. "
            "What a user threw away is remembered for good."
        ),
    ),
    (
        "Update Company field for Outlook contacts (a personal option)",
        "on",
        "contacts.company",
        '`true` is on. Let users choose: `user_may = ["contacts.company"]`.',
    ),
    (
        "Synchronize mailing address only (an option of the organization)",
        "off",
        "contacts.addresses",
        '`"mailing-only"` is on.',
    ),
    (
        "Directions of synchronized fields",
        "two-way",
        "contacts.directions.*",
        (
            "There, for the organization alone; here, for each policy, and for users as far as it "
            "is opened. It holds for new items, too."
        ),
    ),
)


def settings_page(table: Table) -> str:
    """`settings.md`: the layers, every key, what is locked, the switches of Dynamics."""
    openable = [key for key in KEYS if key.openable]
    return "\n".join(
        [
            "# Settings",
            "",
            "One TOML file holds the configuration: `syncd init` writes one to start from,",
            "`syncd config validate` shows every mistake in it, `syncd config schema` prints the",
            "schema that editors complete and check it by. `config/` has an example for each of",
            "several situations. This page is printed from the types that check the file.",
            "",
            "## Which value holds",
            "",
            "Four layers lie over one another, and the last that says something of a key wins:",
            "",
            *_numbered(_ABOUT[origin] for origin in Origin),
            "",
            "Tables are laid over one another key by key; lists are replaced. See what holds for a",
            "mailbox, and where each value comes from, with `syncd settings show MAILBOX`; for a",
            "policy, with `--policy NAME`; field by field, with `syncd fields contact`.",
            "",
            "The daemon takes a changed file up on SIGHUP (`systemctl reload syncd`). One with",
            "mistakes is logged with all of them, and the old one stays in force. What runs ends",
            "under the old one. `[store]` and `[daemon]` take a restart.",
            "",
            "## What users set for themselves",
            "",
            '`user_may` lists the keys that a policy opens; `"contacts.directions.*"` means all',
            'of a table. `[policies.NAME.bounds]` says how far: `interval = ["2m", "1h"]` is the',
            'lowest and the highest, `"contacts.conflict" = ["crm", "latest"]` what may be',
            "chosen from. Bounds of a key hold for the longer ones below it, too, and those of",
            "`contacts.direction` and `contacts.conflict` for each field's; the nearest go first.",
            "`syncd settings set MAILBOX KEY VALUE` sets one, `unset` takes it away.",
            "What the policy does not let any more is not in force, is shown as such, and is kept.",
            "",
            "These can be opened: " + ", ".join(f"`{key.name}`" for key in openable) + ".",
            "",
            "Everything else decides over others, or guards them, and stays the admin's.",
            "",
            "## The keys of a policy",
            "",
            "They stand in `[policies.NAME]`, and in `[organisation]` for all policies.",
            "",
            *table(_HEADS, [[*_row(key), _open(key)] for key in KEYS]),
            "",
            *_locks(table),
            "## The other sections",
            "",
            *_sections(table),
            "## The switches of Dynamics 365",
            "",
            "What server-side synchronization has as a switch, where contacts are concerned.",
            "",
            *table(
                ["There", "By default", "Here", "How they compare"],
                [[name, was, f"`{key}`", about] for name, was, key, about in SWITCHES],
            ),
            "",
            "Which of its options are not here: switching the recording of single items off",
            "(EnableSssItemLevelMonitoring) – every decision has its reason, always – and which",
            "program synchronizes, since there is one.",
            "",
        ]
    )


_ABOUT = {
    Origin.DEFAULT: "**default**: what this page says.",
    Origin.ORGANISATION: "**organisation**: `[organisation]`, for all policies.",
    Origin.POLICY: "**policy**: `[policies.NAME]`, for the mailboxes under it.",
    Origin.USER: "**user**: what the user of a mailbox set, as far as the policy opens it.",
}
_HEADS = ["Key", "What it says", "Takes", "Default", "Can be opened to users"]


def _numbered(lines: Iterable[str]) -> Iterator[str]:
    return (f"{number}. {line}" for number, line in enumerate(lines, start=1))


def _row(key: Key) -> list[str]:
    takes = _takes(key)
    name = key.name.replace(f".{ANY}", ".NAME")
    return [f"`{name}`", key.about.replace("|", "\\|"), takes, _default(key)]


def _default(key: Key) -> str:
    empty = key.default is None or key.default in ((), {})
    return "–" if empty else f"`{plain_text(key.default)}`"


def _open(key: Key) -> str:
    return "yes" if key.openable else "no"


def _locks(table: Table) -> Iterator[str]:
    for plural, stored in KINDS.items():
        kind = stored.kind
        rows = [
            [name, ", ".join(f"`{each.name}`" for each in kind.groups[name].fields), why]
            for name, why in kind.locks.items()
        ]
        yield from [f"No direction can be given to these fields of {plural}:", ""]
        yield from [*table(["Group", "Fields", "Because"], rows), ""]


def _sections(table: Table) -> Iterator[str]:
    for name, info in Configuration.model_fields.items():
        inner = info.annotation
        section = f"[{name}]"
        if name in ("organisation", "written"):
            continue
        if get_args(inner):
            inner, section = get_args(inner)[1], f"[{name}.NAME]"
        yield from [f"### `{section}`", "", info.description or "", ""]
        yield from [*table(_HEADS[:-1], [_row(key) for key in keys_of(inner)]), ""]


def _takes(key: Key) -> str:
    words = ", ".join(f"`{each}`" for each in key.choices)
    return f"a list of {words}" if "list" in key.takes and words else words or key.takes
