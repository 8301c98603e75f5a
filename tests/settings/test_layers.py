"""Settings in layers: what holds, where it comes from, and what a user's own setting may do."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from syncd.model.contact import CONTACT
from syncd.model.fields import Direction
from syncd.model.policy import (
    Addresses,
    ConflictPolicy,
    Consent,
    Copies,
    CrmDelete,
    ExitPolicy,
    KindPolicy,
    Limits,
    OutlookDelete,
    ScopeExit,
    Track,
)
from syncd.settings.allowed import plain
from syncd.settings.configuration import DEFAULT_FILTER, Configuration
from syncd.settings.load import load
from syncd.settings.policies import Compiled, compile_policies, policy_for

SERVERS = """
[servers.office]
backend = "ews"
endpoint = "https://mail.example.test/EWS/Exchange.asmx"
[servers.branch]
backend = "ews"
endpoint = "https://branch.example.test/EWS/Exchange.asmx"
"""
OPEN = 'user_may = ["interval", "contacts.*"]'


def loaded(folder: Path, text: str) -> Configuration:
    """The configuration of a file with two servers and this text."""
    file = folder / "syncd.toml"
    file.write_text(SERVERS + text, encoding="utf-8")
    return load(file)


def compiled(
    folder: Path, organisation: str, policy: str, settings: dict[str, object] | None = None
) -> Compiled:
    """What comes of a line in the organisation, one in the policy, and a user's settings."""
    text = f'[organisation]\nserver = "office"\n{organisation}\n[policies.sales]'
    text += f"\n{OPEN}\ncontacts = {{}}\n" if "contacts" not in policy else f"\n{OPEN}\n"
    return policy_for(loaded(folder, text + policy), "sales", settings)


C = "contacts."

# key, organisation, policy, user → what holds, and where it comes from
LAYERS: list[tuple[str, str, str, object, object, str]] = [
    ("interval", "", "", None, "5m", "default"),
    ("interval", 'interval = "10m"', "", None, "10m", "organisation"),
    ("interval", 'interval = "10m"', 'interval = "20m"', None, "20m", "policy"),
    ("interval", 'interval = "10m"', 'interval = "20m"', "30m", "30m", "user"),
    ("interval", "", "", "30m", "30m", "user"),
    ("interval", 'interval = "5m"', "", None, "5m", "organisation"),  # said, though the default
    ("interval", 'interval = "10m"', 'interval = "5m"', None, "5m", "policy"),
    ("server", "", "", None, "office", "organisation"),
    ("server", "", 'server = "branch"', None, "branch", "policy"),
    ("server", "", 'server = ["branch"]', None, "branch", "policy"),
    ("server", "", 'server = ["branch", "office"]', None, ["branch", "office"], "policy"),
    ("consent", 'consent = "user"', "", None, "user", "organisation"),
    ("first_sync", 'first_sync = "go"', 'first_sync = "ask"', None, "ask", "policy"),
    # tables, key by key
    ("breaker.most", "breaker.most = 7", "breaker.some = 3", None, 7, "organisation"),
    ("breaker.some", "breaker.most = 7", "breaker.some = 3", None, 3, "policy"),
    ("breaker.few", "breaker.most = 7", "breaker.some = 3", None, 3, "default"),
    # lists are replaced
    ("user_may", 'user_may = ["interval"]', "", None, ["interval", "contacts.*"], "policy"),
    # of a kind
    (C + "conflict", 'contacts.conflict = "crm"', "", None, "crm", "organisation"),
    (C + "conflict", 'contacts.conflict = "crm"', "", "ask", "ask", "user"),
    (C + "company", "contacts.company = false", "contacts.company = true", None, True, "policy"),
    (C + "company", "", "contacts.company = true", False, False, "user"),
    (
        C + "directions.mobilephone",
        'contacts.directions.mobilephone = "none"',
        'contacts.directions.fax = "none"',
        None,
        "none",
        "organisation",
    ),
    (
        C + "directions.address1",  # one layer by a field of the group, the other by the group
        'contacts.directions.address1_city = "none"',
        'contacts.directions.address1 = "to-crm"',
        None,
        "to-crm",
        "policy",
    ),
    # one word of all three, and a table over it
    (
        C + "on_scope_exit.adopted",
        'contacts.on_scope_exit = "delete"',
        'contacts.on_scope_exit.created = "release"',
        None,
        "delete",
        "organisation",
    ),
    (
        C + "on_scope_exit.created",
        'contacts.on_scope_exit.created = "delete"',
        'contacts.on_scope_exit = "release"',
        None,
        "release",
        "policy",
    ),
]


