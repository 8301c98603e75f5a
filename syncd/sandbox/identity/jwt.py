"""JSON web tokens, as far as the sandbox writes and checks them (RFC 7515, 7518, 7519).

Of its own, since msal signs with a library: what one gets wrong the other is to find.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey
_HALF = 32  # bytes of each of the two numbers of an ES256 signature


class NotAJwtError(ValueError):
    """Not three parts of base64url with JSON objects in the first two."""


@dataclass(frozen=True, slots=True)
class Jwt:
    """A token that was read; nobody has checked its signature yet."""

    header: Mapping[str, object]
    claims: Mapping[str, object]
    signed: bytes
    signature: bytes

    def text(self, claim: str) -> str:
        """A claim as text, empty where there is none."""
        value = self.claims.get(claim)
        return value if isinstance(value, str) else ""

    def number(self, claim: str) -> float:
        """A claim as a number, 0 where there is none."""
        value = self.claims.get(claim)
        return value if isinstance(value, int | float) and not isinstance(value, bool) else 0

    def signed_by(self, key: PublicKey) -> bool:
        """Whether the signature is that of a key, by the algorithm that the header names."""
        algorithm = self.header.get("alg")
        try:
            if isinstance(key, ec.EllipticCurvePublicKey):
                if algorithm != "ES256" or len(self.signature) != 2 * _HALF:
                    return False
                r, s = (int.from_bytes(self.signature[at : at + _HALF]) for at in (0, _HALF))
                key.verify(encode_dss_signature(r, s), self.signed, ec.ECDSA(hashes.SHA256()))
                return True
            padded = {"RS256": padding.PKCS1v15(), "PS256": _PSS}.get(str(algorithm))
            if padded is None:
                return False
            key.verify(self.signature, self.signed, padded, hashes.SHA256())
        except InvalidSignature:
            return False
        return True


_PSS = padding.PSS(padding.MGF1(hashes.SHA256()), hashes.SHA256.digest_size)


def b64(raw: bytes) -> str:
    """base64url without padding, as everything in a token is written."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    """The same backwards.

    Raises:
        NotAJwtError: it is not base64url.

    """
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise NotAJwtError(str(error)) from error


def sign(claims: Mapping[str, object], key: ec.EllipticCurvePrivateKey, key_id: str) -> str:
    """Return a signed token (ES256)."""
    header = {"typ": "JWT", "alg": "ES256", "kid": key_id}
    signed = ".".join(
        b64(json.dumps(part, separators=(",", ":")).encode()) for part in (header, claims)
    )
    r, s = decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
    return f"{signed}.{b64(r.to_bytes(_HALF) + s.to_bytes(_HALF))}"


def read(token: str) -> Jwt:
    """Read a token.

    Raises:
        NotAJwtError: see there.

    """
    parts = token.split(".")
    if len(parts) != 3:
        raise NotAJwtError("There are not three parts.")
    try:
        header, claims = (json.loads(unb64(part)) for part in parts[:2])
    except (ValueError, RecursionError) as error:
        raise NotAJwtError(str(error)) from error
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise NotAJwtError("A part is no JSON object.")
    return Jwt(header, claims, ".".join(parts[:2]).encode(), unb64(parts[2]))
