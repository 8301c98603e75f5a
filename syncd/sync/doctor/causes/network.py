"""What can be wrong on the way to a server: its name, its certificate, the clocks."""

from __future__ import annotations

from collections.abc import Mapping

from syncd.sync.doctor.finding import Bar, Cause, Level

_UNREACHED = "No mailbox of this server is synced; syncd tries again by itself."

NETWORK: Mapping[str, Mapping[str, Cause]] = {
    "name": {
        "name-fine": Cause(Level.OK, "{host} is {addresses}."),
        "name-unknown": Cause(
            Level.FAILURE,
            "The name {host} is not known here.",
            _UNREACHED,
            "Check `{key}` in [servers.{server}], and this machine's name servers.",
            ("getent hosts {host}",),
            Bar.NETWORK,
        ),
    },
    "tls": {
        "tls-fine": Cause(
            Level.OK,
            "{host} shows a certificate by {issuer}, good until {date}; trusted are {trust}.",
        ),
        "tls-plain": Cause(Level.OK, "{host} is this machine, and is asked over plain HTTP."),
        "tls-unchecked": Cause(
            Level.WARNING,
            "The certificate of {host} is not checked.",
            "Anyone on the way can pose as this server, and read what syncd signs in with.",
            'Write verify_tls = true in [servers.{server}], or the file of its CA: "/path/ca.pem".',
        ),
        "tls-expires": Cause(
            Level.WARNING,
            "The certificate of {host} expires on {date}, in {days} days.",
            "From then on the server is not trusted, and no mailbox of it is synced.",
            "Tell whoever runs that server.",
        ),
        "tls-ca-unusable": Cause(
            Level.FAILURE,
            "{what}, so that no certificate can be trusted by it.",
            "Nothing is sent to this server.",
            "Correct `verify_tls` in [servers.{server}]: {todo}.",
            ("syncd config validate",),
            Bar.CONFIGURATION,
        ),
        "tls-unasked": Cause(
            Level.FAILURE,
            "{host}, port {port}, speaks TLS, and is asked over plain HTTP.",
            "No mailbox of this server is synced.",
            "Write https:// in `{key}` of [servers.{server}].",
            bar=Bar.CONFIGURATION,
        ),
        "connection-refused": Cause(
            Level.FAILURE,
            "Nothing listens at {host}, port {port}.",
            _UNREACHED,
            "Check `{key}` in [servers.{server}], whether the server runs, and the firewall.",
            bar=Bar.NETWORK,
        ),
        "connection-silent": Cause(
            Level.FAILURE,
            "{host}, port {port}, does not answer.",
            _UNREACHED,
            "A firewall may be in between: let this machine out to that port.",
            bar=Bar.NETWORK,
        ),
        "tls-none": Cause(
            Level.FAILURE,
            "{host}, port {port}, speaks no TLS that syncd understands.",
            _UNREACHED,
            "Check the port in `{key}` of [servers.{server}], and that it serves TLS 1.2 or later.",
            bar=Bar.NETWORK,
        ),
        "tls-untrusted": Cause(
            Level.FAILURE,
            "The certificate of {host} is by {issuer}, and trusted are only {trust}.",
            "Nothing is sent there: it could be anybody.",
            "Where that is your own CA, name its file in [servers.{server}]. Where it is a proxy "
            "that opens connections, except {host} from it, or name the proxy's CA.",
            ('verify_tls = "/etc/syncd/ca.pem"',),
            Bar.NETWORK,
        ),
        "tls-wrong-name": Cause(
            Level.FAILURE,
            "The certificate shown at {host} is for {names}.",
            "Nothing is sent there: it could be anybody.",
            "Check `{key}` in [servers.{server}]: a name that the certificate is for is right, as "
            "far as it leads to the same server. Or have a certificate made for {host}.",
            bar=Bar.NETWORK,
        ),
        "tls-expired": Cause(
            Level.FAILURE,
            "The certificate of {host} expired on {date}.",
            "Nothing is sent there: it could be anybody.",
            "Have whoever runs that server renew it; and check this machine's clock.",
            ("timedatectl",),
            Bar.NETWORK,
        ),
        "tls-refused": Cause(
            Level.FAILURE,
            "The certificate of {host} does not pass: {reason}.",
            "Nothing is sent there: it could be anybody.",
            "Have whoever runs that server put it right.",
            bar=Bar.NETWORK,
        ),
    },
    "clock": {
        "clock-fine": Cause(Level.OK, "The clocks of {host}, of the store and of here agree."),
        "clock-unsaid": Cause(
            Level.WARNING,
            "{host} does not say what time it is.",
            "Of two edits of one field it cannot be told which is later: the CRM's counts.",
            "A proxy may take the header Date out of its answers.",
        ),
        "clock-here": Cause(
            Level.WARNING,
            "This machine's clock is {seconds} seconds {way} that of {host}.",
            "Of two edits of one field it cannot be told which is later: the CRM's counts. From "
            "five minutes on a sign-in by certificate is refused.",
            "Set the clock, here or there, whichever is wrong.",
            ("timedatectl set-ntp true",),
        ),
        "clock-store": Cause(
            Level.WARNING,
            "The store's clock is {seconds} seconds {way} that of {host}.",
            "Of two edits of one field it cannot be told which is later: the CRM's counts.",
            "Set the clock of the database's machine, or of that server, whichever is wrong.",
            ("timedatectl set-ntp true",),
        ),
    },
}
