"""Random histories on the real engine and store break no promise; with a bug planted, they do."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import FULL
from tests.planted import rules, safety
from tests.planted.table import Patch, Plant
from tests.simulation.faults import PROFILES
from tests.simulation.history import History, draw
from tests.simulation.play import Play
from tests.simulation.shrink import shrunk, what_breaks

HISTORIES = sorted((Path(__file__).parent / "histories").glob("*.toml"))
SEEDS = 40 if FULL else 1  # of each profile
STEPS = 200 if FULL else 60
LOOKED_FOR = 20  # seeds in which a planted bug must show


@pytest.mark.parametrize("backend", ["ews", "mixed"])
@pytest.mark.parametrize("profile", PROFILES)
def test_it_keeps_the_promises(
    profile: str, backend: str, tell_seeds: Callable[[str], None]
) -> None:
    """P1 to P5, P7 to P11 and P14, whatever people do, whatever fails, and when."""
    first = 1 + 1_000 * [*PROFILES].index(profile)
    tell_seeds(f"simulation, {profile}, {backend}: {first} to {first + SEEDS - 1}, {STEPS} steps")
    for seed in range(first, first + SEEDS):
        why = what_breaks(Play(draw(seed, STEPS, 3, backend, PROFILES[profile])))
        again = f"python -m tests.simulation --seed {seed} --steps {STEPS}"
        assert not why, f"{again} --faults {profile} --backend {backend}: {why}"


@pytest.mark.parametrize("path", HISTORIES, ids=[each.stem for each in HISTORIES])
def test_what_failed_once_does_not_again(path: Path) -> None:
    """A history that broke a promise, made short, is played ever after."""
    assert not what_breaks(Play(History.load(path)))


def test_a_seed_is_a_history(tmp_path: Path) -> None:
    """The same seed gives the same trace, and what is saved is what was played."""
    history = draw(7, 60, 3, "mixed", PROFILES["heavy"])
    one = Play(history)
    assert not what_breaks(one)
    saved = tmp_path / "saved.toml"
    history.save(saved, title="Seed 7", because='nothing "at all" – \\', came=one.came)
    two = Play(History.load(saved))
    assert not what_breaks(two)
    assert two.history == history
    assert one.trace == two.trace


# faults | what is planted | the promise that it breaks
BUGS = [
    ("restless", safety.reads_what_is_private, "P14"),
    ("restless", safety.promotes_the_untracked, "P7/P14"),
    ("restless", safety.deletes_the_users_own, "P14"),
    ("unanswered", safety.retries_creates, "P3"),
    ("none", rules.miscounts, "P9"),
]


@pytest.mark.parametrize(
    ("profile", "plant", "promise"), BUGS, ids=[plant.__name__ for _, plant, _ in BUGS]
)
def test_a_planted_bug_is_found(
    profile: str, plant: Plant, promise: str, monkeypatch: Patch
) -> None:
    """An engine that is wrong in one way breaks that promise in one of the first histories."""
    plant(monkeypatch)
    for seed in range(1, LOOKED_FOR + 1):
        if why := what_breaks(Play(draw(seed, 80, 2, "ews", PROFILES[profile]))):
            assert why.startswith(f"{promise}:"), why
            return
    pytest.fail("nothing noticed it")


def test_what_fails_is_made_short_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A history that fails becomes a scenario file: a few steps, of which none can be left out."""
    safety.retries_creates(monkeypatch)
    histories = (draw(seed, 40, 2, "ews", PROFILES["unanswered"]) for seed in itertools.count(1))
    short, why = next(found for found in map(shrunk, histories) if found[1])
    assert len(short.steps) <= 6
    for number in range(len(short.steps)):
        rest = short.steps[:number] + short.steps[number + 1 :]
        assert not what_breaks(Play(replace(short, steps=rest)))
    saved = tmp_path / "short.toml"
    short.save(saved, title="A create is retried", because=why)
    assert what_breaks(Play(History.load(saved))) == why
    monkeypatch.undo()
    assert not what_breaks(Play(History.load(saved)))
