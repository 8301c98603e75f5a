"""`syncd crm`: a person keeps the store by hand, and every refusal says what to type next."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine, text

from syncd.cli.context import Context
from syncd.cli.crm import command
from syncd.cli.crm.fields import option_of
from syncd.cli.errors import Exit, Problem
from syncd.crm import feed
from syncd.crm.database import read, write
from syncd.crm.feed import ActorKind, Verb
from syncd.model.contact import CONTACT
from syncd.settings.configuration import Configuration
from tests.crm.conftest import NOON, Store

Crm = Callable[..., Result]


class StoreContext(Context):
    """The context of a command, over the store under test."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(Path("syncd.toml"), clock=lambda: NOON)
        self._store = engine
        self.__dict__["configuration"] = Configuration()

    def engine(self) -> Engine:
        """The store under test."""
        return self._store


@pytest.fixture
def crm(store: Store) -> Crm:
    """Runs `syncd crm` with these words."""

    def run(*words: str) -> Result:
        return CliRunner().invoke(command, list(words), obj=StoreContext(store.engine))

    return run


@pytest.fixture
def kim(crm: Crm) -> str:
    """The id of a contact of Ann's: Kim Abercrombie of Fabrikam."""
    words = "--first-name Kim --last-name Abercrombie --email kim@fabrikam.example"
    made = crm("contact", "new", *words.split(), "--owner", "ann@contoso.com", "--json")
    assert made.exit_code == 0, made.output
    return str(json.loads(made.output)["id"])


def shown(crm: Crm, reference: str) -> dict[str, object]:
    """A contact as JSON."""
    result = crm("contact", "show", reference, "--json")
    assert result.exit_code == 0, result.output
    found: dict[str, object] = json.loads(result.output)
    return found


def test_every_field_has_an_option_of_its_own() -> None:
    """The options are made from the field map, and none hides another."""
    options = [option_of(field) for field in CONTACT.fields]
    assert len(set(options)) == len(options)
    assert {"--first-name", "--email", "--email-2", "--business-phone", "--birthday"} <= {*options}


def test_a_contact_is_made_shown_changed_assigned_and_deleted(
    crm: Crm, kim: str, store: Store
) -> None:
    """Each verb does its one thing, and the feed has a line of each by a user."""
    assert shown(crm, kim)["owner"] == "ann@contoso.com"
    changed = crm(
        *("contact", "edit", kim, "--job-title", "Buyer", "--birthday", "1970-02-28"),
        *("--children", "Zoë", "--children", "Al", "--account", "Fabrikam Inc."),
        *("--role", "Decision Maker", "--set", "nickname=K", "--clear", "email"),
    )
    assert changed.exit_code == 0, changed.output
    now = shown(crm, kim)
    assert {name: now[name] for name in ("id", "version", "companyname", "accountrolecode")} == {
        "id": kim,
        "version": 2,
        "companyname": "Fabrikam Inc.",
        "accountrolecode": "Decision Maker",
    }
    assert (now["jobtitle"], now["birthdate"], now["nickname"]) == ("Buyer", "1970-02-28", "K")
    assert (now["childrensnames"], now["emailaddress1"]) == (["Zoë", "Al"], None)
    assert "Buyer" in crm("contact", "show", kim).output
    assert "Kim Abercrombie" in crm("contact", "assign", kim, "--owner", "bob@contoso.com").output
    assert shown(crm, kim)["owner"] == "bob@contoso.com"
    assert crm("contact", "delete", kim).exit_code == 0
    assert json.loads(crm("contact", "list", "--json").output) == []
    with read(store.engine) as conn:
        changes = feed.since(conn, 0, kind="contact")
    assert [each.verb for each in changes] == [Verb.CREATE, Verb.UPDATE, Verb.ASSIGN, Verb.DELETE]
    assert {each.actor.kind for each in changes} == {ActorKind.USER}


def test_an_edit_of_no_effect_says_so(crm: Crm, kim: str) -> None:
    """The version stays (P4)."""
    assert crm("contact", "edit", kim, "--first-name", "Kim").output.startswith("Unchanged")
    assert shown(crm, kim)["version"] == 1


@pytest.mark.parametrize(
    "reference", ["kim@Fabrikam.example", "kim abercrombie", "Kim Abercrombie", "PREFIX", "ID"]
)
def test_a_contact_is_named_the_way_people_name_it(crm: Crm, kim: str, reference: str) -> None:
    """By id, the beginning of it, e-mail address or name, in any case."""
    assert shown(crm, {"PREFIX": kim[:6], "ID": kim}.get(reference, reference))["id"] == kim


def test_a_name_that_several_bear_changes_nobody(crm: Crm, kim: str) -> None:
    """The refusal lists them by id."""
    words = "--set lastname=Abercrombie --set firstname=Kim --owner bob@contoso.com"
    crm("contact", "new", *words.split())
    result = crm("contact", "delete", "Kim Abercrombie")
    assert isinstance(result.exception, Problem)
    assert kim in result.exception.what
    assert len(json.loads(crm("contact", "list", "--json").output)) == 2


def test_a_list_is_searched_filtered_and_cut(crm: Crm, kim: str) -> None:
    """And says how many there are; a search for `%` finds no more than a per cent sign."""
    words = "--last-name Zed --owner bob@contoso.com --company"
    crm("contact", "new", *words.split(), "100 % Wool")

    def names(*words: str) -> list[str]:
        found = json.loads(crm("contact", "list", "--json", *words).output)
        return [each["lastname"] for each in found]

    assert names() == ["Abercrombie", "Zed"]
    assert names("--search", "ABER") == ["Abercrombie"]
    assert names("--search", "%") == ["Zed"]
    assert names("--owner", "Bob@contoso.com") == ["Zed"]
    assert names("--limit", "1") == ["Abercrombie"]
    output = crm("contact", "list", "--limit", "1").output
    assert kim[:8] in output
    assert "2 contacts. 1 are shown; --limit 0 shows all." in output


