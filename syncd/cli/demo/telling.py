"""How the demo speaks: numbered steps, commands as they are typed, tables, a checklist."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

_PIPED_WIDTH = 80  # of prose; what is typed, and its output, is as wide as it is
_NAME, _VALUE = 9, 19  # columns of the before-and-after table: it fits 80 characters


@dataclass(frozen=True)
class Row:
    """A field of one contact in three places, each before the sync and after it."""

    field: str
    was: tuple[str, str, str]
    now: tuple[str, str, str]


class Teller:
    """Prints to standard output: styled on a terminal, plain elsewhere."""

    def __init__(self) -> None:
        width = None if sys.stdout.isatty() else _PIPED_WIDTH
        self._console = Console(width=width, highlight=False, emoji=False, markup=False)
        self._steps = 0

    def title(self, text: str) -> None:
        """The headline of the demo."""
        self._hang(Text(), Text(text, style="bold"))

    def step(self, title: str, text: str) -> None:
        """Begin the next step: a headline, and what happens in it in plain words."""
        self._steps += 1
        self._console.print()
        self._hang(Text(), Text(f"{self._steps}. {title}", style="bold cyan"))
        self.say(text)

    def say(self, text: str) -> None:
        """A sentence or more."""
        self._hang(Text(), Text(text))

    def act(self, who: str, text: str) -> None:
        """Something that a person does, outside of syncd."""
        self._hang(Text("  ● ", style="magenta"), Text.assemble((who, "bold"), f" {text}"))

    def typed(self, *words: str) -> None:
        """A command, as a reader would type it."""
        self._console.print()
        line = Text(f"$ {_as_typed(words)}", style="bold green")
        self._console.print(line, soft_wrap=True)

    def listing(self, text: str) -> None:
        """A file's content."""
        for line in text.splitlines():
            self._console.print(f"    {line}".rstrip(), style="dim", soft_wrap=True)

    def heads(self, *places: str) -> None:
        """The head of the before-and-after table."""
        self._console.print()
        blank = " " * (2 + _NAME + 2 + 3 + 2)
        heads = "  ".join(_padded(each) for each in places)
        self._console.print(Text(f"{blank}{heads}".rstrip(), style="bold"), soft_wrap=True)

    def story(self, title: str, rows: Sequence[Row], rule: str) -> None:
        """One contact in the before-and-after table, and the rule that was followed."""
        self._hang(Text(), Text(title, style="bold"))
        for row in rows:
            self._line(row.field, "was", row.was, row.was)
            self._line("", "now", row.now, row.was)
        self._hang(Text("  → "), Text(rule, style="italic"))

    def _line(self, field: str, when: str, values: Sequence[str], before: Sequence[str]) -> None:
        line = Text(f"  {field:<{_NAME}}  {when}")
        for value, old in zip(values, before, strict=True):
            line.append("  ")
            line.append(_padded(value or "–"), style="green" if value != old else "")
        line.rstrip()
        self._console.print(line, soft_wrap=True)

    def checked(self, sentence: str, *, holds: bool, found: Sequence[str] = ()) -> None:
        """A line of the checklist, with what was found instead if it does not hold."""
        mark, style = ("✓", "green") if holds else ("✗", "bold red")
        self._hang(Text(f"  {mark} ", style=style), Text(sentence))
        for each in found:
            self._hang(Text("      "), Text(each, style="red"))

    def _hang(self, mark: Text, text: Text) -> None:
        """A text whose later lines begin below its first word, not below its mark."""
        width = self._console.width - mark.cell_len
        for line in text.wrap(self._console, max(width, 20)):
            line.rstrip()
            self._console.print(Text.assemble(mark, line), soft_wrap=True)
            mark = Text(" " * mark.cell_len)

    def good(self, text: str) -> None:
        """A good end."""
        self._console.print()
        self._hang(Text(), Text(text, style="bold green"))


def _padded(value: str) -> str:
    return value + " " * (_VALUE - cell_len(value))


def _as_typed(words: Sequence[str]) -> str:
    return " ".join(f'"{w}"' if w != shlex.quote(w) and '"' not in w else w for w in words)
