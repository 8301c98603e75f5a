"""Numbers that people type: of a question, an alert, a conflict, a change."""

from __future__ import annotations

import click

# As many as the store counts to: PostgreSQL does not even look for one beyond.
NUMBER = click.IntRange(1, 2**31 - 1)
