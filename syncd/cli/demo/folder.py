"""The demo's folder: made fresh each time, and never a folder that the demo did not make."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

from syncd.cli.demo.place import EWS, PASSWORD_FILE, Place
from syncd.cli.errors import Problem

FOLDER = Path("demo-data")
CONFIGURATION, STORE, TEAM = "syncd.toml", "syncd.db", "team.vcf"
_MARKER = ".made-by-syncd-demo"

_SETTINGS = """\
[store]
url = "sqlite:///{store}"

{server}
# Alice's: what a rep owns is in the rep's Outlook.
[policies.sales]
server = "sandbox"
interval = "10s"
first_sync = "ask"

[policies.sales.contacts]
filter = "owner eq @me and statecode eq 'active'"
conflict = "latest"

# Bob's: the team's key contacts, too, whoever owns them.
[policies.key-accounts]
server = "sandbox"
interval = "10s"
first_sync = "ask"

[policies.key-accounts.contacts]
filter = "(owner eq @me or accountrolecode eq 'Decision Maker') and statecode eq 'active'"
conflict = "latest"
"""


@contextmanager
def fresh(folder: Path) -> Iterator[Path]:
    """An empty demo folder, ours until the end. Raises Problem."""
    undone = "The demo was not started, and nothing was changed."
    marker = folder / _MARKER
    if folder.is_symlink() or (folder.exists() and not marker.is_file()):
        raise Problem(
            f"{folder.absolute()} exists already, and no demo made it.",
            undone,
            "Move it away, or start the demo in another folder.",
        )
    try:
        folder.mkdir(exist_ok=True)
        with marker.open("a") as held:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Problem(
                    f"A demo is running in {folder.absolute()}.",
                    undone,
                    "End it with Ctrl-C there, or start this one in another folder.",
                ) from None
            _empty(folder)
            yield folder.absolute()
    except PermissionError as error:
        raise Problem(
            f"The demo needs the folder {folder.absolute()}, and {error.filename} refuses it.",
            undone,
            "Start the demo in a folder that you may write to.",
        ) from error


def _empty(folder: Path) -> None:
    for each in folder.iterdir():
        if each.name == _MARKER:
            continue
        if each.is_dir() and not each.is_symlink():
            shutil.rmtree(each)
        else:
            each.unlink()


def furnish(folder: Path, place: Place, password: str) -> None:
    """Write the configuration, the password file and the team's vCard file."""
    settings = _SETTINGS.format(server=place.settings, store=STORE)
    (folder / CONFIGURATION).write_text(settings, encoding="utf-8")
    if place.backend == EWS:
        secret = folder / PASSWORD_FILE
        secret.touch(mode=0o600)
        secret.write_text(f"{password}\n", encoding="utf-8")
    (folder / TEAM).write_bytes(files("syncd.cli.demo").joinpath(TEAM).read_bytes())
