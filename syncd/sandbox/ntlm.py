"""NTLM on one connection: three messages, and who it belongs to from then on."""

import base64
import binascii
import os
import struct
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import spnego
from spnego.channel_bindings import GssChannelBindings
from spnego.exceptions import SpnegoError

_SIGNATURE = b"NTLMSSP\0"
_AUTHENTICATE = 3
_DOMAIN, _USER, _FLAGS = 28, 36, 60  # where in an AUTHENTICATE message each is described
_UNICODE = 1
_USER_FILE = "NTLM_USER_FILE"

# The acceptor finds passwords in the file that this variable names, and nowhere else. The variable
# is the process's, so one handshake has it at a time.
_one_at_a_time = threading.Lock()


class NtlmRefused(Exception):
    """A message that is none, comes out of turn, or shows a wrong password."""


class Handshake:
    """The handshake of one connection, for one password that all accounts have.

    The password must hold no colon: the acceptor could not read it.
    """

    def __init__(self, password: str, channel: bytes | None = None) -> None:
        """`channel` is what a client must have bound its proof to (RFC 5929), None for nothing."""
        self._password = password
        self._bound = GssChannelBindings(application_data=channel) if channel is not None else None
        self._context: spnego.ContextProxy | None = None

    def take(self, credentials: str) -> tuple[str, str]:
        """Take a message in base64: return what to answer, or in the end the name that is proved.

        Exactly one of the two is not empty.

        Raises:
            NtlmRefused: see there.

        """
        try:
            message = base64.b64decode(credentials, validate=True)
            last = struct.unpack_from("<I", message, len(_SIGNATURE))[0] == _AUTHENTICATE
            if not message.startswith(_SIGNATURE):
                raise NtlmRefused("This is no NTLM message.")
            domain, user = _claimed(message) if last else ("", "-")
        except (binascii.Error, struct.error, UnicodeDecodeError) as error:
            raise NtlmRefused(str(error)) from error
        with _one_at_a_time, _passwords(f"{domain}:{user}:{self._password}"):
            try:
                if not last:
                    self._context = spnego.server(
                        protocol="ntlm",
                        options=spnego.NegotiateOptions.use_ntlm,
                        channel_bindings=self._bound,
                    )
                if self._context is None:
                    raise NtlmRefused("The last message came first.")
                answer = self._context.step(message) or b""
                done = self._context.complete
            except (SpnegoError, ValueError, struct.error) as error:
                self._context = None
                raise NtlmRefused(str(error)) from error
        if not done:
            return base64.b64encode(answer).decode(), ""
        self._context = None
        return "", user


@contextmanager
def _passwords(line: str) -> Iterator[None]:
    before = os.environ.get(_USER_FILE)
    with tempfile.TemporaryDirectory(prefix="syncd-sandbox-") as folder:
        path = Path(folder) / "passwords"
        path.write_text(f"{line}\n")
        os.environ[_USER_FILE] = str(path)
        try:
            yield
        finally:
            if before is None:
                del os.environ[_USER_FILE]
            else:
                os.environ[_USER_FILE] = before


def _claimed(message: bytes) -> tuple[str, str]:
    """Return the domain and the user that an AUTHENTICATE message names."""
    (flags,) = struct.unpack_from("<I", message, _FLAGS)
    encoding = "utf-16-le" if flags & _UNICODE else "cp437"
    found = []
    for at in (_DOMAIN, _USER):
        length, _, offset = struct.unpack_from("<HHI", message, at)
        found.append(message[offset : offset + length].decode(encoding))
    domain, user = found
    if any(sign in f"{domain}{user}" for sign in ":\r\n"):
        raise NtlmRefused("A name with a colon or a line break is nobody's.")
    return domain, user
