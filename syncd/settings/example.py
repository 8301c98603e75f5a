"""The configuration that `syncd init` writes. `config/syncd.example.toml` is the same text."""

from __future__ import annotations

from importlib.resources import files

EXAMPLE = files("syncd.settings").joinpath("example.toml").read_text(encoding="utf-8")
