"""`syncd quarantine`: what fails alone, while the rest is kept in step."""

from __future__ import annotations

import click

from syncd.cli.quarantine.deciding import ignore, retry
from syncd.cli.quarantine.looking import list_cases


@click.group(name="quarantine", short_help="What fails time and again: try it anew, or leave it.")
def command() -> None:
    """What fails time and again, while the rest is kept in step.

    What a server refuses is tried again after growing gaps, and then set aside. It is tried again
    once somebody edits it on either side, now and then by itself, and when you say so.
    """


for verb in (list_cases, retry, ignore):
    command.add_command(verb)
