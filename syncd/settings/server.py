"""`[servers.NAME]`: one Exchange, and how syncd signs in there.

Which keys go with which sign-in is in `server_checks`, which reads the file as it is written.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field, ValidationInfo, WithJsonSchema, field_validator

from syncd.settings.durations import Duration
from syncd.settings.password_section import WithPassword, environment_name
from syncd.settings.section import CHOICE, FilePath, read_path, refuse


class Backend(StrEnum):
    """The protocol that a server speaks."""

    EWS = "ews"
    GRAPH = "graph"


class Auth(StrEnum):
    """How syncd signs in: with a password, or by Microsoft Entra."""

    BASIC = "basic"
    NTLM = "ntlm"
    CERTIFICATE = "certificate"
    SECRET = "secret"  # noqa: S105 - the word for it
    FEDERATION = "federation"
    MANAGED_IDENTITY = "managed-identity"
    DEVICE_CODE = "device-code"


BY_PASSWORD = frozenset({Auth.BASIC, Auth.NTLM})


class Cloud(StrEnum):
    """Which of Microsoft's clouds the organisation is in."""

    GLOBAL = "global"
    US_GOV = "us-gov"
    US_DOD = "us-dod"
    CHINA = "china"


class Access(StrEnum):
    """By which right the service account enters a user's mailbox."""

    IMPERSONATION = "impersonation"
    DELEGATE = "delegate"


def _verify_tls(written: object, info: ValidationInfo) -> bool | Path:
    if isinstance(written, bool):
        return written
    if not isinstance(written, str) or written.lower() in {"true", "false", "yes", "no", ""}:
        raise refuse("must be true, false or a path", "true and false without quotes, a path with")
    return read_path(written, info)


VerifyTls = Annotated[
    bool | Path,
    BeforeValidator(_verify_tls),
    WithJsonSchema({"type": ["boolean", "string"]}),
]


class Server(WithPassword):
    """One Exchange. Without `username`, each mailbox has its own credentials."""

    backend: Annotated[Backend, CHOICE] = Field(
        description="The protocol that it speaks: ews on premises, graph in Exchange Online."
    )
    endpoint: str | None = Field(
        default=None,
        description="Its URL: https://mail.example.com/EWS/Exchange.asmx. Left out: that of the "
        "cloud, or of a server on premises what autodiscover finds.",
    )
    autodiscover: str | None = Field(
        default=None, description="Where a server on premises is asked for its endpoint."
    )
    auth: Annotated[Auth, CHOICE] = Field(default=Auth.BASIC, description="How syncd signs in.")
    username: str | None = Field(
        default=None,
        min_length=1,
        description="The service account. Without it each mailbox has credentials of its own.",
    )
    access: Annotated[Access, CHOICE] = Field(
        default=Access.IMPERSONATION,
        description="By which right the service account enters the mailboxes.",
    )
    cloud: Annotated[Cloud, CHOICE] = Field(
        default=Cloud.GLOBAL, description="Which of Microsoft's clouds the organisation is in."
    )
    tenant: str | None = Field(
        default=None,
        min_length=1,
        description="The organisation in Microsoft Entra: contoso.onmicrosoft.com, or its id.",
    )
    client_id: str | None = Field(
        default=None, min_length=1, description="The id of the application that syncd signs in as."
    )
    certificate_file: FilePath | None = Field(
        default=None,
        description="The PEM file with the application's certificate and its private key.",
    )
    client_secret_file: FilePath | None = Field(
        default=None, description="The file whose only line is the application's secret."
    )
    client_secret_env: str | None = Field(
        default=None, description="The environment variable that holds the application's secret."
    )
    federated_token_file: FilePath | None = Field(
        default=None, description="The file in which the platform keeps a fresh token for syncd."
    )
    authority: str | None = Field(
        default=None, description="Where the sign-in is asked for, if not where the cloud has it."
    )
    sign_ins: FilePath | None = Field(
        default=None,
        description="The folder with what syncd login leaves; by default sign-ins, beside the "
        "store.",
    )
    sign_ins_key_file: FilePath | None = Field(
        default=None, description="The file with the key that it is encrypted with."
    )
    verify_tls: VerifyTls = Field(
        default=True, description="Whether its certificate is checked; a path names the CA."
    )
    timeout: Duration = Field(
        default=timedelta(seconds=60), description="How long a request may take."
    )

    @field_validator("client_secret_env")
    @classmethod
    def _one_client_secret(cls, name: str | None, info: ValidationInfo) -> str | None:
        environment_name(name, "SYNCD_CLIENT_SECRET")
        if info.data.get("client_secret_file") and name:
            what = "names the secret a second time"
            raise refuse(what, "keep it or client_secret_file, not both")
        return name

    @property
    def by_password(self) -> bool:
        """Whether it is signed in to with a password, and not by Microsoft Entra."""
        return self.auth in BY_PASSWORD

    @property
    def enters_by(self) -> Access:
        """By which right a mailbox is entered; a user who signed in has only their own."""
        return Access.DELEGATE if self.auth is Auth.DEVICE_CODE else self.access
