"""An installation to be looked over: a sandbox, a configuration, a store with who is served."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine

from syncd.crm import users
from syncd.crm.database import open_database, write
from syncd.sandbox.server import Sandbox
from syncd.settings.configuration import Configuration
from syncd.sync import mailboxes
from syncd.sync.doctor.examine import examine
from syncd.sync.doctor.finding import Finding, Level
from syncd.sync.doctor.patients import Installation, Wanted

ALICE, BOB, EVE = "alice@example.test", "bob@example.test", "eve@example.test"


@dataclass
class Clinic:
    """Where set-ups are broken, and looked over."""

    folder: Path
    box: Sandbox
    engine: Engine
    server: dict[str, object] = field(default_factory=dict)
    policy: dict[str, object] = field(default_factory=lambda: {"server": "it"})
    contacts: dict[str, object] = field(default_factory=dict)
    others: dict[str, dict[str, object]] = field(default_factory=dict)  # more servers
    wanted: Wanted = field(default_factory=Wanted)

    @property
    def path(self) -> Path:
        """The configuration file."""
        return self.folder / "syncd.toml"

    def file(self, name: str, content: str = "sandbox\n", mode: int = 0o600) -> str:
        """A file beside the configuration; its path."""
        path = self.folder / name
        path.write_text(content)
        path.chmod(mode)
        return str(path)

    def serve(self, *addresses: str) -> None:
        """Let mailboxes be served."""
        with write(self.engine) as conn:
            for address in addresses:
                user = users.add(conn, address)
                mailboxes.add(conn, address, user.id, "sales", datetime.now(UTC))

    def write(self) -> None:
        """Write the configuration."""
        lines = ["[store]", 'url = "sqlite:///syncd.db"', "[servers.it]", *_toml(self.server)]
        lines += ["[policies.sales]", *_toml(self.policy)]
        lines += ["[policies.sales.contacts]", *_toml(self.contacts)]
        for name, keys in self.others.items():
            lines += [f"[servers.{name}]", *_toml(keys)]
        self.path.write_text("\n".join(lines))
        self.path.chmod(0o600)

    def look(self) -> Sequence[Finding]:
        """Look it over as it is."""
        here = Installation(self.path, self.wanted, self._open, lambda: datetime.now(UTC))
        return list(examine(here))

    def _open(self, _configuration: Configuration) -> Engine:
        return self.engine


def _toml(keys: dict[str, object]) -> list[str]:
    return [f"{key} = {_value(value)}" for key, value in keys.items() if value is not None]


def _value(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case list():
            return f"[{', '.join(map(_value, value))}]"
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'


def troubles(found: Sequence[Finding]) -> dict[str, Finding]:
    """What is not well, by code."""
    levels = (Level.WARNING, Level.FAILURE)
    return {each.code: each for each in found if each.level in levels}


@contextmanager
def clinic(folder: Path, store: Path, box: Sandbox) -> Iterator[Clinic]:
    """A clinic over a copy of an empty store."""
    shutil.copy(store, folder / "syncd.db")
    engine = open_database(f"sqlite:///{folder / 'syncd.db'}")
    try:
        yield Clinic(folder, box, engine)
    finally:
        engine.dispose()
