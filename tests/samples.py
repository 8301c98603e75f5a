"""A value of each type that is hard to carry: scripts, emoji, markup, line breaks."""

from __future__ import annotations

from datetime import date

from syncd.model.fields import FieldType
from syncd.model.values import Value

SAMPLES: dict[FieldType, Value] = {
    FieldType.TEXT: "Łucja «Ąę» 李 & <b> \U0001f642",
    FieldType.LINES: "Haus 1 & 2\nHinterhof ☎\nΨηλά",
    FieldType.NOTE: "eins\n\nzwei\tund\n李小龙 \U0001f642 <b>&amp;</b>",
    FieldType.EMAIL: "Ann.O'Brien+crm@Example.test",
    FieldType.PHONE: "+49 (0)30 / 123-45 ext. 6",
    FieldType.DATE: date(1952, 2, 29),
    FieldType.NAMES: ("Åsa", "李", "O'Neil, Jr."),
}
WEBSITE = "https://例え.test/ä?q=a b&c=1#x"
