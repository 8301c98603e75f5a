"""What is said to people about a decision, in their language: texts beside this file.

`en/` and `de/` have the same keys and placeholders: `reasons.toml` a sentence and a remedy for each
reason code, `explain.toml` what `syncd explain` says, `alerts.toml` what alerts say.
`microsoft.toml` has what the reference product calls the same, and is of no language.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources

from syncd.reconcile.reasons import Reason

ENGLISH = "en"
LANGUAGES = (ENGLISH, "de")
FILES = ("reasons", "explain", "alerts")

# In the order in which POSIX lets one override the other; ours goes first.
_VARIABLES = ("SYNCD_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")


def language_of(environment: Mapping[str, str]) -> str:
    """The language that an environment asks for, as far as there is a catalogue; else English."""
    said = next((value for name in _VARIABLES if (value := environment.get(name))), "")
    wanted = said.replace("-", "_").partition("_")[0].partition(".")[0].lower()
    return wanted if wanted in LANGUAGES else ENGLISH


def sentence(reason: Reason, language: str = ENGLISH) -> str:
    """Why something was decided, for a rep."""
    return text(f"sentence.{reason}", language)


def remedy(reason: Reason, language: str = ENGLISH, *, mailbox: str = "MAILBOX") -> str:
    """What to do about it, with what to type; empty where there is nothing to do."""
    found = texts(language).get(f"remedy.{reason}", "")
    return found.format(mailbox=mailbox)


def text(key: str, language: str = ENGLISH, /, **values: object) -> str:
    """One text by its key (`verdict.there`), its placeholders filled in."""
    return texts(language)[key].format_map(values)


@cache
def texts(language: str) -> Mapping[str, str]:
    """All texts of a language, by table and key."""
    found: dict[str, str] = {}
    for name in FILES:
        for table, entries in _read(f"{language}/{name}.toml").items():
            found |= {f"{table}.{key}": said for key, said in entries.items()}
    return found


@cache
def microsoft() -> Mapping[str, str]:
    """By reason code, what the reference product calls it; many have no name there."""
    return _read("microsoft.toml")["name"]


def _read(path: str) -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads(resources.files(__package__).joinpath(path).read_text("utf-8"))
