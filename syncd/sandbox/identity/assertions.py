"""The proof of an application: its secret, or an assertion signed with what was registered."""

import hmac
import time
from collections.abc import Mapping
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from syncd.sandbox.clock import Clock
from syncd.sandbox.identity import errors, jwt
from syncd.sandbox.identity.registry import Application

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_SKEW = 300


def prove(
    application: Application, form: Mapping[str, str], clock: Clock, audiences: tuple[str, ...]
) -> None:
    """Check what a token request brings to show that it is an application's.

    Raises:
        SignInRefused: it brings nothing, or what does not hold.

    """
    if "client_assertion" in form:
        if form.get("client_assertion_type") != ASSERTION_TYPE:
            raise errors.missing("client_assertion_type")
        _assertion(application, form["client_assertion"], clock, audiences)
    elif "client_secret" in form:
        _secret(application, form["client_secret"], clock.seconds())
    else:
        raise errors.no_credential()


def _secret(application: Application, shown: str, now: int) -> None:
    known = [
        s for s in application.secrets if hmac.compare_digest(s.value.encode(), shown.encode())
    ]
    if not known:
        raise errors.wrong_secret(application.client_id)
    if all(secret.expires is not None and secret.expires <= now for secret in known):
        raise errors.expired_secret(application.client_id)


def _assertion(
    application: Application, raw: str, clock: Clock, audiences: tuple[str, ...]
) -> None:
    try:
        token = jwt.read(raw)
    except jwt.NotAJwtError as error:
        raise errors.bad_assertion(50027, f"JWT token is invalid or malformed. {error}") from None
    # An assertion is dated by the client's clock. That is the machine's, which no test moves; the
    # clock of the sandbox is, so that tokens run out.
    now = time.time()
    if not token.number("nbf") - _SKEW <= now < token.number("exp") + _SKEW:
        raise errors.bad_assertion(
            700024,
            "Client assertion is not within its valid time range. "
            f"Current time: {datetime.fromtimestamp(now, UTC):%Y-%m-%dT%H:%M:%SZ}.",
        )
    if token.text("iss") != application.client_id:
        _federated(application, token)
        return
    if token.text("sub") != application.client_id:
        raise errors.bad_assertion(
            700021,
            "Client assertion application identifier doesn't match 'client_id' parameter.",
        )
    if token.text("aud") not in audiences:
        raise errors.bad_assertion(
            700023, "Client assertion audience claim does not match Realm issuer."
        )
    _certified(application, token, clock.seconds())


def _certified(application: Application, token: jwt.Jwt, now: int) -> None:
    header = token.header
    thumbprint = str(header.get("x5t#S256") or header.get("x5t") or header.get("kid") or "")
    bare = thumbprint.rstrip("=")  # msal pads it, other clients do not
    found = next((c for c in application.certificates if bare in _thumbprints(c)), None)
    if found is None:
        raise errors.bad_certificate("The key was not found.", thumbprint)
    if found.not_valid_after_utc.timestamp() <= now:
        raise errors.bad_certificate("The key used is expired.", thumbprint)
    if not _signed_by(token, found):
        raise errors.bad_certificate(
            "The key was found, but use of the key to verify the signature failed.", thumbprint
        )


def _thumbprints(certificate: x509.Certificate) -> set[str]:
    digests = (
        certificate.fingerprint(hashes.SHA256()),
        certificate.fingerprint(hashes.SHA1()),  # noqa: S303  # the older name of the same
    )
    return {form for each in digests for form in (jwt.b64(each), each.hex().upper())}


def _signed_by(token: jwt.Jwt, certificate: x509.Certificate) -> bool:
    key = certificate.public_key()
    return isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey) and token.signed_by(key)


def _federated(application: Application, token: jwt.Jwt) -> None:
    issuer, subject, audience = (token.text(name) for name in ("iss", "sub", "aud"))
    of_issuer = [each for each in application.federations if each.issuer == issuer]
    if not of_issuer:
        raise errors.bad_assertion(
            700211,
            "No matching federated identity record found for presented assertion issuer "
            f"'{issuer}'.",
        )
    of_subject = [each for each in of_issuer if each.subject == subject]
    if not of_subject:
        raise errors.bad_assertion(
            700213,
            "No matching federated identity record found for presented assertion subject "
            f"'{subject}'.",
        )
    matching = [each for each in of_subject if each.audience == audience]
    if not matching:
        raise errors.bad_assertion(
            700212,
            "No matching federated identity record found for presented assertion audience "
            f"'{audience}'.",
        )
    if not any(token.signed_by(each.key) for each in matching):
        raise errors.bad_assertion(50013, "Assertion failed signature validation.")
