"""How BIRD takes a change: files on trial beside those that stand, which only a confirmation puts in their place."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from leafrack.platforms.played import SESSION, Channel, Dialogue, Look, Pending, Transaction

TIMER = 120
"""Seconds to confirm: reading back takes a few, and an operator's patience is the same."""


@cache
def _file(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def reading(folder: str, what: str) -> str:
    """Command that shows BIRD's sessions and routes, and the files of a folder beside bird.conf."""
    return f"# {what}\n{_file('read.sh').replace('@FOLDER@', folder)}"


def _command(what: str, name: str) -> str:
    """A script with what all of them share; its first line says in errors what it is."""
    return "\n".join((f"# {what}", _file("common.sh"), _file(name)))


DIALOGUE = Dialogue(
    channel=Channel.EXEC,
    identity=Look("birdc show status", r"^BIRD 2\."),
    # birdc returns 1 where BIRD has refused something.
    slow=30.0,
)
TRANSACTION = Transaction(
    pending=(
        Pending(
            Look(_command("what is on trial", "pending.sh"), r"^on trial: (.+)$"),
            r"a change on trial (\1) that nobody has confirmed yet: confirm it, take it back (`birdc configure undo`) "
            "or let its time run out",
            own=SESSION,
            lasts=TIMER,
        ),
    ),
    stage=_command("take what is to stand", "stage.sh"),
    check=(_command("configure check", "check.sh"),),
    apply=(_command("configure timeout", "trial.sh"),),
    undo=(_command("leave what was to stand", "leave.sh"),),
    proof=(reading(".{session}", "read what is on trial"),),
    confirm=(_command("configure confirm", "confirm.sh"),),
    rollback=(_command("configure undo", "leave.sh"),),
    save=(_command("leave nothing of jobs that were cut off", "tidy.sh"),),
    timer=TIMER,
)
