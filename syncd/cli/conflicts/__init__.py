"""`syncd conflicts`: what was changed on both sides, and which of the two counts."""

from __future__ import annotations

import click

from syncd.cli.conflicts.looking import list_conflicts, show
from syncd.cli.conflicts.resolving import resolve


@click.group(name="conflicts", short_help="What was changed on both sides, and which counts.")
def command() -> None:
    """What was changed on both sides, and which of the two counts.

    Where the rule is to ask, each side keeps its own until somebody says. Where the rule has
    decided, the value that lost is kept, and can be brought back.
    """


for verb in (list_conflicts, show, resolve):
    command.add_command(verb)
