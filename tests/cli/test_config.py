"""The `syncd` command itself, and its first two verbs: `init` and `config validate`."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from syncd.cli import VERBS, main
from syncd.cli.config import command as config
from syncd.cli.errors import Exit, Problem
from syncd.cli.fields import command as fields
from syncd.cli.init import command as init
from syncd.cli.opening import load_configuration, open_store
from syncd.cli.output import table
from syncd.cli.settings import command as settings

WHOLE = """
[servers.office]
backend = "ews"
endpoint = "https://mail.example.test/EWS/Exchange.asmx"
username = "svc-syncd"
password_file = "ews-password"
[policies.sales]
server = "office"
interval = "5m"
[policies.sales.contacts]
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to type commands in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SYNCD_CONFIG", raising=False)
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    return tmp_path


def syncd(*words: str) -> Result:
    """What `syncd WORDS` prints, and what it exits with."""
    return CliRunner().invoke(main, words)


def written(home: Path, text: str = WHOLE) -> Path:
    """A configuration file with its password file beside it."""
    (home / "ews-password").write_text("x")
    (home / "ews-password").chmod(0o600)
    (home / "syncd.toml").write_text(text)
    return home / "syncd.toml"


def test_help_lists_every_verb_and_imports_nothing_heavy() -> None:
    """`syncd --help` is quick: the libraries of the verbs are not imported for it."""
    program = (
        "import sys\nfrom click.testing import CliRunner\nfrom syncd.cli import main\n"
        "print(CliRunner().invoke(main, ['--help']).output)\n"
        "print(sorted({'sqlalchemy', 'pydantic', 'exchangelib', 'rich'} & set(sys.modules)))"
    )
    done = subprocess.run(  # noqa: S603 - our own program, in our own interpreter
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    *shown, heavy = done.stdout.splitlines()
    assert heavy == "[]"
    for verb, (_, about) in VERBS.items():
        assert any(line.split(None, 1) == [verb, about] for line in shown)


@pytest.mark.parametrize("command", [init, config, settings, fields])
def test_the_list_of_verbs_says_what_the_verb_says(command: click.Command) -> None:
    """The table, which is read without importing the verbs, keeps step with them."""
    assert VERBS[command.name or ""][1] == command.short_help


def test_version() -> None:
    """`syncd --version` names the installed version."""
    assert syncd("--version").output == f"syncd {version('syncd')}\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["confg"], "Did you mean 'config'?"),
        (["config", "validate", "--jsn"], "--json"),
        (["--confg", "x"], "--config"),
        (["config", "validate", "too", "many"], "unexpected extra"),
    ],
)
def test_a_mistyped_command_exits_as_bad_usage(words: list[str], said: str) -> None:
    """2 belongs to `plan`, which says by it that there is something to do."""
    result = syncd(*words)
    assert result.exit_code == Exit.USAGE
    assert said in result.stderr


def test_a_problem_is_three_lines_on_standard_error(home: Path) -> None:
    """What happened, what was not done because of it, what to type next."""
    result = syncd("config", "validate")
    assert result.exit_code == Exit.USAGE
    assert result.stdout == ""
    assert result.stderr.splitlines() == [
        "There is no configuration file syncd.toml.",
        "Nothing was read and nothing was done.",
        "Type: syncd init --path syncd.toml",
    ]
    assert list(home.iterdir()) == []


