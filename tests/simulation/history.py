"""A history: what happens, as data. It can be drawn from a seed, saved, read back and cut short.

A step picks what it is about when it is done, by a number of its own: so a history from which
steps were taken still is one. What happens in the middle of a run is in the run's `moments`.
"""

from __future__ import annotations

import json
import random
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path
from typing import Any

from tests.simulation.faults import Profile

# What people, the office and time do, and how often.
ACTS: Mapping[str, float] = {
    "crm new": 2.5, "crm change": 5, "crm assign": 1.5, "crm state": 1.2, "crm delete": 0.5,
    "crm merge": 0.4, "crm sweep": 0.25, "add": 2, "add known": 0.6, "edit": 5, "private": 0.8,
    "label": 1.2, "delete": 0.8, "move away": 0.8, "move back": 0.8, "copy": 0.3, "bump": 0.5,
    "repeat": 0.3, "time": 2, "approve": 1, "policy": 0.3, "tidy": 0.2, "retry": 0.3,
    "resolve": 0.6, "bring back": 0.5, "backup": 0.3, "restore mailbox": 0.25, "relink": 0.3,
}  # fmt: skip
BETWEEN_RUNS = frozenset((
    "time", "approve", "policy", "tidy", "retry", "resolve", "bring back", "backup",
    "restore mailbox", "relink", "add known",
))  # fmt: skip
IN_A_RUN = tuple(name for name in ACTS if name not in BETWEEN_RUNS)
RUNS = 0.4  # of all steps
MOMENTS = 30  # of a run: its requests and its commits


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens. `who` is the number of a mailbox, `pick` chooses the rest.

    `at` is the moment of the run in which it happens, for what happens in one.
    """

    do: str
    who: int
    pick: int
    at: int = 0
    moments: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class History:
    """What happens in a world of so many mailboxes on a backend."""

    mailboxes: int
    backend: str
    steps: tuple[Step, ...]

    def save(self, path: Path, *, title: str, because: str, came: Sequence[str] = ()) -> None:
        """Write it to a scenario file, with what went wrong, to be read and to be replayed.

        `came` is what came of each step, for who reads it.
        """
        head = [
            f"title = {_quoted(title)}",
            f"why = {_quoted(because)}",
            f"mailboxes = {self.mailboxes}",
            f'backend = "{self.backend}"',
        ]
        told = [_table(each, note) for each, note in zip_longest(self.steps, came) if each]
        path.write_text("\n".join([*head, *told]) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> History:
        """Read what `save` wrote."""
        held = tomllib.loads(path.read_text(encoding="utf-8"))
        steps = (
            replace(_step_of(each), moments=tuple(map(_step_of, each.get("meanwhile", ()))))
            for each in held["step"]
        )
        return cls(held["mailboxes"], held["backend"], tuple(steps))


SYNCD, OFFICE = "syncd", "office"
_DOES = {"run": "runs"}  # the word of the scenario files
_IS = {does: do for do, does in _DOES.items()}


def _table(step: Step, came: str | None) -> str:
    lines = ["", "[[step]]", *_lines(step)]
    if came:
        lines.append(f"came = {_quoted(came)}")
    for each in step.moments:
        lines += ["", "[[step.meanwhile]]", f"at = {each.at}", *_lines(each)]
    return "\n".join(lines)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _lines(step: Step) -> list[str]:
    """Who does what in whose mailbox, and the number by which it is chosen to what."""
    who = SYNCD if step.do == "run" else OFFICE if step.do.startswith("crm") else None
    said = [f'who = "{who}"'] if who else []
    of = "mailbox" if who else "who"
    return [
        *said, f'{of} = "user{step.who}"', f'does = "{_DOES.get(step.do, step.do)}"',
        f"pick = {step.pick}",
    ]  # fmt: skip


def _step_of(told: Mapping[str, Any]) -> Step:
    whose = str(told.get("mailbox", told["who"]))
    does = str(told["does"])
    return Step(_IS.get(does, does), int(whose[4:]), told["pick"], told.get("at", 0))


def draw(seed: int, steps: int, mailboxes: int, backend: str, profile: Profile) -> History:
    """The history of a seed."""
    chance = random.Random(f"{seed}/{mailboxes}/{backend}/{profile.name}")  # noqa: S311
    told = [*_opening(chance, mailboxes)][:steps]
    told += [_step(chance, mailboxes, profile) for _ in range(steps - len(told))]
    return History(mailboxes, backend, tuple(told))


def _opening(chance: random.Random, mailboxes: int) -> Iterable[Step]:
    """Everybody has something, and first contact is over for most."""
    for do in ("crm new", "add", "crm new"):
        for who in range(mailboxes):
            if chance.random() < 0.7:
                yield Step(do, who, chance.randrange(1 << 30))
    for who in range(mailboxes):
        for do in ("run", "approve", "run") if chance.random() < 0.9 else ("run",):
            yield Step(do, who, chance.randrange(1 << 30))


def _step(chance: random.Random, mailboxes: int, profile: Profile) -> Step:
    who, pick = chance.randrange(mailboxes), chance.randrange(1 << 30)
    if chance.random() >= RUNS:
        return Step(chance.choices([*ACTS], [*ACTS.values()])[0], who, pick)
    moments: list[Step] = []
    if chance.random() < profile.restless:
        moments += [
            Step(chance.choice(IN_A_RUN), chance.randrange(mailboxes), pick + n, _when(chance))
            for n in range(chance.randint(1, 3))
        ]
    if profile.faults and chance.random() < profile.often:
        moments += [
            Step(chance.choice(profile.faults), who, pick + n, _when(chance))
            for n in range(chance.randint(1, 4))
        ]
    if chance.random() < profile.crashes:
        how = "power cut" if chance.random() < profile.power_cuts else "crash"
        moments.append(Step(how, who, pick, _when(chance)))
    return Step("run", who, pick, moments=tuple(sorted(moments, key=lambda each: each.at)))


def _when(chance: random.Random) -> int:
    """A moment: most runs are short."""
    return int(MOMENTS * chance.random() ** 2.5)
