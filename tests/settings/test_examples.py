"""What `config/` ships: the examples, and the schema that editors check them by."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from syncd.cli import main
from syncd.model.fields import Direction
from syncd.model.policy import ConflictPolicy, Consent, ScopeExit, Track
from syncd.settings.keys import KEYS
from syncd.settings.load import load
from syncd.settings.policies import compile_policies
from syncd.settings.schema import FILE, configuration_schema
from tests.settings.schema_check import problems

CONFIG = Path(__file__).parents[2] / "config"
EXAMPLES = sorted(CONFIG.glob("*.toml"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_holds_by_the_types_and_by_the_schema(path: Path) -> None:
    """It loads without a mistake, syncs something, and an editor finds nothing to mark in it."""
    policies = compile_policies(load(path))
    assert policies
    assert all(policy.kinds for policy in policies.values())
    text = path.read_text(encoding="utf-8")
    assert text.startswith(f"#:schema ./{FILE}\n")
    schema = configuration_schema()
    assert list(problems(schema, tomllib.loads(text), schema)) == []


def test_the_shipped_schema_is_that_of_the_types() -> None:
    """Print it anew with: syncd config schema > config/syncd.schema.json."""
    printed = CliRunner().invoke(main, ["config", "schema"]).stdout
    assert (CONFIG / FILE).read_text(encoding="utf-8") == printed
    assert json.loads(printed) == configuration_schema()


def test_what_each_example_is_for() -> None:
    """The situation that its name promises is the one that it makes."""
    small = load(CONFIG / "small-office.toml")
    assert [server.username for server in small.servers.values()] == [None]
    one_account = load(CONFIG / "impersonation.toml")
    assert [server.username for server in one_account.servers.values()] == ["svc-syncd"]
    assert [server.access for server in one_account.servers.values()] == ["impersonation"]
    (online,) = load(CONFIG / "exchange-online.toml").servers.values()
    assert (online.backend, online.auth, online.endpoint) == ("graph", "certificate", None)
    (person,) = load(CONFIG / "one-person.toml").servers.values()
    assert (person.backend, person.auth, person.tenant) == ("graph", "device-code", online.tenant)
    hybrid = load(CONFIG / "hybrid.toml")
    assert hybrid.policies["sales"].servers == ("cloud", "office")
    assert [each.backend for each in hybrid.servers.values()] == ["graph", "ews"]
    one_way = compile_policies(load(CONFIG / "one-way-address-book.toml"))["everyone"]
    book = one_way.kinds["contact"].policy
    ways = {book.direction_of(group) for group in book.kind.groups.values()}
    assert ways == {Direction.TO_OUTLOOK, Direction.NONE}
    assert book.track is Track.NONE
    assert book.on_scope_exit.adopted is ScopeExit.DELETE
    pilot = compile_policies(load(CONFIG / "read-only-pilot.toml"))["pilot"]
    limits = pilot.kinds["contact"].policy.limits
    assert (pilot.consent, limits.most, limits.daily) == (Consent.USER, 0, 0)
    team = compile_policies(load(CONFIG / "key-accounts.toml"))
    filters = team["keyaccounts"].kinds["contact"].system
    assert [(name, exclude) for name, _, exclude in filters] == [
        ("gone", True), ("keyaccounts", False),
    ]  # fmt: skip
    assert [each.name for each in team["sales"].kinds["contact"].system] == ["gone"]
    assert team["keyaccounts"].kinds["contact"].policy.conflicts["name"] is ConflictPolicy.ASK


# a file → what the schema finds
MARKED: list[tuple[str, str]] = [
    ("polices = {}", ".polices: nothing is allowed here"),
    ("[servers.a]\nauth = 'ntlm'", ".servers.a.backend: is missing"),
    ("[policies.a]\nintervall = '5m'", "intervall: nothing is allowed here"),
    ("[policies.a]\ninterval = '5 min'", "interval: '5 min' does not look like"),
    ("[policies.a]\nuser_may = ['intervall']", "user_may[0]: none of the choices fits"),
    ("[policies.a.bounds]\ninterval = ['2m']", "bounds.interval: is too small"),
    ("[policies.a.contacts]\ndirections.name = 'none'", "directions.name: nothing is allowed here"),
    ("[policies.a.contacts]\nconflict = 'me'", "conflict: 'me' is not one of"),
    ("[policies.a.contacts]\non_scope_exit = 'me'", "on_scope_exit: none of the choices fits"),
    ("[policies.a.contacts]\nfilters.x = 'true'", "filters.x: is no object"),
    ("[organisation.contacts]\ncompany = 'yes'", "company: is no boolean"),
    ("[organisation.breaker]\nshare = 2", "share: is too small or too large"),
]


@pytest.mark.parametrize(("text", "found"), MARKED)
def test_an_editor_marks_what_is_wrong(text: str, found: str) -> None:
    """The schema refuses what the types refuse."""
    schema = configuration_schema()
    assert any(found in each for each in problems(schema, tomllib.loads(text), schema))


def _described(schema: Any, *path: str) -> Iterator[str]:
    """The keys that an editor would offer without a word of what they are for."""
    for name, each in schema.get("properties", {}).items():
        whole = configuration_schema()["$defs"]
        refers = [*each.get("allOf", []), each]
        names = [r["$ref"].removeprefix("#/$defs/") for r in refers if "$ref" in r]
        if not any(part.get("description") for part in [each, *(whole[n] for n in names)]):
            yield ".".join((*path, name))


def test_every_key_is_described() -> None:
    """Completing tells what a key is for; the manual prints the same words."""
    schema = configuration_schema()
    sections = {"": schema, **schema["$defs"]}
    missing = [key for name, each in sections.items() for key in _described(each, name)]
    assert [each for each in missing if not each.startswith("PolicySection.bounds")] == []
    assert [key.name for key in KEYS if not key.about] == []
