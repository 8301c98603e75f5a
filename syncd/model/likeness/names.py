"""What people and companies are called, and how far two names agree."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache

from syncd.model.likeness.forms import LONGEST_TEXT, words
from syncd.model.likeness.vocabulary import (
    CREDENTIALS,
    EASTERN_FORMS,
    FILLERS,
    GENERATIONS,
    LEGAL_FORMS,
    PARTICLES,
    TITLES,
)

MOST_WORDS = 8
MOST_TYPOS = 2
SHORT_FIRM = 7  # letters; a typo in a shorter company name makes another name

_EASTERN_FORM = re.compile(EASTERN_FORMS)
_IDEOGRAPHS = re.compile(r"[\u3005\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]+")
_LATIN = re.compile(r"[a-z]")


class Accord(Enum):
    """How far two names agree."""

    UNKNOWN = auto()  # one is missing, a part of the other, or in another script
    OTHER = auto()
    PART = auto()
    SIMILAR = auto()
    SAME = auto()


# --- people --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Name:
    """A person's name: its words, and the orders in which these are one name.

    `full` tells a name that may identify somebody from a bare last name. `blocks` are texts of
    which two names that are the same share one; those that differ in one typo do, too.
    """

    words: tuple[str, ...]
    generation: str
    spellings: frozenset[str]
    full: bool
    blocks: tuple[str, ...]

    @property
    def latin(self) -> bool:
        """Whether it is written in Latin letters: other scripts cannot contradict it."""
        return any(map(_LATIN.search, self.words))


@lru_cache(maxsize=4096)
def person(first: str, last: str) -> Name:
    """A name from its two fields, of which one may hold it all: "van Dyk, Ann", "Ann van Dyk"."""
    in_one = not first and "," in last
    if in_one:
        last, _, first = last.partition(",")
    least = 1 if first and last else 2
    given, young = _part(words(first), least)
    family, old = _part(words(last), least)
    if family and len(given) == 1:
        if in_one and given[0] in GENERATIONS:  # "Smith, Jr."; but there are people called Junior
            young, given = GENERATIONS[given[0]], ()
        elif given[0] in TITLES:
            given = ()
    together = given + family
    spellings, eastern = _spellings(given, family)
    full = len(together) > 1 or (eastern and len(together[0]) > 2)
    blocks: tuple[str, ...] = ()
    if len(together) > 1:
        a = (given or family)[0]
        b = family[0] if given and family else together[-1]
        low, high = sorted((a[-3:], b[-3:]))
        blocks = (f"{b[:4]}|{a[:1]}", f"{a[:4]}|{b[:1]}", f"-{low}|-{high}")
    if full and (len(together) != 2 or eastern):
        blocks += spellings
    return Name(together, old or young, frozenset(spellings), full, blocks)


def _spellings(given: tuple[str, ...], family: tuple[str, ...]) -> tuple[tuple[str, ...], bool]:
    """The texts that a name is equal by; and whether it is of a script that needs no blanks."""
    together = given + family
    if not together:
        return (), False
    if not all(map(_IDEOGRAPHS.fullmatch, together)):
        return (" ".join(sorted(together)),), False
    orders = (family + given, given + family) if given and family else (together,)
    return tuple("".join(order) for order in orders), True


def _part(found: tuple[str, ...], least: int) -> tuple[tuple[str, ...], str]:
    """The words of one field that make the name, and which generation's it is.

    Particles and initials are left out where this leaves as many words as a name needs.
    """
    generation = ""
    while len(found) > 1 and found[0] in TITLES:
        found = found[1:]
    while len(found) > 1 and (found[-1] in CREDENTIALS or found[-1] in GENERATIONS):
        generation = GENERATIONS.get(found[-1], generation)
        found = found[:-1]
    if len(found) > 1:
        core = (w for w in found if w not in PARTICLES and (len(w) > 1 or _IDEOGRAPHS.match(w)))
        found = kept if len(kept := tuple(core)) >= least else found
    return found[:MOST_WORDS], generation


def people(one: Name, two: Name) -> Accord:
    """How far the names of two people agree; the order of the words does not matter."""
    if not one.words or not two.words or one.latin != two.latin:
        return Accord.UNKNOWN
    generations = {one.generation, two.generation}
    alike = _alike(one, two)
    if alike is not Accord.SAME or len(generations) == 1:
        return alike
    return Accord.SIMILAR if "" in generations else Accord.PART


def _alike(one: Name, two: Name) -> Accord:
    if one.spellings & two.spellings:
        return Accord.SAME
    fewer, more = sorted((one.words, two.words), key=len)
    matched, initials, typos = _aligned(fewer, more)
    if matched + initials == len(fewer):
        if matched and 2 <= len(fewer) >= len(more) - 1 and typos + 2 * initials <= MOST_TYPOS:
            return Accord.SIMILAR
        if matched and typos == 0:
            return Accord.UNKNOWN
    if 1 < len(fewer) < len(more) and {"".join(fewer), "".join(fewer[::-1])} & _joined(more):
        return Accord.SIMILAR
    return Accord.PART if matched else Accord.OTHER


def _joined(found: Sequence[str]) -> set[str]:
    return {"".join(found), "".join((*found[1:], found[0])), "".join((found[-1], *found[:-1]))}


def _aligned(fewer: Sequence[str], more: Sequence[str]) -> tuple[int, int, int]:
    """How many words agree, how many as an initial only, and with how many typos in all."""
    pairs: list[tuple[int, str, str, int, int]] = []
    for i, a in enumerate(fewer):
        for k, b in enumerate(more):
            cost = _typos(a, b)
            if cost is not None:
                pairs.append((cost, min(a, b), max(a, b), i, k))
    mine: set[int] = set()
    theirs: set[int] = set()
    costs: list[int] = []
    for cost, _, _, i, k in sorted(pairs):
        if i not in mine and k not in theirs:
            mine.add(i)
            theirs.add(k)
            costs.append(cost)
    initials = costs.count(_INITIAL)
    return len(costs) - initials, initials, sum(costs) - _INITIAL * initials


_INITIAL = 9  # more than any number of typos: an initial agrees where nothing else does


def _typos(one: str, two: str) -> int | None:
    """The typos between two words; `None` if they are too many for words this short."""
    if one == two:
        return 0
    longer = max(len(one), len(two))
    if min(len(one), len(two)) == 1 and one[0] == two[0] and not _IDEOGRAPHS.match(one):
        return _INITIAL
    allowed = 0 if longer < 4 else 1 if longer < 8 else MOST_TYPOS
    return _within(one, two, allowed)


def _within(one: str, two: str, allowed: int) -> int | None:
    if not allowed or abs(len(one) - len(two)) > allowed:
        return None
    from rapidfuzz.distance import OSA  # here: it takes long, and most commands compare no name

    distance = OSA.distance(one, two, score_cutoff=allowed)
    return distance if distance <= allowed else None


# --- companies -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Firm:
    """A company's name without its legal form: the words, and all in one.

    `blocks` are texts of which two names share one that differ in one typo.
    """

    words: tuple[str, ...]
    joined: str

    @property
    def blocks(self) -> tuple[str, ...]:
        """The start, the end, and both: a typo leaves one of them as it is."""
        name = self.joined
        if len(name) < SHORT_FIRM - 1:
            return ()
        return (f"{name[:4]}-", f"-{name[-5:]}", f"{name[:2]}-{name[-2:]}")


def firm(value: str) -> Firm:
    """A company by its name: "Müller & Sons GmbH & Co. KG" is (muller, sons)."""
    return _firm(value[:LONGEST_TEXT])


@lru_cache(maxsize=16384)
def _firm(value: str) -> Firm:
    found = words(value)
    if not value.isascii():
        found = words(_EASTERN_FORM.sub(" ", unicodedata.normalize("NFKC", value))) or found
    kept = found[1:] if len(found) > 1 and found[0] == "the" else found
    kept = tuple(w for w in kept if w not in FILLERS) or found
    while size := _form_length(kept):
        kept = kept[:-size]
    while len(kept) > 1 and not kept[0].isascii() and kept[0] in LEGAL_FORMS:
        kept = kept[1:]
    return Firm(kept, "".join(kept))


def _form_length(found: tuple[str, ...]) -> int:
    """How many words at the end are a legal form; one may be written as letters, "S. A."."""
    sizes = (1,) if not found or len(found[-1]) > 3 else (4, 3, 2, 1)
    return next((n for n in sizes if n < len(found) and "".join(found[-n:]) in LEGAL_FORMS), 0)


def firms(one: Firm, two: Firm) -> Accord:
    """How far the names of two companies agree."""
    a, b = one.joined, two.joined
    if not a or not b:
        return Accord.UNKNOWN
    if a == b:
        return Accord.SAME
    if bool(_LATIN.search(a)) != bool(_LATIN.search(b)):
        return Accord.UNKNOWN
    longer = max(len(a), len(b))
    allowed = 0 if longer < SHORT_FIRM else 1 if longer < 12 else MOST_TYPOS
    if _numbers(a) == _numbers(b) and _within(a, b, allowed) is not None:
        return Accord.SIMILAR
    if any(len(word) > 2 for word in set(one.words) & set(two.words)):
        return Accord.PART
    shorter, longer_name = sorted((a, b), key=len)
    return Accord.PART if len(shorter) > 3 and longer_name.startswith(shorter) else Accord.OTHER


def _numbers(name: str) -> Counter[str]:
    return Counter(re.findall(r"\d+", name))
