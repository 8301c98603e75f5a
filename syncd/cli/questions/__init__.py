"""`syncd questions`: who is who, where syncd does not guess."""

from __future__ import annotations

import click

from syncd.cli.questions.answering import answer
from syncd.cli.questions.looking import list_questions, show


@click.group(name="questions", short_help="Say who is who where that is not clear.")
def command() -> None:
    """Say who is who where that is not clear.

    One question keeps one contact waiting, and nobody else.
    """


for verb in (list_questions, show, answer):
    command.add_command(verb)
