"""An answer that is none: cut, a page for people, noise, half a document, the wrong document.

What only reads is transient then, what writes is in doubt; an item, a folder or a claim is never
taken to be absent for it, and nothing to be done (P3, P5).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from syncd.model.contact import CONTACT
from syncd.outlook.errors import Failure, MailboxError, Sort
from syncd.outlook.graph.mailbox import GraphMailbox
from syncd.outlook.port import Move, Update
from syncd.sandbox.server import Sandbox
from tests.outlook.desk import EwsDesk, GraphDesk, SandboxDesk, create, creation, default

Call = Callable[[SandboxDesk], Callable[[], object]]

ILLEGIBLE: tuple[tuple[str, str], ...] = (
    ("cut", ""), ("corrupt_xml", ""), ("garbage", ""), ("garbage", "bytes"), ("garbage", "json"),
    ("garbage", "empty"),
)  # fmt: skip
OF_A_PART = (("cut", ""), ("garbage", ""), ("garbage", "bytes"), ("garbage", "json"))


@pytest.fixture(params=["ews", "graph"])
def desk(request: pytest.FixtureRequest) -> SandboxDesk:
    """A desk in the sandbox, over each protocol."""
    box, mailbox = request.getfixturevalue("box"), request.getfixturevalue(request.param)
    return (EwsDesk if request.param == "ews" else GraphDesk)(box, mailbox)


def _changes(desk: SandboxDesk) -> Callable[[], object]:
    where = default(desk)
    return lambda: desk.mailbox.changes(CONTACT, where, None)


def _later_changes(desk: SandboxDesk) -> Callable[[], object]:
    where = default(desk)
    cursor = desk.mailbox.changes(CONTACT, where, None).cursor
    return lambda: desk.mailbox.changes(CONTACT, where, cursor)


def _read(desk: SandboxDesk) -> Callable[[], object]:
    item = desk.add({"firstname": "Ann"})
    return lambda: desk.mailbox.read(CONTACT, [item])


def _find(desk: SandboxDesk) -> Callable[[], object]:
    where, made = default(desk), create(desk, "1", {"firstname": "Ann"})
    return lambda: desk.mailbox.find(CONTACT, [where], links=["1"], ids=[made.id])


def _folder(desk: SandboxDesk) -> Callable[[], object]:
    return lambda: desk.mailbox.folder(CONTACT, "default/Customers", create=False)


def _folders(desk: SandboxDesk) -> Callable[[], object]:
    return lambda: desk.mailbox.folders(CONTACT)


def _claim(desk: SandboxDesk) -> Callable[[], object]:
    where = default(desk)
    desk.mailbox.write_claim(CONTACT, where, "ours 1")
    return lambda: desk.mailbox.read_claim(CONTACT, where)


READS: dict[str, Call] = {
    "changes": _changes,
    "later changes": _later_changes,
    "read": _read,
    "find": _find,
    "folder": _folder,
    "folders": _folders,
    "claim": _claim,
}


def _create(desk: SandboxDesk) -> Callable[[], object]:
    where = default(desk)
    return lambda: desk.mailbox.create(CONTACT, where, [creation("1", {"firstname": "Ann"})])


def _update(desk: SandboxDesk) -> Callable[[], object]:
    made = create(desk, "1", {"firstname": "Ann"})
    patch = Update(made.id, made.version, {"firstname": "Anna"}, None)
    return lambda: desk.mailbox.update(CONTACT, [patch])


def _trash(desk: SandboxDesk) -> Callable[[], object]:
    made = create(desk, "1", {"firstname": "Ann"})
    desk.mailbox.folders(CONTACT)  # what is in Deleted Items is known by now
    return lambda: desk.mailbox.trash(CONTACT, [Move(made.id, made.version)])


def _advance(desk: SandboxDesk) -> Callable[[], object]:
    where = default(desk)
    return lambda: desk.mailbox.write_claim(CONTACT, where, "ours 1")


# The call; the request that writes, over EWS; the part of a batch that does, over Graph; and how
# many batches come before it.
WRITES: dict[str, tuple[Call, str, str, int]] = {
    "create": (_create, "CreateItem", "POST contacts", 0),
    "update": (_update, "UpdateItem", "PATCH contacts", 1),
    "trash": (_trash, "MoveItem", "DELETE contacts", 1),
    "claim": (_advance, "UpdateFolder", "PATCH contactFolder", 0),
}


def sorts(call: Callable[[], object]) -> set[Sort | None]:
    """What a call came to: the sort of its error, or those of its items; `None` for an answer."""
    try:
        found = call()
    except MailboxError as error:
        return {error.sort}
    if not isinstance(found, Iterable) or isinstance(found, str):
        return {None}
    return {each.sort if isinstance(each, Failure) else None for each in found}


@pytest.mark.parametrize("what", READS)
@pytest.mark.parametrize(("fault", "code"), ILLEGIBLE)
def test_a_read_that_cannot_be_made_out_is_transient(
    desk: SandboxDesk, what: str, fault: str, code: str
) -> None:
    """It has no effect and says nothing: least of all that something is not there (P5)."""
    call = READS[what](desk)
    desk.box.faults.add("*", fault, code=code)
    assert sorts(call) == {Sort.TRANSIENT}
    desk.box.faults.clear()
    sorts(call)  # the next one has a sound connection


@pytest.mark.parametrize("what", WRITES)
@pytest.mark.parametrize(("fault", "code"), ILLEGIBLE)
def test_a_write_that_cannot_be_made_out_is_in_doubt(
    desk: SandboxDesk, what: str, fault: str, code: str
) -> None:
    """It was done here, and may as well not have been: neither is guessed (P3)."""
    begin, on_ews, _, before = WRITES[what]
    call = begin(desk)
    if isinstance(desk, EwsDesk):
        desk.box.faults.add(on_ews, fault, code=code)
    else:
        desk.box.faults.add("$batch", fault, code=code, after=before)
    assert sorts(call) == {Sort.IN_DOUBT}


@pytest.fixture
def parts(box: Sandbox, graph: GraphMailbox) -> GraphDesk:
    """A desk over Graph, where a part of a batch can be garbage by itself."""
    return GraphDesk(box, graph)


@pytest.mark.parametrize("what", WRITES)
@pytest.mark.parametrize(("fault", "code"), OF_A_PART)
def test_a_part_that_cannot_be_made_out_is_in_doubt(
    parts: GraphDesk, what: str, fault: str, code: str
) -> None:
    """A gateway inside of Graph answers one part with a page, and the batch with 200."""
    begin, _, on, _ = WRITES[what]
    call = begin(parts)
    parts.box.faults.add(on, fault, code=code)
    assert sorts(call) == {Sort.IN_DOUBT}


@pytest.mark.parametrize(
    ("what", "on"),
    [
        ("read", "GET contact"),
        ("find", "GET contact"),
        ("find", "GET contacts"),
        ("folder", "GET contacts"),
        ("folder", "GET contactFolder"),
        ("folders", "GET contacts"),
        ("folders", "GET contactFolder"),
    ],
)
@pytest.mark.parametrize(("fault", "code"), OF_A_PART)
def test_a_part_that_is_read_and_cannot_be_made_out_is_transient(
    parts: GraphDesk, what: str, on: str, fault: str, code: str
) -> None:
    """Neither the item nor the folder is missing for it."""
    call = READS[what](parts)
    parts.box.faults.add(on, fault, code=code)
    assert sorts(call) == {Sort.TRANSIENT}
