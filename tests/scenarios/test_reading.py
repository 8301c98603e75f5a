"""A slip in a scenario is named, with its place and what was probably meant."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import Engine

from tests.conftest import SQLITE
from tests.scenarios import expecting, reading
from tests.scenarios.acts import VERBS
from tests.scenarios.reading import ScenarioError
from tests.scenarios.stage import Stage
from tests.sync.worlds import memory_world

STORY = """
title = "A rep changes a number"
why = "P1"

[start.crm.ann]
owner = "alice"
firstname = "Ann"

[[step]]
who = "alice"
does = "edits"
what = "ann"
jobtitle = "Boss"

[expected.crm]
ann = { jobtitle = "Boss" }

[expected.outlook.alice]
ann = "as in the CRM"
"""


NOTHING = "means nothing here; did you mean"
AS_IN, AN_ITEM = "as in the CRM", "[expected.outlook.alice] ann"
SET = "[policy]\n{} = '{}'\n[start.crm.ann]"
NO_SETTING = "[policy]: there is no setting 'conflikt'; did you mean"
NO_VALUE = "[policy]: 'cmr' is no such setting; did you mean"


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("jobtitle =", "jobtitel =", f"step 1 (alice edits): 'jobtitel' {NOTHING} 'jobtitle'?"),
        ('"edits"', '"edit"', "step 1: alice does nothing called 'edit'; did you mean 'edits'?"),
        ('who = "alice"', 'who = "alcie"', "step 1: who = 'alcie'; did you mean 'alice'?"),
        ('what = "ann"\n', "", "step 1 (alice edits): it has no 'what'"),
        ('what = "ann"', 'what = "al"', "step 1 (alice edits): nobody is called 'al': ['ann']"),
        ("firstname", "fristname", f"[start.crm.ann]: 'fristname' {NOTHING} 'firstname'?"),
        ("[expected.crm]", "[expected.rcm]", f"[expected]: 'rcm' {NOTHING} 'crm'?"),
        ("as in the", "as in a", f"{AN_ITEM}: 'as in a CRM' {NOTHING} {AS_IN!r}?"),
        ('why = "P1"', "", "the file: it has no 'why'"),
        ("[start.crm.ann]", SET.format("conflikt", "crm"), f"{NO_SETTING} 'conflict'?"),
        ("[start.crm.ann]", SET.format("conflict", "cmr"), f"{NO_VALUE} 'crm'?"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("kept_in", [SQLITE], indirect=True)
def test_a_slip_is_named(engine: Engine, right: str, wrong: str, told: str) -> None:
    """The file, the place, the word, and the word that was probably meant."""
    with pytest.raises(ScenarioError) as caught:
        Stage(reading.parse("story", STORY.replace(right, wrong, 1)), *memory_world(engine)).play()
    assert str(caught.value) == f"story.toml, {told}"


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ('{ jobtitle = "Boss" }', '{ jobtitle = "CEO" }', "the CRM's 'ann': jobtitle is 'Boss'"),
        ('ann = "as in the CRM"', "", "alice has an unexpected item in contacts"),
        ("[expected.crm]\nann =", "[expected.crm]\nbea =", "the CRM has no record of 'bea'"),
        ("[expected.crm]", "[expected.kept]\nann = { jobtitle = 'X' }\n[expected.crm]",
         "nobody kept jobtitle = 'X'"),
        ("[expected.crm]", "[expected.mailbox.alice]\nwrites = 1\n[expected.crm]",
         "alice's mailbox: writes is 0, and not 1"),
        ("[expected.crm]", "[expected.stands.alice]\nann = 'released'\n[expected.crm]",
         "'ann' is 'in step', and not 'released'"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("kept_in", [SQLITE], indirect=True)
def test_what_is_not_as_expected_is_named(
    engine: Engine, right: str, wrong: str, told: str
) -> None:
    """No expectation that cannot fail."""
    stage = Stage(reading.parse("story", STORY.replace(right, wrong, 1)), *memory_world(engine))
    stage.play()
    with pytest.raises(AssertionError, match=re.escape(told)):
        expecting.check(stage)


def test_steps_that_are_taken_over_and_over() -> None:
    """One after the other, as often as is said; a slip in one of them is named, too."""
    one, another = ('{ who = "alice", does = "edits", what = "ann", jobtitle = "A" }',
                    '{ who = "syncd", does = "syncs", mailbox = "alice" }')  # fmt: skip
    over = f"[[step]]\ntimes = 2\nsteps = [{one}, {another}]\n[expected.crm]"
    told = reading.parse("story", STORY.replace("[expected.crm]", over, 1)).steps
    assert [(each.number, each.does) for each in told] == [
        (1, "edits"),
        *[(2, "edits"), (2, "syncs")] * 2,
    ]
    slip = STORY.replace("[expected.crm]", over.replace("syncs", "synks"), 1)
    with pytest.raises(ScenarioError, match="step 2: syncd does nothing called 'synks'"):
        reading.parse("story", slip)


def test_every_word_is_explained() -> None:
    """The README has the whole vocabulary."""
    told = (reading.HERE / "README.md").read_text(encoding="utf-8")
    assert [verb for _, verb in VERBS if f"`{verb}`" not in told] == []


def test_every_file_can_be_read() -> None:
    """And says what it is for."""
    titles = [reading.read(path).title for path in reading.every()]
    assert len(set(titles)) == len(titles)
