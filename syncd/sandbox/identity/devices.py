"""Where a device code is typed: a page for people, and the same as JSON for programs."""

import json
import urllib.parse
from collections.abc import Mapping
from html import escape

from syncd.sandbox.control import PREFIX, ControlError, body
from syncd.sandbox.identity.grants import Device, NoSuchCodeError
from syncd.sandbox.identity.tenant import Entra
from syncd.sandbox.organisation import Organisation
from syncd.sandbox.web import Answer, Call

PATH = f"{PREFIX}device"
_EXAMPLE = '{"user_code": "BCDFGHJKL", "user": "alice@example.test", "approve": true}'
_FORM = "application/x-www-form-urlencoded"
_FLAGS = {"true": True, "false": False}

_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Sign in to the sandbox</title>
<style>
  body {{ font: 1rem/1.5 sans-serif; max-width: 24rem; margin: 3rem auto; padding: 0 1rem }}
  label {{ display: block; margin: 1rem 0 }}
  input {{ display: block; width: 100%; box-sizing: border-box; font: inherit; padding: .4rem }}
  button {{ font: inherit; padding: .4rem 1rem }}
</style>
<h1>Sign in to the sandbox</h1>
<p role="status">{said}</p>
<form method="post">
  <label>Code <input name="user_code" value="{code}" required autofocus autocomplete="off"></label>
  <label>User <input name="user" value="{user}" required list="users"></label>
  <datalist id="users">{users}</datalist>
  <button name="approve" value="true">Approve</button>
  <button name="approve" value="false">Decline</button>
</form>
</html>
"""
_ASKED = "Type the code that the program shows, and as whom you sign in. No password is asked for."


class Devices:
    """The site at which a user says yes or no to a program that waits with a device code."""

    def __init__(self, entra: Entra, organisation: Organisation) -> None:
        self._entra = entra
        self._organisation = organisation

    def serves(self, path: str) -> bool:
        """Whether a path is that of the page."""
        return path.rstrip("/") == PATH

    def answer(self, call: Call) -> Answer:
        """Show who waits, or decide; as a page for those who take one, otherwise as JSON."""
        page = "text/html" in call.headers.get("accept", "")
        said: Mapping[str, object] = {}
        with self._organisation.lock:
            try:
                if call.method == "GET":
                    waiting = [_shown(each) for each in self._entra.grants.waiting()]
                    return self._page(200, _ASKED) if page else _json(200, {"waiting": waiting})
                if call.method != "POST":
                    return Answer(405, b"", "text/plain")
                said = _read(call)
                done = self._decide(said)
            except ControlError as error:
                if not page:
                    return _json(400, {"error": str(error)})
                return self._page(400, str(error), said)
            return self._page(200, done) if page else _json(200, {})

    def _decide(self, said: Mapping[str, object]) -> str:
        """Answer a sign-in; what came of it, for people."""
        code, user = _text(said, "user_code"), _text(said, "user")
        approve = said.get("approve")
        if not isinstance(approve, bool):
            raise ControlError(f"'approve' must be true or false. The body is {_EXAMPLE}.")
        if self._organisation.by_address(user) is None:
            raise ControlError(f"There is no mailbox {user}, so nobody to sign in.")
        try:
            self._entra.grants.decide(code, user, approve=approve)
        except NoSuchCodeError:
            raise ControlError(f"No sign-in waits under the code {code}.") from None
        if not approve:
            return f"Declined: the program with the code {code} is not let in."
        return f"Approved: the program with the code {code} is signed in as {user}."

    def _page(self, status: int, said: str, typed: Mapping[str, object] | None = None) -> Answer:
        users = sorted(each.address for each in self._organisation.mailboxes())
        only = users[0] if len(users) == 1 else ""
        filled = typed or {}
        text = _PAGE.format(
            said=escape(said),
            code=escape(str(filled.get("user_code", ""))),
            user=escape(str(filled.get("user", only))),
            users="".join(f'<option value="{escape(each)}">' for each in users),
        )
        return Answer(status, text.encode(), "text/html; charset=utf-8")


def _read(call: Call) -> Mapping[str, object]:
    """What was sent: a form, or JSON; curl calls JSON a form, too, where it is not told.

    Raises:
        ControlError: it is neither.

    """
    kind = call.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != _FORM or call.body.lstrip().startswith(b"{"):
        return body(call.body)
    form = dict(urllib.parse.parse_qsl(call.body.decode("utf-8", "replace")))
    return {**form, "approve": _FLAGS.get(form.get("approve", ""))}


def _text(said: Mapping[str, object], name: str) -> str:
    value = said.get(name)
    if not isinstance(value, str) or not value.strip():
        raise ControlError(f"There is no text {name!r}. The body is {_EXAMPLE}.")
    return value.strip()


def _json(status: int, found: Mapping[str, object]) -> Answer:
    return Answer(status, json.dumps(found).encode())


def _shown(device: Device) -> Mapping[str, object]:
    return {
        "user_code": device.user_code,
        "client_id": device.client_id,
        "scope": device.scope,
        "expires": device.expires,
    }
