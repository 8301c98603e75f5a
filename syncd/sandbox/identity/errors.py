"""What Entra says when a sign-in fails: an OAuth error, an AADSTS number, and a sentence."""

import json
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

from syncd.sandbox.web import Answer


@dataclass(eq=False)
class SignInRefused(Exception):
    """A sign-in that fails. `code` is the number after AADSTS."""

    error: str
    code: int
    message: str
    suberror: str = ""

    @property
    def status(self) -> int:
        """The HTTP status: 401 where the client did not prove who it is, 400 for the rest."""
        return 401 if self.error == "invalid_client" else 400


def unknown_tenant(tenant: str, error: str) -> SignInRefused:
    """Nobody has such a tenant; what that is called depends on the endpoint."""
    return SignInRefused(
        error,
        90002,
        f"Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are "
        "signing into the correct cloud. Check with your subscription administrator, this may "
        "happen if there are no active subscriptions for the tenant.",
    )


def unknown_application(client_id: str, tenant: str) -> SignInRefused:
    """No such application in this tenant."""
    return SignInRefused(
        "unauthorized_client",
        700016,
        f"Application with identifier '{client_id}' was not found in the directory '{tenant}'. "
        "This can happen if the application has not been installed by the administrator of the "
        "tenant or consented to by any user in the tenant. You may have sent your authentication "
        "request to the wrong tenant.",
    )


def wrong_secret(client_id: str) -> SignInRefused:
    """The secret is none of the application's."""
    return SignInRefused(
        "invalid_client",
        7000215,
        "Invalid client secret provided. Ensure the secret being sent in the request is the client "
        f"secret value, not the client secret ID, for a secret added to app '{client_id}'.",
    )


def expired_secret(client_id: str) -> SignInRefused:
    """The secret was the application's until it ran out."""
    return SignInRefused(
        "invalid_client",
        7000222,
        f"The provided client secret keys for app '{client_id}' are expired. Visit the Azure "
        "portal to create new keys for your app: https://aka.ms/NewClientSecret, or consider using "
        "certificate credentials for added security: https://aka.ms/certCreds.",
    )


def no_credential() -> SignInRefused:
    """A confidential client came without secret and assertion."""
    return SignInRefused(
        "invalid_client",
        7000218,
        "The request body must contain the following parameter: 'client_assertion' or "
        "'client_secret'.",
    )


def bad_certificate(reason: str, thumbprint: str) -> SignInRefused:
    """The assertion does not hold against the certificates of the application."""
    return SignInRefused(
        "invalid_client",
        700027,
        "The certificate with identifier used to sign the client assertion is not registered on "
        f"application. [Reason - {reason}, Thumbprint of key used by client: '{thumbprint}']",
    )


def bad_assertion(code: int, message: str) -> SignInRefused:
    """The assertion is no good whoever signed it."""
    return SignInRefused("invalid_client", code, message)


def consent_missing(client_id: str, name: str) -> SignInRefused:
    """Neither the user nor an administrator has agreed to what the application asks."""
    return SignInRefused(
        "invalid_grant",
        65001,
        f"The user or administrator has not consented to use the application with ID '{client_id}' "
        f"named '{name}'. Send an interactive authorization request for this user and resource.",
        suberror="consent_required",
    )


def unknown_resource(resource: str, tenant: str) -> SignInRefused:
    """The scope is of nothing that this tenant knows."""
    return SignInRefused(
        "invalid_resource",
        500011,
        f"The resource principal named {resource} was not found in the tenant named {tenant}. This "
        "can happen if the application has not been installed by the administrator of the tenant "
        "or consented to by any user in the tenant. You might have sent your authentication "
        "request to the wrong tenant.",
    )


def not_default_scope(scope: str) -> SignInRefused:
    """An application asked for single permissions."""
    return SignInRefused(
        "invalid_scope",
        1002012,
        f"The provided value for scope {scope} is not valid. Client credential flows must have a "
        "scope value with /.default suffixed to the resource identifier (application ID URI).",
    )


def missing(parameter: str) -> SignInRefused:
    """The request lacks something."""
    return SignInRefused(
        "invalid_request",
        900144,
        f"The request body must contain the following parameter: '{parameter}'.",
    )


def bad_claims() -> SignInRefused:
    """What the request demands of the token is no JSON object."""
    return SignInRefused(
        "invalid_request", 9002313, "Invalid request. Request is malformed or invalid."
    )


def unsupported_grant(grant: str) -> SignInRefused:
    """A way to sign in that there is not."""
    return SignInRefused(
        "unsupported_grant_type",
        70003,
        f"The app requested an unsupported grant type '{grant}'.",
    )


def revoked() -> SignInRefused:
    """The refresh token is from before the user's sessions were revoked."""
    return SignInRefused(
        "invalid_grant",
        50173,
        "The provided grant has expired due to it being revoked, a fresh auth token is needed. The "
        "user might have changed or reset their password.",
        suberror="bad_token",
    )


def refresh_expired() -> SignInRefused:
    """Nobody used the refresh token in its time."""
    return SignInRefused(
        "invalid_grant",
        700082,
        "The refresh token has expired due to inactivity.",
        suberror="bad_token",
    )


def refresh_unknown() -> SignInRefused:
    """No such refresh token was given to this application."""
    return SignInRefused(
        "invalid_grant", 9002313, "Invalid request. Request is malformed or invalid."
    )


def pending() -> SignInRefused:
    """The user has not yet typed the code."""
    return SignInRefused(
        "authorization_pending",
        70016,
        "OAuth 2.0 device flow error. Authorization is pending. Continue polling.",
    )


def declined() -> SignInRefused:
    """The user said no."""
    return SignInRefused(
        "authorization_declined",
        65004,
        "User declined to consent to access the app.",
    )


def code_expired() -> SignInRefused:
    """The user took too long."""
    return SignInRefused(
        "expired_token", 70020, "The provided value for the device code has expired."
    )


def code_unknown() -> SignInRefused:
    """No such device code was given to this application."""
    return SignInRefused(
        "bad_verification_code", 70018, "The provided value for the 'device_code' is not valid."
    )


def answer(refused: SignInRefused, now: int, correlation: str) -> Answer:
    """Return a refusal as it goes over the wire."""
    trace, at = str(uuid.uuid4()), f"{datetime.fromtimestamp(now, UTC):%Y-%m-%d %H:%M:%SZ}"
    body: dict[str, object] = {
        "error": refused.error,
        "error_description": f"AADSTS{refused.code}: {refused.message} Trace ID: {trace} "
        f"Correlation ID: {correlation} Timestamp: {at}",
        "error_codes": [refused.code],
        "timestamp": at,
        "trace_id": trace,
        "correlation_id": correlation,
        "error_uri": f"https://login.microsoftonline.com/error?code={refused.code}",
    }
    if refused.suberror:
        body["suberror"] = refused.suberror
    return Answer(refused.status, json.dumps(body).encode(), "application/json; charset=utf-8")
