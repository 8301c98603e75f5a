"""The configuration that `syncd init` writes. `config/syncd.example.toml` is that for EWS."""

from __future__ import annotations

from importlib.resources import files

from syncd.settings.server import Backend

_FOLDER = files("syncd.settings")
_SERVERS = "# One section per Exchange: [servers.NAME]."
_AFTER = "# What holds for everyone, and for a group of users:"

EXAMPLE = _FOLDER.joinpath("example.toml").read_text(encoding="utf-8")


def example_for(backend: Backend) -> str:
    """The example for a server of this sort: only the section of the server is another."""
    if backend is Backend.EWS:
        return EXAMPLE
    before, _, rest = EXAMPLE.partition(_SERVERS)
    _, _, after = rest.partition(_AFTER)
    servers = _FOLDER.joinpath("example_graph.toml").read_text(encoding="utf-8")
    after = after.replace('server = "office"', 'server = "cloud"')
    return f"{before}{servers}\n\n{_AFTER}{after}"
