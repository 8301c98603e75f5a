"""`[fields.contact.NAME]`: the fields that an organisation adds to the map, and their mistakes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic import ValidationInfo as Info
from pydantic_core import PydanticCustomError

from syncd.crm.custom import Custom
from syncd.crm.importing.names import COMMON, ID_KEYS
from syncd.crm.records import STORED
from syncd.model import custom
from syncd.model.fields import Direction, FieldType, Named, Sphere, Style
from syncd.model.fields import Field as MapField
from syncd.model.wording import NO, YES
from syncd.settings.mistakes import did_you_mean

KINDS = ("contact",)  # whose map may be added to
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_FOLDED = re.compile(r"[^a-z0-9]+")

# What the command line calls something else that a record has, or a verb is told.
_WORDS = (
    "owner", "state", "status", "search", "limit", "where", "json", "as", "set", "clear",
    "help", "unless_like", "yes", "role", "account", "originating_lead", "regarding", "name",
    "id", "kind", "version", "custom", "deleted", "parties", "called", "reference", "fields",
    "created_at", "created_by", "modified_at", "modified_by", "like", "options", "settings",
    "as_json",
)  # fmt: skip

# What one word says of how a value is written.
_CONVERTERS: Mapping[FieldType, Mapping[str, tuple[Style, Mapping[str, str]]]] = {
    FieldType.TEXT: {
        "upper": (Style.UPPER, {}),
        "lower": (Style.LOWER, {}),
    },
    FieldType.DATE: {
        "iso": (Style.ISO, {}),
        "dmy": (Style.DMY, {}),
        "mdy": (Style.MDY, {}),
    },
    FieldType.FLAG: {
        "yes/no": (Style.PLAIN, {YES: "yes", NO: "no"}),
        "true/false": (Style.PLAIN, {YES: "true", NO: "false"}),
        "1/0": (Style.PLAIN, {YES: "1", NO: "0"}),
    },
}


def _refuse(what: str, suggestion: str | None) -> PydanticCustomError:
    return PydanticCustomError("refused", "{what}", {"what": what, "suggestion": suggestion})


def _type(written: object) -> object:
    known = [each.value for each in custom.TYPES]
    if isinstance(written, str) and written not in known:
        raise _refuse(f"{written!r} is no type of a field", did_you_mean(written, known))
    return written


_TYPES = WithJsonSchema({"type": "string", "enum": [each.value for each in custom.TYPES]})
_PLACES = WithJsonSchema({"type": "string", "enum": list(custom.FREE)})


class FieldSection(BaseModel):
    """`[fields.contact.NAME]`: one field. It stands in `outlook`, or in `property`."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    label: str | None = Field(
        default=None, min_length=1, max_length=60,
        description="What people call it; made from its name where it is left out.",
    )  # fmt: skip
    type: Annotated[FieldType, Field(strict=False), BeforeValidator(_type), _TYPES] = Field(
        default=FieldType.TEXT, description="What its values are."
    )
    options: tuple[Annotated[str, Field(min_length=1)], ...] = Field(
        default=(), strict=False, validate_default=True,
        description="Of a choice: the words it may be, in small letters.",
    )  # fmt: skip
    outlook: Annotated[str, _PLACES] | None = Field(
        default=None, description="The free field of Outlook that it stands in."
    )
    property: str | None = Field(
        default=None,
        description="The named property that it stands in, in place of a field of Outlook's.",
    )
    direction: Annotated[Direction, Field(strict=False)] = Field(
        default=Direction.TWO_WAY, description="Which side may speak."
    )
    sphere: Annotated[Sphere, Field(strict=False)] = Field(
        default=Sphere.BUSINESS,
        description="Whose business it is; a personal one stays apart until somebody edits it.",
    )
    converter: str | Mapping[str, str] | None = Field(
        default=None, description="How Outlook's text says its values: a style, or a word for each."
    )

    @field_validator("label")
    @classmethod
    def _is_one_line(cls, label: str | None) -> str | None:
        if label is not None and (not label.strip() or not label.isprintable()):
            raise _refuse("must be a line of text", 'such as "Favourite colour"')
        return label

    @field_validator("options")
    @classmethod
    def _are_for_a_choice(cls, options: tuple[str, ...], info: Info) -> tuple[str, ...]:
        kind = info.data.get("type")
        if kind is FieldType.CHOICE and not options:
            raise _refuse("a choice needs its options", 'write options = ["red", "green"]')
        if kind not in (FieldType.CHOICE, None) and options:
            raise _refuse(f"options are for a choice, and this is {kind}", 'write type = "choice"')
        for each in options:
            folded = " ".join(each.replace("-", " ").lower().split())
            if each != folded:
                raise _refuse(
                    f"{each!r} is not in small letters, digits and single blanks",
                    f"write {folded!r}; converter = {{ {_quoted(folded)} = {_quoted(each)} }} says "
                    "how Outlook shows it",
                )
        if twice := next((each for each in options if options.count(each) > 1), None):
            raise _refuse(f"{twice!r} is there twice", None)
        return options

    @field_validator("outlook")
    @classmethod
    def _is_free(cls, outlook: str | None, info: Info) -> str | None:
        if outlook is None:
            return None
        if outlook not in custom.FREE:
            raise _refuse(
                f"there is no free field {outlook!r} in Outlook", did_you_mean(outlook, custom.FREE)
            )
        if info.data.get("type") is FieldType.NAMES:
            raise _refuse(
                f"{outlook} holds one text, and this is a list of names",
                'write property = "favouriteColours" instead',
            )
        return outlook

    @field_validator("property")
    @classmethod
    def _is_property(cls, written: str | None, info: Info) -> str | None:
        place = custom.property_place(written, FieldType.TEXT) if written is not None else None
        if written is not None and place is None:
            raise _refuse(
                f"{written!r} is no named property",
                'write it like "favouriteColour", or "{00020329-0000-0000-C000-000000000046}/name"',
            )
        if place and isinstance(place.ews, Named) and place.ews.set_id == custom.STAMPS:
            raise _refuse("is where syncd keeps whose item it is", "take a name of your own")
        if written is not None and info.data.get("outlook") is not None:
            raise _refuse("names a second place in Outlook", "keep it or outlook, not both")
        return written

    @field_validator("converter")
    @classmethod
    def _fits(
        cls, converter: str | Mapping[str, str] | None, info: Info
    ) -> str | Mapping[str, str] | None:
        kind = info.data.get("type")
        if kind is None or converter is None or "options" not in info.data:
            return converter  # that is a mistake itself
        known = _CONVERTERS.get(kind, {})
        if isinstance(converter, str):
            if converter not in known:
                raise _refuse(f"no {kind} is written {converter!r}", _can_be(kind))
            return converter
        values = {FieldType.CHOICE: info.data["options"], FieldType.FLAG: (YES, NO)}.get(kind)
        if values is None:
            raise _refuse(f"a table of words is for a choice or a flag, not {kind}", _can_be(kind))
        if odd := next((each for each in converter if each not in values), None):
            raise _refuse(f"there is no value {odd!r} of this field", did_you_mean(odd, values))
        words = [converter.get(each, each).strip().casefold() for each in values]
        if not all(words) or len(set(words)) < len(words):
            raise _refuse("does not tell its values apart", "give each a word of its own")
        return converter

    @model_validator(mode="after")
    def _stands_somewhere(self) -> FieldSection:
        if self.outlook is None and self.property is None:
            raise _refuse(
                "does not say where it is in Outlook",
                'write outlook = "User1", or property = "favouriteColour"',
            )
        return self

    def field(self, name: str) -> MapField:
        """The row of the field map."""
        place = (
            custom.FREE[self.outlook]
            if self.outlook is not None
            else custom.property_place(self.property or "", self.type)
        )
        if place is None:
            raise ValueError(f"{name} is nowhere in Outlook")
        style, words = Style.PLAIN, dict[str, str]()
        if isinstance(self.converter, str):
            style, words = (
                _CONVERTERS[self.type][self.converter][0],
                dict(_CONVERTERS[self.type][self.converter][1]),
            )
        elif self.converter is not None:
            words = {value: word.strip() for value, word in self.converter.items()}
        return custom.custom_field(
            name,
            self.label or label_of(name),
            self.type,
            place,
            direction=self.direction,
            sphere=self.sphere,
            options=self.options,
            wording=custom.wording_of(self.type, self.options, style, words),
        )


