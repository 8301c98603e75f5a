"""What can be wrong on this machine: the configuration, the secrets it names, the store."""

from __future__ import annotations

from collections.abc import Mapping

from syncd.sync.doctor.finding import Bar, Cause, Level

_NEW_CERTIFICATE = (
    "Make a new one, upload it beside the old one, then put it in the old one's place; "
    "deploy/entra/README.md has the lines."
)

HERE: Mapping[str, Mapping[str, Cause]] = {
    "configuration": {
        "configuration-fine": Cause(Level.OK, "{path} has no mistake."),
        "configuration-read": Cause(
            Level.OK, "{path} can be read. What it names and this machine lacks is told below."
        ),
        "configuration-missing": Cause(
            Level.FAILURE,
            "There is no configuration file {path}.",
            "syncd does nothing.",
            "Write one to start from.",
            ("syncd init --path {path}",),
            Bar.CONFIGURATION,
        ),
        "configuration-mistake": Cause(
            Level.FAILURE,
            "{path} has a mistake: {mistake}",
            "syncd does nothing until it is put right.",
            "Put it right, then check it.",
            ("syncd --config {path} config validate",),
            Bar.CONFIGURATION,
        ),
        "configuration-exposed": Cause(
            Level.WARNING,
            "Others than its owner may change {path}.",
            "Whoever may write there decides what syncd does in the mailboxes.",
            type=("chmod go-w {path}",),
        ),
        "configuration-unwise": Cause(
            Level.WARNING, "{mistake}.", "It works, and is not as it should be.", "{todo}"
        ),
        "server-unknown": Cause(
            Level.FAILURE,
            "The configuration has no server {named!r}; it has {known}.",
            "There is nothing to look at.",
            "Name one of them.",
            ("syncd doctor --server NAME",),
            Bar.CONFIGURATION,
        ),
    },
    "secrets": {
        "secrets-fine": Cause(
            Level.OK, "What the server signs in with is there, and only its owner may read it."
        ),
        "secrets-each": Cause(
            Level.OK, "Each mailbox signs in by itself; what it signs in with is told with it."
        ),
        "sign-in-example": Cause(
            Level.FAILURE,
            "`{key}` in [servers.{server}]: {what}.",
            "No mailbox of this server is synced.",
            "{todo}",
            ("syncd config validate",),
            bar=Bar.CONFIGURATION,
        ),
        "secret-missing": Cause(
            Level.FAILURE,
            "What the server signs in with cannot be had: {what}.",
            "No mailbox of this server is synced.",
            "{todo}",
            bar=Bar.CONFIGURATION,
        ),
        "secret-exposed": Cause(
            Level.WARNING,
            "Others than its owner may read {file}.",
            "Whoever reads it can do in the mailboxes what syncd can.",
            type=("chmod 600 {file}",),
        ),
        "secret-plain": Cause(
            Level.WARNING,
            "The application signs in with a client secret.",
            "A secret is sent with every sign-in, and whoever copies it is syncd from then on; the "
            "key of a certificate stays on this machine.",
            'Make a certificate (deploy/entra/README.md), and write auth = "certificate".',
        ),
        "certificate-unreadable": Cause(
            Level.FAILURE,
            "{file} is no certificate with its private key.",
            "No mailbox of this server is synced.",
            "Put both into it as PEM, one after the other.",
            ("cat syncd.crt syncd.key > {file}", "chmod 600 {file}"),
            Bar.CONFIGURATION,
        ),
        "certificate-expired": Cause(
            Level.FAILURE,
            "The certificate in {file} expired on {date}.",
            "The sign-in is refused, and no mailbox of this server is synced.",
            _NEW_CERTIFICATE,
            ("./register.ps1 -Certificate syncd.crt -Group GROUP",),
            Bar.CONFIGURATION,
        ),
        "certificate-early": Cause(
            Level.FAILURE,
            "The certificate in {file} is valid from {date} on, and not yet.",
            "The sign-in is refused until then.",
            "Check this machine's clock, and what day the certificate was made for.",
            ("timedatectl",),
            Bar.CONFIGURATION,
        ),
        "certificate-expires": Cause(
            Level.WARNING,
            "The certificate in {file} expires on {date}, in {days} days.",
            "From then on the sign-in is refused.",
            _NEW_CERTIFICATE,
            ("./register.ps1 -Certificate syncd.crt -Group GROUP",),
        ),
    },
    "store": {
        "store-fine": Cause(Level.OK, "The store is open. Mailboxes that are served: {count}."),
        "store-closed": Cause(
            Level.FAILURE,
            "{what}",
            "It is not known who is served, so that only mailboxes named here are looked at.",
            "{todo}",
            bar=Bar.CONFIGURATION,
        ),
        "mailbox-not-served": Cause(
            Level.WARNING,
            "{mailbox} is not served.",
            "It is not synced. It is looked at all the same, on {servers}.",
            "Have it served.",
            ("syncd users add {mailbox} --policy NAME --pending",),
        ),
    },
}
