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

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from syncd.crm.custom import Custom
from syncd.model.fields import Direction
from syncd.model.policy import ConflictPolicy, FirstSync, Limits, Track
from syncd.model.qualification import Becomes, OnDuplicate
from syncd.settings.durations import Duration
from syncd.settings.endpoint import refusal_of_endpoint, sends_password_in_clear
from syncd.settings.fields import Fields
from syncd.settings.kinds import KINDS
from syncd.settings.store_url import is_on_server, resolve_store_url

GATHERED = "<kinds>"  # no key of a file: here the sections of a policy that name kinds meet
DEFAULT_FILTER = "owner eq @me and statecode eq 'active'"

_FOLDER = re.compile(r"default(/[^/\\\s](?:[^/\\]*[^/\\\s])?)?")
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


def _refuse(what: str, suggestion: str) -> PydanticCustomError:
    return PydanticCustomError("refused", "{what}", {"what": what, "suggestion": suggestion})


def _folder(info: ValidationInfo) -> Path:
    context: Mapping[str, Path] | None = info.context
    return context["folder"] if context else Path()


def _file(written: object, info: ValidationInfo) -> Path:
    if not isinstance(written, str) or not written:
        raise _refuse("must be the path of a file", 'in quotes: "/etc/syncd/ews-password"')
    return (_folder(info) / Path(written).expanduser()).absolute()


def _verify_tls(written: object, info: ValidationInfo) -> bool | Path:
    if isinstance(written, bool):
        return written
    if not isinstance(written, str) or written.lower() in {"true", "false", "yes", "no", ""}:
        raise _refuse("must be true, false or a path", "true and false without quotes, a path with")
    return _file(written, info)


def _names_password(data: Mapping[str, object]) -> bool:
    return data.get("password_file") is not None or data.get("password_env") is not None


FilePath = Annotated[Path, BeforeValidator(_file)]
VerifyTls = Annotated[bool | Path, BeforeValidator(_verify_tls)]
_CHOICE = Field(strict=False)  # an enum is written as its text


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class _WithPassword(_Section):
    """A section that may say where its password is; the password itself is nowhere here."""

    password_file: FilePath | None = None
    password_env: str | None = None

    @field_validator("password_env")
    @classmethod
    def _one_secret(cls, name: str | None, info: ValidationInfo) -> str | None:
        if name is not None and not _ENVIRONMENT_NAME.fullmatch(name):
            # Not quoted: it may be the password itself.
            raise _refuse("must be the name of an environment variable", 'such as "EWS_PASSWORD"')
        if info.data.get("password_file") and name:
            raise _refuse("names the password a second time", "keep it or password_file, not both")
        return name


class Store(_WithPassword):
    """`[store]`: the database of the CRM and of the sync. `url` is absolute."""

    url: str = Field(default="sqlite:///syncd.db", validate_default=True)

    @field_validator("url")
    @classmethod
    def _resolve(cls, url: str, info: ValidationInfo) -> str:
        try:
            return resolve_store_url(url, _folder(info))
        except ValueError as error:
            what, suggestion = error.args
            raise _refuse(what, suggestion) from None

    @field_validator("url")
    @classmethod
    def _asks_for_password(cls, url: str, info: ValidationInfo) -> str:
        if _names_password(info.data) and not is_on_server(url):
            raise _refuse(
                "is a file, which has no password", "leave out password_file and password_env"
            )
        return url


