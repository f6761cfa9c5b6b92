"""A platform whose jobs are played step by step over SSH: its dialogue and its transaction, as data.

Who writes one fills in a :class:`PlayedPlatform`. What is done with it is in ``leafrack.world.player``, the same for
all: connect, identify, read, plan, look for somebody else's commit, begin, enter, check, apply, read back over a new
connection, confirm, save.

Two kinds of boxes fit:

* **Shell channel**: the commands of a transaction and the lines of a plan are entered one after the other at the
  prompts of one terminal. After each, the answer is searched for the dialogue's errors.
* **Exec channel**: each command of a transaction is an SSH command of its own, with an exit status. All lines of a plan
  are the standard input of one of them (:attr:`Transaction.stage`): a box with files takes text, a program of its own
  does what has to be done on the box in one piece.

Commands of a transaction may have ``{session}`` (a name of this job's own, ``leafrack-`` and eight hexadecimal digits),
``{seconds}`` and ``{minutes}`` (the time to confirm), which :func:`filled` puts in; other braces stay. No line of a
configuration stands in one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from leafrack.platforms.dialect import Dialect
from leafrack.platforms.plan import Plan

HEADING = "### "
"""Begins the line before each answer of what is read."""
HIDDEN = "(hidden)"
"""What stands in the place of a secret wherever a line is shown."""
SESSION = r"leafrack-[0-9a-f]{8}"
"""Names of sessions that are leafrack's own, as a pattern."""


class Channel(StrEnum):
    """How a box takes commands over SSH (RFC 4254 §6.5)."""

    EXEC = "exec"
    """Each command has a channel of its own; its exit status is trusted where the box sends one."""
    SHELL = "shell"
    """One terminal with prompts."""


