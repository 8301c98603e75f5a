"""Outlook's master list of categories: what it offers its user, with colours and shortcuts."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from syncd.outlook.errors import MailboxError, Sort
from syncd.outlook.graph import batch
from syncd.outlook.graph.batch import Part
from syncd.outlook.graph.session import Json, Session, link_in, refused, values
from syncd.outlook.verdict import Effect, unanswered

_NO_COLOUR = "none"


@dataclass(frozen=True, slots=True)
class Categories:
    """The master list of one mailbox. It takes the permission MailboxSettings.ReadWrite."""

    session: Session

    def offer(self, name: str) -> bool:
        """Put a category into the list, in no colour. Whether it is in it now.

        Raises MailboxError when the mailbox cannot be reached.
        """
        try:
            if self._entry(name) is not None:
                return True
            # Repeating it changes nothing, since a name is unique in the list: hence NONE.
            new = {"displayName": name, "color": _NO_COLOUR}
            answer = self.session.post(self._path, new, Effect.NONE)
            if answer.ok or answer.status == 409:
                return True
            raise refused(answer)
        except MailboxError as problem:
            if not _is_withheld(problem):
                raise
            return False

    def refusal(self) -> str | None:
        """The code by which the list is closed to us; `None` where it can be read.

        Raises MailboxError when the mailbox cannot be reached.
        """
        answer = self.session.get(self._path)
        if answer.ok:
            return None
        problem = refused(answer)
        if not _is_withheld(problem):
            raise problem
        return problem.code

    def withdraw(self, name: str) -> bool:
        """Take a category off the list. Whether it was on it, as far as we are let see.

        Raises MailboxError when it is on it and may not be taken off.
        """
        try:
            held = self._entry(name)
        except MailboxError as problem:
            if not _is_withheld(problem):
                raise
            return False
        if held is None:
            return False
        id_ = held.get("id")
        if not isinstance(id_, str) or not id_:
            raise unanswered("garbage", "a category came without its id", Effect.NONE)
        part = Part("DELETE", f"{self._path}/{quote(id_, safe='')}")
        # Repeating it changes nothing: hence NONE.
        (answer,) = batch.send(self.session, [part], Effect.NONE)
        if not answer.ok and answer.status != 404:
            raise refused(answer)
        return True

    @property
    def _path(self) -> str:
        return f"{self.session.user}/outlook/masterCategories"

    def _entry(self, name: str) -> Json | None:
        """The entry of a category, whose name is one in any case."""
        wanted = name.strip().casefold()
        link, seen = self._path, set[str]()
        while link not in seen:
            seen.add(link)
            answer = self.session.get(link)
            if not answer.ok:
                raise refused(answer)
            for each in values(answer.body):
                if str(each.get("displayName", "")).strip().casefold() == wanted:
                    return each
            following = link_in(answer.body, "@odata.nextLink")
            if following is None:
                return None
            link = following
        raise unanswered("garbage", "a listing does not go on", Effect.NONE)


def _is_withheld(problem: MailboxError) -> bool:
    """Whether we are not let, or the server is one that has no such thing."""
    return problem.sort in (Sort.DENIED, Sort.INVALID)
