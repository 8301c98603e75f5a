"""What the control endpoint offers of Graph: which mailboxes are not on it."""

from collections.abc import Mapping

from syncd.sandbox.control import ControlError, body
from syncd.sandbox.organisation import Organisation

WHAT = "GET|POST graph"
_LIKE = '{"on_premises": ["alice@example.test"]}'


class GraphControl:
    """The calls of the control endpoint that concern Graph."""

    def __init__(self, organisation: Organisation, on_premises: set[str]) -> None:
        self._organisation = organisation
        self._on_premises = on_premises

    def route(self, method: str, name: str, raw: bytes) -> Mapping[str, object] | None:
        """Do a call; None where it is none of these.

        Raises:
            ControlError: it cannot be.

        """
        if name != "graph" or method not in {"GET", "POST"}:
            return None
        if method == "POST":
            self._put(body(raw))
        return {"on_premises": sorted(self._on_premises)}

    def _put(self, said: Mapping[str, object]) -> None:
        given = said.get("on_premises")
        if set(said) != {"on_premises"} or not isinstance(given, list):
            raise ControlError(f"The mailboxes that are not on Graph are {_LIKE}.")
        addresses = {str(each).strip().lower() for each in given}
        for each in addresses:
            if self._organisation.by_address(each) is None:
                raise ControlError(f"There is no mailbox {each}.")
        self._on_premises.clear()
        self._on_premises.update(addresses)