class Server(_WithPassword):
    """`[servers.NAME]`: one Exchange. Without `username`, each mailbox has its own credentials."""

    backend: Annotated[Backend, _CHOICE]
    endpoint: str
    auth: Annotated[Auth, _CHOICE] = Field(default=Auth.BASIC, validate_default=True)
    username: str | None = Field(default=None, min_length=1, validate_default=True)
    access: Annotated[Access, _CHOICE] = Access.IMPERSONATION
    verify_tls: VerifyTls = True
    timeout: Duration = timedelta(seconds=60)

    @field_validator("endpoint")
    @classmethod
    def _is_url(cls, endpoint: str) -> str:
        refusal = refusal_of_endpoint(endpoint)
        if refusal:
            raise _refuse(refusal, 'write it like "https://mail.example.com/EWS/Exchange.asmx"')
        return endpoint

    @field_validator("auth")
    @classmethod
    def _not_in_clear(cls, auth: Auth, info: ValidationInfo) -> Auth:
        if auth in SENDS_PASSWORD and sends_password_in_clear(info.data.get("endpoint", "")):
            raise _refuse(
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
        raise _refuse(
            "a username and a password_file or password_env belong together",
            "write both, or neither when each mailbox has its own credentials",
        )


class Breaker(_Section):
    """`[policies.NAME.breaker]`: what a run may do before it waits for a person (P8)."""

    most: int = Field(default=Limits().most, ge=0)
    some: int = Field(default=Limits().some, ge=0)
    share: float = Field(default=Limits().share, ge=0, le=1)
    few: int = Field(default=Limits().few, ge=1)
    daily: int = Field(default=Limits().daily, ge=0)


class KindSection(_Section):
    """`[policies.NAME.contacts]`: what a policy says of one kind."""

    direction: Annotated[Direction, _CHOICE] = Direction.TWO_WAY
    filter: str = DEFAULT_FILTER
    folder: str = "default"
    track: Annotated[Track, _CHOICE] = Track.CATEGORY
    track_category: str = Field(default="CRM", min_length=1, max_length=255)
    conflict: Annotated[ConflictPolicy, _CHOICE] = ConflictPolicy.LATEST

    @field_validator("folder")
    @classmethod
    def _names_folder(cls, folder: str) -> str:
        if not _FOLDER.fullmatch(folder):
            raise _refuse(f"{folder!r} is not a folder", 'write "default" or "default/Name"')
        return folder

    @field_validator("track")
    @classmethod
    def _keeps_address_books_private(cls, track: Track, info: ValidationInfo) -> Track:
        if track is Track.FOLDER and info.data.get("folder") == "default":  # P14
            raise _refuse(
                "would put everyone's whole private address book into the CRM",
                'name a folder of its own, folder = "default/CRM", or write track = "category"',
            )
        return track


class Policy(_Section):
    """`[policies.NAME]`: what holds for a group of users. `kinds` is by the kind's plural."""

    server: str
    interval: Duration = timedelta(minutes=5)
    first_sync: Annotated[FirstSync, _CHOICE] = FirstSync.ASK
    breaker: Breaker = Breaker()
    kinds: Mapping[str, KindSection] = Field(default={}, alias=GATHERED)

    @model_validator(mode="before")
    @classmethod
    def _gather_kinds(cls, written: object) -> object:
        if not isinstance(written, Mapping):
            return written
        kinds = {key: value for key, value in written.items() if key in KINDS}
        others = {key: value for key, value in written.items() if key not in KINDS}
        return {**others, GATHERED: kinds}


class Log(_Section):
    """`[log]`. `show_addresses` lets names and addresses into the log."""

    format: Annotated[LogFormat, _CHOICE] = LogFormat.AUTO
    level: Annotated[LogLevel, _CHOICE] = LogLevel.INFO
    show_addresses: bool = False


class Daemon(_Section):
    """`[daemon]`: how many mailboxes run at the same time."""

    workers: int = Field(default=4, ge=1, le=64)


class CrmSettings(_Section):
    """`[crm]`: what holds for the CRM's own rules.

    `phone_region`: the country of phone numbers that are written without its code. `qualify`: what
    a lead becomes unless it is said otherwise.
    """

    phone_region: str | None = None
    qualify: Annotated[tuple[Annotated[Becomes, _CHOICE], ...], _CHOICE] = tuple(Becomes)
    on_duplicate: Annotated[OnDuplicate, _CHOICE] = OnDuplicate.ASK

    @field_validator("phone_region")
    @classmethod
    def _is_region(cls, region: str | None) -> str | None:
        if region is None:
            return None
        from phonenumbers import SUPPORTED_REGIONS  # here: it takes long, and few name a region

        if region not in SUPPORTED_REGIONS:
            near = region.upper() if region.upper() in SUPPORTED_REGIONS else None
            suggestion = f"did you mean {near!r}?" if near else 'two letters, such as "DE" or "US"'
            raise _refuse(f"{region!r} is no country with phone numbers", suggestion)
        return region

    @field_validator("qualify")
    @classmethod
    def _has_customer(cls, qualify: tuple[Becomes, ...]) -> tuple[Becomes, ...]:
        if qualify == (Becomes.OPPORTUNITY,):
            raise _refuse("an opportunity needs a customer", 'add "contact" or "account"')
        return qualify


class Configuration(_Section):
    """The whole file. `load` makes one; the other modules take what they need of it."""

    store: Store = Field(default={}, validate_default=True)
    servers: Mapping[str, Server] = {}
    policies: Mapping[str, Policy] = {}
    fields: Fields = Fields()
    crm: CrmSettings = CrmSettings()
    log: Log = Log()
    daemon: Daemon = Daemon()

    @cached_property
    def custom(self) -> Custom:
        """The custom fields, by kind."""
        own = tuple(section.field(name) for name, section in self.fields.contact.items())
        return {"contact": own} if own else {}

    @property
    def custom_names(self) -> frozenset[str]:
        """The names of all custom fields."""
        return frozenset(field.name for fields in self.custom.values() for field in fields)