class Fields(BaseModel):
    """`[fields]`: by kind, by name."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    contact: Mapping[str, FieldSection] = Field(
        default={}, description="What is added to the map of the contact, by name."
    )


def label_of(name: str) -> str:
    """`Favourite colour`, of a field without a label."""
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def clashes(
    kind: str, sections: Mapping[str, Mapping[str, object]]
) -> Iterator[tuple[str, str, str, str | None]]:
    """What is wrong with fields beside others: the name, the key, what, and what would be right.

    `sections` are as they are written.
    """
    taken = _taken(kind)
    places = {custom.address(each.ews): each.label for each in STORED[kind].kind.fields}
    for name, section in sections.items():
        if not _NAME.fullmatch(name):
            folded = _FOLDED.sub("_", name.lower()).strip("_")
            near = f"write {folded!r}" if _NAME.fullmatch(folded) else "such as favourite_colour"
            yield name, "", "must be small letters, digits and _, up to 40, a letter first", near
        elif name.replace("_", "") in taken:
            there = taken[name.replace("_", "")]
            yield name, "", f"is {there} already", "give it another name"
        for key in ("outlook", "property"):
            written = section.get(key)
            place = None
            if key == "outlook":
                place = custom.FREE.get(written) if isinstance(written, str) else None
            elif isinstance(written, str):
                place = custom.property_place(written, FieldType.TEXT)
            if place is None:
                continue
            there = places.setdefault(custom.address(place.ews), name)
            if there != name:
                yield name, key, f"{written} is where {there} is", "each has a place of its own"
    labels: dict[str, str] = {each.label.casefold(): each.name for each in STORED[kind].kind.fields}
    for name, section in sections.items():
        label = section.get("label")
        if isinstance(label, str) and labels.setdefault(label.strip().casefold(), name) != name:
            what = f"{labels[label.strip().casefold()]} is called {label!r}, too"
            yield name, "label", what, "give it a label of its own"


def field_mistakes(written: object) -> Iterator[tuple[tuple[str, ...], str, str | None]]:
    """What is wrong with the fields of a file beside each other: where, what, what is right."""
    for kind in KINDS:
        for name, key, what, suggestion in clashes(kind, _sections(written, kind)):
            yield ("fields", kind, name, *([key] if key else [])), what, suggestion


def custom_in(written: object) -> tuple[Custom, frozenset[str]]:
    """The custom fields of a file as far as they are right, and the names of the others."""
    found: dict[str, tuple[MapField, ...]] = {}
    wrong: set[str] = set()
    for kind in KINDS:
        for name, section in _sections(written, kind).items():
            try:
                field = FieldSection.model_validate(section).field(name)
            except ValidationError:
                wrong.add(name)
            else:
                found[kind] = (*found.get(kind, ()), field)
    return found, frozenset(wrong)


def names_one(text: str, names: Iterable[str]) -> bool:
    """Whether a filter names one of these fields."""
    return any(re.search(rf"\b{re.escape(each)}\b", text) for each in names)


def _sections(written: object, kind: str) -> dict[str, Mapping[str, object]]:
    for part in ("fields", kind):
        written = written.get(part) if isinstance(written, Mapping) else None
    sections = written.items() if isinstance(written, Mapping) else ()
    return {name: each for name, each in sections if isinstance(each, Mapping)}


def _taken(kind: str) -> dict[str, str]:
    """What a name may not be, without its _: columns, options, what files call something else."""
    stored = STORED[kind]
    columns = {*stored.table_columns, *stored.extras, *COMMON, ID_KEYS[kind], "fullname"}
    taken = {each.replace("_", ""): "a column of the CRM" for each in columns}
    taken |= {each.replace("_", ""): "a word of the command line" for each in _WORDS}
    taken |= {_FOLDED.sub("", each.label.lower()): each.label for each in stored.kind.fields}
    taken |= {each.replace("_", ""): "a group of the map" for each in stored.kind.groups}
    return taken | {each.name.replace("_", ""): each.label for each in stored.kind.fields}


def _can_be(kind: FieldType) -> str:
    known = [f'"{each}"' for each in _CONVERTERS.get(kind, {})]
    if kind is FieldType.FLAG:
        known.append('{ yes = "Ja", no = "Nein" }')
    if kind is FieldType.CHOICE:
        known.append('{ red = "Rot" }')
    return f"write {', '.join(known)}" if known else "leave it out"


def _quoted(text: str) -> str:
    return f'"{text}"'