@pytest.mark.parametrize(("key", "organisation", "policy", "user", "holds", "origin"), LAYERS)
def test_the_layer_nearest_to_the_user_wins(
    tmp_path: Path,
    key: str,
    organisation: str,
    policy: str,
    user: object,
    holds: object,
    origin: str,
) -> None:
    """Default, organisation, policy, user: each says what the one before it does not overrule."""
    settings = {} if user is None else {key: user}
    made = compiled(tmp_path, organisation, policy, settings)
    assert made.refused == ()
    assert (plain(made.values[key]), made.origins[key]) == (holds, origin)


def test_every_key_of_a_kind_reaches_the_engine(tmp_path: Path) -> None:
    """What the file says of contacts is what a run decides by."""
    text = """
[policies.sales]
server = "office"
consent = "user"
[policies.sales.breaker]
cause = 200
emptied = 6
[policies.sales.contacts]
direction = "to-outlook"
conflict = "ask"
on_crm_delete = "release"
on_outlook_delete = "deactivate"
copies = "take"
company = false
addresses = "mailing-only"
folder = "default/CRM"
track = "folder"
directions = { mobilephone = "to-outlook", address1_city = "none" }
conflicts = { jobtitle = "crm", address2 = "outlook" }
on_scope_exit = { created = "delete", tracked = "keep-updating" }
"""
    policy = compile_policies(loaded(tmp_path, text))["sales"]
    assert policy.consent is Consent.USER
    assert policy.kinds["contact"].policy == KindPolicy(
        kind=CONTACT,
        direction=Direction.TO_OUTLOOK,
        directions={"mobilephone": Direction.TO_OUTLOOK, "address1": Direction.NONE},
        conflict=ConflictPolicy.ASK,
        conflicts={"jobtitle": ConflictPolicy.CRM, "address2": ConflictPolicy.OUTLOOK},
        on_scope_exit=ExitPolicy(ScopeExit.DELETE, ScopeExit.RELEASE, ScopeExit.KEEP_UPDATING),
        on_crm_delete=CrmDelete.RELEASE,
        on_outlook_delete=OutlookDelete.DEACTIVATE,
        copies=Copies.TAKE,
        company=False,
        addresses=Addresses.MAILING,
        folder="default/CRM",
        track=Track.FOLDER,
        limits=Limits(cause=200, emptied=6),
    )


def test_what_is_not_written_is_the_models_default(tmp_path: Path) -> None:
    """The defaults stand in one place: a policy that says nothing is the model's."""
    scoped = compiled(tmp_path, "", "").policy.kinds["contact"]
    assert scoped.policy == KindPolicy(CONTACT)


@pytest.mark.parametrize(
    ("text", "together", "system", "templates"),
    [
        ("", DEFAULT_FILTER, [], [("My contacts", DEFAULT_FILTER, False)]),
        (
            "filter = \"owner eq 'b@x.test'\"",
            "owner eq 'b@x.test'",
            [("filter", "owner eq 'b@x.test'", False)],
            [],
        ),
        (
            "filters.a.where = 'true'\nfilters.b = { where = \"owner eq @me\", exclude = true }",
            "true except owner eq @me",
            [("a", "true", False), ("b", "owner eq @me", True)],
            [],
        ),
        ("templates.t.where = 'owner eq @me'", "owner eq @me", [], [("t", "owner eq @me", False)]),
        (
            "filter = 'true'\ntemplates.t.where = 'owner eq @me'",
            "(owner eq @me) or (true)",
            [("filter", "true", False)],
            [("t", "owner eq @me", False)],
        ),
        (
            "filters.b = { where = 'true', exclude = true }",
            f"{DEFAULT_FILTER} except true",  # which includes nothing by itself
            [("b", "true", True)],
            [("My contacts", DEFAULT_FILTER, False)],
        ),
    ],
)
def test_filters_and_templates(
    tmp_path: Path,
    text: str,
    together: str,
    system: list[tuple[str, str, bool]],
    templates: list[tuple[str, str, bool]],
) -> None:
    """The built-in template is there only where no filter of a policy includes anything."""
    configuration = loaded(
        tmp_path, f'[policies.sales]\nserver = "office"\n[policies.sales.contacts]\n{text}\n'
    )
    scoped = policy_for(configuration, "sales").policy.kinds["contact"]
    assert scoped.scope.text == together
    assert [(n, f.text, x) for n, f, x in scoped.system] == system
    assert [(n, f.text, x) for n, f, x in scoped.templates] == templates


