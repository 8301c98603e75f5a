"""Answers as servers write them: other spellings mean the same, gaps are never filled in."""

from __future__ import annotations

import pytest
from lxml import etree

from syncd.model.contact import CONTACT
from syncd.outlook.errors import Failure, MailboxError, Scope, Sort
from syncd.outlook.ews.extract import Extractor, extractor
from syncd.outlook.ews.mailbox import EwsMailbox
from syncd.outlook.ews.paths import layout
from syncd.outlook.ews.session import Session
from syncd.outlook.ews.xml import Element, M, T
from syncd.outlook.port import Item, Sensitivity, Stamp, Update
from syncd.outlook.stamp import SET_ID
from syncd.outlook.transport import Reply
from tests.outlook.desk import creation

SPACES = f'xmlns:m="{M[1:-1]}" xmlns:t="{T[1:-1]}"'
ENVELOPE = '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
ITEM = '<t:ItemId Id="one" ChangeKey="key"/>'
OK = 'ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode>'


def element(xml: str, name: str = "Contact") -> Element:
    """An item in an answer."""
    return etree.fromstring(f"<t:{name} {SPACES}>{ITEM}{xml}</t:{name}>")


def taker() -> Extractor:
    """An extractor of every field."""
    place = layout(CONTACT)
    return extractor(CONTACT, place, place.fields)


def answer(operation: str, *messages: str) -> Reply:
    """An answer of these response messages."""
    name = f"{operation}ResponseMessage"
    body = "".join(f"<m:{name} {message}</m:{name}>" for message in messages)
    response = f"<m:{operation}Response {SPACES}><m:ResponseMessages>{body}</m:ResponseMessages>"
    whole = f"{ENVELOPE}{response}</m:{operation}Response></s:Body></s:Envelope>"
    return Reply(200, whole.encode())


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[Reply]:
    """The answers that the mailbox is given, in order, instead of those of a server."""
    replies: list[Reply] = []
    monkeypatch.setattr(Session, "_post", lambda *_: replies.pop(0))
    return replies


@pytest.mark.parametrize("spelt", ["0x3A45", "0x3a45", "14917"])
def test_a_property_tag_is_known_in_any_spelling(spelt: str) -> None:
    """Hexadecimal or not (PropertyTagType)."""
    path = f'<t:ExtendedFieldURI PropertyTag="{spelt}" PropertyType="String"/>'
    xml = f"<t:ExtendedProperty>{path}<t:Value>Dr.</t:Value></t:ExtendedProperty>"
    assert taker().full(element(xml)).record.fields["salutation"] == "Dr."


@pytest.mark.parametrize(
    "spelt",
    [
        'PropertySetId="00062004-0000-0000-C000-000000000046"',
        'DistinguishedPropertySetId="Address"',
    ],
)
def test_a_property_set_is_known_in_any_spelling(spelt: str) -> None:
    """By its id in any case, or by its name."""
    path = f'<t:ExtendedFieldURI {spelt} PropertyId="32812" PropertyType="String"/>'
    xml = f"<t:ExtendedProperty>{path}<t:Value>ヤマダ</t:Value></t:ExtendedProperty>"
    assert taker().full(element(xml)).record.fields["yomifirstname"] == "ヤマダ"


def test_a_stamp_of_another_installation_is_read_as_such() -> None:
    """And one that is none is none."""

    def stamped(link: str) -> Element:
        path = f'PropertySetId="{SET_ID.upper()}" PropertyName="SyncdLink" PropertyType="String"'
        value = f"<t:ExtendedFieldURI {path}/><t:Value>{link}</t:Value>"
        return element(f"<t:ExtendedProperty>{value}</t:ExtendedProperty>")

    assert taker().head(stamped("there/contact/1")).stamp == Stamp("there", "contact", "1", "")
    assert taker().head(stamped("there/contact")).stamp is None


def test_an_unknown_mark_counts_as_private() -> None:
    """A mark that syncd does not know is not one it may overlook (P7)."""
    marked = element("<t:Sensitivity>Secret</t:Sensitivity><t:GivenName>Ann</t:GivenName>")
    assert taker().head(marked).sensitivity is Sensitivity.PRIVATE
    assert not taker().full(marked).record.fields
    bare = element("<t:GivenName>Ann</t:GivenName>")
    assert taker().head(bare).sensitivity is Sensitivity.NORMAL


def test_an_item_of_another_sort_has_no_fields_rather_than_empty_ones() -> None:
    """A message in a contacts folder says nothing about a contact."""
    assert not taker().full(element("", "Message")).record.fields
    assert taker().full(element("")).record.fields["firstname"] is None


