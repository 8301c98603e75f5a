"""What an adapter asks for before it sends anything: a token to show."""

from __future__ import annotations

from typing import Protocol


class TokenSource(Protocol):
    """Gives out access tokens for one resource, as one application or user. For all threads."""

    def token(self, *, refused: str | None = None, claims: str | None = None) -> str:
        """A token that is good for some minutes.

        `refused` is one that the server did not take, and is not to be given out again; `claims`
        is the challenge that came with the refusal. Raises MailboxError: `DENIED` for the
        credential where the sign-in is refused, `TRANSIENT` or `THROTTLED` where it does not
        come about for now.
        """
