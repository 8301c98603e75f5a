"""The demo, step by step."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

from syncd.cli.demo import stories
from syncd.cli.demo.checks import check
from syncd.cli.demo.evidence import Evidence, Witness
from syncd.cli.demo.folder import CONFIGURATION, TEAM
from syncd.cli.demo.outlook import OUTLOOK_ERRORS, Outlook
from syncd.cli.demo.people import (
    ALICE,
    ALICES_PHONE,
    ANN,
    ANNS_MOBILE,
    BOB,
    BRUNO,
    CLAIRE,
    DOERTE,
    DOERTES_MOBILE,
    JUERGEN,
    MATCHING,
    NEW_TITLE,
    OFFICES_PHONE,
    PRIVATE,
    REPS,
    TYPED_FOR_HERSELF,
    TYPED_FOR_THE_CRM,
)
from syncd.cli.demo.place import EWS, GRAPH, Place
from syncd.cli.demo.processes import Commands, unexpected
from syncd.cli.demo.telling import Teller
from syncd.cli.errors import Exit, Problem

_TICK = 1.1  # seconds: Exchange counts whole ones, and the later of two edits is to be later

_SPOKEN = {EWS: "EWS", GRAPH: "Graph, as to Exchange Online,"}
_MEANWHILE = {EWS: "", GRAPH: ", over EWS while syncd spoke Graph"}


class Demo:
    """One showing: in a folder, against a sandbox."""

    def __init__(self, folder: Path, place: Place, commands: Commands, teller: Teller) -> None:
        self._folder = folder
        self._commands = commands
        self._tell = teller
        self._outlooks: Mapping[str, Outlook] = {a: Outlook(place.ews, a, place.ca) for a in REPS}
        self._witness = Witness(folder, place, commands, self._outlooks)
        self._place = place
        self._seen = Evidence(place.backend)

    def show(self) -> bool:
        """Show everything, then check it; whether all of it holds. Raises Problem."""
        try:
            self._before()
            self._settings()
            self._team()
            self._first_sync()
            self._approval()
            self._edits()
            self._second_sync()
            self._third_sync()
            self._why()
        except OUTLOOK_ERRORS as error:
            raise Problem(
                f"The sandbox did not answer the demo: {error}.",
                "The demo stopped there. What it made is still in its folder.",
                f"Look into {self._folder / 'sandbox.log'}, then start again with: syncd demo",
                Exit.FAILED,
            ) from error
        return self._check()

    def _type(self, *words: str, ends: int = Exit.DONE) -> None:
        self._tell.typed("syncd", *words)
        code = self._commands.run(*words)
        if code != ends:
            raise unexpected(words, code, ends)

    def _before(self) -> None:
        self._tell.step(
            "Two reps and their Outlook",
            "Alice and Bob sell for Acme. Their mailboxes are in an Exchange that runs on "
            f"this machine, for the demo; syncd speaks {_SPOKEN[self._place.backend]} to it. "
            "Bob's Outlook is empty. Alice's holds her private address "
            f"book: {len(PRIVATE)} people who are nobody's business but hers, and "
            f"{len(MATCHING)} customers, Ann and Jürgen.",
        )
        for person in (*MATCHING, *PRIVATE):
            self._outlooks[ALICE].add(person)
        self._seen.start = self._witness.mailboxes()

    def _settings(self) -> None:
        self._tell.step(
            "The rules",
            "Two policies: Alice gets what she owns. Bob gets what he owns and the team's key "
            "contacts, too: those who decide, whoever owns them.",
        )
        self._tell.typed("cat", CONFIGURATION)
        self._tell.listing((self._folder / CONFIGURATION).read_text(encoding="utf-8"))
        self._type("config", "validate")

    def _team(self) -> None:
        self._tell.step(
            "The CRM",
            f"The reps are made known, and the team's contacts are imported from {TEAM}, a vCard "
            "file that comes with syncd.",
        )
        for address, (name, policy) in REPS.items():
            self._type("users", "add", address, "--name", name, "--policy", policy)
        self._type("crm", "import", TEAM)
        self._type("crm", "contact", "list")

    def _first_sync(self) -> None:
        self._tell.step(
            "The first sync",
            "Bob's Outlook is empty, so his goes ahead. Alice's holds contacts already: syncd "
            "matches, writes nothing and waits until somebody has looked.",
        )
        self._type("sync", ends=Exit.HELD)
        self._seen.asked = self._witness.mailboxes()
        self._tell.say("\nWhy does it wait? This is what it would do, and nothing else:")
        self._type("onboard", ALICE, ends=Exit.HELD)

    def _approval(self) -> None:
        self._tell.step(
            "The first sync, approved",
            "Ann and Jürgen are the same people on both sides; the private ones stay out. Good.",
        )
        self._type("onboard", ALICE, "--approve")
        self._seen.first = self._witness.picture()
        self._seen.kept = self._witness.kept(self._witness.latest_run(ALICE))

    def _edits(self) -> None:
        self._tell.step(
            "A working day",
            "The office changes Ann's job title and Jürgen's phone number in the CRM, and gives "
            "Claire to Bob.",
        )
        self._type("crm", "contact", "edit", ANN, "--job-title", NEW_TITLE)
        self._type("crm", "contact", "edit", JUERGEN, "--business-phone", OFFICES_PHONE)
        self._type("crm", "contact", "assign", CLAIRE, "--owner", BOB)
        time.sleep(_TICK)
        self._tell.say("\nA little later, Alice works in Outlook, and knows nothing of that:")
        hers = self._outlooks[ALICE]
        hers.set_phone(ANN, "mobilephone", ANNS_MOBILE)
        self._tell.act("Alice", f"changes Ann's mobile number to {ANNS_MOBILE}.")
        hers.set_phone(JUERGEN, "telephone1", ALICES_PHONE)
        self._tell.act(
            "Alice", f"changes Jürgen's phone number, too, to another one: {ALICES_PHONE}."
        )
        hers.set_phone(DOERTE, "mobilephone", DOERTES_MOBILE)
        self._tell.act(
            "Alice", f"changes the mobile number of Dörte, whom Bob has, too: {DOERTES_MOBILE}."
        )
        hers.add(TYPED_FOR_THE_CRM)
        self._tell.act("Alice", "types in Mia Lindqvist, with the category CRM.")
        hers.add(TYPED_FOR_HERSELF)
        self._tell.act("Alice", "types in Nora Brandt, without a category: a friend.")
        hers.trash(BRUNO)
        self._tell.act("Alice", "deletes Bruno Keller.")
        self._seen.edited = self._witness.picture()

    def _second_sync(self) -> None:
        self._tell.step(
            "The second sync",
            "First a look at what it would do, and why; a plan touches nothing. Bob's plan does "
            "not know yet what will come from Alice.",
        )
        self._type("plan", ends=Exit.WORK)
        self._type("sync")
        self._seen.synced = self._witness.picture()
        self._tell.say("\nWhat became of it, on both sides:")
        stories.tell(self._tell, self._seen.edited, self._seen.synced)
        self._tell.say("\nThe journal has every write with its reason, and the number that lost:")
        run = self._witness.latest_run(ALICE)
        self._type("runs", "show", run)
        self._seen.kept = (*self._seen.kept, *self._witness.kept(run))

    def _third_sync(self) -> None:
        self._tell.step(
            "The third sync",
            "Nobody has changed anything, so it does nothing, and finds that out with one request "
            "for each mailbox.",
        )
        self._witness.reset_requests()
        self._type("sync")
        self._seen.requests = self._witness.requests()
        self._type("runs", "list", "--limit", str(len(REPS)))
        self._seen.third = self._witness.third_runs(len(REPS))
        self._seen.left_alone = self._witness.left_alone()
        self._seen.quiet = self._witness.picture()
        self._seen.store = self._witness.store()

    def _why(self) -> None:
        self._tell.step(
            "Why?",
            "Where is Bruno? The office sees that he is Alice's, and not in her Outlook. Whoever "
            "asks is told, from what the syncs have left behind; no server is asked.",
        )
        self._type("explain", BRUNO)
        self._seen.explained = self._witness.explained(BRUNO)

    def _check(self) -> bool:
        self._tell.step(
            "Is it true?",
            "Do not take syncd's word for it: both mailboxes were read with bare exchangelib, "
            f"signed in as Alice and as Bob{_MEANWHILE[self._place.backend]}, before and after "
            "each sync. P1 to P14 are syncd's promises, as README.md numbers them.",
        )
        done = check(self._seen)
        for each in done:
            self._tell.checked(each.sentence, holds=not each.faults, found=each.faults)
        return not any(each.faults for each in done)
