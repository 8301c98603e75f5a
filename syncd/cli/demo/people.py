"""Who plays in the demo, and what Alice's Outlook holds before syncd comes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

ALICE, BOB = "alice@acme.test", "bob@acme.test"
REPS = {ALICE: ("Alice Archer", "sales"), BOB: ("Bob Baker", "key-accounts")}

CONTACTS = "Contacts"  # the folders, as the sandbox names them
FORMER = "Former CRM contacts"
FORMER_LABEL = "Former CRM contact"
TRASH = "Deleted Items"

# of team.vcf
ANN, JUERGEN, DOERTE = "Ann van Dyk", "Jürgen Müller", "Dörte Größmann"
CLAIRE, BRUNO, SATO = "Claire Dubois", "Bruno Keller", "健二 佐藤"
SOFIA, PIOTR = "Sofía Álvarez", "Piotr Nowak"
GRACE, OMAR, MEGAN, LARS = "Grace Okafor", "Omar Haddad", "Megan Hughes", "Lars Jansen"
KEY_CONTACTS = (DOERTE, SATO, GRACE)
ALICES_TEAM = (ANN, JUERGEN, DOERTE, CLAIRE, BRUNO, SATO, SOFIA, PIOTR)
BOBS_TEAM = (GRACE, OMAR, MEGAN, LARS)

# typed into Alice's Outlook while the demo goes on
MIA, NORA = "Mia Lindqvist", "Nora Brandt"


@dataclass(frozen=True)
class Person:
    """A contact as somebody types it into Outlook. `values` go by their names in the CRM."""

    first: str
    last: str
    values: Mapping[str, str] = field(default_factory=dict)
    birthday: date | None = None
    categories: tuple[str, ...] = ()
    private: bool = False

    @property
    def name(self) -> str:
        """The name as Outlook shows it."""
        return f"{self.first} {self.last}"


# Two whom the CRM knows, too: Ann by her e-mail address, Jürgen by his name and company.
MATCHING = (
    Person(
        "Ann",
        "van Dyk",
        {"emailaddress1": "ann.vandyk@contoso.test", "mobilephone": "+49 151 5550 1101"},
        birthday=date(1984, 3, 9),
    ),
    Person("Jürgen", "Müller", {"companyname": "Contoso GmbH", "jobtitle": "Engineer"}),
)
# Six who are nobody's business but Alice's.
PRIVATE = (
    Person(
        "Rosa",
        "Lindner",
        {"telephone2": "+49 89 5550 4401", "description": "Mum. Call her on Sundays."},
        birthday=date(1955, 6, 21),
    ),
    Person("Tom", "Lindner", {"emailaddress1": "tom.lindner@family.test"}),
    Person("Helene", "Weiß", {"telephone1": "+49 89 5550 4403"}, private=True),
    Person("Yuki", "Tanaka", {"emailaddress1": "yuki.tanaka@friends.test"}),
    Person("Emre", "Krüger", {"mobilephone": "+49 151 5550 4405", "description": "Caretaker."}),
    Person("Claire", "Fontaine", {"emailaddress1": "claire.fontaine@friends.test"}),
)
TYPED_FOR_THE_CRM = Person(
    "Mia",
    "Lindqvist",
    {
        "companyname": "Fabrikam Ltd",
        "jobtitle": "Procurement Lead",
        "emailaddress1": "mia.lindqvist@fabrikam.test",
    },
    categories=("CRM",),
)
TYPED_FOR_HERSELF = Person("Nora", "Brandt", {"emailaddress1": "nora.brandt@family.test"})

# The edits between the first sync and the second.
OLD_TITLE, NEW_TITLE = "Buyer", "Head of Purchasing"  # Ann's, in the CRM
ANNS_MOBILE = "+49 151 5550 7701"
OFFICES_PHONE, ALICES_PHONE = "+49 30 5550 2201", "+49 30 5550 3301"  # both of Jürgen
DOERTES_MOBILE = "+49 151 5550 7702"
