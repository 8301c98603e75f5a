"""What is said to people: complete in every language, and without a word of the engine (P12)."""

from __future__ import annotations

import re
import string

import pytest

from syncd.reconcile.breaker import Bounded
from syncd.reconcile.decide import Verb
from syncd.reconcile.reasons import TOPICS, Reason
from syncd.sync import catalogue
from syncd.sync.alerts import LEVELS, Code
from tests.sync.engine_words import engine_words

LANGUAGES = pytest.mark.parametrize("language", catalogue.LANGUAGES)


def placeholders(text: str) -> set[str]:
    """The names in braces."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@LANGUAGES
def test_every_reason_has_one_sentence_of_its_own(language: str) -> None:
    """Each code is told in a whole sentence, and no two in the same."""
    said = [catalogue.sentence(reason, language) for reason in Reason]
    assert all(re.fullmatch(r"[A-ZÄÖÜ].*\.", each) for each in said)
    assert len(set(said)) == len(said)


@LANGUAGES
def test_nothing_is_said_of_what_there_is_not(language: str) -> None:
    """A sentence, a remedy or a name of a reason that does not exist would never be read."""
    codes = {reason.value for reason in Reason}
    for key in catalogue.texts(language):
        table, _, code = key.partition(".")
        assert table not in ("sentence", "remedy") or code in codes, key
    assert catalogue.microsoft().keys() <= codes


@LANGUAGES
def test_every_language_says_the_same_things(language: str) -> None:
    """The same keys, and in each text the same to be filled in."""
    english, other = catalogue.texts(catalogue.ENGLISH), catalogue.texts(language)
    assert other.keys() == english.keys()
    for key, text in other.items():
        assert placeholders(text) == placeholders(english[key]), key
        assert text.strip() == text != "", key


def test_german_is_german() -> None:
    """A translation is no copy; what both languages share is but a place to fill in."""
    english, german = catalogue.texts("en"), catalogue.texts("de")
    same = {
        key
        for key in english
        if english[key] == german[key] and re.search(r"\w \w+ \w", german[key])
    }
    assert same == set()


@LANGUAGES
def test_no_word_of_the_engine_is_said(language: str) -> None:
    """A rep reads words of a rep's."""
    said = {
        key: found
        for key, text in catalogue.texts(language).items()
        if (found := engine_words(re.sub(r"\{\w+\}", "", text)))
    }
    assert said == {}


@LANGUAGES
def test_every_verb_and_every_alert_is_told(language: str) -> None:
    """What the breaker counts, what is written, what an alert is about."""
    texts = catalogue.texts(language)
    assert {f"verb.{each}" for each in Verb} <= texts.keys()
    for table in ("held", "seen", "likely", "instead"):
        assert {f"{table}.{each}" for each in Bounded} == {
            k for k in texts if k.startswith(f"{table}.")
        }
    assert LEVELS.keys() == set(Code)
    for table in ("alert", "advice"):
        assert {f"{table}.{each}" for each in Code} == {
            k for k in texts if k.startswith(f"{table}.")
        }
    for each in Bounded:
        assert texts[f"likely.{each}"].count(";") == 2, "the three likely causes"


def test_every_reason_is_about_one_thing() -> None:
    """The manual lists each once, in the order of the codes."""
    assert [each for members in TOPICS.values() for each in members] == list(Reason)


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "de"),
        ({"LANG": "de"}, "de"),
        ({"LANG": "fr_CH.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "de_CH.UTF-8"}, "de"),
        ({"LANG": "de_DE.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "de_DE.UTF-8", "SYNCD_LANGUAGE": "en"}, "en"),
        ({"LANG": "en_GB.UTF-8", "SYNCD_LANGUAGE": "de"}, "de"),
    ],
)
def test_the_language_is_the_environment_s(environment: dict[str, str], language: str) -> None:
    """Ours before POSIX's, and English where there is no catalogue."""
    assert catalogue.language_of(environment) == language