@dataclass(frozen=True)
class Typed:
    """A line that is entered into a switch.

    ``secrets`` are parts of it that nobody is to see, each as it stands in the line. ``tolerated`` is a pattern of an
    answer that is no failure of this line: that what it removes is not there.
    """

    text: str = field(repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    tolerated: str = ""

    def __str__(self) -> str:
        return hide(self.text, self.secrets)


@dataclass(frozen=True)
class Look:
    """A command that changes nothing, and a pattern that its answer is searched for (``re.MULTILINE``)."""

    command: str
    pattern: str


@dataclass(frozen=True)
class Pending:
    r"""Somebody's commit that is not confirmed, or a lock: where the look finds it, nothing is begun.

    ``why`` says what it is and what to do, as an operator reads it after ``the switch has``, with groups of the pattern
    (``\1``). Where ``own`` matches what was found, it is of a job of leafrack's: of one that is under way, which is
    waited for as long as that may last, or of one that was cut off. Then ``undo`` is sent and the look is taken again.
    """

    look: Look
    why: str
    own: str = ""
    undo: tuple[str, ...] = ()
    lasts: float = 0.0
    """Seconds for which another job may be under way; 0 where nobody can tell it from one that was cut off."""


@dataclass(frozen=True)
class Answer:
    """What a box asks in the middle of a command, and the reply, with its line end where it needs one.

    The question is searched for in the last line that is shown, which is wiped once it is answered.
    """

    question: str
    reply: str


@dataclass(frozen=True, kw_only=True)
class Dialogue:
    """How one talks to a box. Patterns are searched for with ``re.MULTILINE``."""

    channel: Channel
    identity: Look
    """Tells the platform: where its pattern is not found, another kind of box is behind the address."""
    prompt: str = ""
    """The last line of what a shell channel shows when it waits for a command, whole and in any mode."""
    unpaged: tuple[str, ...] = ()
    """First commands on a shell channel, so that no answer stops in the middle; their errors are of no interest."""
    errors: tuple[str, ...] = ()
    """What a box says when it has not done what it was told, whatever its exit status is."""
    harmless: tuple[str, ...] = ()
    """What looks like an error and is none: cut out before errors are looked for."""
    answers: tuple[Answer, ...] = ()
    """Confirmations, and pagers that cannot be switched off."""
    line_end: str = "\n"
    """What ends a line on a shell channel."""
    slow: float = 10.0
    """Seconds that one command may take to answer."""


@dataclass(frozen=True, kw_only=True)
class Transaction:
    """How a box takes a change: candidate, dry run, timer, confirmation, as far as it has them.

    On a shell channel ``begin``, ``mark``, lines, ``check`` and ``apply`` are entered in one terminal, in the mode in
    which the command before left it; ``confirm``, ``rollback`` and ``save`` each begin with a new one. On an exec
    channel the lines are the standard input of ``stage``.
    """

    pending: tuple[Pending, ...] = ()
    begin: tuple[str, ...] = ()
    mark: tuple[str, ...] = ()
    """Configuration that comes before the lines, in force as they are: what an unfinished change is known by."""
    stage: str = ""
    check: tuple[str, ...] = ()
    """Dry run: it fails by an error of the dialogue (or its exit status), and has changed nothing."""
    apply: tuple[str, ...] = ()
    """Puts the lines in force, with a timer where the box has one; none where each line is in force at once."""
    undo: tuple[str, ...] = ()
    """After a failure before :attr:`apply`, in the same terminal: leaves a candidate without a trace."""
    confirm: tuple[str, ...] = ()
    """Over a new connection, once our lines were read back there. None where :attr:`apply` is final."""
    rollback: tuple[str, ...] = ()
    """Over a new connection, when what was applied is not to stay; also what a timer would do by itself."""
    save: tuple[str, ...] = ()
    """So that a restart shows the new state; sent also where nothing had to be changed, in case a run was cut off."""
    finish: tuple[str, ...] = ()
    """Tidies up after :attr:`save` where something was changed; what it fails in is no failure of the job."""
    proof: tuple[str, ...] = ()
    """What is read back before it is confirmed, where that is not what is read otherwise."""
    timer: int = 0
    """Seconds after which the box takes back by itself what nobody has confirmed; 0 where it has no timer."""
    candidate: bool = True
    """What was entered and not applied is in force nowhere, and gone with the connection or by :attr:`undo`."""


@dataclass(kw_only=True)
class PlayedPlatform(Dialect):
    """What a played platform is made of."""

    title: str
    """What people call it, vendor included, for errors."""
    reads: tuple[str, ...]
    """Commands whose answers :attr:`parse` takes, joined by :func:`joined`."""
    lines: Callable[[Plan], tuple[Typed, ...]]
    """What is entered for a plan, in the order that :class:`~leafrack.platforms.plan.Plan` gives."""
    dialogue: Dialogue
    transaction: Transaction = field(default_factory=Transaction)
    entered: Callable[[Plan], str] | None = None
    """The same for an operator, where that is another text: one without a candidate, or not what a program is given."""
    besides: Callable[[Mapping[str, str]], tuple[str, ...]] = lambda _: ()
    """Commands that follow from answers to :attr:`reads`, by command, as why a neighbour is down.

    :attr:`parse` is given what they answered after the others. One that is refused has answered nothing.
    """
    unread: Mapping[str, str] = field(default_factory=dict)
    """Commands of :attr:`reads` that may fail, with a pattern of how: their answer is then empty (a feature is off)."""

    def by_hand(self, plan: Plan) -> str:
        """What a plan changes, as an operator would enter it."""
        return (self.entered or self._entered)(plan)

    def _entered(self, plan: Plan) -> str:
        return "".join(f"{line.text}\n" for line in self.lines(plan))


def joined(answers: Iterable[tuple[str, str]]) -> str:
    """Commands and what they answered, as ``parse`` of a played platform takes them."""
    return "".join(f"{HEADING}{named(command)}\n{_ended(answer)}" for command, answer in answers)


def named(command: str) -> str:
    """A command as errors and headings name it: its first line, which is a comment where it is a script."""
    return command.strip().partition("\n")[0].removeprefix("# ")


def split(output: str, commands: Iterable[str]) -> Mapping[str, str]:
    """Answers by command, without their last line end; a heading of anything but ``commands`` is somebody's text."""
    headings = {f"{HEADING}{named(command)}": command for command in commands}
    parts: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in output.split("\n"):
        if line in headings:
            lines = parts.setdefault(headings[line], [])
        else:
            lines.append(line)
    return {command: "\n".join(said).rstrip("\n") for command, said in parts.items()}


def answers(output: str, commands: Sequence[str], unlike: str) -> tuple[str, ...]:
    """What each of these commands answered, in their order.

    Raises ``ValueError`` with ``unlike`` (``this does not answer as …``) and the first line where one is missing.
    """
    found = split(output, commands)
    missing = next((command for command in commands if command not in found), None)
    if missing is not None:
        first = next((line.strip() for line in output.splitlines() if line.strip()), "nothing")
        msg = f"{unlike}: no answer to `{missing}` in {first[:120]!r}"
        raise ValueError(msg)
    return tuple(found[command] for command in commands)


def filled(command: str, session: str, seconds: int) -> str:
    """A command of a transaction with this job's name and time; minutes are rounded up."""
    given = {"{session}": session, "{seconds}": str(seconds), "{minutes}": str(-(-seconds // 60))}
    for name, value in given.items():
        command = command.replace(name, value)
    return command


def complaint(dialogue: Dialogue, said: str, tolerated: str = "") -> str:
    """The first line of an answer that says an error, ``""`` where there is none."""
    for pattern in (*dialogue.harmless, *filter(None, (tolerated,))):
        said = re.sub(pattern, "", said, flags=re.MULTILINE)
    found = (match for pattern in dialogue.errors if (match := re.search(pattern, said, re.MULTILINE)))
    first = min(found, key=lambda match: match.start(), default=None)
    return "" if first is None else _line_around(said, first.start())


def hide(text: str, secrets: Iterable[str]) -> str:
    """Text without secrets."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return text


def _line_around(text: str, place: int) -> str:
    start = text.rfind("\n", 0, place) + 1
    end = text.find("\n", place)
    return text[start : len(text) if end < 0 else end].strip()


def _ended(text: str) -> str:
    return text if not text or text.endswith("\n") else f"{text}\n"
