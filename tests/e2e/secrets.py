"""Looking for secrets where none may be: in texts, files and the process list, also encoded or escaped."""

from __future__ import annotations

import base64
import json
import shlex
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Self
from urllib.parse import quote, quote_plus

import yaml

SHORTEST = 8
"""Characters of a text that is looked for: a shorter one is found everywhere."""


class Secrets:
    """Secrets by name, each in every form in which it could be told."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self.forms = {
            form.encode(): f"{name} ({how})"
            for name, secret in secrets.items()
            for part in _parts(secret)
            for how, form in _forms(part).items()
            if len(form) >= SHORTEST
        }

    def named_in(self, text: str | bytes) -> set[str]:
        """Names of the secrets that a text tells, with the form that it tells them in."""
        whole = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text
        return {name for form, name in self.forms.items() if form in whole}

    def in_files(self, folder: Path, but: Iterable[Path] = ()) -> dict[str, set[str]]:
        """Files of a folder that tell a secret; links are not followed."""
        left_out = {path.resolve() for path in but}
        found: dict[str, set[str]] = {}
        for file in folder.rglob("*"):
            with suppress(OSError):
                if file.is_file() and not file.is_symlink() and file.resolve() not in left_out:
                    found[str(file)] = self.named_in(str(file)) | self.named_in(file.read_bytes())
        return {file: names for file, names in found.items() if names}


def _parts(secret: str) -> list[str]:
    """A key is told by any of its lines, but for the first two and the last, which every key has."""
    lines = secret.splitlines()
    return [secret, *(line for line in lines[2:-1] if len(line) >= SHORTEST)]


def _forms(text: str) -> dict[str, str]:
    raw = text.encode()
    # Of what stands in the middle of something that is encoded as a whole, two thirds of the beginnings look otherwise.
    shifted = {
        f"base64, at {at} of 3": base64.b64encode(b"x" * at + raw).decode()[4 if at else 0 : -4].rstrip("=")
        for at in range(3)
    }
    return {
        "in clear": text,
        **shifted,
        "hexadecimal": raw.hex(),
        "JSON": json.dumps(text)[1:-1],
        "Go's JSON": _of_go(text),
        "JSON in JSON": json.dumps(json.dumps(text)[1:-1])[1:-1],
        "Go's JSON in JSON": _of_go(_of_go(text)),
        "JSON in Go's JSON": _of_go(json.dumps(text)[1:-1]),
        "shell": shlex.quote(text),
        "in single quotes of a shell": text.replace("'", "'\\''"),
        "URL": quote(text, safe=""),
        "form": quote_plus(text),
        "Python": repr(text)[1:-1],
        "YAML": yaml.safe_dump(text, width=2**16).removesuffix("\n").removesuffix("\n..."),
    }


def _of_go(text: str) -> str:
    """As encoding/json of Go writes it."""
    written = json.dumps(text, ensure_ascii=False)[1:-1]
    for letter in "<>&\u2028\u2029":
        written = written.replace(letter, f"\\u{ord(letter):04x}")
    return written


class Watch:
    """The process list, looked at all the time in the background: command lines and environments of every process."""

    def __init__(self, secrets: Secrets, every: float = 0.015) -> None:
        self._secrets, self._every = secrets, every
        self.told: dict[str, set[str]] = {}
        """Command lines that told a secret."""
        self.carried: dict[str, set[str]] = {}
        """Secrets in the environment, by the command that had them."""
        self.seen: list[str] = []
        """Every command line that there was."""
        self._known: dict[Path, bytes] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(self._every):
            self._look()

    def _look(self) -> None:
        for folder in Path("/proc").iterdir():
            with suppress(OSError):
                # A process becomes another by exec and keeps its number.
                if folder.name.isdecimal() and (line := (folder / "cmdline").read_bytes()) != self._known.get(folder):
                    self._known[folder] = line
                    self._note(line, (folder / "environ").read_bytes())

    def _note(self, line: bytes, environment: bytes) -> None:
        words = line.decode("utf-8", "replace").rstrip("\0").replace("\0", " ")
        self.seen.append(words)
        for told, where in ((line, self.told), (environment, self.carried)):
            if names := self._secrets.named_in(told):
                where.setdefault(words, set()).update(names)
