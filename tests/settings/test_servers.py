"""Which keys of `[servers.NAME]` go together, and what is said of those that do not."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from syncd.outlook.authentication import clouds
from syncd.settings.check import check_machine
from syncd.settings.load import load
from syncd.settings.secrets import SecretMissing, client_secret_of
from syncd.settings.server import Access, Cloud
from tests.settings.test_load import loaded, mistakes_in

APP = 'tenant = "contoso.example"\nclient_id = "1"\n'
SECRET = f'auth = "secret"\n{APP}client_secret_file = "s"\n'
EXAMPLE = "11111111-2222-3333-4444-555555555555"
CONFIG = Path(__file__).parents[2] / "config"
CERTIFICATE = f'auth = "certificate"\n{APP}certificate_file = "c"\n'
DEVICE = 'auth = "device-code"\nclient_id = "1"\n'
URL = 'endpoint = "https://mail.example.test/EWS/Exchange.asmx"\n'
ACCOUNT = 'username = "svc"\npassword_file = "p"\n'


def with_server(section: str) -> str:
    """A file with this server and a policy for it."""
    server = f"[servers.one]\n{section}\n[policies.sales]\nserver = 'one'\n"
    return f"{server}[policies.sales.contacts]\n"


GRAPH, EWS = 'backend = "graph"\n', 'backend = "ews"\n'

GOOD = [
    GRAPH + CERTIFICATE,
    GRAPH + SECRET + 'cloud = "china"\n',
    GRAPH + f'auth = "secret"\n{APP}client_secret_env = "S"\n',
    GRAPH + f'auth = "federation"\n{APP}federated_token_file = "t"\n',
    GRAPH + 'auth = "managed-identity"\n',
    GRAPH + 'auth = "managed-identity"\nclient_id = "1"\ncloud = "us-dod"\n',
    GRAPH + DEVICE,
    GRAPH + DEVICE + 'tenant = "organizations"\nsign_ins = "s"\nsign_ins_key_file = "k"\n',
    GRAPH + CERTIFICATE + 'endpoint = "https://127.0.0.1:1/v1.0"\nauthority = "https://127.0.0.1"',
    EWS + CERTIFICATE,
    EWS + CERTIFICATE + URL + 'access = "impersonation"\n',
    EWS + DEVICE + 'access = "delegate"\n',
    EWS + ACCOUNT,
    EWS + 'auth = "ntlm"\n' + URL + ACCOUNT,
    EWS + 'auth = "ntlm"\nautodiscover = "https://mail.example.test/a.xml"\n' + ACCOUNT,
    EWS + URL,
]


@pytest.mark.parametrize("section", GOOD)
def test_what_goes_together_is_taken(tmp_path: Path, section: str) -> None:
    """Every way to sign in, with as little as it needs and with as much as it takes."""
    assert loaded(tmp_path, with_server(section)).servers["one"].timeout == timedelta(seconds=60)


# section → the key that is mistaken, and what is said of it
BAD = [
    (GRAPH, "auth", 'is missing (Exchange Online takes no password: write auth = "certificate"'),
    (GRAPH + 'auth = "basic"\n', "auth", '"basic" is not for backend = "graph"'),
    (GRAPH + 'auth = "ntlm"\n', "auth", '"ntlm" is not for backend = "graph"'),
    (GRAPH + 'auth = "certificat"\n', "auth", "did you mean 'certificate'?"),
    (GRAPH + CERTIFICATE + 'cloud = "germany"\n', "cloud", "not one of global, us-gov, us-dod"),
    (GRAPH + 'auth = "certificate"\n', "tenant", 'is missing, for auth = "certificate" (write'),
    (GRAPH + 'auth = "certificate"\n', "certificate_file", "is missing"),
    (GRAPH + f'auth = "secret"\n{APP}', "client_secret_file", "is missing"),
    (GRAPH + f'auth = "federation"\n{APP}', "federated_token_file", "AZURE_FEDERATED_TOKEN_FILE"),
    (GRAPH + 'auth = "device-code"\n', "client_id", "is missing"),
    (GRAPH + SECRET + 'client_secret_env = "S"\n', "client_secret_env", "a second time"),
    (GRAPH + SECRET + 'certificate_file = "c"\n', "certificate_file", 'for auth = "certificate")'),
    (GRAPH + CERTIFICATE + ACCOUNT, "username", 'it is for auth = "basic" or "ntlm"'),
    (GRAPH + CERTIFICATE + 'sign_ins = "s"\n', "sign_ins", 'it is for auth = "device-code"'),
    (GRAPH + 'auth = "managed-identity"\ntenant = "x"\n', "tenant", "is not for auth"),
    (GRAPH + CERTIFICATE + 'access = "delegate"\n', "access", 'is not for backend = "graph"'),
    (GRAPH + CERTIFICATE.replace("contoso.example", "common"), "tenant", "to one organisation"),
    (GRAPH + CERTIFICATE.replace("contoso.example", "a/b"), "tenant", "no organisation's id"),
    (GRAPH + CERTIFICATE + 'autodiscover = "https://a.test/"\n', "autodiscover", "is not for auth"),
    (GRAPH + CERTIFICATE + 'endpoint = "https://a.test/"\n', "endpoint", "not name the version"),
    (GRAPH + CERTIFICATE + 'endpoint = "https://a.test/v2.0"\n', "endpoint", "the version v2.0;"),
    ('auth = "ntlm"\n', "backend", 'is missing (write backend = "graph" for Exchange Online, or'),
    (GRAPH + CERTIFICATE + 'endpoint = "http://a.test/v1.0"\n', "endpoint", "the token in clear"),
    (GRAPH + CERTIFICATE + 'authority = "http://127.0.0.1"\n', "authority", "over http://"),
    (GRAPH + CERTIFICATE + 'authority = "https://a.test/t"\n', "authority", "more than a host"),
    (GRAPH + 'secret = "hunter2"\n', "secret", 'write client_secret_file = "/path/of/that/file"'),
    (EWS + CERTIFICATE + 'access = "delegate"\n', "access", "by impersonation"),
    (EWS + DEVICE + 'access = "impersonation"\n', "access", "acts for nobody else"),
    (EWS + URL + 'tenant = "x"\n', "tenant", 'is not for auth = "basic"'),
    (EWS + URL + 'autodiscover = "https://a.test/"\n', "autodiscover", "keep one of them"),
    (EWS + 'autodiscover = "http://a.test/"\n', "autodiscover", "the password in clear"),
]  # fmt: skip


@pytest.mark.parametrize(("section", "key", "said"), BAD)
def test_what_does_not_is_refused_with_what_to_write(
    tmp_path: Path, section: str, key: str, said: str
) -> None:
    """Each with its key, and without any secret."""
    found = {each.path: f"{each}" for each in mistakes_in(tmp_path, with_server(section))}
    assert said in found[f"servers.one.{key}"]
    assert "hunter2" not in f"{found}"


def test_a_store_on_a_server_has_no_folder_beside_it(tmp_path: Path) -> None:
    """So it is to be said where sign-ins are kept."""
    beside = loaded(tmp_path, with_server(GRAPH + DEVICE))
    assert beside.sign_ins_of(beside.servers["one"]) == tmp_path / "sign-ins"
    store = '[store]\nurl = "postgresql://db/syncd"\n'
    (mistake,) = mistakes_in(tmp_path, store + with_server(GRAPH + DEVICE))
    assert mistake.path == "servers.one.sign_ins"
    named = loaded(tmp_path, store + with_server(GRAPH + DEVICE + 'sign_ins = "s"\n'))
    assert named.sign_ins_of(named.servers["one"]) == tmp_path / "s"


def test_a_client_secret_is_warned_of(tmp_path: Path) -> None:
    """It works; a certificate is better, and a file that all may read is worse."""
    configuration = loaded(tmp_path, with_server(GRAPH + SECRET))
    (missing,) = check_machine(configuration).mistakes
    assert missing.path == "servers.one.client_secret_file"
    assert "write the client secret into it" in f"{missing}"
    (tmp_path / "s").write_text("hunter2\n")
    (tmp_path / "s").chmod(0o644)
    found = check_machine(configuration)
    assert found.mistakes == ()
    assert [each.path for each in found.warnings] == [
        "servers.one.client_secret_file",
        "servers.one.auth",
    ]
    assert client_secret_of(configuration.servers["one"]) == "hunter2"
    by_name = loaded(tmp_path, with_server(GRAPH + GOOD[2].removeprefix(GRAPH)))
    assert client_secret_of(by_name.servers["one"], {"S": "hunter3"}) == "hunter3"
    with pytest.raises(SecretMissing, match="S is not set"):
        client_secret_of(by_name.servers["one"], {})


@pytest.mark.parametrize(
    ("section", "key"),
    [
        (CERTIFICATE, "certificate_file"),
        (f'auth = "federation"\n{APP}federated_token_file = "t"\n', "federated_token_file"),
        (DEVICE + 'sign_ins_key_file = "k"\n', "sign_ins_key_file"),
    ],
)
def test_a_file_that_is_not_there_is_told(tmp_path: Path, section: str, key: str) -> None:
    """Before the first sign-in fails for it."""
    (missing,) = check_machine(loaded(tmp_path, with_server(GRAPH + section))).mistakes
    assert missing.path == f"servers.one.{key}"


WRONG = [
    (EWS + URL + 'verify_tls = "f"\n', "verify_tls", "nothing\n", "f holds no CA certificate"),
    (GRAPH + CERTIFICATE, "certificate_file", "nothing\n", "c holds no certificate"),
    (
        GRAPH + CERTIFICATE,
        "certificate_file",
        "-----BEGIN CERTIFICATE-----\n",
        "c holds no private key",
    ),
    (GRAPH + DEVICE.replace('"1"', f'"{EXAMPLE}"'), "client_id", "", "is only the example's"),
    (
        GRAPH + DEVICE + 'tenant = "contoso.onmicrosoft.com"\n',
        "tenant",
        "",
        "write your organisation's own",
    ),
]


@pytest.mark.parametrize(("section", "key", "content", "said"), WRONG)
def test_what_the_machine_has_will_not_do(
    tmp_path: Path, section: str, key: str, content: str, said: str
) -> None:
    """A file that is there and is not what it should be; an example that nobody filled in."""
    for name in ("f", "c"):
        (tmp_path / name).write_text(content)
    (mistake,) = check_machine(loaded(tmp_path, with_server(section))).mistakes
    assert mistake.path == f"servers.one.{key}"
    assert said in f"{mistake}"


def test_the_examples_are_told_as_such() -> None:
    """All that ship: as they stand, none of them can sign in."""
    for name in ("one-person", "exchange-online", "hybrid"):
        found = check_machine(load(CONFIG / f"{name}.toml")).mistakes
        assert "servers.cloud.client_id" in {each.path for each in found}


def test_by_which_right_a_mailbox_is_entered(tmp_path: Path) -> None:
    """A user who signs in has only their own mailbox."""
    assert loaded(tmp_path, with_server(EWS + DEVICE)).servers["one"].enters_by is Access.DELEGATE
    application = loaded(tmp_path, with_server(EWS + CERTIFICATE)).servers["one"]
    assert application.enters_by is Access.IMPERSONATION


def test_the_clouds_are_those_that_are_known() -> None:
    """Each has its addresses; the words of the file and of the table are the same."""
    assert [each.value for each in Cloud] == [each.value for each in clouds.Cloud]
    for found in clouds.ENDPOINTS.values():
        assert found.graph == f"{found.graph_resource}/v1.0"
        assert found.ews == f"{found.ews_resource}/EWS/Exchange.asmx"
        assert found.authority.startswith("https://login.")
    assert set(clouds.ENDPOINTS) == set(clouds.Cloud)
