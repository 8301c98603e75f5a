"""What holds for a group of users: `[policies.NAME]`, and for everyone: `[organisation]`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from syncd.model.policy import Consent, FirstSync, Limits
from syncd.settings.durations import Duration
from syncd.settings.kind_section import KindSection
from syncd.settings.kinds import KINDS
from syncd.settings.nested import leaves
from syncd.settings.section import CHOICE, Section, refuse

GATHERED = "<kinds>"  # no key of a file: here the sections of a policy that name kinds meet


def _allowed(written: object) -> tuple[object, ...]:
    values = tuple(written) if isinstance(written, list | tuple) else ()
    if not values or not all(isinstance(each, str | bool) for each in values):
        raise refuse("must be a list of values", 'such as ["2m", "1h"], or ["crm", "latest"]')
    return values


def by_key(written: object) -> object:
    """`contacts.conflict = […]` means the same without quotes, where TOML makes tables of it."""
    if not isinstance(written, Mapping):
        return written
    return {".".join(path): value for path, value in leaves(written)}


def _servers(written: object) -> object:
    """One name; of a list with one name, that name."""
    if isinstance(written, str):
        return written
    names = tuple(written) if isinstance(written, list | tuple) else ()
    if not names or not all(isinstance(each, str) and each for each in names):
        raise refuse("must be the name of a server, or a list of names", '["office", "cloud"]')
    return names if len(names) > 1 else names[0]


ServerNames = str | tuple[str, ...]
Servers = Annotated[
    ServerNames,
    BeforeValidator(_servers),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string"},
                {
                    "type": "array",
                    "items": {"type": "string"},
                    "minItems": 1,
                    "uniqueItems": True,
                },
            ]
        }
    ),
]

Allowed = Annotated[
    tuple[str | bool, ...],
    BeforeValidator(_allowed),
    WithJsonSchema({"type": "array", "items": {"type": ["string", "boolean"]}, "minItems": 1}),
]


class Breaker(Section):
    """`[policies.NAME.breaker]`: what a run may do before it waits for a person (P8)."""

    most: int = Field(default=Limits().most, ge=0, description="More than this many always wait.")
    some: int = Field(
        default=Limits().some,
        ge=0,
        description="More than this many wait when they are more than `share` of all, too.",
    )
    share: float = Field(
        default=Limits().share, ge=0, le=1, description="That share of all that is in step."
    )
    few: int = Field(
        default=Limits().few, ge=1, description="This many, or more, wait when they are all."
    )
    daily: int = Field(default=Limits().daily, ge=0, description="What 24 hours may do.")
    cause: int = Field(
        default=Limits().cause,
        ge=0,
        description="What one change may do in all mailboxes together, such as a new owner.",
    )
    emptied: int = Field(
        default=Limits().emptied,
        ge=1,
        description="An edit in Outlook that empties this many fields, or more, waits.",
    )


class PolicySection(Section):
    """One layer of a policy: what it says, and nothing of the layers below it.

    `kinds` is by the kind's plural. `user_may` are the keys that a user may set for themselves, and
    `bounds` how far: `["2m", "1h"]` for a length of time, else the values that are allowed.
    """

    server: Servers | None = Field(
        default=None,
        description="The server of these mailboxes, or several: each mailbox is sought on them in "
        'this order, ["office", "cloud"].',
    )
    interval: Duration = Field(
        default=timedelta(minutes=5), description="How often a mailbox is looked at."
    )
    first_sync: Annotated[FirstSync, CHOICE] = Field(
        default=FirstSync.ASK,
        description="Whether the first sync of a mailbox that holds items waits for approval.",
    )
    consent: Annotated[Consent, CHOICE] = Field(
        default=Consent.ADMIN,
        description="Who agrees that a mailbox is read: the admin for all, or each user first.",
    )
    user_may: Annotated[tuple[str, ...], CHOICE] = Field(
        default=(),
        description='Which of these keys a user may set for themselves: "interval", '
        '"contacts.directions.*".',
    )
    bounds: Annotated[Mapping[str, Allowed], BeforeValidator(by_key)] = Field(
        default={},
        description="How far a user may go, by key: the lowest and the highest length of time, "
        "else the values that are allowed.",
    )
    breaker: Breaker = Field(
        default=Breaker(), description="What a run may do before it waits for a person."
    )
    kinds: Mapping[str, KindSection] = Field(default={}, alias=GATHERED)

    @model_validator(mode="before")
    @classmethod
    def _gather_kinds(cls, written: object) -> object:
        if not isinstance(written, Mapping):
            return written
        kinds = {key: value for key, value in written.items() if key in KINDS}
        others = {key: value for key, value in written.items() if key not in KINDS}
        return {**others, GATHERED: kinds} if kinds else others


class Policy(PolicySection):
    """A policy with what all of its layers say together."""

    server: Servers = Field()

    @property
    def servers(self) -> tuple[str, ...]:
        """The names of the servers, in the order in which a mailbox is sought on them."""
        return (self.server,) if isinstance(self.server, str) else self.server
