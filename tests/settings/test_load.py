"""The configuration file: what it may say, and how mistakes in it are told."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from syncd.model.fields import Direction
from syncd.model.policy import ConflictPolicy, FirstSync, Limits, Track
from syncd.model.qualification import OnDuplicate
from syncd.settings.configuration import (
    Audit,
    Configuration,
    CrmSettings,
    Daemon,
    Journal,
    Log,
    Store,
)
from syncd.settings.keys import KEYS
from syncd.settings.load import load
from syncd.settings.mistakes import BadConfiguration, Mistake
from syncd.settings.policies import compile_policies
from syncd.settings.server import Access, Server

ROOT = Path(__file__).parents[2]

WHOLE = """
[servers.office]
backend = "ews"
endpoint = "https://mail.example.test/EWS/Exchange.asmx"
username = "svc-syncd"
password_file = "ews-password"

[policies.sales]
server = "office"

[policies.sales.contacts]
"""


def loaded(folder: Path, text: str) -> Configuration:
    """The configuration that a file with this text holds."""
    file = folder / "syncd.toml"
    file.write_text(text, encoding="utf-8")
    return load(file)


def mistakes_in(folder: Path, text: str) -> list[Mistake]:
    """The mistakes in a file with this text."""
    with pytest.raises(BadConfiguration) as bad:
        loaded(folder, text)
    return list(bad.value.mistakes)


def test_the_example_is_what_init_writes_and_has_no_mistake() -> None:
    """The example in `config/` is the text that ships, and every key in it is valid."""
    example = ROOT / "config" / "syncd.example.toml"
    shipped = ROOT / "syncd" / "settings" / "example.toml"
    assert example.read_bytes() == shipped.read_bytes()
    server = load(example).servers["office"]
    assert server.password_file == Path("/etc/syncd/ews-password")
    assert server.access is Access.IMPERSONATION


def test_what_the_example_shows_as_default_is_the_default(tmp_path: Path) -> None:
    """Taking the "# " away before a key of the example changes nothing."""
    text = (ROOT / "config" / "syncd.example.toml").read_text(encoding="utf-8")
    shown = [
        line.removeprefix("# ") if line.startswith(("# [", "# ")) and _is_toml(line) else line
        for line in text.splitlines()
        if not line.startswith("#   ")  # an example, and no default
    ]
    assert "[daemon]" in shown
    assert "most = 50" in shown
    assert loaded(tmp_path, "\n".join(shown)) == loaded(tmp_path, text)


def test_the_example_documents_every_key() -> None:
    """What a policy takes, and what the other sections take: each stands in the example."""
    text = (ROOT / "config" / "syncd.example.toml").read_text(encoding="utf-8")
    keys = {part for key in KEYS for part in key.name.split(".")} - {"*"}
    for section in (Store, Server, CrmSettings, Log, Journal, Daemon, Audit):
        keys |= set(section.model_fields)
    missing = {key for key in keys if not re.search(rf"\b{key}\b[^\n]*[\]=]", text)}
    assert missing == set()


def _is_toml(line: str) -> bool:
    words = line.removeprefix("# ").split()
    return line.startswith("# [") or (len(words) > 2 and words[1] == "=")


def test_a_policy_compiles_to_what_the_engine_reads(tmp_path: Path) -> None:
    """What is left out has the model's default; what is written replaces it."""
    text = WHOLE.replace('server = "office"', 'server = "office"\ninterval = "2h"')
    text += 'direction = "to-outlook"\nfolder = "default/CRM"\ntrack = "folder"\n'
    text += "[policies.sales.breaker]\nmost = 7\n"
    policy = compile_policies(loaded(tmp_path, text))["sales"]
    assert (policy.name, policy.servers, policy.interval) == (
        "sales",
        ("office",),
        timedelta(hours=2),
    )
    contacts = policy.kinds["contact"]
    assert contacts.scope.text == "owner eq @me and statecode eq 'active'"
    assert contacts.policy.direction is Direction.TO_OUTLOOK
    assert contacts.policy.folder == "default/CRM"
    assert contacts.policy.track is Track.FOLDER
    assert contacts.policy.conflict is ConflictPolicy.LATEST
    assert contacts.policy.first_sync is FirstSync.ASK
    assert contacts.policy.limits == Limits(most=7)


def test_relative_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    """Where a command is typed does not decide which store and password it uses."""
    text = '[store]\nurl = "sqlite:///data/syncd.db"\n'
    text += WHOLE.replace('backend = "ews"', 'backend = "ews"\nverify_tls = "ca.pem"')
    configuration = loaded(tmp_path, text)
    assert configuration.store.url == f"sqlite:///{tmp_path}/data/syncd.db"
    assert configuration.servers["office"].password_file == tmp_path / "ews-password"
    assert configuration.servers["office"].verify_tls == tmp_path / "ca.pem"


