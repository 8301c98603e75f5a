"""`python -m tests.simulation.planner --cases 100000 --seed 1`: the planner alone, many times."""

from __future__ import annotations

import argparse
import sys
from collections import Counter

from tests.simulation.planner.ledger import Violation
from tests.simulation.planner.play import Play


def main() -> int:
    """Play cases; print the seeds of those in which a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.planner")
    parser.add_argument("--seed", type=int, default=1, help="of the first case")
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--trace", action="store_true", help="print what was decided")
    asked = parser.parse_args()
    rounds: Counter[int] = Counter()
    broken = 0
    for seed in range(asked.seed, asked.seed + asked.cases):
        play = Play(seed)
        try:
            rounds[play.run()] += 1
        except Violation as violation:
            broken += 1
            print(f"seed {seed}: {violation}")  # noqa: T201 - a command
        if asked.trace:
            print("\n".join(play.trace))  # noqa: T201
    told = ", ".join(f"{n} in {each}" for each, n in sorted(rounds.items()))
    print(f"{asked.cases} cases, {broken} broken; at rest by rounds: {told}")  # noqa: T201
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
