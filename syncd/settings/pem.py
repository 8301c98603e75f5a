"""What a PEM file must hold for the use that a configuration makes of it."""

from __future__ import annotations

import ssl
from pathlib import Path

NAME_A_CA = "name a file with the CA's certificate as PEM text, or write true"

_CERTIFICATE, _KEY = "-----BEGIN CERTIFICATE-----", "PRIVATE KEY-----"


def refusal_of_ca(file: Path) -> str | None:
    """Why no server can be trusted by a file, in words that name it; `None` where one can."""
    if not file.is_file():
        return f"{file} is a folder" if file.is_dir() else f"there is no file {file}"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(file)
    except ssl.SSLError:
        return f"{file} holds no CA certificate"
    except OSError as error:
        return f"{file} cannot be read: {error.strerror}"
    return None if context.cert_store_stats()["x509"] else f"{file} holds no CA certificate"


def refusal_of_pair(file: Path) -> str | None:
    """What a file lacks of a certificate and its key; `None` where both stand in it."""
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        return f"{file} cannot be read: {error.strerror}"
    if _CERTIFICATE not in text:
        return f"{file} holds no certificate"
    return None if _KEY in text else f"{file} holds no private key"
