"""`python -m tests.simulation --seed S --steps N`: play histories; what fails is made short."""

from __future__ import annotations

import argparse
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tests.simulation.faults import PROFILES
from tests.simulation.history import History, draw
from tests.simulation.play import Play
from tests.simulation.shrink import shrunk, what_breaks
from tests.simulation.world_of import BACKENDS

EACH = 100  # seeds, after which it is said how far it has come
HISTORIES = Path(__file__).parent / "histories"


def main() -> int:
    """Play what was asked for; 1 when a promise was broken."""
    asked = _asked()
    if asked.replay:
        return _replay(asked.replay)
    seeds = range(asked.seed, asked.seed + asked.seeds)
    begun, broken, played = time.monotonic(), 0, 0
    with ProcessPoolExecutor(asked.jobs) as pool:
        jobs = [(each, asked) for each in seeds]
        for seed, told, why in pool.map(_one, jobs) if asked.jobs > 1 else map(_one, jobs):
            played += 1
            if asked.seeds <= 10:
                _say(f"seed {seed}: trace {told}")
            if why:
                broken += 1
                _say(f"seed {seed}: {why}")
                if not asked.whole:
                    _keep(seed, asked)
            if not played % EACH:
                _say(f"{played} seeds, {broken} violations")
    took = time.monotonic() - begun
    _say(
        f"{played} seeds x {asked.steps} steps ({asked.faults}, {asked.backend}, "
        f"{asked.mailboxes} mailboxes): {broken} violations, {took:.0f} s"
    )
    return 1 if broken else 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _history(seed: int, asked: argparse.Namespace) -> History:
    return draw(seed, asked.steps, asked.mailboxes, asked.backend, PROFILES[asked.faults])


def _one(job: tuple[int, argparse.Namespace]) -> tuple[int, str, str]:
    seed, asked = job
    play = Play(_history(seed, asked))
    if asked.verbose:
        play.watch = _say
    why = what_breaks(play)
    if asked.twice and not why:
        again = Play(play.history)
        what_breaks(again)
        if again.told != play.told:
            pairs = zip(play.trace, again.trace, strict=False)
            why = f"it was not the same twice: {next((p for p in pairs if p[0] != p[1]), '')}"
    return seed, play.told, why


def _keep(seed: int, asked: argparse.Namespace) -> None:
    """Make a history that fails as short as it gets, and keep it."""
    short, why = shrunk(_history(seed, asked))
    where = asked.keep / f"{asked.faults}-{asked.backend}-{seed}.toml"
    asked.keep.mkdir(parents=True, exist_ok=True)
    title = f"Seed {seed} with {asked.faults} faults, made short"
    again = Play(short)
    what_breaks(again)
    short.save(where, title=title, because=why, came=again.came)
    _say(f"  {len(short.steps)} steps: {why}\n  python -m tests.simulation --replay {where}")


def _replay(path: Path) -> int:
    try:
        play = Play(History.load(path))
    except (OSError, ValueError, KeyError) as problem:
        _say(f"{path} cannot be read: {problem}. Nothing was played. Those kept: {HISTORIES}")
        return 2
    play.watch = _say
    why = what_breaks(play)
    _say(why or f"no violation; trace {play.told}")
    return 1 if why else 0


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m tests.simulation", description=__doc__)
    add = parser.add_argument
    add("--seed", type=int, default=1, help="the first seed")
    add("--seeds", type=int, default=1, help="how many of them")
    add("--steps", type=int, default=200, help="the length of each history")
    add("--mailboxes", type=int, default=3)
    add("--faults", choices=[*PROFILES], default="light")
    add("--backend", choices=BACKENDS, default="ews")
    add("--replay", type=Path, help="play a history that was kept")
    add("--keep", type=Path, default=HISTORIES, help="where a failing history is kept")
    add("--jobs", type=int, default=1, help="how many processes")
    add("--twice", action="store_true", help="play each twice, and compare the traces")
    add("--whole", action="store_true", help="do not shrink what fails")
    add("--verbose", action="store_true", help="tell each step")
    return parser.parse_args()


if __name__ == "__main__":
    if os.environ.get("PYTHONHASHSEED") != "0":  # the order of sets is chance, too
        os.execve(  # noqa: S606
            sys.executable,
            [sys.executable, "-m", "tests.simulation", *sys.argv[1:]],
            {**os.environ, "PYTHONHASHSEED": "0"},
        )
    raise SystemExit(main())
