"""An explanation as it is read: one sentence, then the chain in plain words."""

from __future__ import annotations

from collections.abc import Iterator

from syncd.sync import catalogue
from syncd.sync.explain.chain import chain
from syncd.sync.explain.facts import Facts
from syncd.sync.explain.verdict import verdict

_INDENT = "  "


def first(facts: Facts, language: str) -> str:
    """How it is, and why, in one sentence for a rep."""
    return verdict(facts).said(facts).text(language)


def lines(facts: Facts, language: str) -> Iterator[str]:
    """The sentence, then every step under its heading."""
    yield first(facts, language)
    for topic, said in words(facts, language).items():
        yield catalogue.text(f"heading.{topic}", language)
        yield from said


def words(facts: Facts, language: str) -> dict[str, list[str]]:
    """What each step of the chain says, indented; steps that say nothing are left out."""
    return {
        step.topic: [f"{_INDENT * (1 + each.depth)}{each.text(language)}" for each in step.says]
        for step in chain(facts)
        if step.says
    }
