"""What every section of the configuration file is made of."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, WithJsonSchema
from pydantic_core import PydanticCustomError

CHOICE = Field(strict=False)  # an enum is written as its text


class Section(BaseModel):
    """A section: frozen, and it knows all of its keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def refuse(what: str, suggestion: str) -> PydanticCustomError:
    """What a validator raises: what is wrong with the value, and what would be right."""
    return PydanticCustomError("refused", "{what}", {"what": what, "suggestion": suggestion})


def folder_of(info: ValidationInfo) -> Path:
    """The folder of the file, which relative paths are relative to."""
    context: Mapping[str, Path] | None = info.context
    return context["folder"] if context else Path()


def read_path(written: object, info: ValidationInfo) -> Path:
    """A path as the file writes it, made absolute."""
    if not isinstance(written, str) or not written:
        raise refuse("must be the path of a file", 'in quotes: "/etc/syncd/ews-password"')
    return (folder_of(info) / Path(written).expanduser()).absolute()


FilePath = Annotated[Path, BeforeValidator(read_path), WithJsonSchema({"type": "string"})]
