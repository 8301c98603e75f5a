"""Origins: of each field group the store knows when its value was authored, and where."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syncd.crm import records
from syncd.crm.database import write
from syncd.crm.feed import Actor, ActorKind
from syncd.crm.records import CONTACTS, Origin
from syncd.model.values import Value
from tests.crm.conftest import BY_HAND, NOON, Store

ACTORS = [BY_HAND, *(Actor(ActorKind.MAILBOX, f"{name}@contoso.com") for name in ("ann", "bob"))]
FIELDS = ["firstname", "lastname", "jobtitle", "address1_line1", "address1_city", "birthdate"]
TEXTS = [name for name in FIELDS if name != "birthdate"]

patches = st.dictionaries(st.sampled_from(TEXTS), st.sampled_from([None, "", "a", "b", "a\nb"]))
histories = st.lists(st.tuples(patches, st.sampled_from(ACTORS), st.booleans()), max_size=6)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(histories)
def test_a_groups_origin_is_that_of_its_last_change(
    store: Store, history: list[tuple[dict[str, str | None], Actor, bool]]
) -> None:
    """Whatever was written by whom: fields, origins and version follow from the changes alone."""
    held: dict[str, Value] = dict.fromkeys(FIELDS)
    origins: dict[str, Origin] = {}
    version = 1
    with write(store.engine) as conn:
        now = records.create(conn, CONTACTS, {}, owner_id=store.ann.id, actor=BY_HAND, at=NOON)
        for step, (patch, actor, dated) in enumerate(history, start=1):
            at = NOON + timedelta(minutes=step)
            authored = at - timedelta(days=1) if dated else at
            changed = {name for name, value in patch.items() if (value or None) != held[name]}
            held |= {name: patch[name] or None for name in changed}
            groups = {CONTACTS.kind.by_name[name].group for name in changed}
            origins |= dict.fromkeys(groups, Origin(authored, actor.mailbox))
            version += bool(changed)
            now = records.update(
                conn,
                CONTACTS,
                now.id,
                patch,
                expected=now.version,
                actor=actor,
                at=at,
                origin_at=authored if dated else None,
            )
        assert records.read(conn, CONTACTS, [now.id]) == {now.id: now}
    assert {name: now.record.fields[name] for name in FIELDS} == held
    assert now.origins == origins
    assert now.version == version