STORE, OFFICE, SALES, CONTACTS, CRM, LOG, DAEMON = (
    "store", "servers.office", "policies.sales", "policies.sales.contacts", "crm", "log", "daemon",
)  # fmt: skip
ORGANISATION, BREAKER, JOURNAL = "organisation", "policies.sales.breaker", "journal"
AUDIT = "audit"

# section, the line that is written there, the key that is mistaken, what is said of it
MISTAKES = [
    (STORE, 'url = "sqlite://"', "url", "must name a file"),
    (STORE, 'url = "postgresql://u:hunter2@h/d"', "url", "holds a password; syncd reads"),
    (STORE, 'url = "postgresql://h/d?password=hunter2"', "url", "holds a password; syncd reads"),
    (STORE, 'url = "postgresql://u@h"', "url", "must name a database"),
    (STORE, 'url = "mysql://u:hunter2@h/d"', "url", "is not the URL of a SQLite or PostgreSQL"),
    (STORE, 'url = "nonsense:hunter2"', "url", "is not the URL of a database"),
    (STORE, 'password_env = "PW"', "url", "is a file, which has no password"),
    (STORE, 'password = "hunter2"', "password", "is a secret in the configuration"),
    (STORE, 'rul = "sqlite:///a.db"', "rul", "not a key that syncd knows (did you mean 'url'?)"),
    (OFFICE, 'backend = "imap"', "backend", "'imap' is not one of ews, graph"),
    (OFFICE, "backend = 1", "backend", "'1' is not one of ews, graph"),
    (OFFICE, 'endpoint = "http://mail.example.test/"', "endpoint", "send the password in clear"),
    (OFFICE, 'endpoint = "mail.example.test"', "endpoint", "is not an http(s) URL"),
    (OFFICE, 'endpoint = "https://u:hunter2@mail.test/"', "endpoint", "holds a user name"),
    (OFFICE, 'password = "hunter2"', "password", "is a secret in the configuration"),
    (OFFICE, 'password_env = "hunter2!"', "password_env", "the name of an environment variable"),
    (OFFICE, 'password_env = "PW"', "password_env", "names the password a second time"),
    (OFFICE, "password_file =", "username", "belong together"),
    (OFFICE, "username =", "username", "belong together"),
    (OFFICE, 'verify_tls = "true"', "verify_tls", "must be true, false or a path"),
    (OFFICE, 'timeout = "x"', "timeout", "'x' is not a duration (write it like 30s"),
    (SALES, "server =", "server", "is missing"),
    (SALES, 'server = "ofice"', "server", "no server 'ofice' (did you mean 'office'?)"),
    (SALES, 'server = ["office", "clowd"]', "server", "no server 'clowd' (known: office"),
    (SALES, 'server = ["office", "ofice"]', "server", "no server 'ofice' (did you mean 'office'?)"),
    (SALES, 'server = ["office", "office"]', "server", "names 'office' more than once"),
    (SALES, "server = []", "server", "must be the name of a server, or a list of names"),
    (SALES, "server = 5", "server", "must be the name of a server, or a list of names"),
    (SALES, 'server = ["office", 5]', "server", "the name of a server, or a list of names"),
    (SALES, 'interval = "5 min"', "interval", "'5 min' is not a duration"),
    (SALES, "interval = 300", "interval", "'300' is not a duration"),
    (SALES, 'interval = "0s"', "interval", "'0s' is not a duration"),
    (SALES, 'first-sync = "go"', "first-sync", "did you mean 'first_sync'?"),
    (SALES, "contcts = {}", "contcts", "did you mean 'contacts'?"),
    (CONTACTS, 'track = "folder"', "track", "private address book into the CRM (name a folder"),
    (CONTACTS, 'folder = "CRM"', "folder", "'CRM' is not a folder (write \"default\" or"),
    (
        CONTACTS,
        'conflict = "lastest"',
        "conflict",
        "not one of crm, outlook, latest, ask (did you mean",
    ),
    (CONTACTS, 'filter = "ownr eq @me"', "filter", "no field 'ownr' (did you mean 'owner'?)"),
    (CONTACTS, "filter = 1", "filter", "must be text in quotes"),
    (CONTACTS, 'filters.vip.where = "ownr eq @me"', "filters.vip.where", "no field 'ownr'"),
    (CONTACTS, 'filters.vip.wher = "true"', "filters.vip.wher", "did you mean 'where'?"),
    (CONTACTS, "filters.vip.exclude = true", "filters.vip.where", "is missing"),
    (CONTACTS, 'templates.my.where = "owner eq"', "templates.my.where", "cannot read 'eq'"),
    (CONTACTS, "filters.\" \".where = 'true'", "filters", "no name for a filter"),
    (CONTACTS, 'directions.fax = "both"', "directions.fax", "'both' is not one of two-way"),
    (
        CONTACTS,
        'directions.faxx = "none"',
        "directions.faxx",
        "no field 'faxx' (did you mean 'fax'",
    ),
    (CONTACTS, 'directions.name = "none"', "directions.name", "locked: without a name"),
    (CONTACTS, 'directions.lastname = "none"', "directions.lastname", "locked: without a name"),
    (CONTACTS, 'directions.companyname = "none"', "directions.companyname", "company = false"),
    (CONTACTS, 'conflicts.jobtitle = "me"', "conflicts.jobtitle", "not one of crm, outlook"),
    (CONTACTS, 'conflicts.xyz = "crm"', "conflicts.xyz", "no field 'xyz' (type: syncd fields"),
    (CONTACTS, 'on_scope_exit = "keep"', "on_scope_exit", "'keep' is not one of archive"),
    (CONTACTS, 'on_scope_exit.adoptd = "release"', "on_scope_exit.adoptd", "'adopted'?"),
    (CONTACTS, 'on_crm_delete = "remember"', "on_crm_delete", "not one of delete-created"),
    (CONTACTS, 'on_outlook_delete = "delete"', "on_outlook_delete", "not one of remember"),
    (CONTACTS, 'copies = "yes"', "copies", "not one of ignore, take"),
    (CONTACTS, 'company = "no"', "company", "must be true or false"),
    (CONTACTS, 'addresses = "mailing"', "addresses", "did you mean 'mailing-only'?"),
    (SALES, 'consent = "users"', "consent", "did you mean 'user'?"),
    (SALES, 'user_may = "interval"', "user_may", "must be a list"),
    (SALES, 'user_may = ["intervall"]', "user_may", "'intervall' (did you mean 'interval'?)"),
    (SALES, 'user_may = ["server"]', "user_may", "'server' is the admin's alone"),
    (SALES, 'user_may = ["breaker.*"]', "user_may", "'breaker.*' is the admin's alone"),
    (SALES, 'user_may = ["contcts.*"]', "user_may", "no settings 'contcts.*' (did you mean"),
    (SALES, 'user_may = ["contacts.directions.name"]', "user_may", "is locked: without a name"),
    (SALES, 'bounds.interval = ["1h", "2m"]', "bounds.interval", "the lowest and the highest"),
    (SALES, 'bounds.interval = ["2m"]', "bounds.interval", "the lowest and the highest"),
    (SALES, 'bounds.interval = ["2", "3"]', "bounds.interval", "'2' is not a duration"),
    (SALES, 'bounds.interval = "2m"', "bounds.interval", "must be a list of values"),
    (SALES, 'bounds.contacts.conflict = ["me"]', "bounds.contacts.conflict", "'me' is not one of"),
    (SALES, 'bounds.consent = ["user"]', "bounds.consent", "is the admin's alone"),
    (SALES, 'bounds.contacts.copis = ["take"]', "bounds.contacts.copis", "'contacts.copies'?"),
    (BREAKER, "emptied = 0", "emptied", "must be greater than or equal to 1"),
    (BREAKER, 'cause = "many"', "cause", "must be a whole number"),
    (ORGANISATION, 'intervl = "5m"', "intervl", "did you mean 'interval'?"),
    (ORGANISATION, 'server = "ofice"', "server", "no server 'ofice' (did you mean 'office'?)"),
    (ORGANISATION, 'contacts.filter = "ownr eq @me"', "contacts.filter", "no field 'ownr'"),
    (ORGANISATION, 'contacts.directions.fx = "none"', "contacts.directions.fx", "'fx'"),
    (ORGANISATION, 'contacts.track = "folder"', "contacts.track", "private address book"),
    (DAEMON, "workers = 0", "workers", "must be greater than or equal to 1"),
    (DAEMON, 'workers = "4"', "workers", "must be a whole number"),
    (JOURNAL, 'keep = "1d"', "keep", "is too short (write 2d or more)"),
    (JOURNAL, "keep = 90", "keep", "'90' is not a duration"),
    (AUDIT, "items = -1", "items", "must be greater than or equal to 0"),
    (AUDIT, "items = 10001", "items", "must be less than or equal to 10000"),
    (AUDIT, 'every = "30s"', "every", "is too short (write 1m or more)"),
    (AUDIT, "every = 1", "every", "'1' is not a duration"),
    (AUDIT, "item = 1", "item", "did you mean"),
    (LOG, "show_addresses = 1", "show_addresses", "must be true or false"),
    (LOG, 'format = "xml"', "format", "'xml' is not one of auto, json, console"),
    (
        CRM,
        'phone_region = "de"',
        "phone_region",
        "no country with phone numbers (did you mean 'DE'?)",
    ),
    (CRM, 'phone_region = "Germany"', "phone_region", 'two letters, such as "DE"'),
    (CRM, 'qualify = ["contact", "acount"]', "qualify", "'acount' is not one of"),
    (CRM, 'qualify = ["opportunity"]', "qualify", "an opportunity needs a customer"),
    (CRM, 'on_duplicate = "refuse"', "on_duplicate", "is not one of ask, adopt, ignore"),
    (CRM, "on_duplicates = 1", "on_duplicates", "did you mean 'on_duplicate'?"),
]


