"""The control endpoint: JSON under /_sandbox/, for people and for tests in another process."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict

from syncd.sandbox.clock import Clock
from syncd.sandbox.ews.service import Service
from syncd.sandbox.faults import Fault, FaultRuleError, Faults, read_fault
from syncd.sandbox.organisation import Organisation
from syncd.sandbox.requests import Requests

PREFIX = "/_sandbox/"
_WHAT = "GET health, GET|DELETE requests, GET|POST|DELETE faults, GET|POST clock"


# Further calls: method, name and body give an answer, or None where it is none of them.
Route = Callable[[str, str, bytes], Mapping[str, object] | None]


class ControlError(ValueError):
    """A call that cannot be; the message says why and what can."""


class Control:
    """Answers the calls. The caller holds the lock of the organisation."""

    def __init__(
        self,
        organisation: Organisation,
        clock: Clock,
        requests: Requests,
        faults: Faults,
        service: Service,
    ) -> None:
        self._organisation = organisation
        self._clock = clock
        self._requests = requests
        self._faults = faults
        self._service = service
        self._more: list[tuple[str, Route]] = []

    def add(self, what: str, route: Route) -> None:
        """Offer further calls; `what` names them for people."""
        self._more.append((what, route))

    def call(self, method: str, path: str, raw: bytes) -> tuple[int, bytes]:
        """Return the HTTP status and a JSON answer."""
        try:
            answer = self._route(method, path.removeprefix(PREFIX).strip("/"), raw)
        except (ControlError, FaultRuleError) as error:
            return 400, json.dumps({"error": str(error)}).encode()
        if answer is None:
            offered = ", ".join((_WHAT, *(what for what, _ in self._more)))
            return 404, json.dumps(
                {"error": f"There is no {method} {path}. There is: {offered}."}
            ).encode()
        return 200, json.dumps(answer).encode()

    def _route(self, method: str, name: str, raw: bytes) -> Mapping[str, object] | None:
        match (method, name):
            case ("GET", "health"):
                return self._health()
            case ("GET", "requests"):
                return {
                    "total": self._requests.total,
                    "counts": dict(self._requests.counts),
                    "parts": dict(self._requests.parts),
                    "last": [asdict(seen) for seen in self._requests],
                }
            case ("DELETE", "requests"):
                self._requests.reset()
                return {}
            case ("GET", "clock"):
                return {"now": self._clock.now(), "offset_seconds": self._clock.offset}
            case ("POST", "clock"):
                return self._move_clock(body(raw))
            case (_, "faults"):
                return self._rules(method, raw)
        answers = (route(method, name, raw) for _, route in self._more)
        return next((answer for answer in answers if answer is not None), None)

    def _health(self) -> Mapping[str, object]:
        return {
            "status": "ok",
            "mailboxes": sorted(mailbox.address for mailbox in self._organisation.mailboxes()),
            "now": self._clock.now(),
            "invalid_responses": len(self._service.invalid_responses),
        }

    def _move_clock(self, body: Mapping[str, object]) -> Mapping[str, object]:
        seconds = body.get("advance_seconds")
        if (
            set(body) != {"advance_seconds"}
            or not isinstance(seconds, int | float)
            or isinstance(seconds, bool)
        ):
            raise ControlError('The clock takes one number: {"advance_seconds": 3600}.')
        self._clock.advance(seconds)
        return {"now": self._clock.now(), "offset_seconds": self._clock.offset}

    def _rules(self, method: str, raw: bytes) -> Mapping[str, object] | None:
        if method == "POST":
            return {"armed": _shown(self._faults.arm(read_fault(body(raw))))}
        if method == "DELETE":
            self._faults.clear()
            return {}
        if method == "GET":
            return {
                "faults": [{**_shown(rule), "left": left} for rule, left in self._faults.pending()]
            }
        return None


def _shown(rule: Fault) -> dict[str, object]:
    return {**asdict(rule), "fault": rule.fault.value}


def body(raw: bytes) -> Mapping[str, object]:
    """Read the body of a call.

    Raises:
        ControlError: it is no JSON object.

    """
    try:
        found = json.loads(raw)
    except ValueError as error:
        raise ControlError(f"The body is not JSON: {error}.") from None
    if not isinstance(found, dict):
        raise ControlError("The body must be a JSON object.")
    return found
