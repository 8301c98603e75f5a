"""`$batch`: up to twenty requests in one, each with an answer of its own, in whatever order."""

import json
import zlib
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from syncd.sandbox.graph.asked import PREFIX, Json
from syncd.sandbox.graph.errors import GraphError
from syncd.sandbox.web import Answer, Call

BATCH = "$batch"
_MOST = 20
_METHODS = frozenset({"GET", "POST", "PATCH", "PUT", "DELETE"})
_FAILED = 400


@dataclass(frozen=True, slots=True)
class Part:
    """One of the requests; `after` are the ids of those that must have succeeded."""

    id: str
    call: Call
    after: tuple[str, ...]


def read_batch(body: Json, whole: Call) -> list[Part]:
    """Take a batch apart.

    Raises:
        GraphError: it is no batch, or too large a one.

    """
    given = body.get("requests")
    if not isinstance(given, list) or not given or not all(isinstance(e, dict) for e in given):
        raise GraphError("BadRequest", "Invalid batch payload format.")
    if len(given) > _MOST:
        raise GraphError(
            "BadRequest", f"Number of batch request steps exceeds the maximum value of {_MOST}."
        )
    parts: list[Part] = []
    seen: set[str] = set()
    for each in given:
        part = _part(each, whole)
        if part.id in seen:
            raise GraphError("BadRequest", f"Request id '{part.id}' is used more than once.")
        if not seen.issuperset(part.after):
            raise GraphError(
                "BadRequest", f"Request id '{part.id}' depends on one that is not before it."
            )
        seen.add(part.id)
        parts.append(part)
    return parts


def _part(given: Mapping[str, Any], whole: Call) -> Part:
    key, method, url = given.get("id"), given.get("method"), given.get("url")
    headers, after = given.get("headers") or {}, given.get("dependsOn") or []
    if not isinstance(key, str) or not key or not isinstance(url, str):
        raise GraphError("BadRequest", "A batch request needs an 'id', a 'method' and a 'url'.")
    if not isinstance(method, str) or method.upper() not in _METHODS:
        raise GraphError("BadRequest", f"Request id '{key}' has an invalid method.")
    if url.partition("?")[0].strip("/") == BATCH:
        raise GraphError("BadRequest", "A batch cannot be a part of a batch.")
    if not isinstance(headers, dict) or not isinstance(after, list):
        raise GraphError("BadRequest", f"Request id '{key}' is malformed.")
    named = {str(name).lower(): str(value) for name, value in headers.items()}
    body = b""
    if "body" in given:
        if "content-type" not in named:
            raise GraphError(
                "BadRequest",
                f"Write request id : {key} does not contain Content-Type header or body.",
            )
        body = json.dumps(given["body"]).encode()
    # The manual says relative, and Microsoft's own SDK sends them whole.
    path, _, query = url.removeprefix(f"{whole.base}{PREFIX}").partition("?")
    return Part(
        key,
        Call(method.upper(), f"{PREFIX}/{path.lstrip('/')}", query, named, body, whole.base),
        tuple(map(str, after)),
    )


def run_batch(parts: list[Part], perform: Callable[[Call], Answer], failed: Answer) -> Json:
    """Do the parts, and put their answers together; one that waited for a failed one is `failed`.

    Their order is none that a client could count on, but always the same.
    """
    answers: dict[str, Answer] = {}
    for part in parts:
        blocked = any(answers[key].status >= _FAILED for key in part.after)
        answers[part.id] = failed if blocked else perform(part.call)
    shuffled = sorted(answers, key=lambda key: zlib.crc32(key.encode()))
    return {"responses": [_written(key, answers[key]) for key in shuffled]}


def _written(key: str, answer: Answer) -> Json:
    made: Json = {"id": key, "status": answer.status, "headers": dict(answer.headers)}
    if answer.body:
        made["headers"]["Content-Type"] = answer.content_type
        # What is no JSON is given in base64, as documented ("Combine multiple HTTP requests").
        is_json = answer.content_type.startswith("application/json")
        made["body"] = json.loads(answer.body) if is_json else b64encode(answer.body).decode()
    return made