def test_filters_are_laid_over_one_another_by_name(tmp_path: Path) -> None:
    """A policy adds its own filters to those of the organisation, and may say one of them anew."""
    text = """
[organisation]
server = "office"
[organisation.contacts.filters]
keyaccounts.where = "true"
mine.where = "owner eq @me"
[policies.sales.contacts.filters]
mine.where = "owner eq 'b@x.test'"
"""
    scoped = policy_for(loaded(tmp_path, text), "sales").policy.kinds["contact"]
    assert {n: f.text for n, f, _ in scoped.system} == {
        "keyaccounts": "true", "mine": "owner eq 'b@x.test'",
    }  # fmt: skip


# the policy, what a user set → what is said of it; the key, when it is not the one that was set
REFUSED: list[tuple[str, str, object, str]] = [
    ("", "interval", "10m", "'sales' does not open 'interval' to its users"),
    ('user_may = ["contacts.*"]', "interval", "10m", "does not open 'interval'"),
    ('user_may = ["contacts.folder"]', C + "track", "none", "does not open 'contacts.track'"),
    ('user_may = ["interval"]', "server", "branch", "'server' is the admin's alone"),
    ('user_may = ["contacts.*"]', C + "filter", "true", "is the admin's alone"),
    ('user_may = ["contacts.*"]', "breaker.most", 9, "is the admin's alone"),
    ('user_may = ["contacts.*"]', "user_may", ["interval"], "is the admin's alone"),
    ('user_may = ["contacts.*"]', C + "directions.firstname", "none", "is locked: without a name"),
    ('user_may = ["contacts.*"]', C + "directions.companyname", "none", "company = false"),
    ('user_may = ["contacts.*"]', C + "directions.mobile", "none", "no field 'mobile'"),
    ('user_may = ["interval"]', "intervall", "10m", "there is no setting 'intervall'"),
    ('user_may = ["interval"]', "interval", "10", "'interval': '10' is not a duration"),
    ('user_may = ["interval"]', "interval", 10, "'interval': '10' is not a duration"),
    ('user_may = ["contacts.*"]', C + "conflict", "me", "'me' is not one of crm, outlook"),
    ('user_may = ["contacts.*"]', C + "company", "no", "must be true or false"),
    ('user_may = ["contacts.*"]', C + "folder", "CRM", "'CRM' is not a folder"),
    ('user_may = ["contacts.*"]', C + "track", "folder", "whole private address book"),
    (
        'user_may = ["interval"]\nbounds.interval = ["2m", "1h"]',
        "interval",
        "1m",
        "'interval' must be from 2m to 1h",
    ),
    (
        'user_may = ["interval"]\nbounds.interval = ["2m", "1h"]',
        "interval",
        "2h",
        "'interval' must be from 2m to 1h",
    ),
    (
        'user_may = ["contacts.*"]\nbounds."contacts.conflict" = ["crm", "latest"]',
        C + "conflict",
        "outlook",
        "'contacts.conflict' must be one of crm, latest",
    ),
    (
        'user_may = ["contacts.*"]\nbounds."contacts.directions.*" = ["to-outlook", "none"]',
        C + "directions.fax",
        "to-crm",
        "must be one of to-outlook, none",
    ),
    (
        'user_may = ["contacts.*"]\nbounds.contacts.company = [true]',
        C + "company",
        False,
        "'contacts.company' must be one of true",
    ),
    *(
        (f'user_may = ["contacts.*"]\nbounds."contacts.{bound}" = ["{may}"]', C + key, no, said)
        for bound, may, key, no, said in (
            # The longer key does not get around what bounds the shorter one, nor this around that.
            ("on_scope_exit", "release", "on_scope_exit", "delete", "must be one of release"),
            ("on_scope_exit", "release", "on_scope_exit.created", "delete", "one of release"),
            ("on_scope_exit.created", "release", "on_scope_exit", "delete", "one of release"),
            ("direction", "to-outlook", "directions.fax", "to-crm", "one of to-outlook"),
            ("conflict", "crm", "conflicts.fax", "outlook", "must be one of crm"),
        )
    ),
]


