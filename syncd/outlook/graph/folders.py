"""Contact folders of a mailbox: by role, by name below another, and all of them.

Graph shows contact folders and no others. Deleted Items is none, and has no name by which it could
be asked for: what lies in no contact folder is taken to lie there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import quote

from syncd.model.kinds import Kind
from syncd.outlook.errors import MailboxError, Scope, Sort
from syncd.outlook.graph import batch
from syncd.outlook.graph.batch import Part
from syncd.outlook.graph.errors import GARBAGE
from syncd.outlook.graph.properties import CLAIM, SINGLE, held, key_of, literal
from syncd.outlook.graph.session import NO_CONTENT, Answer, Json, Session, link_in, refused, values
from syncd.outlook.port import FolderRef
from syncd.outlook.tree import folded, way
from syncd.outlook.verdict import Effect, unanswered

DEFAULT = "contacts"  # a well-known name, which is as good as an id in a path
TRASH = FolderRef(id="deleteditems", path="Deleted Items", total=0, in_trash=True)

_SELECT = "$select=id,parentFolderId,displayName"
_PAGE = "odata.maxpagesize=200"


@dataclass(frozen=True, slots=True)
class _Folder:
    id: str
    parent: str
    name: str


@dataclass(slots=True)
class Folders:
    """The contact folders of one mailbox."""

    session: Session
    _in_trash: dict[str, bool] = field(default_factory=dict)  # of those seen, by id
    _others: set[str] = field(default_factory=set)  # what items name, and is no contact folder

    def find(self, kind: Kind, spec: str, *, create: bool) -> FolderRef | None:
        """The folder that `default` or `default/Name` means. Raises ValueError on another spec."""
        start, slash, name = spec.partition("/")
        if start != "default" or bool(slash) != bool(name):
            raise ValueError(f"{spec!r} is no folder: write default, or default/Name")
        default, total, below = self._default(name=name)
        if not name:
            return FolderRef(default.id, default.name, total)
        found = _called(name, below)
        if found is None and create:
            self._create(name)
            found = _called(name, self._below())
            if found is None:
                says = f"the folder {name!r} is not one for {kind.plural}; nothing was done in it"
                raise MailboxError(Sort.INVALID, Scope.FOLDER, "wrong-folder-class", says)
        if found is None:
            return None
        (count,) = self._totals([found.id])
        return FolderRef(found.id, f"{default.name}/{found.name}", count)

    def all(self) -> list[FolderRef]:
        """Every contact folder, in Deleted Items or not, and Deleted Items."""
        root, every = self._survey()
        refs = []
        totals = self._totals(every)
        for each, total in zip(every.values(), totals, strict=True):
            down = way(each, every)
            in_trash = down[0].parent != root
            path = "/".join(step.name for step in down)
            path = f"{TRASH.path}/{path}" if in_trash else path
            refs.append(FolderRef(each.id, path, total, in_trash=in_trash))
        return [*refs, TRASH]

    def learn(self, folders: Iterable[str]) -> None:
        """Find out what these are that items name as their own: contact folders, or no such."""
        unknown = set(folders) - self._in_trash.keys() - self._others
        if unknown:
            self._survey()
            self._others |= unknown - self._in_trash.keys()

    def place(self, folder: str) -> str:
        """Where an item is that names this folder as its own: one of `all()`."""
        self.learn([folder])
        return folder if folder in self._in_trash else TRASH.id

    def is_trash(self, folder: str) -> bool:
        """Whether an item that names this folder as its own is thrown away already."""
        self.learn([folder])
        return self._in_trash.get(folder, True)

    def read_claim(self, folder: str) -> str | None:
        """What a folder bears of who serves it. Raises MailboxError where it cannot be read."""
        expand = quote(f"{SINGLE}($filter=id eq {literal(CLAIM)})", safe="$(),='/:")
        answer = self.session.get(f"{self.path(folder)}?$select=id&$expand={expand}")
        body = _found(answer)
        if not _is_folder(body):  # "no claim" is said by a folder, and by nothing else
            raise unanswered(GARBAGE, "the answer cannot be read", Effect.NONE)
        try:
            found = held(body).get(key_of(CLAIM))
        except ValueError:
            raise unanswered(GARBAGE, "the answer cannot be read", Effect.NONE) from None
        return found if isinstance(found, str) and found else None

    def write_claim(self, folder: str, claim: str | None) -> None:
        """Put it on a folder, or take it off."""
        body: Json = {SINGLE: [{"id": CLAIM, "value": claim}]}
        part = Part("PATCH", self.path(folder), body)
        (answer,) = batch.send(self.session, [part], Effect.WRITES)
        if not answer.ok:
            raise of_folder(answer, Effect.WRITES)
        if not _is_folder(answer.body):
            raise unanswered(GARBAGE, "the answer cannot be read", Effect.WRITES)

    def remove_empty(self, folder: str) -> bool:
        """Put a folder into Deleted Items, if nothing is in it or below it; whether it is gone."""
        path = self.path(folder)
        here, count = batch.send(
            self.session, [Part("GET", f"{path}?{_SELECT}"), _count(path)], Effect.NONE
        )
        if not here.ok:
            problem = of_folder(here)
            if problem.sort is Sort.GONE:
                return True
            raise problem
        if _total(count) or any(each.parent == folder for each in self._survey()[1].values()):
            return False
        # What its user puts into it just now goes to Deleted Items with it, and is not lost.
        (gone,) = batch.send(self.session, [Part("DELETE", path)], Effect.WRITES)
        self._in_trash.pop(folder, None)
        if not gone.ok and of_folder(gone).sort is not Sort.GONE:
            raise of_folder(gone, Effect.WRITES)
        if gone.ok and gone.status != NO_CONTENT:
            raise unanswered(GARBAGE, "the answer cannot be read", Effect.WRITES)
        return True

    def _default(self, *, name: str) -> tuple[_Folder, int, list[_Folder]]:
        """The default folder, what is in it, and where a name is sought the folders below it."""
        path = self.path(DEFAULT)
        asked = [Part("GET", f"{path}?{_SELECT}"), _count(path)]
        if name:
            asked.append(Part("GET", self._listing()))
        here, count, *below = batch.send(self.session, asked, Effect.NONE)
        default = _folder(_found(here))
        self._in_trash[default.id] = False
        folders = [each for one in below for each in self._pages(_found(one))]
        return default, _total(count), folders

    def _survey(self) -> tuple[str, dict[str, _Folder]]:
        """The root of the mailbox, and every contact folder by id."""
        user = self.session.user
        asked = [
            Part("GET", f"{self.path(DEFAULT)}?{_SELECT}"),
            Part("GET", f"{user}/contactFolders/delta?{_SELECT}", prefer=_PAGE),
        ]
        here, listed = batch.send(self.session, asked, Effect.NONE)
        default = _folder(_found(here))
        every = {default.id: default}
        for each in self._pages(_found(listed)):
            every[each.id] = each
        self._in_trash = {
            each.id: way(each, every)[0].parent != default.parent for each in every.values()
        }
        return default.parent, every

    def _pages(self, page: Json) -> list[_Folder]:
        """The folders of a listing, from its first page on."""
        every: dict[str, _Folder] = {}
        seen: set[str] = set()
        while True:
            for each in values(page):
                if "@removed" in each:
                    every.pop(str(each.get("id")), None)
                else:
                    folder = _folder(each)
                    every[folder.id] = folder
            following = link_in(page, "@odata.nextLink")
            if following is None:
                return list(every.values())
            if following in seen:  # a listing that does not go on must not go on for ever
                raise unanswered("garbage", "a listing does not go on", Effect.NONE)
            seen.add(following)
            page = _found(self.session.get(following, _PAGE))

    def _below(self) -> list[_Folder]:
        """The folders right below the default one."""
        (answer,) = batch.send(self.session, [Part("GET", self._listing())], Effect.NONE)
        return self._pages(_found(answer))

    def _create(self, name: str) -> None:
        # Repeating it changes nothing, since a name is unique below its parent: hence NONE.
        path = f"{self.session.user}/contactFolders"
        answer = self.session.post(path, {"displayName": name}, Effect.NONE)
        if not answer.ok and answer.status != 409:
            raise of_folder(answer)

    def _totals(self, folders: Iterable[str]) -> list[int]:
        paths = [_count(self.path(each)) for each in folders]
        answers = batch.get_all(self.session, [each.url for each in paths])
        return [_total(each) for each in answers]

    def _listing(self) -> str:
        return f"{self.session.user}/contactFolders?{_SELECT}&$top=200"

    def path(self, folder: str) -> str:
        """The path of a folder: by its id, or by a well-known name."""
        return f"{self.session.user}/contactFolders/{quote(folder, safe='')}"


def of_folder(answer: Answer, effect: Effect = Effect.NONE) -> MailboxError:
    """What an answer about a folder is raised as: what is not found is the folder."""
    problem = refused(answer, effect)
    if problem.sort is Sort.GONE:
        return MailboxError(Sort.GONE, Scope.FOLDER, problem.code, "there is no such folder")
    return problem


def _found(answer: Answer) -> Json:
    if not answer.ok:
        raise of_folder(answer)
    return answer.body


def _is_folder(body: Json) -> bool:
    return isinstance(body.get("id"), str)


def _folder(found: Json) -> _Folder:
    id_, parent, name = (found.get(key) for key in ("id", "parentFolderId", "displayName"))
    if not isinstance(id_, str) or not isinstance(parent, str) or not isinstance(name, str):
        raise unanswered("garbage", "a folder came without its name", Effect.NONE)
    return _Folder(id_, parent, name)


def _count(path: str) -> Part:
    return Part("GET", f"{path}/contacts?$count=true&$top=1&$select=id")


def _total(answer: Answer) -> int:
    if not answer.ok:
        raise of_folder(answer)
    count = answer.body.get("@odata.count")
    if not isinstance(count, int):
        raise unanswered("garbage", "a folder came without its count", Effect.NONE)
    return count


def _called(name: str, folders: Iterable[_Folder]) -> _Folder | None:
    wanted = folded(name)
    same = [each for each in folders if folded(each.name) == wanted]
    exact = [each for each in same if each.name == name]
    return next(iter(exact or same), None)
