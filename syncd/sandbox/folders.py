"""The folders every mailbox has, and what a folder is."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from syncd.sandbox.properties import Bag

# A user configuration: a hidden message of a folder. `id` and `change_key` are that message's, any
# other key is a property (`XmlData`, `Dictionary`, `BinaryData`) as it was set, in XML.
Configuration = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder as a value; `distinguished` is empty for a folder that somebody made."""

    id: str
    number: int
    change_key: str
    parent_id: str
    name: str
    folder_class: str
    distinguished: str = ""
    bag: Bag = field(default_factory=dict)
    configurations: Mapping[str, Configuration] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Seed:
    """A folder that comes with a mailbox."""

    distinguished: str
    parent: str
    name: str
    folder_class: str


# Parents before children. The class of a folder decides which element it is in EWS.
SEEDS = (
    Seed("root", "", "", ""),
    Seed("msgfolderroot", "root", "Top of Information Store", "IPF"),
    Seed("inbox", "msgfolderroot", "Inbox", "IPF.Note"),
    Seed("calendar", "msgfolderroot", "Calendar", "IPF.Appointment"),
    Seed("contacts", "msgfolderroot", "Contacts", "IPF.Contact"),
    Seed("deleteditems", "msgfolderroot", "Deleted Items", "IPF.Note"),
    Seed("drafts", "msgfolderroot", "Drafts", "IPF.Note"),
    Seed("journal", "msgfolderroot", "Journal", "IPF.Journal"),
    Seed("junkemail", "msgfolderroot", "Junk Email", "IPF.Note"),
    Seed("notes", "msgfolderroot", "Notes", "IPF.StickyNote"),
    Seed("outbox", "msgfolderroot", "Outbox", "IPF.Note"),
    Seed("sentitems", "msgfolderroot", "Sent Items", "IPF.Note"),
    Seed("tasks", "msgfolderroot", "Tasks", "IPF.Task"),
    Seed("recoverableitemsroot", "root", "Recoverable Items", ""),
    Seed("recoverableitemsdeletions", "recoverableitemsroot", "Deletions", ""),
    Seed("recoverableitemspurges", "recoverableitemsroot", "Purges", ""),
)

GERMAN: Mapping[str, str] = {
    "inbox": "Posteingang",
    "calendar": "Kalender",
    "contacts": "Kontakte",
    "deleteditems": "Gelöschte Elemente",
    "drafts": "Entwürfe",
    "junkemail": "Junk-E-Mail",
    "notes": "Notizen",
    "outbox": "Postausgang",
    "sentitems": "Gesendete Elemente",
    "tasks": "Aufgaben",
}
