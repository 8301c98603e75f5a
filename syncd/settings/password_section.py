"""Where a section of the configuration says its password is. The password itself is nowhere."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pydantic import Field, ValidationInfo, field_validator

from syncd.settings.section import FilePath, Section, refuse

_ENVIRONMENT_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)


def names_password(data: Mapping[str, object]) -> bool:
    """Whether a section says where its password is."""
    return data.get("password_file") is not None or data.get("password_env") is not None


def environment_name(name: str | None, example: str) -> str | None:
    """`name` where it can be that of an environment variable. Raises what a validator raises."""
    if name is not None and not _ENVIRONMENT_NAME.fullmatch(name):
        # Not quoted: it may be the secret itself.
        raise refuse("must be the name of an environment variable", f'such as "{example}"')
    return name


class WithPassword(Section):
    """A section that may say where its password is."""

    password_file: FilePath | None = Field(
        default=None, description="The file whose only line is the password."
    )
    password_env: str | None = Field(
        default=None, description="The environment variable that holds the password."
    )

    @field_validator("password_env")
    @classmethod
    def _one_secret(cls, name: str | None, info: ValidationInfo) -> str | None:
        environment_name(name, "EWS_PASSWORD")
        if info.data.get("password_file") and name:
            raise refuse("names the password a second time", "keep it or password_file, not both")
        return name
