"""Folders of a mailbox: by role, by name below another, and all of them."""

from __future__ import annotations

from dataclasses import dataclass

from syncd.model.kinds import Kind
from syncd.outlook import stamp
from syncd.outlook.errors import MailboxError, Scope, Sort
from syncd.outlook.ews import answers, requests
from syncd.outlook.ews.answers import Message
from syncd.outlook.ews.requests import Distinguished, FolderId
from syncd.outlook.ews.session import Session
from syncd.outlook.ews.xml import Element, M, T
from syncd.outlook.port import FolderRef
from syncd.outlook.tree import folded, way
from syncd.outlook.verdict import Effect


@dataclass(frozen=True, slots=True)
class _Folder:
    id: str
    parent: str
    name: str
    folder_class: str
    total: int

    def is_for(self, kind: Kind) -> bool:
        """Whether it holds items of this kind: its class, or one derived from it."""
        own, wanted = self.folder_class.lower(), kind.folder_class.lower()
        return own == wanted or own.startswith(f"{wanted}.")


@dataclass(frozen=True, slots=True)
class Folders:
    """The folders of one mailbox. `mailbox` is its address where the account is another's."""

    session: Session
    mailbox: str | None

    def named(self, name: str) -> Distinguished:
        """The folder of a role, such as `contacts` or `deleteditems`."""
        return Distinguished(name, self.mailbox)

    def find(self, kind: Kind, spec: str, *, create: bool) -> FolderRef | None:
        """The folder that `default` or `default/Name` means. Raises ValueError on another spec."""
        start, slash, name = spec.partition("/")
        if start != "default" or bool(slash) != bool(name):
            raise ValueError(f"{spec!r} is no folder: write default, or default/Name")
        default = self._get(self.named(kind.distinguished))
        if not name:
            return FolderRef(default.id, default.name, default.total)
        found = self._child(kind, default.id, name)
        if found is None and create:
            self._create(kind, default.id, name)
            found = self._child(kind, default.id, name)
        if found is None:
            return None
        return FolderRef(found.id, f"{default.name}/{found.name}", found.total)

    def all(self, kind: Kind) -> list[FolderRef]:
        """Every folder of this kind's class, and Deleted Items with what is below it."""
        trash = self._get(self.named("deleteditems"))
        below = self._below(self.named("msgfolderroot"), "Deep")
        every = {each.id: each for each in (trash, *below)}
        refs = []
        for each in every.values():
            down = way(each, every)
            in_trash = trash.id in (step.id for step in down)
            if in_trash or each.is_for(kind):
                path = "/".join(step.name for step in down)
                refs.append(FolderRef(each.id, path, each.total, in_trash=in_trash))
        return refs

    def read_claim(self, folder: str) -> str | None:
        """What a folder bears of who serves it. Raises MailboxError where it cannot be read."""
        payload = requests.get_folder([folder], (stamp.CLAIM,))
        message = answers.only(
            self.session.call("GetFolder", payload, Effect.NONE), Effect.NONE, Scope.FOLDER
        )
        with answers.legible():
            found = message.payload(M + "Folders")
            if found is None or found.find(f"*/{T}FolderId") is None:
                raise ValueError("a folder came without its id")  # not one without a claim
            held = found.find(f".//{T}ExtendedProperty/{T}Value")
            return (held.text or None) if held is not None else None

    def write_claim(self, kind: Kind, folder: str, claim: str | None) -> None:
        """Put it on a folder, or take it off."""
        element = requests.FOLDER_ELEMENTS.get(kind.folder_class, "Folder")
        payload = requests.update_folder(folder, element, stamp.CLAIM, claim)
        found = self.session.call("UpdateFolder", payload, Effect.WRITES)
        answers.only(found, Effect.WRITES, Scope.FOLDER)

    def remove_empty(self, folder: str) -> bool:
        """Put a folder into Deleted Items, if nothing is in it or below it; whether it is gone."""
        found = self.session.call("GetFolder", requests.get_folder([folder]), Effect.NONE)
        try:
            message = answers.only(found, Effect.NONE, Scope.FOLDER)
        except MailboxError as problem:
            if problem.sort is Sort.GONE:
                return True
            raise
        with answers.legible():
            here = _folders(message.payload(M + "Folders"))[0]
        if here.total or self._below(folder, "Shallow"):
            return False
        # What its user puts into it just now goes to Deleted Items with it, and is not lost.
        found = self.session.call("DeleteFolder", requests.delete_folder(folder), Effect.WRITES)
        answers.only(found, Effect.WRITES, Scope.FOLDER)
        return True

    def _get(self, which: Distinguished) -> _Folder:
        found = self.session.call("GetFolder", requests.get_folder([which]), Effect.NONE)
        try:
            message = answers.only(found, Effect.NONE, Scope.MAILBOX)
        except MailboxError as problem:
            if problem.sort is not Sort.GONE:
                raise
            # A folder of a role is always there: not to find it is not to be let in.
            says = "the account may not see this mailbox; give it full access"
            raise MailboxError(Sort.DENIED, Scope.MAILBOX, problem.code, says) from None
        with answers.legible():
            return _folders(message.payload(M + "Folders"))[0]

    def _child(self, kind: Kind, parent: str, name: str) -> _Folder | None:
        wanted = folded(name)
        same = [each for each in self._below(parent, "Shallow") if folded(each.name) == wanted]
        fitting = [each for each in same if each.is_for(kind)]
        if same and not fitting:
            says = f"the folder {name!r} is not one for {kind.plural}; nothing was done in it"
            raise MailboxError(Sort.INVALID, Scope.FOLDER, "wrong-folder-class", says)
        exact = [each for each in fitting if each.name == name]
        return next(iter(exact or fitting), None)

    def _create(self, kind: Kind, parent: str, name: str) -> None:
        # Repeating it changes nothing, since a name is unique below its parent: hence NONE.
        payload = requests.create_folder(parent, kind.folder_class, name)
        found = self.session.call("CreateFolder", payload, Effect.NONE)
        if [message.code for message in found] != ["ErrorFolderExists"]:
            answers.only(found, Effect.NONE, Scope.FOLDER)

    def _below(self, parent: FolderId, traversal: str) -> list[_Folder]:
        every: list[_Folder] = []
        offset: int | None = 0
        while offset is not None:
            payload = requests.find_folder(parent, traversal, offset)
            found = self.session.call("FindFolder", payload, Effect.NONE)
            message = answers.only(found, Effect.NONE, Scope.MAILBOX)
            with answers.legible():
                every += _folders(message.payload(M + "RootFolder", T + "Folders"))
                offset = next_offset(message, offset)
        return every


def next_offset(message: Message, offset: int) -> int | None:
    """Where the next page of a Find begins; `None` after the last one. Raises MailboxError."""
    root = message.payload(M + "RootFolder")
    if root is None:
        raise MailboxError(Sort.TRANSIENT, Scope.FOLDER, "garbage", "a listing came without a page")
    if root.get("IncludesLastItemInRange", "true") in ("true", "1"):
        return None
    following = int(root.get("IndexedPagingOffset", "0"))
    if following <= offset:  # a listing that does not go on must not go on for ever
        raise MailboxError(Sort.TRANSIENT, Scope.FOLDER, "garbage", "a listing does not go on")
    return following


def _folders(holder: Element | None) -> list[_Folder]:
    return [
        _Folder(
            id=_attribute(each.find(T + "FolderId")),
            parent=_attribute(each.find(T + "ParentFolderId")),
            name=each.findtext(T + "DisplayName") or "",
            folder_class=each.findtext(T + "FolderClass") or "",
            total=int(each.findtext(T + "TotalCount") or 0),
        )
        for each in (holder if holder is not None else ())
        if each.tag != T + "SearchFolder"  # it shows items that are elsewhere
    ]


def _attribute(element: Element | None) -> str:
    return element.get("Id", "") if element is not None else ""
