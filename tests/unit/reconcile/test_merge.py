"""Merging a group: every verdict under every rule, against an oracle that knows nothing of ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest

from syncd.model.fields import Direction, Side
from syncd.model.policy import ConflictPolicy
from syncd.model.values import Value
from syncd.reconcile.images import (
    AGREED,
    REMAPPED,
    Mark,
    Standing,
    completed,
    content,
    differs,
    hashed,
)
from syncd.reconcile.merge import (
    MERGE,
    GroupFacts,
    Timing,
    Verdict,
    merge,
    unread,
)
from syncd.reconcile.reasons import Reason
from tests.toy import GADGET
from tests.unit.reconcile.situations import KEY, NOON, after

CRM, OUTLOOK = Side.CRM, Side.OUTLOOK
TWO_WAY, TO_OUTLOOK, TO_CRM, NO_WAY = Direction
SERIAL, TITLE, PARTS, HINT = (GADGET.groups[n] for n in ("serial", "title", "parts", "hint"))
LATER, EARLIER = NOON + timedelta(hours=1), NOON - timedelta(hours=1)
OUTLOOK_LATER, CRM_LATER = Timing(NOON, LATER), Timing(NOON, EARLIER)
PERSONAL = Mark(Standing.APART, Reason.PERSONAL)


def serial(text: str | None) -> Mapping[str, Value]:
    """The values of the group `serial`."""
    return {"serial": text}


def facts(
    images: tuple[str | None, str | None],
    now: tuple[str | None, str | None],
    direction: Direction = TWO_WAY,
    mark: Mark = AGREED,
) -> GroupFacts:
    """A group whose sides were last known to hold `images` and hold `now`: (CRM, Outlook)."""
    return GroupFacts(
        SERIAL,
        direction,
        {CRM: content(serial(images[0])), OUTLOOK: content(serial(images[1]))},
        {CRM: serial(now[0]), OUTLOOK: serial(now[1])},
        mark,
    )


# --- the table -----------------------------------------------------------------------------------

# CRM edited, Outlook edited, equal now | verdict | images -> now, each as CRM/Outlook
VERDICTS = """
no  no  yes | agreed            | a/a -> a/a
no  no  no  | rest              | a/b -> a/b
yes no  yes | agreed            | a/b -> b/b
yes no  no  | carry the CRM's   | a/a -> x/a
no  yes yes | agreed            | a/b -> a/a
no  yes no  | carry Outlook's   | a/a -> a/x
yes yes yes | agreed            | a/a -> x/x
yes yes no  | conflict          | a/a -> x/y
"""


def _pair(text: str) -> tuple[str, str]:
    one, two = text.strip().split("/")
    return one, two


SITUATIONS = [
    (tuple(word == "yes" for word in key.split()), verdict.strip(), _pair(was), _pair(now))
    for key, verdict, values in (line.split("|") for line in VERDICTS.strip().splitlines())
    for was, now in [values.split("->")]
]


@pytest.mark.parametrize(("key", "verdict", "was", "now"), SITUATIONS)
def test_the_verdicts(
    key: tuple[bool, bool, bool], verdict: str, was: tuple[str, str], now: tuple[str, str]
) -> None:
    """The literal table says what the design says."""
    assert MERGE[key] == Verdict(verdict)
    edited = tuple(a != b for a, b in zip(was, now, strict=True))
    assert (*edited, now[0] == now[1]) == key


def test_the_verdicts_are_all() -> None:
    """Eight situations, eight verdicts."""
    assert MERGE.keys() == {key for key, *_ in SITUATIONS} == set(product((True, False), repeat=3))


SPEAKERS = {TWO_WAY: "co", TO_OUTLOOK: "c", TO_CRM: "o", NO_WAY: ""}


def oracle(
    was: tuple[str, str],
    now: tuple[str, str],
    direction: Direction,
    policy: ConflictPolicy,
    timing: Timing,
) -> tuple[str, str, str]:
    """What both sides hold in the end, and whose value is kept as a loser ("c", "o" or none)."""
    if now[0] == now[1]:
        return (*now, "")
    speaking = [s for i, s in enumerate("co") if was[i] != now[i] and s in SPEAKERS[direction]]
    edited = [s for i, s in enumerate("co") if was[i] != now[i]]
    if not speaking:
        return (*now, "")
    if len(speaking) == 2:
        if policy is ConflictPolicy.ASK:
            return (*now, "")
        assert timing.crm is not None
        assert timing.outlook is not None
        late = "o" if timing.outlook > timing.crm else "c"
        rule = {"crm": "c", "outlook": "o", "latest": late}
        speaking = [rule[policy.value]]
    winner = speaking[0]
    final = now["co".index(winner)]
    loser = "" if len(edited) == 1 else {"c": "o", "o": "c"}[winner]
    return final, final, loser


@pytest.mark.parametrize("timing", [OUTLOOK_LATER, CRM_LATER], ids=["outlook-later", "crm-later"])
@pytest.mark.parametrize("policy", ConflictPolicy)
@pytest.mark.parametrize("direction", Direction)
@pytest.mark.parametrize(("key", "verdict", "was", "now"), SITUATIONS)
def test_merge_is_the_oracles(
    key: tuple[bool, ...],
    verdict: str,
    was: tuple[str, str],
    now: tuple[str, str],
    direction: Direction,
    policy: ConflictPolicy,
    timing: Timing,
) -> None:
    """Every verdict under every direction and conflict policy ends as the oracle says."""
    del key, verdict
    group = facts(was, now, direction, AGREED if was[0] == was[1] else PERSONAL)
    outcome = merge(group, policy, timing, KEY)
    held = after(group, outcome)
    loser = outcome.loser.side.value[0] if outcome.loser else ""
    ends = (held[CRM]["serial"], held[OUTLOOK]["serial"], loser)
    assert ends == oracle(was, now, direction, policy, timing)
    if outcome.loser:
        assert outcome.loser.values == serial(now[0] if outcome.loser.side is CRM else now[1])


# --- who wins by `latest` ------------------------------------------------------------------------

MINUTE = timedelta(minutes=1)
LATEST = {
    "the later one wins: Outlook": (Timing(NOON, LATER), Reason.LATEST_OUTLOOK),
    "the later one wins: CRM": (Timing(NOON, EARLIER), Reason.LATEST_CRM),
    "by as little as a microsecond": (
        Timing(NOON, NOON + timedelta(microseconds=1)), Reason.LATEST_OUTLOOK,
    ),
    "a tie goes to the CRM": (Timing(NOON, NOON), Reason.LATEST_CRM),
    "Exchange stamps items, not fields": (
        Timing(NOON, LATER, others_changed=True), Reason.LATEST_ESTIMATED,
    ),
    "which makes no earlier time later": (
        Timing(NOON, EARLIER, others_changed=True), Reason.LATEST_CRM,
    ),
    "a clock that is off decides nothing": (
        Timing(NOON, LATER, clock_sound=False), Reason.LATEST_UNKNOWN,
    ),
    "no time from the CRM": (Timing(None, LATER), Reason.LATEST_UNKNOWN),
    "no time from Outlook": (Timing(NOON, None), Reason.LATEST_UNKNOWN),
}  # fmt: skip
CRM_WINS = {Reason.LATEST_CRM, Reason.LATEST_UNKNOWN}


@pytest.mark.parametrize("rule", LATEST)
def test_latest(rule: str) -> None:
    """The name of the case is the law; the other value is kept."""
    timing, reason = LATEST[rule]
    outcome = merge(facts(("a", "a"), ("x", "y")), ConflictPolicy.LATEST, timing, KEY)
    assert outcome.reason is reason
    assert outcome.writes == ({OUTLOOK: serial("x")} if reason in CRM_WINS else {CRM: serial("y")})
    assert outcome.loser is not None
    assert outcome.loser.side is (OUTLOOK if reason in CRM_WINS else CRM)


def test_latest_without_an_image_is_the_crms() -> None:
    """No image, no telling who edited: the CRM's, and Outlook's kept."""
    group = facts(("a", "a"), ("x", "y"))
    group = replace(group, images={**group.images, OUTLOOK: None})
    outcome = merge(group, ConflictPolicy.LATEST, OUTLOOK_LATER, KEY)
    assert outcome.reason is Reason.LATEST_UNKNOWN
    assert outcome.writes == {OUTLOOK: serial("x")}
    assert outcome.loser is not None


# --- sets merge by element -----------------------------------------------------------------------

# images | now | both in the end; each as CRM/Outlook
SETS = """
ab/ab | abc/ab   | abc  | crm-changed # added on one side
ab/ab | a/ab     | a    | crm-changed # removed on one side
ab/ab | abc/abd  | abcd | merged-set  # added on both
ab/ab | ac/abd   | acd  | merged-set  # removed here, added there
ab/ab | b/a      |      | merged-set  # each removed another
ab/ab | ab/ab    | ab   | equal       # nothing
ab/ab | abc/abc  | abc  | equal       # the same on both
ab/a  | abc/a    | abc  | merged-set  # apart: what one side has and the other never had stays
ab/cd | abx/cd   | abcdx| merged-set  # apart: nothing goes that nobody removed
ab/bc | a/bc     | ac   | merged-set  # apart: what both had and one removed goes
"""


def _set(text: str) -> Mapping[str, Value]:
    return {"parts": tuple(text.strip()) or None}


@pytest.mark.parametrize("line", SETS.strip().splitlines())
def test_sets(line: str) -> None:
    """Added on either side is in, removed on either side is out, whatever the policy."""
    was, now, end, reason = line.split("#")[0].split("|")
    images = [content(_set(each)) for each in was.split("/")]
    held = [_set(each) for each in now.split("/")]
    mark = AGREED if images[0] == images[1] else PERSONAL
    group = GroupFacts(
        PARTS,
        TWO_WAY,
        dict(zip(Side, images, strict=True)),
        dict(zip(Side, held, strict=True)),
        mark,
    )
    for policy in ConflictPolicy:
        outcome = merge(group, policy, CRM_LATER, KEY)
        assert after(group, outcome) == dict.fromkeys(Side, _set(end))
        assert outcome.reason == reason.strip()


def test_elements_are_compared_in_normal_form() -> None:
    """A blank too many makes no second element."""
    images = dict.fromkeys(Side, content({"parts": ("bolt",)}))
    now: Mapping[Side, Mapping[str, Value]] = {
        CRM: {"parts": ("bolt", "nut")},
        OUTLOOK: {"parts": ("bolt ", "gear")},
    }
    group = GroupFacts(PARTS, TWO_WAY, images, now)
    held = after(group, merge(group, ConflictPolicy.CRM, CRM_LATER, KEY))
    assert {each["parts"] for each in held.values()} == {("bolt", "gear", "nut")}


@pytest.mark.parametrize("side", Side)
def test_nothing_was_removed_from_a_set_that_one_side_was_never_known_to_have(side: Side) -> None:
    """Without an image of one side both keep what they have."""
    images = {side: content(_set("ab")), side.other: None}
    group = GroupFacts(PARTS, TWO_WAY, images, {side: _set("ac"), side.other: _set("bd")})
    outcome = merge(group, ConflictPolicy.LATEST, CRM_LATER, KEY)
    assert after(group, outcome) == dict.fromkeys(Side, _set("abcd"))


# --- cleared, and not observed -------------------------------------------------------------------


def test_cleared_travels() -> None:
    """What one side emptied is emptied on the other."""
    outcome = merge(facts(("a", "a"), (None, "a")), ConflictPolicy.LATEST, CRM_LATER, KEY)
    assert outcome.writes == {OUTLOOK: serial(None)}
    assert outcome.loser is None  # it was agreed on: the journal has it


@pytest.mark.parametrize("hashes", [False, True])
def test_not_observed_never_clears(hashes: bool) -> None:
    """A field that a reading does not name is as it was: no edit, and no emptiness to carry."""
    whole: Mapping[str, Value] = {"brand": "Acme", "model": "One"}
    image = hashed(KEY, TITLE, whole) if hashes else content(whole)
    now = completed(TITLE, image, {"brand": "Acme"})
    assert not differs(KEY, TITLE, image, now)
    group = GroupFacts(
        TITLE, TWO_WAY, {CRM: content(whole), OUTLOOK: image}, {CRM: whole, OUTLOOK: now}
    )
    assert merge(group, ConflictPolicy.OUTLOOK, OUTLOOK_LATER, KEY).writes == {}


def test_nobody_overwrites_what_was_not_read() -> None:
    """Known by its hash alone, a value is read before the other side is carried over it (P1)."""
    images = {CRM: content(serial("a")), OUTLOOK: hashed(KEY, SERIAL, serial("b"))}
    group = GroupFacts(SERIAL, TWO_WAY, images, {CRM: serial("x"), OUTLOOK: None}, PERSONAL)
    assert unread(group, KEY)
    assert not unread(replace(group, now={CRM: serial("a"), OUTLOOK: None}), KEY)
    assert not unread(replace(group, now={CRM: serial("x"), OUTLOOK: serial("b")}), KEY)


def test_a_part_of_what_was_never_known_is_all_there_is() -> None:
    """Without an image nothing completes what was observed."""
    assert completed(TITLE, None, {"brand": "Acme"}) == {"brand": "Acme"}


def test_of_a_group_that_stands_elsewhere_by_now_only_outlook_is_read_anew() -> None:
    """The CRM's image is of the same field as before."""
    images = dict.fromkeys(Side, content(serial("a")))
    group = GroupFacts(SERIAL, TWO_WAY, images, {CRM: None, OUTLOOK: serial("b")}, REMAPPED)
    assert not unread(group, KEY)
    assert unread(replace(group, now={CRM: serial("a"), OUTLOOK: None}), KEY)
