"""What a resource asks for when it refuses a token: the claims of its challenge."""

from __future__ import annotations

import base64
import json
import re

_CLAIMS = re.compile(r'\bclaims\s*=\s*"([^"]+)"', re.IGNORECASE)


def claims_in(challenge: str | None) -> str | None:
    """The claims of a WWW-Authenticate header, as JSON; `None` where it holds none.

    They come in base64, by some servers without its padding ("Continuous access evaluation").
    """
    found = _CLAIMS.search(challenge or "")
    if found is None:
        return None
    text = found[1].translate(str.maketrans("-_", "+/"))
    try:
        claims = base64.b64decode(text + "=" * (-len(text) % 4)).decode()
        json.loads(claims)
    except ValueError:  # also of what is no base64, and no text
        return None
    return claims
