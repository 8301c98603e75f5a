"""Graph as a site: one call in, one answer out, with what may go wrong on the way."""

import json
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from syncd.sandbox.callers import Caller
from syncd.sandbox.clock import Clock
from syncd.sandbox.faults import FaultKind, Faults, Kinds
from syncd.sandbox.graph.asked import PREFIX, Asked, Reply, error_body
from syncd.sandbox.graph.batch import BATCH, read_batch, run_batch
from syncd.sandbox.graph.context import Context, Switches
from syncd.sandbox.graph.errors import GraphError, no_segment
from syncd.sandbox.graph.faulty import ILLEGIBLE, NOT_NOW, SILENT, refuse, unauthorized
from syncd.sandbox.graph.identifiers import find_item
from syncd.sandbox.graph.limit import Limit
from syncd.sandbox.graph.routes import UNKNOWN, Route, find_route
from syncd.sandbox.graph.users import find_user
from syncd.sandbox.identity.tokens import TokenRefused
from syncd.sandbox.lying import garbage, lead_of, lying
from syncd.sandbox.mailbox import Mailbox
from syncd.sandbox.organisation import Organisation
from syncd.sandbox.requests import Requests, Seen
from syncd.sandbox.web import Answer, Call

CallerOf = Callable[[Call], Caller]  # raises TokenRefused
Observer = Callable[[Call, Answer], None]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What Graph stands on: the mailboxes, the counters, the faults, who calls, who watches.

    `on_premises` are addresses of mailboxes that are not on Graph.
    """

    organisation: Organisation
    clock: Clock
    requests: Requests
    faults: Faults
    caller_of: CallerOf
    save: Callable[[], None]
    on_premises: set[str] = field(default_factory=set)
    observers: list[Observer] = field(default_factory=list)


class GraphSite:
    """Everything under /v1.0/."""

    def __init__(self, around: Surroundings, switches: Switches, limit: Limit) -> None:
        self._around = around
        self._switches = switches
        self._limit = limit

    def serves(self, path: str) -> bool:
        """Whether a path is this site's."""
        return path == PREFIX or path.startswith(f"{PREFIX}/")

    def answer(self, call: Call) -> Answer:
        """Do what is asked."""
        start, around = time.perf_counter(), self._around
        with around.organisation.lock:
            asked = Asked(call)
            operation, addresses = self._name(asked)
            kinds = self._strike(asked, operation, addresses)
            caller = self._caller(call)
            answer = self._exchange(asked, caller, kinds)
            around.save()
            if kinds.keys() & SILENT:
                answer = replace(answer, silent=True)
            elif FaultKind.CORRUPT_XML in kinds:
                answer = replace(answer, body=answer.body[: len(answer.body) // 2])
            elif FaultKind.GARBAGE in kinds:
                answer = _garbled(answer, kinds)
            answer = replace(answer, cut=FaultKind.CUT in kinds, lead=lead_of(kinds))
            around.requests.add(
                Seen(
                    operation,
                    caller.name if isinstance(caller, Caller) else "",
                    addresses,
                    0 if answer.silent else answer.status,
                    len(call.body),
                    len(answer.body),
                    round((time.perf_counter() - start) * 1000, 3),
                    around.clock.now(),
                )
            )
        if not answer.silent and not kinds.keys() & ILLEGIBLE:
            self._tell(call, answer)
        asked.slow(kinds)
        time.sleep(asked.delay_ms / 1000)
        return answer

    def _caller(self, call: Call) -> Caller | TokenRefused:
        try:
            return self._around.caller_of(call)
        except TokenRefused as refused:
            return refused

    def _part(self, whole: Asked, call: Call, caller: Caller) -> Answer:
        """Do one part of a batch; a lost answer is a gateway that gave up on it."""
        asked = Asked(call)
        operation, addresses = self._name(asked)
        self._around.requests.parts[operation] += 1
        kinds = self._strike(asked, operation, addresses)
        answer = self._exchange(asked, caller, kinds)
        whole.slow(kinds)
        if kinds.keys() & {*SILENT, FaultKind.CUT}:
            answer = self._refused(asked, GraphError("Timeout"))
        if FaultKind.GARBAGE in kinds:
            return _garbled(answer, kinds)
        if FaultKind.CORRUPT_XML in kinds:  # inside of a whole batch it can be a text at most
            return replace(answer, body=answer.body[: len(answer.body) // 2], content_type="text")
        self._tell(call, answer)
        return answer

    def _tell(self, call: Call, answer: Answer) -> None:
        for observer in self._around.observers:
            observer(call, answer)

    def _name(self, asked: Asked) -> tuple[str, tuple[str, ...]]:
        """Return the operation, and the address of the mailbox, as far as the path says them."""
        if asked.segments == (BATCH,):
            return BATCH, ()
        try:
            route, _ = _route(asked)
        except GraphError:
            return UNKNOWN, ()
        mailbox = find_user(self._around.organisation, asked.segments[1])
        return route.operation, (mailbox.address,) if mailbox is not None else ()

    def _strike(self, asked: Asked, operation: str, addresses: tuple[str, ...]) -> Kinds:
        query = asked.call.query.lower()
        struck = self._around.faults.take(
            operation,
            addresses,
            lambda item: item in asked.segments,
            has_sync_state="token=" in query,
        )
        return {fault.fault: fault for fault in struck}

    def _exchange(self, asked: Asked, caller: Caller | TokenRefused, kinds: Kinds) -> Answer:
        if kinds.keys() & NOT_NOW:
            if FaultKind.LATE_WRITE in kinds:
                self._later(asked, caller, kinds[FaultKind.LATE_WRITE].delay_ms / 1000)
            return self._refused(asked, GraphError("Timeout"))
        answer = self._done(asked, caller, kinds)
        if FaultKind.GATEWAY_TIMEOUT in kinds:
            return self._refused(asked, GraphError("Timeout"))
        return answer

    def _later(self, asked: Asked, caller: Caller | TokenRefused, seconds: float) -> None:
        def perform() -> None:
            with self._around.organisation.lock:
                self._done(asked, caller, {})
                self._around.save()

        timer = threading.Timer(seconds, perform)
        timer.daemon = True
        timer.start()

    def _done(self, asked: Asked, caller: Caller | TokenRefused, kinds: Kinds) -> Answer:
        try:
            refuse(kinds)
            if isinstance(caller, TokenRefused):
                raise unauthorized(caller)
            if asked.segments == (BATCH,):
                return self._written(asked, self._batch(asked, caller))
            route, given_ids = _route(asked)
            mailbox = self._mailbox(asked, route, caller)
            context = Context(
                self._around.organisation,
                mailbox,
                asked.segments[1],
                asked,
                given_ids,
                self._switches,
                kinds,
            )
            if FaultKind.STALE_CHANGE_KEY in kinds and "contact" in given_ids:
                mailbox.update(find_item(mailbox, given_ids["contact"]).id, {})
            with lying([mailbox], self._around.clock, kinds):
                return self._written(asked, route.perform(context))
        except GraphError as error:
            return self._refused(asked, error)

    def _batch(self, asked: Asked, caller: Caller) -> Reply:
        if asked.method != "POST":
            raise GraphError("MethodNotAllowed")
        parts = read_batch(asked.json(), asked.call)
        failed = self._refused(asked, GraphError("FailedDependency"))
        return Reply(200, run_batch(parts, lambda call: self._part(asked, call, caller), failed))

    def _mailbox(self, asked: Asked, route: Route, caller: Caller) -> Mailbox:
        user = asked.segments[1]
        mailbox = find_user(self._around.organisation, user)
        of_directory = not route.path
        if mailbox is None:
            if of_directory:
                raise GraphError(
                    "Request_ResourceNotFound",
                    f"Resource '{user}' does not exist or one of its queried reference-property "
                    "objects are not present.",
                )
            raise GraphError("ResourceNotFound")
        granted = caller.roles & route.need
        if not granted or not any(caller.may_reach(mailbox.address, role) for role in granted):
            raise GraphError("Authorization_RequestDenied" if of_directory else "ErrorAccessDenied")
        if not of_directory:
            if mailbox.address.lower() in map(str.lower, self._around.on_premises):
                raise GraphError("MailboxNotEnabledForRESTAPI")
            self._limit.count(mailbox.address)
        return mailbox

    def _refused(self, asked: Asked, error: GraphError) -> Answer:
        ids = self._ids(asked)
        body = error_body(error, self._around.clock.now(), *ids)
        return _encoded(asked, Reply(error.status, body, error.headers), ids)

    def _written(self, asked: Asked, reply: Reply) -> Answer:
        return _encoded(asked, reply, self._ids(asked))

    @staticmethod
    def _ids(asked: Asked) -> tuple[str, str]:
        made = str(uuid.uuid4())
        return made, asked.call.headers.get("client-request-id", made)


def _route(asked: Asked) -> tuple[Route, dict[str, str]]:
    if len(asked.segments) < 2 or asked.segments[0] != "users":
        raise no_segment(asked.segments[0] if asked.segments else "")
    return find_route(asked)


def _garbled(answer: Answer, kinds: Kinds) -> Answer:
    body, content_type = garbage(kinds[FaultKind.GARBAGE])
    return replace(answer, status=200, body=body, content_type=content_type)


def _encoded(asked: Asked, reply: Reply, ids: tuple[str, str]) -> Answer:
    headers = [*reply.headers, ("request-id", ids[0]), ("client-request-id", ids[1])]
    if asked.applied:
        headers.append(("Preference-Applied", ", ".join(asked.applied)))
    body = b"" if reply.body is None else json.dumps(reply.body).encode()
    return Answer(
        reply.status,
        body,
        "application/json; odata.metadata=minimal; odata.streaming=true; IEEE754Compatible=false; "
        "charset=utf-8",
        tuple(headers),
    )
