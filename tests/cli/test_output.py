"""What commands print, on a terminal and elsewhere."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout

import pytest
from rich.cells import cell_len

from syncd.cli import output

COLUMNS = ["Id", "Name", "Company", "E-mail", "Business phone", "Owner"]
ROWS = [
    [number, name, "Fabrikam Ltd", f"{local}@fabrikam.test", phone, "alice@acme.test"]
    for number, name, local, phone in (
        ("2cea6067", "Claire Dubois", "claire.dubois", "+33 1 55 50 11"),
        ("65b954b1", "Dörte Größmann", "doerte.groessmann", ""),
        ("2df2fb66", "健二 佐藤", "kenji.sato", "+81 3 5550 1206"),
    )
]


class Terminal(io.StringIO):
    """Something to print to that says it is a terminal."""

    def isatty(self) -> bool:
        """It is."""
        return True


@contextmanager
def terminal(monkeypatch: pytest.MonkeyPatch, width: int) -> Iterator[Terminal]:
    """A terminal in place of standard output."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", f"{width}")
    with redirect_stdout(made := Terminal()):
        yield made


@pytest.mark.parametrize("width", [80, 100, 140])
def test_no_word_of_a_table_breaks(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    """From 80 columns on every word is whole; an address that has no room breaks before its @."""
    with terminal(monkeypatch, width) as drawn:
        output.table("Contacts", COLUMNS, ROWS)
    printed = re.sub(r"\x1b\[\d*m", "", drawn.getvalue())
    words = set(printed.split())
    for cell in (cell for row in ROWS for cell in row):
        for word in cell.split():
            whole = {word} <= words or set(word.replace("@", " @").split()) <= words
            assert whole, (word, printed)
    assert max(cell_len(line) for line in printed.splitlines()) <= width


def test_a_sentence_breaks_between_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Words stay whole, and what could steer the terminal is taken out."""
    with terminal(monkeypatch, 40) as told:
        output.tell("alice@acme.test: it waits. \x1b[2JSee it: syncd onboard alice@acme.test")
    lines = told.getvalue().splitlines()
    assert len(lines) > 1
    assert "\x1b" not in told.getvalue()
    assert " ".join(line.strip() for line in lines).endswith("syncd onboard alice@acme.test")


def test_elsewhere_a_line_is_a_row(capsys: pytest.CaptureFixture[str]) -> None:
    """Into a pipe nothing is wrapped or cut, and a value of several lines stays in its row."""
    output.table("Contacts", COLUMNS, [*ROWS, ["1", "a\nb\x07c", "", "", "", ""]])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 + len(ROWS) + 1
    assert "doerte.groessmann@fabrikam.test" in lines[3]
    assert lines[-1] == "1         a b c"
