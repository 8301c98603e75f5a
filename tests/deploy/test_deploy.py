"""What is shipped for deployment holds together, as far as this machine can tell."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from syncd.daemon.stopping import RELOADING

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "deploy" / "systemd" / "syncd.service"
CONTAINERFILE = ROOT / "deploy" / "container" / "Containerfile"

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed"
)


def analyze(*words: str) -> str:
    """Return what `systemd-analyze` prints, errors included; it exits with 0 on some of them."""
    program = shutil.which("systemd-analyze") or ""
    done = subprocess.run(  # noqa: S603 - a program of the system, on a file of ours
        [program, *words], capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


@needs_systemd
def test_the_unit_file_has_no_mistake(tmp_path: Path) -> None:
    """Every line is understood, with a program in place of the one to be installed."""
    unit = tmp_path / "syncd.service"
    unit.write_text(UNIT.read_text().replace("/opt/syncd/bin/syncd", "/bin/true"))
    assert analyze("verify", str(unit)) == ""


@needs_systemd
def test_the_unit_is_hardened() -> None:
    """Its exposure stays below 2 of 10."""
    told = analyze("security", "--offline=true", str(UNIT))
    exposure = re.search(r"Overall exposure level.*: (\d+\.\d+)", told)
    assert exposure is not None, told
    assert float(exposure[1]) < 2


def test_a_bad_configuration_is_not_tried_again() -> None:
    """The unit knows the exit status of bad usage."""
    assert "RestartPreventExitStatus=4\n" in UNIT.read_text()


def test_reloading_is_told_by_the_signal_that_the_daemon_takes() -> None:
    """`systemctl reload` sends what `syncd run` reloads on."""
    (reload,) = re.findall(r"^ExecReload=(.*)$", UNIT.read_text(), re.MULTILINE)
    assert reload == f"/bin/kill -{RELOADING.name.removeprefix('SIG')} $MAINPID"


def test_the_containerfile_copies_what_there_is_and_runs_as_nobody_special() -> None:
    """Everything it copies is in the repository; installs are pinned; the user is not root."""
    text = CONTAINERFILE.read_text().replace("\\\n", " ")
    lines = [line.split() for line in text.splitlines() if line and not line.startswith("#")]
    copied = [
        source
        for verb, *words in lines
        if verb == "COPY" and not words[0].startswith("--from")
        for source in words[:-1]
    ]
    assert copied
    assert [source for source in copied if not (ROOT / source).exists()] == []
    (user,) = [words[0] for verb, *words in lines if verb == "USER"]
    assert int(user.split(":")[0]) > 0
    installs = [
        part for part in re.split(r"&&|\n", text) if re.search(r"pip install|uv build", part)
    ]
    assert [part for part in installs if not re.search("--require-hashes|--no-deps", part)] == []
    assert ["ENTRYPOINT", '["syncd"]'] in lines
