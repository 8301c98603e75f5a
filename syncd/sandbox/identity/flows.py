"""The ways to a token: as an application, as a user with a device code, and by refresh token."""

import base64
import json
from collections.abc import Mapping

from syncd.sandbox.identity import errors
from syncd.sandbox.identity.assertions import prove
from syncd.sandbox.identity.devices import PATH as DEVICE
from syncd.sandbox.identity.registry import Application, Resource, resource_of
from syncd.sandbox.identity.tenant import Entra
from syncd.sandbox.identity.tokens import user_id
from syncd.sandbox.organisation import Organisation

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_DEFAULT = "/.default"
_OF_OPENID = frozenset({"openid", "profile", "offline_access", "email"})


class Flows:
    """The token requests of one tenant, reached at `base`."""

    def __init__(self, entra: Entra, organisation: Organisation, base: str) -> None:
        self._entra = entra
        self._organisation = organisation
        self._login = f"{base}/{entra.tenant}"

    def configuration(self) -> Mapping[str, object]:
        """The OpenID configuration."""
        return {
            "token_endpoint": f"{self._login}/oauth2/v2.0/token",
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
            "jwks_uri": f"{self._login}/discovery/v2.0/keys",
            "issuer": f"{self._login}/v2.0",
            "authorization_endpoint": f"{self._login}/oauth2/v2.0/authorize",
            "device_authorization_endpoint": f"{self._login}/oauth2/v2.0/devicecode",
            "response_types_supported": ["code", "id_token"],
            "scopes_supported": sorted(_OF_OPENID),
            "id_token_signing_alg_values_supported": ["ES256"],
            "subject_types_supported": ["pairwise"],
        }

    def device(self, form: Mapping[str, str]) -> Mapping[str, object]:
        """Begin a sign-in with a device code."""
        application = self._entra.application(_given(form, "client_id"))
        self._resource(_given(form, "scope"))
        device = self._entra.grants.begin(application.client_id, form["scope"])
        where = f"{self._login.rpartition('/')[0]}{DEVICE}"
        return {
            "user_code": device.user_code,
            "device_code": device.code,
            "verification_uri": where,
            "expires_in": device.expires - self._entra.clock.seconds(),
            "interval": self._entra.grants.interval,
            "message": f"To sign in, use a web browser to open the page {where} and enter the code "
            f"{device.user_code} to authenticate.",
        }

    def token(self, form: Mapping[str, str]) -> Mapping[str, object]:
        """Give out a token.

        Raises:
            SignInRefused: see `errors`.

        """
        grant = _given(form, "grant_type")
        application = self._entra.application(_given(form, "client_id"))
        if grant == "client_credentials":
            return self._as_application(application, form)
        if grant not in (DEVICE_GRANT, "refresh_token"):
            raise errors.unsupported_grant(grant)
        if not application.public or form.keys() & {"client_secret", "client_assertion"}:
            self._prove(application, form)
        if grant == DEVICE_GRANT:
            code = form.get("device_code") or form.get("code") or ""
            device = self._entra.grants.redeem(application.client_id, code)
            return self._as_user(application, device.user, device.scope, form)
        user = self._entra.grants.user_of(application.client_id, _given(form, "refresh_token"))
        return self._as_user(application, user, _given(form, "scope"), form)

    def _prove(self, application: Application, form: Mapping[str, str]) -> None:
        audiences = (f"{self._login}/oauth2/v2.0/token", f"{self._login}/v2.0", self._login)
        prove(application, form, self._entra.clock, audiences)

    def _as_application(
        self, application: Application, form: Mapping[str, str]
    ) -> Mapping[str, object]:
        self._prove(application, form)
        scope = _given(form, "scope")
        if not scope.endswith(_DEFAULT):
            raise errors.not_default_scope(scope)
        resource, _ = self._resource(scope)
        tokens = self._entra.tokens
        token = tokens.access(application, resource, None, _claims(form))
        return {
            "token_type": "Bearer",
            "expires_in": tokens.lifetime,
            "ext_expires_in": tokens.lifetime,
            "access_token": token,
        }

    def _as_user(
        self, application: Application, user: str, scope: str, form: Mapping[str, str]
    ) -> Mapping[str, object]:
        resource, what = self._resource(scope)
        tokens, asked = self._entra.tokens, scope.split()
        permissions = {each.rpartition("/")[2] for each in asked} - _OF_OPENID - {".default"}
        if not application.consent or permissions - application.scopes:
            raise errors.consent_missing(application.client_id, application.name)
        ours = sorted(
            s for s in application.scopes if s.startswith("EWS.") is (what is Resource.EWS)
        )
        answer: dict[str, object] = {
            "token_type": "Bearer",
            "scope": " ".join(f"{resource}/{each}" for each in ours),
            "expires_in": tokens.lifetime,
            "ext_expires_in": tokens.lifetime,
            "access_token": tokens.access(application, resource, user, _claims(form)),
        }
        if "offline_access" in asked:
            answer["refresh_token"] = self._entra.grants.refresh_token(application.client_id, user)
        if "openid" in asked:
            answer["id_token"] = tokens.identity(application, user)
        if form.get("client_info") == "1":
            about = {"uid": user_id(user), "utid": self._entra.tenant}
            answer["client_info"] = base64.urlsafe_b64encode(json.dumps(about).encode()).decode()
        return answer

    def _resource(self, scope: str) -> tuple[str, Resource]:
        """Return the audience that a scope is for, as it was written, and what that is."""
        wanted = [each for each in scope.split() if each not in _OF_OPENID]
        # A permission without an audience in front of it is one of Graph.
        named = {each.rpartition("/")[0].rstrip("/") or Resource.GRAPH.value for each in wanted}
        for name in sorted(named) or [Resource.GRAPH.value]:
            what = resource_of(name)
            if what is not None and len(named) < 2:
                return name, what
        raise errors.unknown_resource(" ".join(sorted(named)), self._entra.tenant)


def _given(form: Mapping[str, str], name: str) -> str:
    if not form.get(name):
        raise errors.missing(name)
    return form[name]


def _claims(form: Mapping[str, str]) -> str:
    """What is demanded of the token, which is a JSON object of JSON objects, or nothing."""
    asked = form.get("claims", "")
    try:
        found = json.loads(asked or "{}")
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not isinstance(found.get("access_token", {}), dict):
        raise errors.bad_claims()
    return asked
