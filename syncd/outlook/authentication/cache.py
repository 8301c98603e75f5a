"""What the sign-in of a user leaves behind: tokens in a file that nobody else may read.

The folder has mode 0700 and each file 0600; wider modes are refused, since whoever reads the file
is that user to Microsoft, for months. With a key file its content is encrypted besides.
"""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote

from cryptography.fernet import Fernet, InvalidToken

from syncd.outlook.authentication.certificate import CredentialUnusable, read_credential

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_FOLDER, _FILE = 0o700, 0o600
_ENCRYPTED = b"gAAAA"  # what Fernet makes begins with its version and a time, in base64
_NEW_KEY = "make one: openssl rand -base64 32 | tr '+/' '-_' > {}; chmod 600 {}"


class NotSignedIn(Exception):
    """There is no sign-in of this user."""


def cache_file(folder: Path, address: str) -> Path:
    """The file of a mailbox's sign-in; no character of the address can lead out of the folder."""
    return folder / f"{quote(address.lower(), safe='@')}.json"


@dataclass(frozen=True, slots=True)
class Sealed:
    """A file, and the key that its content is encrypted with, if any."""

    file: Path
    key_file: Path | None = None

    def read(self) -> str:
        """The content. Raises NotSignedIn, CredentialUnusable."""
        _check(self.file.parent, "700")
        _check(self.file, "600")
        try:
            content = self.file.read_bytes()
        except FileNotFoundError:
            raise NotSignedIn from None
        except OSError as error:
            todo = f"let the user who runs syncd own it: chown syncd {self.file}"
            what = f"{self.file} cannot be read: {error.strerror}"
            raise CredentialUnusable(what, todo) from None
        if content.startswith(b"{"):  # also from before there was a key; a write encrypts it
            return self._text(content)
        if not content.startswith(_ENCRYPTED):
            raise self.damaged()
        if self.key_file is None:
            what = f"{self.file} is encrypted, and no key is named"
            raise CredentialUnusable(what, "name it: sign_ins_key_file in the configuration")
        try:
            return self._text(_lock(self.key_file).decrypt(content))
        except InvalidToken:
            what = f"{self.file} was encrypted with another key than that in {self.key_file}"
            todo = f"name that key, or {self._again}"
            raise CredentialUnusable(what, todo) from None

    def damaged(self) -> CredentialUnusable:
        """What is in it is nothing that a sign-in leaves behind."""
        return CredentialUnusable(f"{self.file} is damaged", self._again)

    @property
    def _again(self) -> str:
        return f"sign in once more: syncd login {unquote(self.file.stem)}"

    def _text(self, content: bytes) -> str:
        try:
            return content.decode()
        except UnicodeDecodeError:
            raise self.damaged() from None

    def write(self, content: str) -> None:
        """Put a whole new content in place of the old one. Raises CredentialUnusable."""
        self.probe()
        lock = None if self.key_file is None else _lock(self.key_file)
        sealed = content.encode() if lock is None else lock.encrypt(content.encode())
        try:
            # mkstemp makes it for its owner alone, before there is anything in it.
            handle, name = tempfile.mkstemp(dir=self.file.parent, prefix=".", suffix=".new")
            try:
                with os.fdopen(handle, "wb") as file:
                    os.fchmod(file.fileno(), _FILE)
                    file.write(sealed)
                    file.flush()
                    os.fsync(file.fileno())
                Path(name).replace(self.file)
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise
        except OSError as error:
            raise _unwritable(self.file.parent, error) from None

    def probe(self) -> None:
        """See whether it could be written, before anybody is asked to sign in. As `write`."""
        if self.key_file is not None:
            _lock(self.key_file)
        folder = self.file.parent
        try:
            folder.mkdir(mode=_FOLDER, parents=True, exist_ok=True)
        except OSError as error:
            raise _unwritable(folder, error) from None
        _check(folder, "700")
        if not os.access(folder, os.W_OK | os.X_OK):
            raise _unwritable(folder, OSError(errno.EACCES, os.strerror(errno.EACCES)))

    def remove(self) -> bool:
        """Forget it; False where there was nothing. Raises CredentialUnusable."""
        try:
            self.file.unlink()
        except FileNotFoundError:
            return False
        except OSError as error:
            what = f"{self.file} cannot be removed: {error.strerror}"
            raise CredentialUnusable(what, f"type: sudo rm {self.file}") from None
        return True


def _unwritable(folder: Path, error: OSError) -> CredentialUnusable:
    what = f"nothing can be written into {folder}: {error.strerror}"
    return CredentialUnusable(what, f"let the user who runs syncd own it: chown syncd {folder}")


def _check(path: Path, mode: str) -> None:
    try:
        found = path.stat().st_mode
    except OSError:
        return  # reading it says why
    if found & _OTHERS:
        what = f"others than its owner may read {path}, and with it the mailbox of its user"
        raise CredentialUnusable(what, f"type: chmod {mode} {path}")


def _lock(key_file: Path) -> Fernet:
    key = read_credential(key_file).strip().translate(bytes.maketrans(b"+/", b"-_"))
    _check(key_file, "600")
    try:
        return Fernet(key)
    except ValueError:
        what = f"what is in {key_file} is no key of 32 bytes in base64"
        raise CredentialUnusable(what, _NEW_KEY.format(key_file, key_file)) from None
