"""Faults on demand: rules that make the next matching requests go wrong.

Over EWS a request is named by its operation. Over Graph it is named as in the table of
`graph.routes` ("PATCH contacts", "GET contacts/delta"), or `$batch`; what is inside of a batch is
struck under its own name, and only by itself. There a part cannot be without an answer, nor be cut:
it is 504.

Those from `EMPTY_FOLDER` on are lies: the answer is whole and well-formed, and not true. See
`lying`.
"""

import enum
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields

SIGN_IN = "SignIn"  # a request to the sign-in, which `*` does not stand for


class FaultKind(enum.Enum):
    """What goes wrong."""

    LOST_ANSWER = "lost_answer"  # the request is done, then the connection closes without an answer
    LATE_WRITE = "late_write"  # the connection closes at once; the request is done delay_ms later
    LOST_REQUEST = "lost_request"  # the connection closes, nothing is done
    SLOW = "slow"  # the request is done, the answer comes delay_ms later
    SERVER_BUSY = "server_busy"  # SOAP fault ErrorServerBusy with back_off_ms; Graph: HTTP 503
    INTERNAL_ERROR = "internal_error"  # SOAP fault ErrorInternalServerError; Graph: HTTP 500
    SOAP_FAULT = "soap_fault"  # SOAP fault with `code`; Graph: the error of that code
    STALE_CHANGE_KEY = (
        "stale_change_key"  # somebody else saves the items of the request just before it
    )
    INVALID_SYNC_STATE = (
        # ErrorInvalidSyncStateData for a request that brings a sync state; Graph: a delta link is
        # dead, SyncStateNotFound or `code`
        "invalid_sync_state"
    )
    BARE_SYNC_ERROR = (
        # the same without the SyncState element, which the schema allows; Graph: a badly formed
        # token
        "bare_sync_error"
    )
    ITEM_ERROR = (
        # `code` for the item at `index`, or for all without one; it is not done. Graph: the same as
        # soap_fault
        "item_error"
    )
    BATCH_STOPPED = "batch_stopped"  # ErrorBatchProcessingStopped, not done, from `index` on
    UNAUTHORIZED = "unauthorized"  # HTTP 401
    FORBIDDEN = "http_403"
    TOO_MANY = "http_429"  # with Retry-After; Graph: ApplicationThrottled or `code`
    UNAVAILABLE = "http_503"  # with Retry-After
    CORRUPT_XML = "corrupt_xml"  # the answer is cut in the middle, JSON as well
    GATEWAY_TIMEOUT = "http_504"  # Graph: the request is done, but a gateway gave up on its answer
    CLAIMS_CHALLENGE = "claims_challenge"  # Graph: HTTP 401 that asks for another token
    CUT = "cut"  # the request is done, then the connection closes in the middle of its answer
    GARBAGE = (
        # The request is done, and answered with HTTP 200 and a page for people, as by a gateway;
        # `code`: `bytes`, `json` or `empty`, for one of those in its place
        "garbage"
    )
    EMPTY_FOLDER = "empty_folder"  # a listing or a search is whole, and shows nothing
    REORDERED = "reordered"  # the changes of a page come in another order
    REPEATED = "repeated"  # the changes of a page come twice
    LAGGING_INDEX = "lagging_index"  # a search does not show what changed in the last delay_ms
    WRONG_CLOCK = "wrong_clock"  # Date and the stamps of what is written are delay_ms ahead
    NORMALISED = "normalised"  # texts of a write are kept in upper case, and nothing is said of it
    TRUNCATED = "truncated"  # texts of a write are cut to eight characters
    RESTLESS = "restless"  # every contact has another change key by then, for nothing


@dataclass(frozen=True, slots=True)
class Fault:
    """A rule: which requests, what goes wrong, and how often.

    With `item` it strikes only requests that name the item of this id.
    """

    on: str
    fault: FaultKind
    times: int = 1
    after: int = 0
    mailbox: str = ""
    item: str = ""
    back_off_ms: int = 1000
    delay_ms: int = 1000
    code: str = ""
    index: int = -1


Kinds = Mapping[FaultKind, Fault]  # the faults that strike one request, by what goes wrong


