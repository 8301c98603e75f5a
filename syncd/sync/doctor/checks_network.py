"""The checks of the way to a server: its names, its certificates, the clocks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

from syncd.settings.pem import NAME_A_CA, refusal_of_ca
from syncd.sync.doctor import wire
from syncd.sync.doctor.causes import found
from syncd.sync.doctor.finding import Finding
from syncd.sync.doctor.patients import SOON, ServerPatient
from syncd.sync.doctor.wire import Address, Broken, Handshake
from syncd.sync.session import CLOCK_SLACK

_BROKEN: Mapping[Broken, str] = {
    Broken.REFUSED: "connection-refused",
    Broken.SILENT: "connection-silent",
    Broken.NO_TLS: "tls-none",
    Broken.UNASKED: "tls-unasked",
    Broken.UNTRUSTED: "tls-untrusted",
    Broken.WRONG_NAME: "tls-wrong-name",
    Broken.EXPIRED: "tls-expired",
    Broken.OTHER: "tls-refused",
}


def names(server: ServerPatient) -> Iterator[Finding]:
    """Whether the names of a server are known here."""
    for address in server.addresses:
        numbers = wire.addresses_of(address.host)
        code = "name-fine" if numbers else "name-unknown"
        yield found(
            code, server=server.name, host=address.host, key=address.key,
            addresses=", ".join(numbers[:3]) + (", …" if len(numbers) > 3 else ""),
        )  # fmt: skip


def certificates(server: ServerPatient) -> Iterator[Finding]:
    """Whether something listens there, and can be trusted to be that server."""
    verify = server.section.verify_tls
    untrusting = refusal_of_ca(verify) if isinstance(verify, Path) else None
    if untrusting is not None:
        yield found("tls-ca-unusable", server=server.name, what=untrusting, todo=NAME_A_CA)
        return
    for address in server.addresses:
        if address.secure:
            yield from _certificate(server, address)
            continue
        broken = wire.answers(address)
        code = "tls-plain" if broken is None else _BROKEN[broken]
        yield found(code, server=server.name, host=address.host, port=address.port, key=address.key)


def _certificate(server: ServerPatient, address: Address) -> Iterator[Finding]:
    verify = server.section.verify_tls
    hands = wire.shake_hands(address, verify)
    holes = _holes(server, address, hands)
    if hands.broken is not None:
        yield found(_BROKEN[hands.broken], detail=hands.reason, **holes)
    elif verify is False:
        yield found("tls-unchecked", **holes)
    elif hands.shown is not None and hands.shown.until - server.now() < SOON:
        yield found("tls-expires", **holes)
    else:
        yield found("tls-fine", **holes)


def _holes(server: ServerPatient, address: Address, hands: Handshake) -> dict[str, object]:
    shown = hands.shown
    left = shown.until - server.now() if shown else timedelta()
    return {
        "server": server.name,
        "host": address.host,
        "port": address.port,
        "key": address.key,
        "trust": wire.trust_of(server.section.verify_tls),
        "reason": hands.reason,
        "issuer": shown.issuer if shown else "somebody unknown",
        "names": ", ".join(shown.names[:5]) if shown and shown.names else "no name at all",
        "date": f"{shown.until:%Y-%m-%d}" if shown else "a day that is not said",
        "days": left.days,
    }


def clocks(server: ServerPatient) -> Iterator[Finding]:
    """Whether the clocks of the server, of the store and of this machine agree to a minute."""
    address = server.addresses[0]
    said = wire.time_at(address.url, server.section.verify_tls)
    holes = {"server": server.name, "host": address.host}
    if said is None:
        yield found("clock-unsaid", **holes)
        return
    apart = {"clock-here": server.now() - said}
    theirs = server.store_time()
    if theirs is not None:
        apart["clock-store"] = theirs - said
    off = {code: gap for code, gap in apart.items() if abs(gap) > CLOCK_SLACK}
    for code, gap in off.items():
        way = "ahead of" if gap > timedelta() else "behind"
        yield found(code, seconds=round(abs(gap.total_seconds())), way=way, **holes)
    if not off:
        yield found("clock-fine", **holes)
