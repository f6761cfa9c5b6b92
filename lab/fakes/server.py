"""SSH of a fake box: exec requests, and terminals with echo, prompts, pages and dialogues."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import asyncssh

from lab.fakes.box import Answer, Fake, Login
from lab.fakes.faults import Status

Process = asyncssh.SSHServerProcess[str]


class Server:
    """Logging in to one box; ``faults`` is the file that its faults are taken from, if any."""

    def __init__(
        self, fake: Fake[Any], key: asyncssh.SSHKey, authorized: str | None, faults: Path | None = None
    ) -> None:
        """Whoever has a key of ``authorized`` (text as in authorized_keys) gets in; anybody where there is none."""
        self._fake, self._key, self._authorized, self._file = fake, key, authorized, faults
        self._open: set[asyncssh.SSHServerConnection] = set()
        fake.cut = self.cut

    @property
    def options(self) -> dict[str, Any]:
        """For asyncssh.listen and asyncssh.run_server."""
        return {
            "server_factory": lambda: _Door(self._open, free=self._authorized is None),
            "server_host_keys": [self._key],
            "authorized_client_keys": asyncssh.import_authorized_keys(self._authorized) if self._authorized else None,
            "process_factory": self._process,
            "line_editor": False,
            "errors": "replace",
            "server_version": "OpenSSH_8.7",
        }

    def reboot(self) -> None:
        """The box starts again with what was saved."""
        self._fake.reboot()

    def cut(self) -> None:
        """End every connection, with no word."""
        for connection in self._open:
            connection.abort()

    async def _process(self, process: Process) -> None:
        login = self._fake.login()
        # Whoever is gone in the middle of something is gone: a switch says nothing either.
        with suppress(OSError, asyncssh.Error):
            try:
                if process.command is None:
                    await self._terminal(process, login)
                else:
                    await self._exec(process, login, process.command)
            finally:
                login.gone()

    async def _answer(self, process: Process, login: Login, line: str) -> Answer:
        """A command with all that goes wrong with it."""
        faults = self._fake.faults
        faults.look(self._file)
        faults.count += 1
        if faults.slow:
            await asyncio.sleep(faults.slow)
        if faults.count == faults.cut_before:
            self._abort(process)
        instead = faults.instead(line)
        answer = login.enter(line) if instead is None else Answer(instead, failed=True)
        if faults.count == faults.cut_after:
            self._abort(process)
        if faults.count == faults.reboot_after:
            self._fake.reboot()
            raise asyncssh.ConnectionLost("the box starts again")
        return answer

    @staticmethod
    def _abort(process: Process) -> None:
        process.channel.get_connection().abort()
        raise asyncssh.ConnectionLost("cut off")

    async def _exec(self, process: Process, login: Login, request: str) -> None:
        commands = self._fake.commands(request)
        if commands is None:
            # As Comware: the request is taken, and nothing comes.
            process.close()
            return
        failed = False
        for command in commands:
            answer = await self._answer(process, login, command)
            process.stdout.write(answer.text)
            # A dialogue has nobody to ask.
            failed = answer.failed or answer.ask is not None
            if answer.closes or (failed and self._fake.stops_at_error):
                break
        await process.stdout.drain()
        match self._fake.faults.status:
            case Status.MISSING:
                process.close()
            case Status.ZERO:
                process.exit(0)
            case Status.ONE:
                process.exit(1)
            case _:
                process.exit(int(failed))

    async def _terminal(self, process: Process, login: Login) -> None:
        faults = self._fake.faults
        faults.look(self._file)
        terminal = _Terminal(process)
        terminal.write(faults.banner or login.greeting)
        while True:
            terminal.write(faults.prompt or login.prompt)
            line = await terminal.line()
            if line is None:
                break
            answer = await self._answer(process, login, line)
            while (ask := answer.ask) is not None:
                await terminal.page(answer.text, login)
                terminal.write(ask.text)
                reply = await (terminal.key() if ask.one_key else terminal.line())
                if reply is None:
                    return
                answer = ask.then(reply)
            await terminal.page(answer.text, login)
            if answer.closes:
                break
        process.exit(0)


class _Door(asyncssh.SSHServer):
    def __init__(self, connections: set[asyncssh.SSHServerConnection], *, free: bool) -> None:
        self._open, self._free = connections, free
        self._connection: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        self._open.add(conn)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncssh's
        if self._connection is not None:
            self._open.discard(self._connection)

    def begin_auth(self, username: str) -> bool:  # noqa: ARG002 - asyncssh's
        return not self._free


class _Terminal:
    """Keys in, text out; with a pty the box echoes what is typed, and ends lines as a terminal needs it."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._pty = process.term_type is not None
        self._keys = self._typed()
        self._echoed = ""

    def write(self, text: str) -> None:
        self._flush()
        self._process.stdout.write(text.replace("\n", "\r\n") if self._pty else text)

    async def _typed(self) -> AsyncIterator[str]:
        while True:
            self._flush()
            try:
                part = await self._process.stdin.read(2**12)
            except (asyncssh.TerminalSizeChanged, asyncssh.BreakReceived, asyncssh.SignalReceived):
                continue
            if not part:
                return
            for key in part:
                yield key

    async def key(self) -> str | None:
        """The next key; ``None`` at the end of all."""
        return await anext(self._keys, None)

    async def line(self) -> str | None:
        """What is typed before the next Return; ``None`` for Ctrl-D and at the end of all."""
        typed = ""
        while (key := await self.key()) is not None:
            if key in "\r\n":
                self._echo("\n")
                self._flush()
                return typed
            if key == "\x04":
                return None
            if key in "\x7f\b":
                self._echo("\b \b" * bool(typed))
                typed = typed[:-1]
            elif key == "\x03":
                self._echo("^C\n")
                return ""
            else:
                self._echo(key)
                typed += key
        return None

    def _echo(self, text: str) -> None:
        """Echo a key; what came in one piece is echoed in one."""
        if self._pty:
            self._echoed += text.replace("\n", "\r\n")

    def _flush(self) -> None:
        echoed, self._echoed = self._echoed, ""
        if echoed:
            self._process.stdout.write(echoed)

    async def page(self, text: str, login: Login) -> None:
        """Text in pages: a space asks for the next one, Return for a line, ``q`` for the end."""
        lines = text.splitlines(keepends=True)
        if not (self._pty and login.page):
            self.write(text)
            return
        room = login.page
        while lines:
            self.write("".join(lines[:room]))
            del lines[:room]
            if not lines:
                return
            self.write(login.more)
            key = await self.key()
            # The box takes its words away again.
            self.write(f"\r{' ' * len(login.more)}\r")
            if key is None or key in "qQ\x03":
                return
            room = 1 if key in "\r\n" else login.page