def test_ctrl_c_exits_as_shells_expect(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stopped command is no failure of its own kind."""

    def stopped(path: Path) -> None:
        raise KeyboardInterrupt(path)

    monkeypatch.setattr("syncd.settings.load.load", stopped)
    written(home)
    result = syncd("config", "validate")
    assert (result.exit_code, result.stdout) == (130, "")
    assert "Traceback" not in result.stderr


@pytest.mark.usefixtures("home")
def test_init_writes_a_file_that_lacks_nothing_but_the_password() -> None:
    """What `init` writes is valid; the one thing to add is named."""
    assert "syncd --config syncd.toml config validate" in syncd("init").stdout
    result = syncd("config", "validate")
    (mistake,) = [line for line in result.stderr.splitlines() if line.startswith("  ")]
    assert "servers.office.password_file: there is no file /etc/syncd/ews-password" in mistake


@pytest.mark.usefixtures("home")
def test_init_for_exchange_online_lacks_what_is_one_s_own() -> None:
    """The same file, but for the section of the server: what to fill in is named."""
    assert "in [servers.cloud]" in syncd("init", "--backend", "graph").stdout
    result = syncd("--config", "syncd.toml", "config", "validate")
    assert result.exit_code == Exit.USAGE
    assert [line.split(":")[0] for line in result.stderr.splitlines() if "servers." in line] == [
        "  servers.cloud.tenant", "  servers.cloud.client_id", "  servers.cloud.certificate_file",
    ]  # fmt: skip
    assert "servers.cloud.certificate_file: there is no file" in result.output


def test_init_replaces_a_file_only_when_told_to(home: Path) -> None:
    """A configuration is somebody's work."""
    file = home / "mine.toml"
    file.write_text("mine")
    result = syncd("init", "--path", "mine.toml")
    assert result.exit_code == Exit.USAGE
    assert "mine.toml exists already." in result.stderr
    assert file.read_text() == "mine"
    assert syncd("init", "--path", "mine.toml", "--force").exit_code == Exit.DONE
    assert "[servers.office]" in file.read_text()


def test_validate_sums_up_a_file_without_mistakes(home: Path) -> None:
    """An admin sees at a glance who is synced where, how often, and by which filter."""
    written(home)
    result = syncd("config", "validate")
    assert result.exit_code == Exit.DONE
    assert result.stdout.splitlines() == [
        "syncd.toml: OK",
        "  server office: ews at https://mail.example.test/EWS/Exchange.asmx, sign-in: basic",
        "  policy sales: on server office, every 5m",
        "    contacts: two-way, where owner eq @me and statecode eq 'active'",
    ]


def test_validate_warns_of_a_password_that_others_may_read(home: Path) -> None:
    """A warning names the way out, and is no failure."""
    written(home)
    (home / "ews-password").chmod(0o644)
    result = syncd("config", "validate")
    assert result.exit_code == Exit.DONE
    assert f"type: chmod 600 {home}/ews-password" in result.stdout


@pytest.mark.parametrize(
    ("text", "line"), [(WHOLE, None), (WHOLE.replace('"5m"', '"5"'), 9), ("a = \nb = 1", 1)]
)
def test_validate_says_the_same_to_programs(home: Path, text: str, line: int | None) -> None:
    """`--json` carries every mistake with its key and line, and the same exit status."""
    written(home, text)
    result = syncd("config", "validate", "--json")
    said = json.loads(result.stdout)
    assert result.exit_code == (Exit.DONE if line is None else Exit.USAGE)
    assert said["ok"] is (line is None)
    assert [mistake["line"] for mistake in said["mistakes"]] == ([] if line is None else [line])


def test_where_the_configuration_is_looked_for(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The option, else the environment, else the folder one is in, else the system's."""
    monkeypatch.setattr("syncd.cli.CONFIGURATIONS", (Path("syncd.toml"), home / "system.toml"))

    def looked_in(*words: str) -> str:
        return str(json.loads(syncd(*words, "config", "validate", "--json").stdout)["path"])

    assert looked_in() == "syncd.toml"
    (home / "system.toml").touch()
    assert looked_in() == f"{home / 'system.toml'}"
    (home / "syncd.toml").touch()
    assert looked_in() == "syncd.toml"
    monkeypatch.setenv("SYNCD_CONFIG", "from-environment.toml")
    assert looked_in() == "from-environment.toml"
    assert looked_in("--config", "from-option.toml") == "from-option.toml"


def test_the_store_is_made_where_the_configuration_says(home: Path) -> None:
    """Opening brings it up to this program's tables."""
    engine = open_store(load_configuration(written(home)))
    engine.dispose()
    assert (home / "syncd.db").stat().st_size > 0


def test_a_store_that_is_none_is_a_problem_and_stays_as_it_is(home: Path) -> None:
    """Another program's file is not overwritten."""
    (home / "syncd.db").write_text("no database at all, and long enough to be read as one" * 20)
    with pytest.raises(Problem) as problem:
        open_store(load_configuration(written(home)))
    assert "syncd.db" in problem.value.what
    assert (home / "syncd.db").read_text().startswith("no database")


def test_a_plain_table_is_cut_nowhere_and_steers_no_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Names come out of mailboxes; a pipe gets them whole, on one line, without escapes."""
    table("People", ["name", "n"], [["x" * 300, 1], ["Ann\x1b[31m\nvan Dyk", None]])
    title, head, long, short = capsys.readouterr().out.splitlines()
    assert (title, head.split()) == ("People", ["name", "n"])
    assert long == f"{'x' * 300}  1"
    assert short == "Ann [31m van Dyk"