class FaultRuleError(ValueError):
    """A rule that cannot be; the message says why and what can."""


_FIELDS = {field.name: field for field in fields(Fault)}
_NUMBERS = frozenset({"times", "after", "back_off_ms", "delay_ms", "index"})
_NEED_CODE = frozenset({FaultKind.ITEM_ERROR, FaultKind.SOAP_FAULT})


def read_fault(rule: Mapping[str, object]) -> Fault:
    """Read a rule as it comes over the control endpoint.

    Raises:
        FaultRuleError: an unknown field, an unknown fault, or a value of the wrong type.

    """
    unknown = sorted(set(rule) - set(_FIELDS))
    if unknown:
        raise FaultRuleError(f"Unknown field {unknown[0]!r}. Fields: {', '.join(_FIELDS)}.")
    kinds = [kind.value for kind in FaultKind]
    if rule.get("fault") not in kinds:
        raise FaultRuleError(f"Unknown fault {rule.get('fault')!r}. Faults: {', '.join(kinds)}.")
    kind = FaultKind(rule["fault"])
    for name, value in rule.items():
        wanted: type = int if name in _NUMBERS else str
        if not isinstance(value, wanted) or isinstance(value, bool):
            raise FaultRuleError(
                f"Field {name!r} must be {'a number' if wanted is int else 'a text'}."
            )
    if kind in _NEED_CODE and not rule.get("code"):
        raise FaultRuleError(
            f"Fault {kind.value!r} needs a field 'code', e.g. 'ErrorQuotaExceeded'."
        )
    texts = {name: str(rule[name]) for name in ("mailbox", "item", "code") if name in rule}
    numbers = {name: int(str(rule[name])) for name in _NUMBERS if name in rule}
    return Fault(
        on=str(rule.get("on", "*")),
        fault=kind,
        times=numbers.get("times", 1),
        after=numbers.get("after", 0),
        mailbox=texts.get("mailbox", ""),
        item=texts.get("item", ""),
        back_off_ms=numbers.get("back_off_ms", 1000),
        delay_ms=numbers.get("delay_ms", 1000),
        code=texts.get("code", ""),
        index=numbers.get("index", -1),
    )


@dataclass(slots=True)
class _Armed:
    rule: Fault
    to_skip: int
    left: int


class Faults:
    """The rules in force. Guarded by the lock of the organisation."""

    def __init__(self) -> None:
        self._armed: list[_Armed] = []

    def add(self, on: str, fault: str, **options: object) -> Fault:
        """Arm a rule; `on` is an operation or `*`, the options are the fields of `Fault`."""
        return self.arm(read_fault({"on": on, "fault": fault, **options}))

    def arm(self, rule: Fault) -> Fault:
        """Arm a rule."""
        self._armed.append(_Armed(rule, rule.after, rule.times))
        return rule

    def clear(self) -> None:
        """Forget all rules."""
        self._armed.clear()

    def pending(self) -> list[tuple[Fault, int]]:
        """Return the rules in force, each with the times it has left."""
        return [(armed.rule, armed.left) for armed in self._armed]

    def take(
        self,
        operation: str,
        mailboxes: Iterable[str],
        names: Callable[[str], bool],
        *,
        has_sync_state: bool,
    ) -> list[Fault]:
        """Return the faults that strike a request, and count them.

        `names` says whether the request names the item of an id.
        """
        addresses = {address.lower() for address in mailboxes}
        struck: list[Fault] = []
        for armed in list(self._armed):
            rule = armed.rule
            if rule.on != operation and (rule.on != "*" or operation == SIGN_IN):
                continue
            if rule.mailbox and rule.mailbox.lower() not in addresses:
                continue
            if rule.item and not names(rule.item):
                continue
            if rule.fault in _SYNC_STATE and not has_sync_state:
                continue
            if armed.to_skip:
                armed.to_skip -= 1
                continue
            armed.left -= 1
            if armed.left <= 0:
                self._armed.remove(armed)
            struck.append(rule)
        return struck


_SYNC_STATE = frozenset({FaultKind.INVALID_SYNC_STATE, FaultKind.BARE_SYNC_ERROR})
