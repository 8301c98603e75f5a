"""What an admin sees who types `syncd status` while something is wrong."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from click.testing import CliRunner

from syncd.cli import status
from syncd.cli.context import Context
from syncd.sandbox.server import Sandbox
from tests.sync.world import ALICE, World

_CONFIGURATION = """\
[store]
url = "{store}"
[servers.sandbox]
backend = "ews"
endpoint = "{endpoint}"
auth = "basic"
username = "{name}"
password_file = "password"
[policies.sales]
server = "sandbox"
[policies.sales.contacts]
"""


_ROUTINE = "of what Graph allows was asked in the last ten minutes."  # said when all is well, too


def status_of(world: World, box: Sandbox) -> list[str]:
    """What is wrong with Alice's mailbox, in the sentences that are printed below the table."""
    store = world.engine.url.render_as_string(hide_password=False)
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "password").write_text(box.password)
        path = folder / "syncd.toml"
        path.write_text(
            _CONFIGURATION.format(store=store, endpoint=box.url, name=box.service_account)
        )
        typed = CliRunner().invoke(
            status.command, [ALICE], obj=Context(path, clock=world.time), catch_exceptions=False
        )
    assert typed.exit_code == 0, typed.output
    of_hers = f"{ALICE}: "
    said = [line for line in typed.output.splitlines() if line.startswith(of_hers)]
    return [line.removeprefix(of_hers) for line in said if not line.endswith(_ROUTINE)]
