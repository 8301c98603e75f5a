"""From a file to a `Configuration`, or to the list of everything that is wrong with the file."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from syncd.crm.custom import Custom
from syncd.model.fields import Field as MapField
from syncd.settings.configuration import GATHERED, Configuration
from syncd.settings.fields import KINDS as FIELD_KINDS
from syncd.settings.fields import FieldSection, clashes
from syncd.settings.filters import Filter, FilterError
from syncd.settings.kinds import KINDS, kinds_by_plural
from syncd.settings.lines import Path as KeyPath
from syncd.settings.lines import key_lines, line_of
from syncd.settings.mistakes import BadConfiguration, Mistake, closest, did_you_mean

_SECRETS = {"password", "secret", "token", "client_secret"}
_AT_LINE = re.compile(r"\s*\(at line (\d+), column \d+\)")
_PLAIN = {  # what pydantic calls it, and what a person does
    "missing": "is missing",
    "string_type": "must be text in quotes",
    "int_type": "must be a whole number, without quotes",
    "float_type": "must be a number, without quotes",
    "bool_type": "must be true or false, without quotes",
    "model_type": "must be a section",
    "dict_type": "must be a section",
    "mapping_type": "must be a section",
    "string_too_short": "must not be empty",
}


def load(file: Path) -> Configuration:
    """The configuration in `file`. Raises BadConfiguration with every mistake in it."""
    text = _read(file)
    written = _parse(file, text)
    mistakes: list[tuple[KeyPath, str, str | None]] = []
    configuration = None
    try:
        configuration = Configuration.model_validate(written, context={"folder": file.parent})
    except ValidationError as error:
        mistakes += [_in_words(each) for each in error.errors(include_url=False)]
    # These look at the file as it is written, so that no mistake hides another.
    mistakes += _unknown_servers(written)
    mistakes += _bad_fields(written)
    mistakes += _bad_filters(written)
    if configuration is None or mistakes:
        lines = key_lines(text)
        found = [
            Mistake(".".join(path), message, suggestion, line_of(path, lines))
            for path, message, suggestion in mistakes
        ]
        raise BadConfiguration(file, sorted(found, key=lambda each: each.line or 0))
    return configuration


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise BadConfiguration(file, [Mistake("", "there is no such file")]) from None
    except UnicodeDecodeError:
        raise BadConfiguration(file, [Mistake("", "is not UTF-8 text")]) from None
    except OSError as error:
        what = f"cannot be read: {error.strerror}"
        raise BadConfiguration(file, [Mistake("", what)]) from None


def _parse(file: Path, text: str) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = _AT_LINE.search(f"{error}")
        what = f"is not TOML: {_AT_LINE.sub('', f'{error}')}"
        mistake = Mistake("", what, line=int(line[1]) if line else None)
        raise BadConfiguration(file, [mistake]) from None


def _in_words(error: ErrorDetails) -> tuple[KeyPath, str, str | None]:
    loc = (part for part in error["loc"] if part != GATHERED)
    path = tuple(part for part in loc if isinstance(part, str))  # a place in a list is in its key
    context = error.get("ctx", {})
    if error["type"] == "extra_forbidden":
        return path, *_unknown_key(path)
    if error["type"] == "enum":
        choices = context["expected"].replace(" or ", ", ").replace("'", "")
        written = f"{error['input']}"
        near = closest(written, choices.split(", "))
        return path, f"{written!r} is not one of {choices}", near and f"did you mean {near!r}?"
    message = _PLAIN.get(error["type"]) or error["msg"].replace("Input should", "must")
    suggestion = context.get("suggestion")
    return path, message, suggestion if isinstance(suggestion, str) else None


def _unknown_key(path: KeyPath) -> tuple[str, str | None]:
    if path[-1] in _SECRETS:
        return (
            "is a secret in the configuration; syncd reads secrets from a file or the environment",
            'put it into a file of its own, and write password_file = "/path/of/that/file"',
        )
    return "is not a key that syncd knows", did_you_mean(path[-1], _keys_beside(path))


def _keys_beside(path: KeyPath) -> list[str]:
    """The keys that the section of `path` may hold."""
    section: object = Configuration
    for part in path[:-1]:
        if isinstance(section, type) and issubclass(section, BaseModel):
            name = "kinds" if part in KINDS and "kinds" in section.model_fields else part
            section = section.model_fields[name].annotation
            if name == "kinds":
                section = get_args(section)[1]
        elif get_origin(section) is not None:
            section = get_args(section)[1]
    if not (isinstance(section, type) and issubclass(section, BaseModel)):
        return []
    return [
        each for name in section.model_fields for each in (KINDS if name == "kinds" else [name])
    ]


def _sections(written: object, *path: str) -> Iterator[tuple[str, Mapping[str, object]]]:
    """The sub-sections at `path`, by name; nothing where the file is not shaped so."""
    for part in path:
        written = written.get(part) if isinstance(written, Mapping) else None
    for name, section in written.items() if isinstance(written, Mapping) else ():
        if isinstance(section, Mapping):
            yield name, section


def _unknown_servers(written: object) -> Iterator[tuple[KeyPath, str, str | None]]:
    servers = [name for name, _ in _sections(written, "servers")]
    for name, policy in _sections(written, "policies"):
        server = policy.get("server")
        if isinstance(server, str) and server not in servers:
            suggestion = did_you_mean(server, servers) or f"write a section [servers.{server}]"
            yield ("policies", name, "server"), f"there is no server {server!r}", suggestion


def _bad_fields(written: object) -> Iterator[tuple[KeyPath, str, str | None]]:
    for kind in FIELD_KINDS:
        sections = dict(_sections(written, "fields", kind))
        for name, key, what, suggestion in clashes(kind, sections):
            yield ("fields", kind, name, *([key] if key else [])), what, suggestion


def _custom(written: object) -> tuple[Custom, frozenset[str]]:
    """The custom fields as far as they are right, and the names of those that are not."""
    found: dict[str, tuple[MapField, ...]] = {}
    wrong: set[str] = set()
    for kind in FIELD_KINDS:
        for name, section in _sections(written, "fields", kind):
            try:
                field = FieldSection.model_validate(section).field(name)
            except ValidationError:
                wrong.add(name)
            else:
                found[kind] = (*found.get(kind, ()), field)
    return found, frozenset(wrong)


def _bad_filters(written: object) -> Iterator[tuple[KeyPath, str, str | None]]:
    custom, wrong = _custom(written)
    kinds = kinds_by_plural(custom)
    for name, _ in _sections(written, "policies"):
        for plural, section in _sections(written, "policies", name):
            text = section.get("filter")
            if plural not in kinds or not isinstance(text, str):
                continue
            if any(re.search(rf"\b{re.escape(each)}\b", text) for each in wrong):
                continue  # told of already
            try:
                Filter.parse(text, kinds[plural])
            except FilterError as error:
                yield ("policies", name, plural, "filter"), f"{error}", error.suggestion
