"""The identity that a machine has of itself (IMDS), without any secret.

msal asks here when AZURE_POD_IDENTITY_AUTHORITY_HOST is the base URL of the sandbox.
"""

import json
import urllib.parse

from syncd.sandbox.identity.registry import resource_of
from syncd.sandbox.identity.tenant import Entra
from syncd.sandbox.web import Answer, Call

PATH = "/metadata/identity/oauth2/token"


def machine_token(entra: Entra, call: Call) -> Answer:
    """Answer a request for a token of a managed identity."""
    query = dict(urllib.parse.parse_qsl(call.query))
    if call.method != "GET":
        return Answer(405, b"", "text/plain")
    if call.headers.get("metadata", "").lower() != "true":
        return _refused("invalid_request", "Required metadata header not specified")
    if "api-version" not in query or "resource" not in query:
        return _refused("invalid_request", "Required query variables are missing")
    identity = entra.managed(query.get("client_id"))
    if identity is None:
        return _refused("invalid_request", "Identity not found")
    resource = query["resource"].rstrip("/")
    if resource_of(resource) is None:
        return _refused(
            "invalid_resource",
            f"AADSTS500011: The resource principal named {resource} was not found in the tenant "
            f"named {entra.tenant}.",
        )
    now, lifetime = entra.clock.seconds(), entra.tokens.lifetime
    answer = {
        "access_token": entra.tokens.access(identity, resource, None, ""),
        "client_id": identity.client_id,
        "expires_in": str(lifetime),
        "expires_on": str(now + lifetime),
        "ext_expires_in": str(lifetime),
        "not_before": str(now),
        "resource": query["resource"],
        "token_type": "Bearer",
    }
    return Answer(200, json.dumps(answer).encode(), "application/json; charset=utf-8")


def _refused(error: str, description: str) -> Answer:
    body = json.dumps({"error": error, "error_description": description})
    return Answer(400, body.encode(), "application/json; charset=utf-8")
