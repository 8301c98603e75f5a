"""The configuration file, as types. Every section is frozen and knows all of its keys.

What a validator refuses becomes one `Mistake`; `load.py` collects them. Relative paths are relative
to the folder of the file, which arrives as validation context.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field, ValidationInfo, WithJsonSchema, field_validator

from syncd.crm.custom import Custom
from syncd.model.qualification import Becomes, OnDuplicate
from syncd.settings.durations import Duration, format_duration
from syncd.settings.endpoint import refusal_of_endpoint, sends_password_in_clear
from syncd.settings.fields import Fields
from syncd.settings.layers import as_layer, merged
from syncd.settings.policy_section import Policy, PolicySection
from syncd.settings.section import CHOICE, FilePath, Section, folder_of, read_path, refuse
from syncd.settings.store_url import is_on_server, resolve_store_url

DEFAULT_FILTER = "owner eq @me and statecode eq 'active'"

SHORTEST_KEPT = timedelta(days=2)

_ENVIRONMENT_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)


class Backend(StrEnum):
    """The protocol that a server speaks."""

    EWS = "ews"


class Auth(StrEnum):
    """How syncd signs in."""

    BASIC = "basic"


SENDS_PASSWORD = frozenset({Auth.BASIC})  # with every request


class Access(StrEnum):
    """By which right the service account enters a user's mailbox."""

    IMPERSONATION = "impersonation"
    DELEGATE = "delegate"


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


def _verify_tls(written: object, info: ValidationInfo) -> bool | Path:
    if isinstance(written, bool):
        return written
    if not isinstance(written, str) or written.lower() in {"true", "false", "yes", "no", ""}:
        raise refuse("must be true, false or a path", "true and false without quotes, a path with")
    return read_path(written, info)


def _names_password(data: Mapping[str, object]) -> bool:
    return data.get("password_file") is not None or data.get("password_env") is not None


VerifyTls = Annotated[
    bool | Path,
    BeforeValidator(_verify_tls),
    WithJsonSchema({"type": ["boolean", "string"]}),
]


class _WithPassword(Section):
    """A section that may say where its password is; the password itself is nowhere here."""

    password_file: FilePath | None = Field(
        default=None, description="The file whose only line is the password."
    )
    password_env: str | None = Field(
        default=None, description="The environment variable that holds the password."
    )

    @field_validator("password_env")
    @classmethod
    def _one_secret(cls, name: str | None, info: ValidationInfo) -> str | None:
        if name is not None and not _ENVIRONMENT_NAME.fullmatch(name):
            # Not quoted: it may be the password itself.
            raise refuse("must be the name of an environment variable", 'such as "EWS_PASSWORD"')
        if info.data.get("password_file") and name:
            raise refuse("names the password a second time", "keep it or password_file, not both")
        return name


class Store(_WithPassword):
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
        if _names_password(info.data) and not is_on_server(url):
            raise refuse(
                "is a file, which has no password", "leave out password_file and password_env"
            )
        return url


class Server(_WithPassword):
    """`[servers.NAME]`: one Exchange. Without `username`, each mailbox has its own credentials."""

    backend: Annotated[Backend, CHOICE] = Field(description="The protocol that it speaks.")
    endpoint: str = Field(description="Its URL: https://mail.example.com/EWS/Exchange.asmx")
    auth: Annotated[Auth, CHOICE] = Field(
        default=Auth.BASIC, validate_default=True, description="How syncd signs in."
    )
    username: str | None = Field(
        default=None,
        min_length=1,
        validate_default=True,
        description="The service account. Without it each mailbox has credentials of its own.",
    )
    access: Annotated[Access, CHOICE] = Field(
        default=Access.IMPERSONATION,
        description="By which right the service account enters the mailboxes.",
    )
    verify_tls: VerifyTls = Field(
        default=True, description="Whether its certificate is checked; a path names the CA."
    )
    timeout: Duration = Field(
        default=timedelta(seconds=60), description="How long a request may take."
    )

    @field_validator("endpoint")
    @classmethod
    def _is_url(cls, endpoint: str) -> str:
        refusal = refusal_of_endpoint(endpoint)
        if refusal:
            raise refuse(refusal, 'write it like "https://mail.example.com/EWS/Exchange.asmx"')
        return endpoint

    @field_validator("auth")
    @classmethod
    def _not_in_clear(cls, auth: Auth, info: ValidationInfo) -> Auth:
        if auth in SENDS_PASSWORD and sends_password_in_clear(info.data.get("endpoint", "")):
            raise refuse(
                "basic sign-in over http:// would send the password in clear",
                "write https:// in endpoint; http:// is for this machine only",
            )
        return auth

    @field_validator("username")
    @classmethod
    def _comes_with_password(cls, username: str | None, info: ValidationInfo) -> str | None:
        if not {"password_file", "password_env"} <= info.data.keys():
            return username  # one of them is a mistake itself
        if (username is None) is not _names_password(info.data):
            return username
        raise refuse(
            "a username and a password_file or password_env belong together",
            "write both, or neither when each mailbox has its own credentials",
        )


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
    daemon: Daemon = Field(default=Daemon(), description="How the daemon works.")

    @cached_property
    def custom(self) -> Custom:
        """The custom fields, by kind."""
        own = tuple(section.field(name) for name, section in self.fields.contact.items())
        return {"contact": own} if own else {}

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