def test_an_unreadable_item_fails_alone(ews: EwsMailbox, told: list[Reply]) -> None:
    """The rest of its batch is read (P10)."""
    good = f"{OK}<m:Items><t:Contact>{ITEM}</t:Contact></m:Items>"
    bad = good.replace(ITEM, f"{ITEM}<t:Birthday>yesterday</t:Birthday>")
    none = f"{OK}<m:Items/>"
    told.append(answer("GetItem", good, bad, none))
    one, two, three = ews.read(CONTACT, ["1", "2", "3"])
    assert isinstance(one, Item)
    assert isinstance(two, Failure)
    assert isinstance(three, Failure)
    assert two.sort is Sort.INVALID


def test_a_write_that_does_not_say_what_it_made_is_in_doubt(
    ews: EwsMailbox, told: list[Reply]
) -> None:
    """It is looked for; an id is never made up."""
    told.append(answer("CreateItem", f"{OK}<m:Items/>"))
    (made,) = ews.create(CONTACT, "folder", [creation("1", {"firstname": "Ann"})])
    assert isinstance(made, Failure)
    assert made.sort is Sort.IN_DOUBT


def test_an_answer_of_another_length_is_in_doubt(ews: EwsMailbox, told: list[Reply]) -> None:
    """Which item is which is not guessed."""
    told += [answer("CreateItem", f"{OK}<m:Items><t:Contact>{ITEM}</t:Contact></m:Items>")] * 2
    with pytest.raises(MailboxError) as caught:
        ews.create(CONTACT, "folder", [creation(str(n), {"firstname": "Ann"}) for n in (1, 2)])
    assert caught.value.sort is Sort.IN_DOUBT
    with pytest.raises(MailboxError) as caught:
        ews.read(CONTACT, ["1", "2"])
    assert caught.value.sort is Sort.TRANSIENT


def test_an_answer_to_another_question_is_none(ews: EwsMailbox, told: list[Reply]) -> None:
    """Such as that of a proxy which mixes them up."""
    told.append(answer("GetItem", f"{OK}<m:Items/>"))
    with pytest.raises(MailboxError) as caught:
        ews.update(CONTACT, [Update("id", "key", {"firstname": "Ann"}, None)])
    assert caught.value.sort is Sort.IN_DOUBT


@pytest.mark.parametrize(
    "page",
    [
        "<m:IncludesLastItemInRange>true</m:IncludesLastItemInRange>",
        "<m:SyncState>same</m:SyncState><m:Changes/>",
        "<m:SyncState>next</m:SyncState><m:Changes><t:Create/></m:Changes>",
        "<m:SyncState>next</m:SyncState><m:Changes><t:Create><t:Contact/></t:Create></m:Changes>",
    ],
)
def test_a_listing_that_does_not_go_on_is_an_error(
    ews: EwsMailbox, told: list[Reply], page: str
) -> None:
    """It is neither read for ever nor taken for the end (P5)."""
    told.append(answer("SyncFolderItems", OK + page))
    with pytest.raises(MailboxError) as caught:
        ews.changes(CONTACT, "folder", "same")
    assert caught.value.sort is Sort.TRANSIENT


def test_a_search_that_half_fails_fails(ews: EwsMailbox, told: list[Reply]) -> None:
    """From one folder of two nothing may be concluded (P5)."""
    page = '<m:RootFolder TotalItemsInView="0" IncludesLastItemInRange="true"><t:Items/>'
    denied = 'ResponseClass="Error"><m:ResponseCode>ErrorAccessDenied</m:ResponseCode>'
    told.append(answer("FindItem", f"{OK}{page}</m:RootFolder>", denied))
    with pytest.raises(MailboxError) as caught:
        ews.find(CONTACT, ["one", "two"], keys=["key"])
    assert (caught.value.sort, caught.value.scope) == (Sort.DENIED, Scope.FOLDER)


@pytest.mark.parametrize("messages", [f"{OK}<m:Items/>", OK])
def test_an_item_that_an_answer_leaves_out_is_not_gone(
    ews: EwsMailbox, told: list[Reply], messages: str
) -> None:
    """P5: "gone" has a code of its own; a success without the item is half an answer."""
    told.append(answer("GetItem", messages))
    (found,) = ews.read(CONTACT, ["one"])
    assert isinstance(found, Failure)
    assert found.sort is Sort.TRANSIENT


@pytest.mark.parametrize(
    "messages", [f"{OK}<m:Folders/>", OK, f"{OK}<m:Folders><t:x/></m:Folders>"]
)
def test_a_folder_that_an_answer_leaves_out_is_not_without_a_claim(
    ews: EwsMailbox, told: list[Reply], messages: str
) -> None:
    """What holds all writes until a person answers is not concluded from half an answer."""
    told.append(answer("GetFolder", messages))
    with pytest.raises(MailboxError) as caught:
        ews.read_claim(CONTACT, "folder")
    assert caught.value.sort is Sort.TRANSIENT
