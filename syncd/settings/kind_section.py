"""What a policy says of one kind: `[policies.NAME.contacts]`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, field_validator, model_validator

from syncd.model.fields import Direction
from syncd.model.policy import (
    Addresses,
    ConflictPolicy,
    Copies,
    CrmDelete,
    ExitPolicy,
    OutlookDelete,
    ScopeExit,
    Track,
)
from syncd.settings.mistakes import closest
from syncd.settings.section import CHOICE, Section, refuse

_FOLDER = re.compile(r"default(/[^/\\\s](?:[^/\\]*[^/\\\s])?)?")
LONGEST_NAME = 64  # of a filter, as the store keeps it


class FilterSection(Section):
    """`[policies.NAME.contacts.filters.FILTER]`: one filter, with a name."""

    where: str = Field(description="Which records it means: an OData $filter. @me is the user.")
    exclude: bool = Field(
        default=False,
        description="Whether these records are kept out, whatever other filters let in.",
    )


class ScopeExits(Section):
    """`on_scope_exit`: by how a record and its item came together. One word says it of all."""

    created: Annotated[ScopeExit, CHOICE] = Field(
        default=ExitPolicy().created, description="Of an item that syncd created."
    )
    adopted: Annotated[ScopeExit, CHOICE] = Field(
        default=ExitPolicy().adopted,
        description="Of an item that was in Outlook before, and was found to be the same.",
    )
    tracked: Annotated[ScopeExit, CHOICE] = Field(
        default=ExitPolicy().tracked, description="Of an item that its user put into the CRM."
    )

    @model_validator(mode="before")
    @classmethod
    def _one_word_for_all(cls, written: object) -> object:
        if not isinstance(written, str):
            return written
        if written not in list(ScopeExit):  # told once, and not of each of the three
            near = closest(written, ScopeExit)
            suggestion = f"did you mean {near!r}?" if near else "write one word, or a table"
            raise refuse(f"{written!r} is not one of {', '.join(ScopeExit)}", suggestion)
        return dict.fromkeys(cls.model_fields, written)


class KindSection(Section):
    """What holds for one kind of record."""

    direction: Annotated[Direction, CHOICE] = Field(
        default=Direction.TWO_WAY,
        description="Which way edits travel. It bounds every field.",
    )
    directions: Mapping[str, Annotated[Direction, CHOICE]] = Field(
        default={},
        description="Which way the edits of single fields travel, by field or group: "
        "mobilephone, address1.",
    )
    filter: str | None = Field(
        default=None,
        description="Which records belong in a user's Outlook: an OData $filter. @me is the user.",
    )
    filters: Mapping[str, FilterSection] = Field(
        default={},
        description="Filters that hold for everyone, by name: the records of all of them belong "
        "in, but for those of one with exclude.",
    )
    templates: Mapping[str, FilterSection] = Field(
        default={},
        description="Filters that each new user is given a copy of, by name, as their own. Where "
        'a policy writes no filter and no template, there is one: "My contacts".',
    )
    folder: str = Field(
        default="default", description='The folder in Outlook: "default", or "default/Name" in it.'
    )
    track: Annotated[Track, CHOICE] = Field(
        default=Track.CATEGORY,
        description="How users put an item of their own into the CRM.",
    )
    track_category: str = Field(
        default="CRM", min_length=1, max_length=255, description="The category that tracks."
    )
    conflict: Annotated[ConflictPolicy, CHOICE] = Field(
        default=ConflictPolicy.LATEST,
        description="Who wins when both sides changed the same thing. What loses is kept.",
    )
    conflicts: Mapping[str, Annotated[ConflictPolicy, CHOICE]] = Field(
        default={}, description="Who wins a conflict about single fields, by field or group."
    )
    on_scope_exit: ScopeExits = Field(
        default=ScopeExits(),
        description="What becomes of an item whose record does not belong in Outlook any more.",
    )
    on_crm_delete: Annotated[CrmDelete, CHOICE] = Field(
        default=CrmDelete.DELETE_CREATED,
        description="What becomes of an item whose record was deleted in the CRM.",
    )
    on_outlook_delete: Annotated[OutlookDelete, CHOICE] = Field(
        default=OutlookDelete.REMEMBER,
        description="What becomes of a record whose item its user deleted.",
    )
    copies: Annotated[Copies, CHOICE] = Field(
        default=Copies.IGNORE, description="What a copy of an item in step is."
    )
    company: bool = Field(default=True, description="Whether the company takes part.")
    addresses: Annotated[Addresses, CHOICE] = Field(
        default=Addresses.THREE, description="Which of Outlook's postal addresses take part."
    )

    @field_validator("folder")
    @classmethod
    def _names_folder(cls, folder: str) -> str:
        if not _FOLDER.fullmatch(folder):
            raise refuse(f"{folder!r} is not a folder", 'write "default" or "default/Name"')
        return folder

    @field_validator("filters", "templates")
    @classmethod
    def _have_names(cls, filters: Mapping[str, FilterSection]) -> Mapping[str, FilterSection]:
        for name in filters:
            if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
                what = f"{name!r} is no name for a filter"
                raise refuse(what, f"name it in 1 to {LONGEST_NAME} characters")
        return filters