@pytest.mark.parametrize(("policy", "key", "value", "said"), REFUSED)
def test_what_the_policy_does_not_let_a_user_set_does_not_apply(
    tmp_path: Path, policy: str, key: str, value: object, said: str
) -> None:
    """It is told, with the reason, and everything is as without it; other settings stand."""
    text = f'[policies.sales]\nserver = "office"\ncontacts = {{}}\n{policy}\n'
    configuration = loaded(tmp_path, text)
    plainly = policy_for(configuration, "sales")
    made = policy_for(configuration, "sales", {key: value})
    assert (made.policy, made.values, made.origins) == (
        plainly.policy, plainly.values, plainly.origins,
    )  # fmt: skip
    (refused,) = made.refused
    assert (refused.key, refused.value) == (key, value)
    assert said in f"{refused.why.what} {refused.why.todo}"


@pytest.mark.parametrize(
    ("bounds", "key", "value"),
    [
        ('bounds.interval = ["2m", "1h"]', "interval", "2m"),
        ('bounds.interval = ["2m", "1h"]', "interval", "1h"),
        ('bounds."contacts.conflict" = ["crm", "ask"]', C + "conflict", "ask"),
        (
            'bounds.contacts.directions = { "*" = ["none"], fax = ["to-crm"] }',
            C + "directions.fax",
            "to-crm",
        ),
    ],
)
def test_within_the_bounds_a_setting_applies(
    tmp_path: Path, bounds: str, key: str, value: object
) -> None:
    """The ends are within; what is said of one key goes before what is said of many."""
    made = compiled(tmp_path, "", bounds, {key: value})
    assert made.refused == ()
    assert plain(made.values[key]) == value


def test_a_setting_of_a_field_holds_for_its_group(tmp_path: Path) -> None:
    """A user may name a field of an address: the address is one thing."""
    made = compiled(tmp_path, "", "", {"contacts.directions.address1_city": "none"})
    assert made.policy.kinds["contact"].policy.directions == {"address1": Direction.NONE}


@pytest.mark.parametrize("order", [1, -1])
def test_settings_that_make_sense_only_together_apply_together(tmp_path: Path, order: int) -> None:
    """The order in which they are kept plays no part."""
    settings: dict[str, object] = {"contacts.track": "folder", "contacts.folder": "default/CRM"}
    kept = dict(list(settings.items())[::order])
    policy = compiled(tmp_path, "", "", kept).policy.kinds["contact"].policy
    assert (policy.track, policy.folder) == (Track.FOLDER, "default/CRM")
    back = {"contacts.folder": "default", "contacts.track": "category"}
    mine = 'contacts = { track = "folder", folder = "default/CRM" }'
    policy = compiled(tmp_path, "", mine, dict(list(back.items())[::order])).policy.kinds[
        "contact"
    ].policy  # fmt: skip
    assert (policy.track, policy.folder) == (Track.CATEGORY, "default")


def test_one_setting_that_does_not_apply_spoils_no_other(tmp_path: Path) -> None:
    """P10, of settings."""
    made = compiled(tmp_path, "", "", {"interval": "soon", "contacts.conflict": "crm"})
    assert [each.key for each in made.refused] == ["interval"]
    assert made.policy.interval == timedelta(minutes=5)
    assert made.policy.kinds["contact"].policy.conflict is ConflictPolicy.CRM


def test_the_same_settings_are_compiled_once(tmp_path: Path) -> None:
    """A run asks each time; mailboxes with equal settings share what comes of them."""
    configuration = loaded(tmp_path, f'[policies.a]\nserver = "office"\n{OPEN}\ncontacts = {{}}\n')
    one = policy_for(configuration, "a", {"interval": "10m"})
    assert policy_for(configuration, "a", {"interval": "10m"}) is one
    assert policy_for(configuration, "a", {"interval": "20m"}) is not one
    assert configuration == load(tmp_path / "syncd.toml")  # what it remembers is no part of it
