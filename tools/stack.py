"""Stack ``dev`` of the lab over the lab's life: neither state nor a lock outlives what it stands for."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

from tools import environment, locks
from tools.clone import Clone
from tools.progress import say, seconds

PROJECT, STACK = "leafrack", "dev"


def unlock(state: Path) -> int:
    """Remove what killed engines left locked in a file backend, and say so; how many locks stay."""
    dead, alive = locks.release_dead(state)
    for lock in dead:
        say(f"{lock}; that process is dead, so the lock is gone: `pulumi up` goes on")
    for lock in alive:
        say(f"{lock}: wait for it, or end it there")
    return len(alive)


def mend(state: Path) -> None:
    """Put what Pulumi saved before in the place of a state that cannot be read (a full disk, a power cut).

    Nothing is lost by that, nor without either: what stands as it is declared is adopted and left alone.
    """
    file = state / ".pulumi" / "stacks" / PROJECT / f"{STACK}.json"
    if not file.exists() or _is_json(file):
        return
    broken = file.with_name(f"{STACK}.broken")
    file.rename(broken)
    instead = "`pulumi up` begins without one"
    if copy := next(filter(_is_json, _copies(state, file)), None):
        shutil.copy(copy, file)
        instead = f"{copy} takes its place"
    say(f"stack {STACK}: its state cannot be read and is {broken} now; {instead}")


def _copies(state: Path, file: Path) -> list[Path]:
    """Pulumi's copies of a state, the newest first.

    The one beside it may be cut off too: a write that fails for want of room leaves a state that is cut off (gocloud's
    ``fileblob`` puts it in its place all the same), and the next one begins with a copy of that.
    """
    ended = (state / ".pulumi" / "backups" / PROJECT / STACK).glob(f"{STACK}.*.json")
    return [file.with_name(f"{STACK}.json.bak"), *sorted(ended, reverse=True)]


def _is_json(file: Path) -> bool:
    try:
        json.loads(file.read_bytes())
    except (OSError, ValueError):
        return False
    return True


def forget_a_lost_lab(clone: Clone) -> None:
    """Drop the state when the lab that it describes is gone (a crash, a reboot): its objects went with it."""
    unlock(environment.state(clone))
    mend(environment.state(clone))
    if _stack_exists(clone) and not _lab_lives(clone):
        say(f"stack {STACK}: the lab that its state describes is gone, so the state goes too")
        _run(clone, "pulumi", "stack", "rm", STACK, "--force", "--yes", "--preserve-config")


def destroy(clone: Clone) -> int:
    """``pulumi destroy`` where there is a living lab and a stack; the exit code."""
    if not _lab_lives(clone):
        forget_a_lost_lab(clone)
        return 0
    unlock(environment.state(clone))
    mend(environment.state(clone))
    if not _stack_exists(clone):
        return 0
    begun = time.monotonic()
    say(f"pulumi destroy of stack {STACK} …")
    status = _run(clone, "pulumi", "destroy", "--stack", STACK, "--yes", "--skip-preview")
    outcome = "done" if status == 0 else f"failed with exit code {status}"
    say(f"pulumi destroy of stack {STACK} … {outcome}, {seconds(begun)}")
    return status


def _lab_lives(clone: Clone) -> bool:
    if not (clone.root / ".venv" / "bin" / "python").exists():
        return False
    return _quiet(clone, "python", "-m", "lab", "status").returncode == 0


def _stack_exists(clone: Clone) -> bool:
    if not (clone.bin / "pulumi").exists() or not environment.state(clone).is_dir():
        return False
    listed = _quiet(clone, "pulumi", "stack", "ls", "--json")
    try:
        return any(stack["name"] == STACK for stack in json.loads(listed.stdout))
    except (ValueError, KeyError, TypeError):
        sys.stderr.write(listed.stderr)
        return False


def _quiet(clone: Clone, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=clone.root,
        env=environment.process_environment(clone),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def _run(clone: Clone, *command: str) -> int:
    return subprocess.run(command, cwd=clone.root, env=environment.process_environment(clone), check=False).returncode
