"""Access tokens: signed when given out, and looked through whenever one is shown."""

import base64
import enum
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec

from syncd.sandbox.clock import Clock
from syncd.sandbox.identity import jwt
from syncd.sandbox.identity.registry import (
    EWS_ROLES,
    EWS_SCOPES,
    TENANT,
    Application,
    Resource,
    resource_of,
)

ISSUER = f"https://sts.windows.net/{TENANT}/"
KEY_ID = "sandbox"
_EXTRA = "xms_claims"  # what of a claims request a token answers


class Wrong(enum.Enum):
    """Why a token is refused; the value is what Graph says."""

    MISSING = "Access token is empty."
    MALFORMED = "IDX14100: JWT is not well formed, there are no dots (.)."
    SIGNATURE = "Access token validation failure. Invalid signature."
    EXPIRED = "Lifetime validation failed, the token is expired."
    AUDIENCE = "Access token validation failure. Invalid audience."
    CLAIMS = "Continuous access evaluation resulted in challenge with result: InteractionRequired."
    APPLICATION = "The identity of the calling application could not be established."


@dataclass(eq=False)
class TokenRefused(Exception):
    """A token that is not taken. `claims` is the challenge, as JSON, where that is why."""

    wrong: Wrong
    claims: str = ""
    audience: str = ""

    @property
    def challenge(self) -> str:
        """The value of the WWW-Authenticate header."""
        start = (
            'Bearer realm="", authorization_uri='
            '"https://login.microsoftonline.com/common/oauth2/authorize", '
            'client_id="00000003-0000-0000-c000-000000000000"'
        )
        if self.wrong is Wrong.CLAIMS:
            encoded = base64.b64encode(self.claims.encode()).decode()
            return f'{start}, error="insufficient_claims", claims="{encoded}"'
        return start if self.wrong is Wrong.MISSING else f'{start}, error="invalid_token"'


class Tokens:
    """Gives out and checks access tokens, with one key that lives as long as the sandbox."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._public = self._key.public_key()
        self.lifetime = 3599

    def access(self, application: Application, resource: str, user: str | None, claims: str) -> str:
        """Return a token of an application, or of a user by way of it.

        `resource` is the audience as it was asked for, `claims` what the request asked of it.
        """
        what = resource_of(resource)
        granted = application.consented if application.consent else frozenset()
        about: dict[str, object] = {"idtyp": "app", "oid": application.object_id}
        roles = sorted(role for role in granted if (role in EWS_ROLES) is (what is Resource.EWS))
        if user is None and roles:
            about["roles"] = roles
        if user is not None:
            scopes = (s for s in application.scopes if (s in EWS_SCOPES) is (what is Resource.EWS))
            about = {"idtyp": "user", "oid": user_id(user), "upn": user}
            about["scp"] = " ".join(sorted(scopes))
        return self._signed(
            {
                "aud": resource,
                "iss": ISSUER,
                "appid": application.client_id,
                "app_displayname": application.name,
                "tid": TENANT,
                "ver": "1.0",
                "uti": uuid.uuid4().hex,
                **about,
                _EXTRA: claims,
            }
        )

    def identity(self, application: Application, user: str) -> str:
        """Return the ID token that tells an application who signed in."""
        return self._signed(
            {
                "aud": application.client_id,
                "iss": f"https://login.microsoftonline.com/{TENANT}/v2.0",
                "sub": user_id(user),
                "oid": user_id(user),
                "preferred_username": user,
                "tid": TENANT,
                "ver": "2.0",
            }
        )

    def _signed(self, claims: Mapping[str, object]) -> str:
        now = self._clock.seconds()
        dated = {**claims, "iat": now, "nbf": now, "exp": now + self.lifetime}
        return jwt.sign(dated, self._key, KEY_ID)

    def check(self, raw: str, resource: Resource, demanded: str) -> jwt.Jwt:
        """Read a token that is shown to a resource.

        Raises:
            TokenRefused: not ours, run out, for another resource, or without the claims demanded.

        """
        try:
            token = jwt.read(raw)
        except jwt.NotAJwtError:
            raise TokenRefused(Wrong.MALFORMED) from None
        if not token.signed_by(self._public):
            raise TokenRefused(Wrong.SIGNATURE)
        if token.number("exp") <= self._clock.seconds():
            raise TokenRefused(Wrong.EXPIRED)
        if resource_of(token.text("aud")) is not resource:
            raise TokenRefused(Wrong.AUDIENCE, audience=token.text("aud"))
        if demanded and not _answers(token.text(_EXTRA), demanded):
            raise TokenRefused(Wrong.CLAIMS, claims=demanded)
        return token

    def keys(self) -> dict[str, object]:
        """Return the public key as a key set."""
        numbers = self._public.public_numbers()
        x, y = (jwt.b64(n.to_bytes(32)) for n in (numbers.x, numbers.y))
        key = {"kty": "EC", "use": "sig", "kid": KEY_ID, "alg": "ES256", "crv": "P-256"}
        return {"keys": [{**key, "x": x, "y": y}]}


def user_id(address: str) -> str:
    """The object id of a user."""
    return str(uuid.uuid5(uuid.UUID(TENANT), address.lower()))


def _answers(asked: str, demanded: str) -> bool:
    """Whether a claims request holds what a challenge demands of the access token."""
    have, want = (
        json.loads(each).get("access_token", {}) if each else {} for each in (asked, demanded)
    )
    return all(have.get(name) == value for name, value in want.items())
