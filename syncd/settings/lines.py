"""On which line of a TOML file a key stands. `tomllib` does not say, so this looks for itself.

Good enough to point a person to a line; nothing else is decided by it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_NAME = r"""(?:[\w-]+|"[^"]*"|'[^']*')"""
_DOTTED = rf"{_NAME}(?:\s*\.\s*{_NAME})*"
_SECTION = re.compile(rf"\s*\[\s*({_DOTTED})\s*\]\s*(?:#.*)?$")
_KEY = re.compile(rf"\s*({_DOTTED})\s*=")
_EACH = re.compile(_NAME)

Path = tuple[str, ...]


def key_lines(text: str) -> Mapping[Path, int]:
    """The line, from 1, of every section and key: `("policies", "sales", "interval")` → 12."""
    found: dict[Path, int] = {}
    section: Path = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _SECTION.match(line):
            section = _split(header[1])
            found.setdefault(section, number)
        elif key := _KEY.match(line):
            found.setdefault(section + _split(key[1]), number)
    return found


def line_of(path: Path, lines: Mapping[Path, int]) -> int | None:
    """The line of a key, or of the section that lacks it."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return None


def _split(dotted: str) -> Path:
    return tuple(each.strip("\"'") for each in _EACH.findall(dotted))
