"""Whether a body is more than the text that it shows."""

from __future__ import annotations

import re

_FORMATTED = re.compile(
    r"<(?:a|b|strong|i|em|u|s|strike|del|sub|sup|img|table|ul|ol|li|h[1-6]|blockquote|font[^>]*\bcolor)\b"
    r"|(?:font-weight:\s*(?:bold|[6-9]00)|font-style:\s*italic|text-decoration:\s*(?:underline|line-)"
    r"|background(?:-color)?:)",
    re.IGNORECASE,
)


def is_formatted(html: str) -> bool:
    """Whether a body would lose something as plain text. Exchange wraps bare text in HTML, too."""
    return _FORMATTED.search(html) is not None
