"""Talking to a switch over a connection: commands and what it answers, by exec channels or at the prompts of a shell.

What a box says is text to judge: errors are told by its exit status and by the patterns of its platform's dialogue.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from math import inf
from time import monotonic
from typing import Protocol

import asyncssh

from leafrack.errors import UnreadableError
from leafrack.platforms.played import Channel, PlayedPlatform, complaint, hide, named
from leafrack.world.login import place
from leafrack.world.model import Endpoint

LARGEST_ANSWER = 64 * 2**20
"""Bytes that a switch may answer: of one that never ends, all would be kept until its time is over.

A leaf's routes as JSON are most of an answer, about 1 KB each: 64 MiB are the pod blocks of some ten thousand nodes. A
running configuration is hardly ever larger than 1 MiB.
"""
_TERMINAL = (511, 1000)
"""Columns and lines: no answer is broken or paged that a box does not break on its own."""
_CONTROLS = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b[@-Z\\-_=>78]|\x1b\][^\x07]*\x07|[\x00\x07]")
"""Escape sequences of a terminal (ECMA-48), and what else is no text."""
_LONGEST_NAME = 80
"""Characters of a command in an error."""
_LONGEST_SAID = 400
"""Characters of a line that a box says."""
_SETTLE = 0.02
"""Seconds without more text after which the end of an answer is taken for a prompt."""
_KNOWN = 8
"""Characters of a box's name by which its prompts are told from other text; in deeper modes some cut their names."""
_AFTER_A_SECRET = re.compile(r"((?:password|key|cipher|simple|secret)\b).*", re.IGNORECASE)


class SaidError(Exception):
    """A box has not done what it was told: ``why`` is its first line about that, without secrets."""

    def __init__(self, what: str, why: str) -> None:
        self.what, self.why = what, why
        super().__init__(f"`{what}`: {why}")


class CutError(Exception):
    """The connection ended, or no answer came in time: what was sent last may have been done."""


class Conversation(Protocol):
    """One way to talk to a box; each call waits for the answer."""

    async def ask(
        self, command: str, stdin: str = "", *, shown: str = "", secrets: Iterable[str] = (), tolerated: str = ""
    ) -> str:
        """What the box answers to a command; ``shown`` is what of the command may be seen.

        Raises :class:`SaidError` and :class:`CutError`.
        """
        ...


def talk(
    endpoint: Endpoint,
    platform: PlayedPlatform,
    connection: asyncssh.SSHClientConnection,
    secrets: Iterable[str] = (),
    patience: float = inf,
) -> Conversation:
    """A conversation in the way of a platform; none of ``secrets`` is in any of its errors.

    ``patience`` bounds each answer, in seconds, where it is less than what the platform needs.
    """
    kind = Shell if platform.dialogue.channel is Channel.SHELL else Exec
    return kind(endpoint, platform, connection, tuple(secrets), min(patience, platform.dialogue.slow))


class Screen:
    """What a terminal shows: whole lines as they end up after a box has moved its cursor about, and the last one."""

    def __init__(self) -> None:
        """Nothing is shown yet."""
        self.lines: list[str] = []
        self.size = 0
        self._raw = ""

    def add(self, text: str) -> None:
        """More text from the box."""
        self.size += len(text)
        *whole, self._raw = (self._raw + text).split("\n")
        self.lines += [f"{self._shown(line)}\n" for line in whole]

    @property
    def last(self) -> str:
        """The line that the cursor is in."""
        return self._shown(self._raw)

    def forget_last(self) -> None:
        """Wipe the line that the cursor is in: a question that was answered."""
        self._raw = ""

    @staticmethod
    def _shown(raw: str) -> str:
        line = _CONTROLS.sub("", raw).rstrip("\r").rpartition("\r")[2]
        while "\b" in line:
            line = re.sub(r"[^\b]?\b", "", line, count=1)
        return line


class _Talk:
    def __init__(
        self,
        endpoint: Endpoint,
        platform: PlayedPlatform,
        connection: asyncssh.SSHClientConnection,
        secrets: tuple[str, ...],
        patience: float,
    ) -> None:
        """``secrets`` are cut out of every error, ``patience`` are the seconds of each answer."""
        self._endpoint, self._title, self._dialogue = endpoint, platform.title, platform.dialogue
        self._connection, self._secrets, self._patience = connection, secrets, patience

    def _judge(self, shown: str, said: str, secrets: tuple[str, ...], tolerated: str) -> None:
        found = complaint(self._dialogue, said, tolerated)
        if found:
            raise SaidError(shown, self._clean(found, secrets))

    def _clean(self, line: str, secrets: tuple[str, ...]) -> str:
        """A line that a box said, without secrets: also where it shows them cut, wrapped or enciphered."""
        clean = hide(line, (*secrets, *self._secrets))
        return (_AFTER_A_SECRET.sub(r"\1 (hidden)", clean) if secrets or clean != line else clean)[:_LONGEST_SAID]


