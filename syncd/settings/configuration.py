"""The configuration file, as types. Every section is frozen and knows all of its keys.

What a validator refuses becomes one `Mistake`; `load.py` collects them. Relative paths are relative
to the folder of the file, which arrives as validation context.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from syncd.crm.custom import Custom
from syncd.model.qualification import Becomes, OnDuplicate
from syncd.settings.durations import Duration, format_duration
from syncd.settings.fields import Fields
from syncd.settings.layers import as_layer, merged
from syncd.settings.password_section import WithPassword, names_password
from syncd.settings.policy_section import Policy, PolicySection
from syncd.settings.section import CHOICE, Section, folder_of, refuse
from syncd.settings.server import Server
from syncd.settings.store_url import file_of, is_on_server, resolve_store_url

DEFAULT_FILTER = "owner eq @me and statecode eq 'active'"

SHORTEST_KEPT = timedelta(days=2)
OFTENEST_AUDIT = timedelta(minutes=1)


class LogFormat(StrEnum):
    """The form of a log line; `auto` is `console` on a terminal, else `json`."""

    AUTO = "auto"
    JSON = "json"
    CONSOLE = "console"


class LogLevel(StrEnum):
    """The least severe line that is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Store(WithPassword):
    """`[store]`: the database of the CRM and of the sync. `url` is absolute."""

    url: str = Field(
        default="sqlite:///syncd.db",
        validate_default=True,
        description="A file on a local disk, sqlite:///syncd.db, or a database on a PostgreSQL "
        "server, postgresql://syncd@db.example.test/syncd.",
    )

    @field_validator("url")
    @classmethod
    def _resolve(cls, url: str, info: ValidationInfo) -> str:
        try:
            return resolve_store_url(url, folder_of(info))
        except ValueError as error:
            what, suggestion = error.args
            raise refuse(what, suggestion) from None

    @field_validator("url")
    @classmethod
    def _asks_for_password(cls, url: str, info: ValidationInfo) -> str:
        if names_password(info.data) and not is_on_server(url):
            raise refuse(
                "is a file, which has no password", "leave out password_file and password_env"
            )
        return url


class Log(Section):
    """`[log]`. `show_addresses` lets names and addresses into the log."""

    format: Annotated[LogFormat, CHOICE] = Field(
        default=LogFormat.AUTO, description="auto is console on a terminal, else json."
    )
    level: Annotated[LogLevel, CHOICE] = Field(
        default=LogLevel.INFO, description="The least severe line that is logged."
    )
    show_addresses: bool = Field(
        default=False, description="Whether names and addresses may stand in the log."
    )


class Daemon(Section):
    """`[daemon]`: how many mailboxes run at the same time."""

    workers: int = Field(
        default=4, ge=1, le=64, description="How many mailboxes run at the same time."
    )


class Journal(Section):
    """`[journal]`: for how long what was done can be looked up."""

    keep: Duration = Field(
        default=timedelta(days=90),
        description="For how long runs, what they did, and values that lost a conflict are kept.",
    )

    @field_validator("keep")
    @classmethod
    def _holds_a_day(cls, keep: timedelta) -> timedelta:
        if keep < SHORTEST_KEPT:  # the breaker counts what a day has done
            raise refuse("is too short", f"write {format_duration(SHORTEST_KEPT)} or more")
        return keep


class Audit(Section):
    """`[audit]`: how much of a mailbox is looked at again, although nothing was told of it."""

    items: int = Field(
        default=200,
        ge=0,
        le=10_000,
        description="How many linked items are read again at a time; 0 turns the audit off.",
    )
    every: Duration = Field(
        default=timedelta(hours=1), description="How often a mailbox is audited."
    )

    @field_validator("every")
    @classmethod
    def _holds_a_minute(cls, every: timedelta) -> timedelta:
        if every < OFTENEST_AUDIT:
            raise refuse("is too short", f"write {format_duration(OFTENEST_AUDIT)} or more")
        return every


class CrmSettings(Section):
    """`[crm]`: what holds for the CRM's own rules.

    `phone_region`: the country of phone numbers that are written without its code. `qualify`: what
    a lead becomes unless it is said otherwise.
    """

    phone_region: str | None = Field(
        default=None, description="The country of phone numbers without its code: DE, US."
    )
    qualify: Annotated[tuple[Annotated[Becomes, CHOICE], ...], CHOICE] = Field(
        default=tuple(Becomes), description="What a lead becomes, unless the command says it."
    )
    on_duplicate: Annotated[OnDuplicate, CHOICE] = Field(
        default=OnDuplicate.ASK, description="What is done when one seems to be there already."
    )

    @field_validator("phone_region")
    @classmethod
    def _is_region(cls, region: str | None) -> str | None:
        if region is None:
            return None
        from phonenumbers import SUPPORTED_REGIONS  # here: it takes long, and few name a region

        if region not in SUPPORTED_REGIONS:
            near = region.upper() if region.upper() in SUPPORTED_REGIONS else None
            suggestion = f"did you mean {near!r}?" if near else 'two letters, such as "DE" or "US"'
            raise refuse(f"{region!r} is no country with phone numbers", suggestion)
        return region

    @field_validator("qualify")
    @classmethod
    def _has_customer(cls, qualify: tuple[Becomes, ...]) -> tuple[Becomes, ...]:
        if qualify == (Becomes.OPPORTUNITY,):
            raise refuse("an opportunity needs a customer", 'add "contact" or "account"')
        return qualify


class Configuration(Section):
    """The whole file. `load` makes one; the other modules take what they need of it.

    `organisation` and `written` are the layers as they stand in the file; `policies` are what each
    policy comes to over the organisation.
    """

    store: Store = Field(
        default={}, validate_default=True, description="The database of the CRM and of the sync."
    )
    servers: Mapping[str, Server] = Field(default={}, description="The Exchanges, by name.")
    organisation: PolicySection = Field(
        default=PolicySection(), description="What holds in all policies that do not say otherwise."
    )
    written: Mapping[str, PolicySection] = Field(
        default={}, alias="policies", description="What holds for groups of users, by name."
    )
    fields: Fields = Field(default=Fields(), description="What is added to the maps of fields.")
    crm: CrmSettings = Field(
        default=CrmSettings(), description="What holds for the CRM's own rules."
    )
    log: Log = Field(default=Log(), description="What is logged, and how.")
    journal: Journal = Field(default=Journal(), description="What is kept of past runs.")
    audit: Audit = Field(default=Audit(), description="What is looked at again, unasked.")
    daemon: Daemon = Field(default=Daemon(), description="How the daemon works.")

    @cached_property
    def custom(self) -> Custom:
        """The custom fields, by kind."""
        own = tuple(section.field(name) for name, section in self.fields.contact.items())
        return {"contact": own} if own else {}

    def sign_ins_of(self, server: Server) -> Path:
        """The folder with what `syncd login` leaves: beside the store, unless it is named."""
        if server.sign_ins is not None:
            return server.sign_ins
        store = file_of(self.store.url)
        return (store.parent if store else Path()) / "sign-ins"

    @property
    def custom_names(self) -> frozenset[str]:
        """The names of all custom fields."""
        return frozenset(field.name for fields in self.custom.values() for field in fields)

    @cached_property
    def policies(self) -> Mapping[str, Policy]:
        """The policies by name, each with what the organisation says below it."""
        below = as_layer(self.organisation)
        return {
            name: Policy.model_validate(merged(below, as_layer(policy)))
            for name, policy in self.written.items()
        }

    @cached_property
    def remembered(self) -> dict[object, object]:
        """What was once made of this configuration, so that it is not made again."""
        return {}