@pytest.mark.parametrize(("section", "line", "key", "said"), MISTAKES)
def test_a_mistake_is_named_by_key_and_line(
    tmp_path: Path, section: str, line: str, key: str, said: str
) -> None:
    """Every mistake says where it is and what would be right, and repeats no secret."""
    text = with_line(section, line)
    found = {each.path: each for each in mistakes_in(tmp_path, text)}
    mistake = found[f"{section}.{key}"]
    assert said in str(mistake)
    assert "hunter2" not in str(mistake)
    shown = text.splitlines()[(mistake.line or 0) - 1]
    assert shown.startswith((key, f"[{section}]"))


def with_line(section: str, line: str) -> str:
    """`WHOLE` with one line in place of the one of the same key; `key =` leaves the key out."""
    key, _, value = line.partition(" =" if " =" in line else "=")
    kept = [each for each in WHOLE.splitlines() if not each.startswith(key)]
    if f"[{section}]" not in kept:
        kept.append(f"[{section}]")
    if value:
        kept.insert(kept.index(f"[{section}]") + 1, line)
    return "\n".join(kept)


def test_all_mistakes_are_reported_at_once(tmp_path: Path) -> None:
    """One mistake hides no other, whatever section it is in; they come in the order of the file."""
    text = (
        WHOLE.replace('"ews"', '"esw"').replace('server = "office"', 'server = "x"\ninterval = "y"')
        + 'filter = "a eq"\ntrack = "tag"\n[log]\nlevel = 3\n'
    )
    assert [each.path for each in mistakes_in(tmp_path, text)] == [
        "servers.office.backend",
        "policies.sales.server",
        "policies.sales.interval",
        "policies.sales.contacts.filter",
        "policies.sales.contacts.track",
        "log.level",
    ]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8025", "[::1]:80"])
