"""From a file to a `Configuration`, or to the list of everything that is wrong with the file."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from pydantic import ValidationError

from syncd.settings.checks import mistakes_beyond_types
from syncd.settings.configuration import Configuration
from syncd.settings.lines import Path as KeyPath
from syncd.settings.lines import key_lines, line_of
from syncd.settings.mistakes import BadConfiguration, Mistake
from syncd.settings.wording import in_words

_AT_LINE = re.compile(r"\s*\(at line (\d+), column \d+\)")


def load(file: Path) -> Configuration:
    """The configuration in `file`. Raises BadConfiguration with every mistake in it."""
    text = _read(file)
    written = _parse(file, text)
    mistakes: list[tuple[KeyPath, str, str | None]] = []
    configuration = None
    try:
        configuration = Configuration.model_validate(written, context={"folder": file.parent})
    except ValidationError as error:
        mistakes += [in_words(each) for each in error.errors(include_url=False)]
    # These look at the file as it is written, so that no mistake hides another.
    mistakes += mistakes_beyond_types(written)
    if configuration is None or mistakes:
        lines = key_lines(text)
        found = [
            Mistake(".".join(path), message, suggestion, line_of(path, lines))
            for path, message, suggestion in dict.fromkeys(mistakes)
        ]
        raise BadConfiguration(file, sorted(found, key=lambda each: each.line or 0))
    return configuration


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise BadConfiguration(file, [Mistake("", "there is no such file")]) from None
    except UnicodeDecodeError:
        raise BadConfiguration(file, [Mistake("", "is not UTF-8 text")]) from None
    except OSError as error:
        what = f"cannot be read: {error.strerror}"
        raise BadConfiguration(file, [Mistake("", what)]) from None


def _parse(file: Path, text: str) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = _AT_LINE.search(f"{error}")
        what = f"is not TOML: {_AT_LINE.sub('', f'{error}')}"
        mistake = Mistake("", what, line=int(line[1]) if line else None)
        raise BadConfiguration(file, [mistake]) from None
