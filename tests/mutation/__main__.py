"""`python -m tests.mutation`: change the heart in one place at a time, and see a test fail for it.

What survives is either a gap in the tests or says the same as before; those that do are listed in
`equivalent`, each with its reason. Not in CI: it is a question to the tests and takes an hour.
"""

from __future__ import annotations

import importlib.abc
import importlib.util
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

import click

from tests.mutation.equivalent import EQUIVALENT
from tests.mutation.mutants import Mutant, enumerations, mutants

TESTS = Path("tests/unit/reconcile")
# A mutant is dead at its first failure: those that find most come first, what takes seconds last.
# The manual prints the tables of the heart: a row that says something else is noticed there.
FIRST = ("test_decide", "test_merge", "test_match", "test_settle", "test_existence")
LAST = (
    Path("tests/unit/test_manual.py"),
    TESTS / "test_groups_against_naive.py",
    TESTS / "test_against_naive.py",
)
SECONDS = 120  # for all tests: who takes longer runs in circles, and is found out by that
_PRELOADED = ("hypothesis", "psycopg", "pytest", "sqlalchemy", "syncd.model.contact", "alembic")


class _Loader(importlib.abc.Loader):
    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """As any module is made."""
        del spec
        return None

    def exec_module(self, module: ModuleType) -> None:
        """Run the mutant in the place of the module."""
        code = compile(self._mutant.source, f"{self._mutant.file}", "exec")
        exec(code, module.__dict__)  # noqa: S102 - that is what a mutant is for


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant
        self._name = ".".join(mutant.file.with_suffix("").parts)

    def find_spec(self, name: str, path: object, target: object = None) -> ModuleSpec | None:
        """Where the changed module is: here."""
        del path, target
        if name != self._name:
            return None
        return importlib.util.spec_from_loader(name, _Loader(self._mutant))


def survives(mutant: Mutant) -> bool:
    """Whether all tests pass with a mutant: they run in a process of their own."""
    child = os.fork()
    if child == 0:
        os.nice(5)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(SECONDS)
        os._exit(_tested(mutant))
    _, status = os.waitpid(child, 0)
    return status == 0


def _tested(mutant: Mutant) -> int:
    sys.meta_path.insert(0, _Finder(mutant))
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    import pytest

    options = ("-x", "-q", "-n", "0", "-p", "no:randomly", "-p", "no:cacheprovider")
    try:
        return int(pytest.main([*options, "--hypothesis-seed=0", *map(str, _tests())]))
    except BaseException:  # noqa: BLE001 - a mutant may end in any way, and has not survived then
        return 1


def _tests() -> Sequence[Path]:
    ahead = [TESTS / f"{name}.py" for name in FIRST]
    placed = {*ahead, *LAST}
    others = (each for each in sorted(TESTS.glob("test_*.py")) if each not in placed)
    return [*ahead, *others, *LAST]


def _known(mutant: Mutant) -> bool:
    return (mutant.file.name, mutant.before, mutant.after) in EQUIVALENT


def _all(files: Sequence[Path]) -> Iterator[Mutant]:
    members = enumerations(sorted(Path("syncd").glob("**/*.py")))
    for file in files:
        yield from mutants(file, members)


@click.command()
@click.option("--files", multiple=True, type=click.Path(path_type=Path), help="What to change.")
@click.option("--sample", default=0, help="So many of them, at random; 0: all.")
@click.option("--seed", default=0, show_default=True, help="Of the sample.")
@click.option("--jobs", default=1, show_default=True, help="How many at once.")
@click.option("--minutes", default=0.0, help="Stop after so long; what was not tried is said.")
def main(files: tuple[Path, ...], sample: int, seed: int, jobs: int, minutes: float) -> None:
    """Try the mutants, name those that survive, and print the score."""
    every = list(_all(files or sorted(Path("syncd/reconcile").glob("*.py"))))
    known = [each for each in every if _known(each)]
    tried = [each for each in every if not _known(each)]
    if sample:
        tried = random.Random(seed).sample(tried, min(sample, len(tried)))  # noqa: S311
    until = time.monotonic() + (minutes * 60 or float("inf"))
    for name in _PRELOADED:  # once, and not in each child
        importlib.import_module(name)
    killed, survivors = 0, []

    def one(mutant: Mutant) -> bool | None:
        return survives(mutant) if time.monotonic() < until else None

    with tempfile.TemporaryDirectory() as aside, ThreadPoolExecutor(jobs) as pool:
        os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = aside  # what fails here is no example
        sys.dont_write_bytecode, sys.pycache_prefix = False, aside  # the tests are compiled once
        for at, (mutant, alive) in enumerate(zip(tried, pool.map(one, tried), strict=True), 1):
            killed += alive is False
            if alive:
                survivors.append(mutant)
                click.echo(f"survived: {mutant}")
            if alive is not None and at % 100 == 0:
                click.echo(f"{at} of {len(tried)} tried, {len(survivors)} survived", err=True)
    done = killed + len(survivors)
    click.echo(
        f"{len(every)} mutants: {done} tried, {killed} killed, {len(survivors)} survived; "
        f"{len(known)} say the same as before and were left out; {len(tried) - done} not tried."
    )
    click.echo(f"score: {killed / max(done, 1):.1%}")


if __name__ == "__main__":
    main()