class Exec(_Talk):
    """A channel for each command (RFC 4254 §6.5); an exit status counts where the box sends one."""

    async def ask(
        self, command: str, stdin: str = "", *, shown: str = "", secrets: Iterable[str] = (), tolerated: str = ""
    ) -> str:
        """What it printed; error output only where there is nothing else."""
        hidden = tuple(secrets)
        shown = shown or named(command)[:_LONGEST_NAME]
        try:
            async with asyncio.timeout(self._patience):
                status, output, errors = await self.run(command, stdin)
        except TimeoutError:
            raise CutError(f"no answer to `{shown}` within {self._patience:g} s") from None
        except (asyncssh.Error, OSError) as error:
            raise CutError(f"the connection ended in the middle of `{shown}`: {_words(error)}") from None
        self._judge(shown, f"{errors}\n{output}" if errors else output, hidden, tolerated)
        if status:
            said = (errors or output).strip().splitlines() or [f"exit status {status}"]
            if not (tolerated and re.search(tolerated, errors or output, re.MULTILINE)):
                raise SaidError(shown, self._clean(said[-1].strip(), hidden))
        return output

    async def run(self, command: str, stdin: str) -> tuple[int | None, str, str]:
        """Exit status, output and error output of a command."""
        status, output, errors = await run(self._endpoint, self._connection, command, stdin)
        if status is None and self._connection.is_closed():
            raise asyncssh.ConnectionLost("closed by the switch")
        return status, output, errors


class Shell(_Talk):
    """One terminal: what comes until the next prompt is the answer."""

    _process: asyncssh.SSHClientProcess[str] | None = None
    _name = ""

    async def ask(
        self,
        command: str,
        stdin: str = "",  # noqa: ARG002 - a terminal has none besides
        *,
        shown: str = "",
        secrets: Iterable[str] = (),
        tolerated: str = "",
    ) -> str:
        """What it showed, without the echo and without the prompt; ``stdin`` is not for a terminal."""
        hidden = tuple(secrets)
        shown = shown or named(command)[:_LONGEST_NAME]
        try:
            process = self._process or await self._open()
            said = await self._until_prompt(process, command, shown)
        except (asyncssh.Error, OSError) as error:
            raise CutError(f"the connection ended in the middle of `{shown}`: {_words(error)}") from None
        self._judge(shown, said, hidden, tolerated)
        return said

    async def _open(self) -> asyncssh.SSHClientProcess[str]:
        async with asyncio.timeout(self._patience):
            process = await self._connection.create_process(
                term_type="vt100", term_size=_TERMINAL, encoding="utf-8", errors="replace"
            )
        self._process = process
        await self._until_prompt(process, None, "the login")
        for command in self._dialogue.unpaged:
            await self._until_prompt(process, command, command)
        return process

    async def _until_prompt(self, process: asyncssh.SSHClientProcess[str], command: str | None, shown: str) -> str:
        if command is not None:
            process.stdin.write(f"{command}{self._dialogue.line_end}")
        screen, until = Screen(), monotonic() + self._patience
        while True:
            prompts = self._prompts(screen.last)
            try:
                part = await asyncio.wait_for(process.stdout.read(2**16), _SETTLE if prompts else until - monotonic())
            except TimeoutError:
                if prompts:
                    break
                raise CutError(self._no_prompt(screen, shown)) from None
            if not part:
                raise CutError(f"the connection ended in the middle of `{shown}`")
            screen.add(part)
            if screen.size > LARGEST_ANSWER:
                raise _too_much(self._endpoint)
            self._reply(process, screen)
        if not self._name:
            words = re.findall(r"[\w.-]+", screen.last)
            self._name = max(words, key=len, default="")[:_KNOWN]
        return without_echo("".join(screen.lines), command or "")

    def _prompts(self, last: str) -> bool:
        return bool(last.strip() and self._name in last and re.fullmatch(self._dialogue.prompt, last))

    def _reply(self, process: asyncssh.SSHClientProcess[str], screen: Screen) -> None:
        for each in self._dialogue.answers:
            if re.search(each.question, screen.last):
                process.stdin.write(each.reply)
                screen.forget_last()
                return

    def _no_prompt(self, screen: Screen, shown: str) -> str:
        whole = "".join([*screen.lines[-3:], screen.last])
        last = self._clean(whole.rstrip().rpartition("\n")[2], self._secrets)
        ends = f"its answer ends with {last!r}" if last else "it shows nothing"
        return f"no prompt that {self._title} has after `{shown}`: {ends}"


async def run(
    endpoint: Endpoint, connection: asyncssh.SSHClientConnection, command: str, stdin: str = ""
) -> tuple[int | None, str, str]:
    """Exit status, output and error output of a command, together no more than :data:`LARGEST_ANSWER`."""
    process = await connection.create_process(
        command, stdin=asyncssh.PIPE if stdin else asyncssh.DEVNULL, encoding="utf-8", errors="replace"
    )
    left = LARGEST_ANSWER

    async def whole(stream: asyncssh.SSHReader[str]) -> str:
        nonlocal left
        parts: list[str] = []
        while part := await stream.read(2**16):
            left -= len(part.encode())
            if left < 0:
                raise _too_much(endpoint)
            parts.append(part)
        return "".join(parts)

    if stdin:
        process.stdin.write(stdin)
        process.stdin.write_eof()
    output, complaint = await asyncio.gather(whole(process.stdout), whole(process.stderr))
    await process.wait_closed()
    return process.exit_status, output, complaint


def without_echo(said: str, command: str) -> str:
    """An answer without the command that a terminal shows before it, wherever that was broken."""
    at = 0
    for one in command.strip():
        while at < len(said) and said[at] != one and said[at].isspace():
            at += 1
        if at >= len(said) or said[at] != one:
            return said
        at += 1
    return said[at:].partition("\n")[2] if command.strip() else said


def _too_much(endpoint: Endpoint) -> UnreadableError:
    most = f"{LARGEST_ANSWER // 2**20} MiB"
    why = f"{place(endpoint)} answers more than {most} when it is read: too many routes, or no switch"
    return UnreadableError(endpoint.name, why, refused=True)


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__