def test_basic_sign_in_over_http_is_allowed_on_loopback(tmp_path: Path, host: str) -> None:
    """Where nobody listens in, plain HTTP does no harm."""
    text = WHOLE.replace("https://mail.example.test", f"http://{host}")
    assert host in (loaded(tmp_path, text).servers["office"].endpoint or "")


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        (b"[store]\nurl = \n", 2, "is not TOML"),
        (b"a = 1\na = 2\n", 2, "is not TOML"),
        (b"# \xff\n", None, "is not UTF-8 text"),
        (None, None, "there is no such file"),
    ],
)
def test_a_file_that_is_no_toml_says_where(
    tmp_path: Path, content: bytes | None, line: int | None, message: str
) -> None:
    """A broken file is one mistake, with its line where there is one."""
    file = tmp_path / "syncd.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(BadConfiguration) as bad:
        load(file)
    (mistake,) = bad.value.mistakes
    assert mistake.line == line
    assert message in mistake.message


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    """Editors on Windows begin a file with one."""
    file = tmp_path / "syncd.toml"
    file.write_text(WHOLE, encoding="utf-8-sig")
    assert list(load(file).servers) == ["office"]


def test_the_crm_section_says_what_holds_unless_a_command_says_otherwise(tmp_path: Path) -> None:
    """Without it a lead becomes all three, and whoever is there already is asked about."""
    plain = loaded(tmp_path, WHOLE).crm
    assert (plain.phone_region, plain.qualify) == (None, ("contact", "account", "opportunity"))
    assert plain.on_duplicate is OnDuplicate.ASK
    text = '[crm]\nphone_region = "DE"\nqualify = ["contact"]\non_duplicate = "adopt"\n'
    written = loaded(tmp_path, text + WHOLE).crm
    assert (written.phone_region, written.qualify) == ("DE", ("contact",))
    assert written.on_duplicate is OnDuplicate.ADOPT
