"""Reading a scenario file: checked as it is read, so that a slip is named with its place."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from syncd.model.contact import CONTACT
from syncd.model.values import Value
from syncd.outlook.port import Backend

HERE = Path(__file__).parent
REPS = ("alice", "bob")
ABOUT = frozenset({"owner", "active", "account"})  # what a record has besides its fields
FIELDS = frozenset(CONTACT.by_name)
MANY = "how_many"
PLACES = frozenset({"outlook", "former", "trash"})
EXPECTED = PLACES | {"crm", "folders", "stands", "kept", "mailbox"}
MAILBOX = frozenset({"held", "first_contact", "state", "writes"})
AS_IN_CRM, AS_AT_START = "as in the CRM", "as at the start"

Table = Mapping[str, Any]


class ScenarioError(Exception):
    """A scenario that cannot be read or played; the text says which file, where, and why."""


class Crash(StrEnum):
    """How many of the moments at which a run can be torn are tried."""

    ALL = "all"
    SAMPLE = "sample"


@dataclass(frozen=True, slots=True)
class Step:
    """What somebody does: `given` are the other keys of the step."""

    number: int
    who: str
    does: str
    given: Table

    def __str__(self) -> str:
        return f"step {self.number} ({self.who} {self.does})"


@dataclass(frozen=True)
class Start:
    """What is there before the first step; `in_step` when syncd has brought it in step by then."""

    accounts: Mapping[str, Table] = field(default_factory=dict)
    crm: Mapping[str, Table] = field(default_factory=dict)
    outlook: Mapping[str, Mapping[str, Table]] = field(default_factory=dict)
    in_step: bool = True


@dataclass(frozen=True)
class Scenario:
    """One file. `users` are the reps whose mailboxes take part."""

    name: str
    title: str
    why: str
    policy: Table
    start: Start
    steps: Sequence[Step]
    expected: Mapping[str, Any]
    users: Sequence[str]
    crash: Crash = Crash.SAMPLE
    only_in_memory: str = ""
    awaits: str = ""
    on: Mapping[str, Table] = field(default_factory=dict)

    def on_backend(self, backend: Backend) -> Scenario:
        """The same story, with what is expected on this backend besides."""
        more = self.on.get(backend, {}).get("expected", {})
        return replace(self, expected=_with(self.expected, more)) if more else self

    def wrong(self, where: object, what: str) -> ScenarioError:
        """An error that names this file and a place in it."""
        return ScenarioError(f"{self.name}.toml, {where}: {what}")


def every() -> list[Path]:
    """All scenario files, by name."""
    return sorted(HERE.glob("*.toml"))


def read(path: Path) -> Scenario:
    """The scenario in a file. Raises ScenarioError."""
    try:
        return parse(path.stem, path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ScenarioError(f"{path.name}: {error}") from None


def parse(name: str, text: str) -> Scenario:
    """The scenario that a text says. Raises ScenarioError, and TOMLDecodeError."""
    return _Reader(name, tomllib.loads(text)).scenario()


def numbered(name: str, table: Table) -> Iterator[tuple[str, dict[str, Any]]]:
    """A contact, or with `how_many` so many of them, their numbers in place of {n}."""
    plain = {key: value for key, value in table.items() if key != MANY}
    if MANY not in table:
        yield name, plain
        return
    for n in range(1, int(table[MANY]) + 1):
        texts = {k: v.replace("{n}", str(n)) for k, v in plain.items() if isinstance(v, str)}
        yield f"{name} {n}", {**plain, **texts}


def values(table: Table) -> dict[str, Value]:
    """The fields of a contact as the engine holds them: nothing for an empty text."""
    return {key: _value(value) for key, value in table.items() if key in FIELDS}


def _with(expected: Table, more: Table) -> Table:
    """What is expected, and more: tables are merged, anything else takes the place of what was."""
    tables = {
        key: _with(expected[key], value)
        for key, value in more.items()
        if isinstance(value, dict) and isinstance(expected.get(key), dict)
    }
    return {**expected, **more, **tables}


def near(word: str, words: Collection[str]) -> str:
    """Which of these words was probably meant."""
    found = difflib.get_close_matches(word, list(words), 1, 0.6)
    return f"did you mean {found[0]!r}?" if found else f"write one of: {', '.join(sorted(words))}"


def _value(value: Any) -> Value:
    if isinstance(value, list):
        return tuple(value) or None
    return value or None


class _Reader:
    def __init__(self, name: str, data: Mapping[str, Any]) -> None:
        self.name = name
        self.data = data

    def scenario(self) -> Scenario:
        self._keys("the file", self.data, _TOP)
        for key in ("title", "why", "expected"):
            if not self.data.get(key):
                raise self._wrong("the file", f"it has no {key!r}")
        self._keys("[expected]", self.data["expected"], EXPECTED)
        start = self._start(self.data.get("start", {}))
        said = enumerate(self.data.get("step", []), 1)
        steps = [step for n, each in said for step in self._steps(n, each)]
        self._expected(self.data["expected"])
        self._keys("[on]", self.data.get("on", {}), list(Backend))
        for backend, more in self.data.get("on", {}).items():
            self._keys(f"[on.{backend}]", more, {"expected"})
            self._keys(f"[on.{backend}.expected]", more["expected"], EXPECTED)
            self._expected(more["expected"])
        mentioned = set(_words(self.data))
        return Scenario(
            self.name,
            self.data["title"],
            self.data["why"],
            self.data.get("policy", {}),
            start,
            steps,
            self.data["expected"],
            tuple(each for each in REPS if each in mentioned),
            Crash(self.data.get("crash", Crash.SAMPLE)),
            self.data.get("only_in_memory", ""),
            self.data.get("awaits", ""),
            self.data.get("on", {}),
        )

    def _start(self, said: Table) -> Start:
        self._keys("[start]", said, {"accounts", "crm", "outlook", "in_step"})
        for name, each in said.get("accounts", {}).items():
            self._keys(f"[start.accounts.{name}]", each, {"name", "owner"})
        for name, each in said.get("crm", {}).items():
            self._keys(f"[start.crm.{name}]", each, FIELDS | ABOUT | {MANY})
        self._keys("[start.outlook]", said.get("outlook", {}), REPS)
        for rep, items in said.get("outlook", {}).items():
            for name, each in items.items():
                keys = FIELDS | {MANY, "folder", "marked", "profession", "sort"}
                self._keys(f"[start.outlook.{rep}.{name}]", each, keys)
        return Start(**said)

    def _steps(self, number: int, said: Table) -> list[Step]:
        """One step; or several that are taken over and over, as often as is said."""
        if "steps" not in said:
            return [self._step(number, said)]
        self._keys(f"step {number}", said, {"steps", "times"})
        return [self._step(number, each) for each in said["steps"]] * int(said.get("times", 1))

    def _step(self, number: int, said: Table) -> Step:
        from tests.scenarios.acts import VERBS, role_of  # which reads this module

        where = f"step {number}"
        for key in ("who", "does"):
            if key not in said:
                raise self._wrong(where, f"it has no {key!r}")
        who, does = said["who"], said["does"]
        role = role_of(who)
        if role is None:
            people = {*REPS, *(role for role, _ in VERBS if role != "rep")}
            raise self._wrong(where, f"who = {who!r}; {near(who, people)}")
        mine = {verb: each for (of, verb), each in VERBS.items() if of == role}
        if does not in mine:
            raise self._wrong(where, f"{who} does nothing called {does!r}; {near(does, mine)}")
        verb = mine[does]
        given = {key: value for key, value in said.items() if key not in ("who", "does")}
        where = f"step {number} ({who} {does})"
        for key in verb.needs:
            if key not in given:
                raise self._wrong(where, f"it has no {key!r}")
        if not verb.open:
            allowed = {*verb.needs, *verb.may, *(FIELDS if verb.fields else ())}
            self._keys(where, given, allowed)
        return Step(number, who, does, given)

    def _expected(self, said: Table) -> None:
        for place in PLACES:
            self._keys(f"[expected.{place}]", said.get(place, {}), REPS)
            for rep, items in said.get(place, {}).items():
                self._items(f"[expected.{place}.{rep}]", items)
        for rep, folders in said.get("folders", {}).items():
            for name, items in folders.items():
                self._items(f"[expected.folders.{rep}.{name}]", items)
        for name, each in said.get("crm", {}).items():
            where = f"[expected.crm.{name}]"
            if isinstance(each, str):
                self._words(where, each, {AS_AT_START})
            else:
                self._keys(where, each, FIELDS | ABOUT | {MANY})
        for rep, each in said.get("mailbox", {}).items():
            self._keys(f"[expected.mailbox.{rep}]", each, MAILBOX)
        for name, each in said.get("kept", {}).items():
            self._keys(f"[expected.kept.{name}]", each, FIELDS)

    def _items(self, where: str, items: Table) -> None:
        for name, each in items.items():
            if isinstance(each, str):
                self._words(f"{where} {name}", each, {AS_AT_START, AS_IN_CRM})
                continue
            self._keys(f"{where} {name}", each, FIELDS | {MANY, "rest"})
            self._words(f"{where} {name}", each.get("rest", AS_IN_CRM), {AS_AT_START, AS_IN_CRM})

    def _keys(self, where: str, table: Table, allowed: Collection[str]) -> None:
        for key in table:
            if key not in allowed:
                raise self._wrong(where, f"{key!r} means nothing here; {near(key, allowed)}")

    def _words(self, where: str, word: str, allowed: Collection[str]) -> None:
        if word not in allowed:
            raise self._wrong(where, f"{word!r} means nothing here; {near(word, allowed)}")

    def _wrong(self, where: str, what: str) -> ScenarioError:
        return ScenarioError(f"{self.name}.toml, {where}: {what}")


_TOP = frozenset(
    {
        "title", "why", "policy", "start", "step", "expected",
        "crash", "only_in_memory", "awaits", "on",
    }
)  # fmt: skip


def _words(data: object) -> Iterator[str]:
    """Every text and every key, to find who takes part. Alice always does."""
    yield REPS[0]
    if isinstance(data, str):
        yield data
    elif isinstance(data, Mapping):
        for key, value in data.items():
            yield str(key)
            yield from _words(value)
    elif isinstance(data, list):
        for each in data:
            yield from _words(each)
