"""What every command may ask for: the configuration, the store, the time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from syncd.model.fields import Field
    from syncd.settings.configuration import Configuration


def utc_now() -> datetime:
    """The time of this machine, in UTC."""
    return datetime.now(UTC)


@dataclass
class Context:
    """Opened once a command, and only as far as the command asks: `--help` stays quick."""

    path: Path
    clock: Callable[[], datetime] = field(default=utc_now)

    @cached_property
    def configuration(self) -> Configuration:
        """The configuration file, validated. Raises `Problem` naming every mistake in it."""
        from syncd.cli.opening import load_configuration

        return load_configuration(self.path)

    def custom(self, entity: str) -> Sequence[Field]:
        """The custom fields of an entity; none without a configuration. Raises `Problem`."""
        return self.configuration.custom.get(entity, ()) if self.path.exists() else ()

    @cached_property
    def _engine(self) -> Engine:
        from syncd.cli.opening import open_store

        return open_store(self.configuration)

    def engine(self) -> Engine:
        """The store, brought up to this program's tables."""
        return self._engine


pass_context = click.make_pass_decorator(Context)
