"""A shell with a ``vtysh`` that only notes what it is given: what really arrives at a switch's prompt."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field
from pathlib import Path

_VTYSH = """\
#!/bin/sh
for word; do printf '%s\\0' "$word"; done >>"$NOTES/words"
printf '\\n\\0' >>"$NOTES/words"
for last; do :; done
case "$*" in
*'-C -f '*) ;;
*'-f '*) cat "$last" >>"$NOTES/configured" ;;
*'show running-config bgpd'*) echo 'router bgp 65009' ;;
esac
"""


@dataclass(frozen=True)
class Arrived:
    """What a command has given to the switch."""

    words: tuple[tuple[str, ...], ...]
    """Arguments of each ``vtysh``."""
    configured: str
    """Text of configuration files."""


@dataclass
class Switch:
    """A folder as the home of a switch; the same command is run once."""

    folder: Path
    _done: dict[tuple[str, str], Arrived] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Put the ``vtysh`` first on the PATH."""
        (self.folder / "home").mkdir()
        (self.folder / "bin").mkdir()
        vtysh = self.folder / "bin" / "vtysh"
        vtysh.write_text(_VTYSH)
        vtysh.chmod(0o755)

    def run(self, command: str, stdin: str = "") -> Arrived:
        """Run a command as sshd does: by the shell, in the home. It must leave nothing there and succeed."""
        if (command, stdin) not in self._done:
            notes, home = self.folder / "notes", self.folder / "home"
            notes.mkdir()
            done = subprocess.run(
                ["sh", "-c", command],
                input=stdin.encode("utf-8", "surrogatepass"),
                cwd=home,
                env={"PATH": f"{self.folder / 'bin'}:/usr/bin:/bin", "NOTES": str(notes), "TMPDIR": str(self.folder)},
                capture_output=True,
                timeout=20,
                check=False,
            )
            assert done.returncode == 0, (command, done.stderr)
            assert sorted(file.name for file in self.folder.iterdir()) == ["bin", "home", "notes"]
            assert list(home.iterdir()) == []
            called = self._noted(notes / "words").split("\n\0")[:-1]
            words = tuple(tuple(each.split("\0")[:-1]) for each in called)
            self._done[command, stdin] = Arrived(words, self._noted(notes / "configured"))
            for file in notes.iterdir():
                file.unlink()
            notes.rmdir()
        return self._done[command, stdin]

    @staticmethod
    def _noted(file: Path) -> str:
        return file.read_text(encoding="utf-8", errors="surrogateescape") if file.exists() else ""
