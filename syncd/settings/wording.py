"""What pydantic found wrong, as a person says it."""

from __future__ import annotations

from typing import get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from syncd.settings.configuration import Configuration
from syncd.settings.kinds import KINDS
from syncd.settings.lines import Path
from syncd.settings.mistakes import closest, did_you_mean
from syncd.settings.policy_section import GATHERED

_SECRETS = {  # and the key that names a file with it
    "password": "password_file",
    "secret": "client_secret_file",
    "client_secret": "client_secret_file",
    "certificate": "certificate_file",
    "private_key": "certificate_file",
    "token": "federated_token_file",
}
_PLAIN = {  # what pydantic calls it, and what a person does
    "missing": "is missing",
    "string_type": "must be text in quotes",
    "int_type": "must be a whole number, without quotes",
    "float_type": "must be a number, without quotes",
    "bool_type": "must be true or false, without quotes",
    "tuple_type": 'must be a list, such as ["interval"]',
    "model_type": "must be a section",
    "dict_type": "must be a section",
    "mapping_type": "must be a section",
    "string_too_short": "must not be empty",
}
_NEEDED: dict[Path, str] = {
    ("backend",): 'write backend = "graph" for Exchange Online, or "ews" for a server of your own',
}


def in_words(error: ErrorDetails) -> tuple[Path, str, str | None]:
    """One error of a validation: the path of the key, what is wrong, what would be right."""
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
    suggestion = context.get("suggestion") or _missing(message, path)
    return path, message, suggestion if isinstance(suggestion, str) else None


def _missing(message: str, path: Path) -> str | None:
    """What to write for a key that has to be there."""
    return _NEEDED.get(path[-1:]) if message == _PLAIN["missing"] else None


def _unknown_key(path: Path) -> tuple[str, str | None]:
    if path[-1] in _SECRETS:
        key = _SECRETS[path[-1]]
        return (
            "is a secret in the configuration; syncd reads secrets from a file or the environment",
            f'put it into a file of its own, and write {key} = "/path/of/that/file"',
        )
    return "is not a key that syncd knows", did_you_mean(path[-1], _keys_beside(path))


def _keys_beside(path: Path) -> list[str]:
    """The keys that the section of `path` may hold."""
    section: object = Configuration
    for part in path[:-1]:
        if isinstance(section, type) and issubclass(section, BaseModel):
            name = "kinds" if part in KINDS and "kinds" in section.model_fields else part
            by_alias = {each.alias or key: each for key, each in section.model_fields.items()}
            field = by_alias[GATHERED if name == "kinds" else name]
            section = field.annotation
            if name == "kinds":
                section = get_args(section)[1]
        elif get_origin(section) is not None:
            section = get_args(section)[1]
    if not (isinstance(section, type) and issubclass(section, BaseModel)):
        return []
    return [
        each
        for name, field in section.model_fields.items()
        for each in (KINDS if name == "kinds" else [field.alias or name])
    ]