@pytest.mark.parametrize(
    ("words", "what", "todo"),
    [
        ("contact show nobody", "no contact 'nobody'", "contact list --search"),
        ("contact new --owner x@y.example --last-name A", "no user 'x@y.example'", "users list"),
        ("contact new --owner bob@contoso.com", "is empty", "--first-name"),
        ("contact edit KIM --account Nowhere", "no account 'Nowhere'", "account list"),
        ("contact edit KIM --birthday 28.2.1970", "not a day", "1970-12-31"),
        ("contact edit KIM --set fistname=A", "no field 'fistname'", "firstname"),
        ("contact edit KIM --set firstname", "no '='", "--set FIELD=VALUE"),
        ("contact edit KIM --clear everything", "no field 'everything'", "--help"),
        ("contact assign KIM --owner x@y.example", "no user 'x@y.example'", "users list"),
        ("contact list --owner x@y.example", "no user 'x@y.example'", "users list"),
        ("import nothing.vcf --owner x@y.example", "no user 'x@y.example'", "users list"),
        ("import nothing.vcf", "nothing.vcf cannot be read", "Check the path"),
    ],
)
def test_a_refusal_says_what_happened_what_was_not_done_and_what_to_type(
    crm: Crm, kim: str, words: str, what: str, todo: str
) -> None:
    """Exit status 4, and nothing has changed."""
    result = crm(*(kim if word == "KIM" else word for word in words.split()))
    assert isinstance(result.exception, Problem)
    assert what in result.exception.what
    assert result.exception.undone.endswith(".")
    assert todo in result.exception.todo
    assert result.exception.exit_code is Exit.USAGE
    assert shown(crm, kim)["version"] == 1


def test_an_import_reports_file_line_and_reason(crm: Crm, tmp_path: Path) -> None:
    """The rest is imported, and the exit status tells a script that some rows were not."""
    path = tmp_path / "people.json"
    path.write_text('[{"kind": "contact", "lastname": "A"},\n{"kind": "contact", "lastname": 1}]')
    for strict, created in ((True, {}), (False, {"contact": 1})):
        words = [
            "import",
            str(path),
            "--owner",
            "ann@contoso.com",
            *(["--strict"] if strict else []),
        ]
        result = crm(*words, "--json")
        report = json.loads(result.stdout)
        assert result.exit_code == Exit.FAILED
        assert report["created"] == created
        assert report["rejected"] == [
            {"file": str(path), "line": 2, "reason": "lastname: not a text but a number"}
        ]
    people = crm("import", str(path), "--owner", "ann@contoso.com")
    assert "Nothing had to be changed.\nUnchanged: 1 contact." in people.stdout
    assert f"{path}:2: lastname: not a text but a number" in people.stderr
    assert people.exit_code == Exit.FAILED


def test_accounts_are_made_and_listed(crm: Crm) -> None:
    """An account belongs to a user."""
    assert crm("account", "new", "North  wind", "--owner", "bob@contoso.com").exit_code == 0
    found = json.loads(crm("account", "list", "--json").output)
    assert [(each["name"], each["owner"]) for each in found] == [
        ("Fabrikam Inc.", "ann@contoso.com"),
        ("North wind", "bob@contoso.com"),
    ]
    assert "North wind" in crm("account", "list").output


def test_what_is_stored_cannot_command_the_terminal(crm: Crm) -> None:
    """Names come from files and mailboxes: control characters are not printed as such."""
    made = crm("contact", "new", "--last-name", "\x1b[2JA", "--owner", "bob@contoso.com")
    assert made.exit_code == 0
    for words in (("list",), ("show", "bob"), ("list", "--json")):
        assert "\x1b" not in crm("contact", *words).output


def test_a_store_that_is_broken_is_explained(crm: Crm, store: Store) -> None:
    """Not a traceback: what is wrong with it, and nothing of anybody in it."""
    with write(store.engine) as conn:
        conn.execute(text("ALTER TABLE contact RENAME TO lost"))
    for words in (("list",), ("new", "--last-name", "Secret", "--owner", "bob@contoso.com")):
        problem = crm("contact", *words).exception
        assert isinstance(problem, Problem)
        assert re.search(r"no such table|relation \S+ does not exist", problem.what)
        assert "Secret" not in problem.what


def test_help_imports_no_database() -> None:
    """`--help` is quick: nothing is opened or imported that it does not show."""
    code = (
        "import sys, syncd.cli.crm as crm, click\n"
        "for name in ('lead', 'phone-call', 'access'):\n"
        "    crm.command.get_command(click.Context(crm.command), name)\n"
        "heavy = {'sqlalchemy', 'alembic', 'vobject', 'rich', 'phonenumbers'} & set(sys.modules)\n"
        "print(*heavy)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)  # noqa: S603 - our own interpreter
    assert (done.stdout.strip(), done.stderr) == ("", "")


def test_the_clock_of_a_command_is_the_contexts(crm: Crm, kim: str) -> None:
    """Times come from one place, so that a test may set it."""
    assert datetime.fromisoformat(str(shown(crm, kim)["modified_at"])) == NOON
