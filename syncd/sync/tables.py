"""The sync tables.

They live in the CRM's database, so that a change taken from Outlook is journalled, applied and
settled in one transaction.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from syncd.crm.tables import Id, Number, UtcTime, metadata, user

Hash = String(64)

installation = Table(
    "installation",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Id, nullable=False),  # goes into every stamp
    Column("hash_key", String(64), nullable=False),  # of the keyed hashes, hexadecimal
    Column("epoch", Id, nullable=False),  # of this store: goes into every claim
)

mailbox = Table(
    "mailbox",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("address", Text, nullable=False, unique=True),
    Column("user_id", Id, ForeignKey(user.c.id), nullable=False, unique=True),
    Column("policy", Text, nullable=False),
    Column("username", Text),
    Column("password_file", Text),
    Column("state", String(12), nullable=False),
    Column("trouble", Text),  # why it is suspended, or what the last run failed of
    Column("due", UtcTime, nullable=False),
    Column("failures", Integer, nullable=False, default=0),  # runs in a row that failed
    Column("last_success", UtcTime),
    Column("lease_owner", Text),
    Column("lease_until", UtcTime),
    Column("fence", Integer, nullable=False, default=0),  # one more with each lease
    Column("consented_at", UtcTime),  # when its user agreed to be served
    Column("server", Text),  # of the configuration: the one that was found to serve it
    Column("backend", String(8)),  # whose ids its items go by
    Column("moves", Boolean),  # whether items can be moved there, once that was asked
    Column("audit_due", UtcTime),  # when it is audited next; none: as soon as it can be
    Column("probe_at", UtcTime),  # when its refused sign-in is tried again; none: not by itself
    Column("probe_of", Text),  # whose sign-in that is: the same for all that go with one
    Column("probes", Integer, nullable=False, default=0, server_default="0"),  # refused in a row
    Index(None, "state", "due"),
)

mailbox_kind = Table(
    "mailbox_kind",
    metadata,
    Column("mailbox_id", Integer, ForeignKey(mailbox.c.id), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("folder", Text, nullable=False),  # as the policy names it
    Column("folder_id", Text),
    Column("archive_id", Text),
    Column("former_id", Text),  # of the folder before this one, while items are still there
    Column("cursor", Text),
    Column("generation", Integer, nullable=False, default=0),
    Column("listing", Boolean, nullable=False, default=False),  # a full listing is under way
    Column("listed_for", Text),  # the rules it was begun for, until they are in force
    Column("crm_cursor", Number, nullable=False, default=0),
    Column("rules", Text, nullable=False, default=""),  # what was in force when last evaluated
    Column("contact_state", String(12), nullable=False, default="new"),
    Column("proposal", JSON),
    Column("counters", JSON, nullable=False),
    Column("claim", Text),  # on the synced folder, as it is known to be there
    Column("claim_next", Text),  # written down before it is put there, and not yet known to be
    Column("claim_found", Text),  # another one that was found there: writes are held
    Column("audited", Integer, nullable=False, default=0),  # the link up to which it was audited
)

snapshot = Table(
    "snapshot",
    metadata,
    Column("hash", Hash, primary_key=True),
    Column("content", Text, nullable=False),  # canonical JSON
)

link = Table(
    "link",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("mailbox_id", Integer, ForeignKey(mailbox.c.id), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("crm_id", Id, nullable=False),
    Column("remote_id", Text, nullable=False),
    Column("remote_version", Text, nullable=False),
    Column("remote_modified", UtcTime),  # when the item was last changed, by its server's clock
    Column("origin", String(12), nullable=False),
    Column("state", String(12), nullable=False),
    Column("tracked", Boolean, nullable=False),
    Column("aside", Boolean, nullable=False, default=False),
    Column("crm_version", Integer, nullable=False),
    Column("crm_image", Hash, nullable=False),
    Column("outlook_image", Hash, nullable=False),
    Column("marks", JSON, nullable=False),  # only of groups that are not agreed
    UniqueConstraint("mailbox_id", "kind", "crm_id"),
    Index(None, "mailbox_id", "kind", "remote_id"),
    Index(None, "kind", "crm_id"),
)

# With a rowid: without one SQLite goes by the primary key and through the whole mailbox, although
# there is an index of just what is unsettled.
observed = Table(
    "observed",
    metadata,
    Column("mailbox_id", Integer, ForeignKey(mailbox.c.id), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("remote_id", Text, primary_key=True),
    Column("version", Text, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("unsettled", Boolean, nullable=False),
    Column("stand", String(12), nullable=False),
    Column("reason", String(24), nullable=False),
    Column("stamp_link", Text),
    Column("stamp_key", Text),
    Column("missing_since", UtcTime),
    Column("attempts", Integer, nullable=False, default=0),
    Column("retry_at", UtcTime),
    Column("error", Text),
    Column("name", Text),  # only of an item that its user tracked and that waits for a person
)
Index(
    "ix_observed_unsettled",
    observed.c.mailbox_id,
    observed.c.kind,
    sqlite_where=text("unsettled = 1"),  # as a query says it, else SQLite uses it for none
    postgresql_where=text("unsettled"),
)
Index(
    "ix_observed_unlisted",  # by us created, and not yet shown by any listing
    observed.c.mailbox_id,
    observed.c.kind,
    sqlite_where=text("generation = 0"),
    postgresql_where=text("generation = 0"),
)
Index("ix_observed_stamp_key", observed.c.mailbox_id, observed.c.stamp_key)
Index("ix_observed_stamp_link", observed.c.mailbox_id, observed.c.stamp_link)

match_value = Table(
    "match_value",
    metadata,
    Column("mailbox_id", Integer, ForeignKey(mailbox.c.id), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("hash", String(32), primary_key=True),
    Column("remote_id", Text, primary_key=True),
    Index(None, "mailbox_id", "kind", "remote_id"),
    sqlite_with_rowid=False,
)

noticed = Table(
    "noticed",
    metadata,
    Column("mailbox_id", Integer, ForeignKey(mailbox.c.id), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("crm_id", Id, primary_key=True),
    Column("stand", String(12)),  # only of a record that has no item here
    Column("reason", String(24)),
    Column("attempts", Integer, nullable=False, default=0),
    Column("retry_at", UtcTime),
    Column("error", Text),
    Column("cause", Integer),  # the change that it follows from, where that one is held
    sqlite_with_rowid=False,
)

run = Table(
    "run",
    metadata,
    Column("id", String(12), primary_key=True),
    Column("mailbox_id", Integer, ForeignKey(mailbox.c.id), nullable=False),
    Column("cause", String(16), nullable=False),
    Column("started", UtcTime, nullable=False),
    Column("ended", UtcTime),
    Column("outcome", String(12)),
    Column("counts", JSON),
    Column("requests", Integer),
    Column("subrequests", Integer),
    Column("error", Text),
    Index(None, "mailbox_id", "started"),
)
Index(
    "ix_run_open",
    run.c.mailbox_id,
    sqlite_where=text("outcome IS NULL"),
    postgresql_where=text("outcome IS NULL"),
)

operation = Table(
    "operation",
    metadata,
    Column("key", Id, primary_key=True),
    Column("run_id", String(12), ForeignKey(run.c.id), nullable=False, index=True),
    Column("mailbox_id", Integer, ForeignKey(mailbox.c.id), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("crm_id", Id),
    Column("remote_id", Text),
    Column("verb", String(24), nullable=False),
    Column("reason", String(24), nullable=False),
    Column("before", Hash),
    Column("after", Hash),
    Column("precondition", Text),
    # Where reading stood before the batch: an unanswered one is sought from here.
    Column("cursor", Text),
    Column("counted", Boolean, nullable=False),  # against the breaker's limit of a day
    Column("status", String(12), nullable=False),
    Column("error", Text),
    Column("at", UtcTime, nullable=False),
    Column("settled_at", UtcTime),
    Index(None, "mailbox_id", "kind", "crm_id"),
)
Index(
    "ix_operation_counted",
    operation.c.mailbox_id,
    operation.c.kind,
    operation.c.at,
    sqlite_where=text("counted = 1"),
    postgresql_where=text("counted"),
)
Index(
    "ix_operation_open",
    operation.c.mailbox_id,
    operation.c.kind,
    sqlite_where=text("settled_at IS NULL"),
    postgresql_where=text("settled_at IS NULL"),
)

conflict = Table(
    "conflict",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("run_id", String(12), ForeignKey(run.c.id), nullable=False),
    Column("mailbox_id", Integer, ForeignKey(mailbox.c.id), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("crm_id", Id, nullable=False),
    Column("field_group", String(64), nullable=False),
    Column("loser", String(8), nullable=False),  # the side whose value was overwritten
    Column("operation_key", Id, index=True),  # of the write to Outlook that overwrites it
    Column("kept", Hash, nullable=False),
    Column("reason", String(24), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("state", String(8), nullable=False, default="kept"),  # open, kept, resolved
    Column("other", Hash),  # the other side's value, of one that is open
    Index(None, "mailbox_id", "kind", "crm_id"),
)
Index(
    "ix_conflict_open",
    conflict.c.mailbox_id,
    conflict.c.kind,
    sqlite_where=text("state = 'open'"),
    postgresql_where=text("state = 'open'"),
)

held = Table(
    "held",
    metadata,
    Column("mailbox_id", Integer, ForeignKey(mailbox.c.id), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("subject", Text, primary_key=True),  # the CRM id, or the remote id of a new item
    Column("verb", String(12), primary_key=True),
    Column("crm_version", Integer, nullable=False),
    Column("remote_version", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("reason", String(24)),  # why it is to be done
    Column("at", UtcTime, nullable=False),
    Column("approved_at", UtcTime),
    Column("discarded_at", UtcTime),
    Column("cause", Integer),  # of a change that is held in all mailboxes
)

question = Table(
    "question",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("mailbox_id", Integer, ForeignKey(mailbox.c.id), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("subject", Text, nullable=False),  # the CRM id, or the remote id of a new item
    Column("reason", String(24), nullable=False),
    Column("candidates", JSON, nullable=False),  # ids of the other side
    Column("asked_at", UtcTime, nullable=False),
    Column("answer", String(8)),  # link, create, ignore, never
    Column("chosen", Text),  # of the candidates
    Column("version", Text),  # that of the subject when it was answered
    Column("answered_at", UtcTime),
    UniqueConstraint("mailbox_id", "kind", "subject"),
)

# What its user threw away in Outlook. Beside the links, so that it outlives them.
remembered = Table(
    "remembered",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("mailbox_id", Integer, ForeignKey(mailbox.c.id), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("crm_id", Id, nullable=False),
    Column("reason", String(24), nullable=False),
    Column("at", UtcTime, nullable=False),
    UniqueConstraint("mailbox_id", "kind", "crm_id"),
)

remembered_value = Table(
    "remembered_value",
    metadata,
    Column("remembered_id", Integer, ForeignKey(remembered.c.id), primary_key=True),
    Column("hash", String(32), primary_key=True),  # keyed: by what the person is known again
    Index(None, "hash"),
    sqlite_with_rowid=False,
)

# Tracked, or not tracked any more, by command and not by a category or folder.
act = Table(
    "act",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("mailbox_id", Integer, ForeignKey(mailbox.c.id), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("remote_id", Text, nullable=False),
    Column("crm_id", Id),
    Column("tracked", Boolean, nullable=False),
    Column("at", UtcTime, nullable=False),
    UniqueConstraint("mailbox_id", "kind", "remote_id"),
)

setting = Table(
    "setting",
    metadata,
    Column("mailbox_id", Integer, ForeignKey(mailbox.c.id), primary_key=True),
    Column("key", String(64), primary_key=True),  # contacts.folder
    Column("value", JSON, nullable=False),
    Column("at", UtcTime, nullable=False),
    sqlite_with_rowid=False,
)

user_filter = Table(
    "user_filter",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("mailbox_id", Integer, ForeignKey(mailbox.c.id), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("name", String(64), nullable=False),
    Column("text", Text, nullable=False),
    Column("excludes", Boolean, nullable=False, default=False),
    Column("active", Boolean, nullable=False, default=True),
    Column("template", String(64)),  # that it was copied from
    Column("at", UtcTime, nullable=False),
    UniqueConstraint("mailbox_id", "kind", "name"),
)

# Whose filters were made from the templates: once, so that later templates touch nobody.
templated = Table(
    "templated",
    metadata,
    Column("mailbox_id", Integer, ForeignKey(mailbox.c.id), primary_key=True),
    Column("kind", String(16), primary_key=True),
    sqlite_with_rowid=False,
)

alert = Table(
    "alert",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("mailbox_id", Integer, ForeignKey(mailbox.c.id)),  # none: of the whole installation
    Column("code", String(24), nullable=False),
    Column("level", String(8), nullable=False),  # error, warning, info
    Column("details", JSON, nullable=False),
    Column("raised_at", UtcTime, nullable=False),
    Column("last_at", UtcTime, nullable=False),
    Column("dismissed_at", UtcTime),
    Column("over_at", UtcTime),  # when its cause was gone
    Index(None, "mailbox_id", "code"),
)

# A change that concerns more mailboxes than the limits allow: counted once, for all of them.
cause = Table(
    "cause",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", String(64), nullable=False, unique=True),
    Column("counts", JSON, nullable=False),  # by what the breaker counts
    Column("held", JSON, nullable=False),  # which of these are held
    Column("at", UtcTime, nullable=False),
)
