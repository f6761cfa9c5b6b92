"""Playing a job on a switch, step by step: read, plan, enter, apply, read back over a new connection, confirm, save.

A connection may end anywhere. What a box can take back is taken back, by its timer or by us over another connection;
where neither can be, the error says what state the switch is in. A job that failed is run again as it is: it reads what
stands, and does what is left.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass, field
from secrets import token_hex
from time import monotonic

from leafrack.errors import UnreadableError
from leafrack.platforms import Job, PlayedPlatform, SwitchState, Way, platform_of
from leafrack.platforms.left import left, went_down
from leafrack.platforms.plan import GuardError, Plan, plan
from leafrack.platforms.played import Pending, Transaction, filled
from leafrack.platforms.ranges import returning
from leafrack.platforms.seals import Seals, seals_of
from leafrack.world.conversation import Conversation, CutError, SaidError
from leafrack.world.dialling import connected
from leafrack.world.login import Credentials
from leafrack.world.model import Endpoint
from leafrack.world.returning import PATIENCE, away
from leafrack.world.shown import Shown, started
from leafrack.world.ssh import read_state

BOUND = 240.0
"""Seconds for a whole job: more than every step of a box may take, less than Pulumi waits for the command."""
_SETTLED = 3.0
"""Seconds that a session of somebody else's has to be up again, when it is down right after a change."""
_POLL = 2.0
"""Seconds between two looks whether another job has ended."""
UNTOUCHED = "nothing was changed"


class PlayError(Exception):
    """Why a job was not done, and what state the switch is in: one line for the operator, without secrets."""


@dataclass(frozen=True)
class Done:
    """A job that was done."""

    changed: bool
    seals: Seals = field(default_factory=dict)
    """What the next run has to know of passwords that the switch does not show."""


def play(
    endpoint: Endpoint,
    job: Job,
    way: Way,
    credentials: Credentials,
    seals: Seals | None = None,
    *,
    shown: Shown | None = None,
) -> Done:
    """Play a job; raises :class:`PlayError`. ``shown`` is asked where a platform takes no neighbours of any AS."""
    platform = platform_of(endpoint.platform)
    if not isinstance(platform, PlayedPlatform):
        raise PlayError(f"{endpoint.name}: jobs for platform {endpoint.platform} are not played: {UNTOUCHED}")

    def connect() -> AbstractAsyncContextManager[Conversation]:
        return connected(endpoint, platform, credentials, job.passwords)

    async def bounded() -> Done:
        try:
            async with asyncio.timeout(BOUND):
                return await Player(endpoint, platform, job, way, connect, shown=shown).play(seals or {})
        except TimeoutError:
            after = f"the job took more than {BOUND:g} s and was left: what was not confirmed, the switch takes back"
            raise PlayError(f"{endpoint.name}: {after} if it has a timer; see what stands, and run it again") from None

    return asyncio.run(bounded())


@dataclass(frozen=True)
class _Applied:
    """What was sent to be put in force."""

    shown_by: Sequence[str]
    """Commands that show what stands now."""
    doubt: str = ""
    """Why it may not be in force, if so."""


class Player:
    """One job on one switch, to which ``connect`` makes a new connection each time."""

    def __init__(
        self,
        endpoint: Endpoint,
        platform: PlayedPlatform,
        job: Job,
        way: Way,
        connect: Callable[[], AbstractAsyncContextManager[Conversation]],
        *,
        shown: Shown | None = None,
    ) -> None:
        self._endpoint, self._platform, self._job, self._way = endpoint, platform, job, way
        self._talk, self._shown = connect, shown
        self._session = f"leafrack-{token_hex(4)}"

    @property
    def _transaction(self) -> Transaction:
        return self._platform.transaction

    async def play(self, seals: Seals) -> Done:
        """Play it; raises :class:`PlayError`."""
        try:
            async with self._talk() as box:
                # First: what is not confirmed may be gone soon, and is not to be saved.
                for pending in self._transaction.pending:
                    await self._nothing_pending(box, pending)
                found = await self._state(box, self._platform.reads)
                self._job = await started(self._job, self._way, found, self._platform, self._shown)
                planned = plan(self._job, self._way, found, self._platform, seals)
                if planned.empty:
                    # A run before this one may have been cut off after the change and before this.
                    await self._save(box)
                    return Done(changed=False, seals=self._sealed(found))
                applied = await self._enter(box, planned)
            after = await self._prove(planned, applied)
            await self._come_back(planned)
        except GuardError as error:
            raise PlayError(f"{self._endpoint.name}: {error}") from None
        except (UnreadableError, CutError) as error:
            # Everything from the first line on has caught its own.
            raise self._error(_why(error), UNTOUCHED) from None
        return Done(changed=True, seals=self._sealed(after))

    def _sealed(self, state: SwitchState) -> Seals:
        return seals_of(self._job, state) if self._way is Way.FORWARD else {}

    async def _state(self, box: Conversation, commands: Sequence[str]) -> SwitchState:
        return await read_state(self._endpoint, self._platform, box, tuple(map(self._filled, commands)))

    async def _send(self, box: Conversation, commands: Sequence[str]) -> None:
        for command in commands:
            await box.ask(self._filled(command))

    def _filled(self, command: str) -> str:
        return filled(command, self._session, self._transaction.timer)

    async def _nothing_pending(self, box: Conversation, pending: Pending) -> None:
        own, until = bool(pending.own), monotonic() + pending.lasts
        while found := re.search(pending.look.pattern, await self._looked(box, pending), re.MULTILINE):
            if not (own and re.search(pending.own, found[0])):
                raise self._error(f"the switch has {found.expand(pending.why)}", UNTOUCHED)
            if monotonic() < until:
                await asyncio.sleep(_POLL)
                continue
            own = False
            with suppress(SaidError):
                for command in pending.undo:
                    await box.ask(self._filled(found.expand(command)))

    async def _looked(self, box: Conversation, pending: Pending) -> str:
        try:
            return await box.ask(self._filled(pending.look.command))
        except SaidError as error:
            raise self._error(f"the switch refuses {error}", UNTOUCHED) from None

    async def _enter(self, box: Conversation, planned: Plan) -> _Applied:
        """Enter and apply; raises :class:`PlayError`."""
        transaction, entered = self._transaction, False
        try:
            await self._send(box, transaction.begin)
            lines = self._platform.lines(planned)
            entered = not transaction.candidate
            await self._send(box, transaction.mark)
            if transaction.stage:
                secrets = tuple(secret for line in lines for secret in line.secrets)
                text = "".join(f"{line.text}\n" for line in lines)
                await box.ask(self._filled(transaction.stage), text, secrets=secrets)
            else:
                for line in lines:
                    await box.ask(line.text, shown=str(line).strip(), secrets=line.secrets, tolerated=line.tolerated)
            await self._send(box, transaction.check)
        except (SaidError, CutError) as error:
            await self._undo(box)
            raise await self._rolled_back(_why(error)) if entered else self._error(_why(error), UNTOUCHED) from None
        proof = transaction.proof or self._platform.reads
        try:
            await self._send(box, transaction.apply)
        except CutError as error:
            # Perhaps it was the change itself that cut the way: what stands is seen over a new connection.
            return _Applied(proof, _why(error))
        except SaidError as error:
            await self._undo(box)
            return _Applied(self._platform.reads, _why(error))
        return _Applied(proof)

    async def _undo(self, box: Conversation) -> None:
        with suppress(SaidError, CutError):
            await self._send(box, self._transaction.undo)

    def _left(self, state: SwitchState) -> tuple[str, ...]:
        return left(self._job, self._way, state, self._platform)

    async def _prove(self, planned: Plan, applied: _Applied) -> SwitchState:
        """Read back over a new connection, confirm and save; raises :class:`PlayError`.

        Where there is doubt whether it was applied, what stands tells: a roll back of what never was would take back
        somebody else's last change.
        """
        doubt = applied.doubt
        try:
            async with self._talk() as box:
                after = await self._state(box, applied.shown_by)
                missing = self._left(after)
                if doubt and missing and missing == self._left(planned.found):
                    raise self._error(doubt, UNTOUCHED)
                if not missing and (down := went_down(planned, after)):
                    await asyncio.sleep(_SETTLED)
                    again = await self._state(box, applied.shown_by)
                    down &= went_down(planned, again)
                    missing = tuple(f"the session to {address} went down with it" for address in sorted(down, key=str))
                if not missing:
                    await self._confirm(box)
                    await self._save(box)
                    await self._finish(box)
                    return after
        except (UnreadableError, CutError) as error:
            unread = f"{doubt}; " if doubt else ""
            why = f"{unread}what was applied cannot be read back: {_why(error)}"
            raise self._error(why, self._unconfirmed()) from None
        more = f", and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise await self._rolled_back(doubt or f"after it was applied, {missing[0]}{more}")

    async def _confirm(self, box: Conversation) -> None:
        try:
            await self._send(box, self._transaction.confirm)
        except (SaidError, CutError) as error:
            state = f"the switch keeps it, unsaved, or takes it back within {self._transaction.timer} s; run it again"
            raise self._error(f"it may not be confirmed: {_why(error)}", state) from None

    async def _save(self, box: Conversation) -> None:
        try:
            await self._send(box, self._transaction.save)
        except (SaidError, CutError) as error:
            state = "it is in force and perhaps not saved; run it again before the switch restarts"
            raise self._error(_why(error), state) from None

    async def _finish(self, box: Conversation) -> None:
        # All is done: what cannot be tidied up is no failure of the job.
        with suppress(SaidError, CutError):
            await self._send(box, self._transaction.finish)

    async def _come_back(self, planned: Plan) -> None:
        """Wait for who has moved to a range or a name: then the other leaf has its turn; raises :class:`PlayError`."""
        moved = returning(self._job, self._way, planned.found, planned.gone, planned.old_listeners)
        try:
            missing = ", ".join(sorted(map(str, await away(self._look, moved))))
        except (UnreadableError, CutError) as error:
            missing = f"nobody can tell, {_why(error)}"
        if missing:
            why = f"neighbours that have not come back within {PATIENCE:g} s ({missing})"
            raise self._error(why, "what was to change has changed")

    async def _look(self) -> SwitchState:
        async with self._talk() as box:
            return await self._state(box, self._platform.reads)

    def _unconfirmed(self) -> str:
        if self._transaction.timer:
            return f"nobody confirms it, so the switch takes it back by itself within {self._transaction.timer} s"
        return "it is in force and not saved; run it again"

    async def _rolled_back(self, why: str) -> PlayError:
        """The error, once what was entered or applied has been taken back as far as possible."""
        transaction = self._transaction
        if not transaction.rollback:
            return self._error(why, self._unconfirmed())
        try:
            async with self._talk() as box:
                await self._send(box, transaction.rollback)
        except (UnreadableError, SaidError, CutError) as error:
            told = f"the switch could not be told to take it back ({_why(error)})"
            by_itself = f"{told}, and does so by itself within {transaction.timer} s"
            stands = f"{told}: what was entered may be in force, and is not saved; run it again"
            return self._error(why, by_itself if transaction.timer else stands)
        return self._error(why, "it was taken back")

    def _error(self, why: str, state: str) -> PlayError:
        return PlayError(f"{self._endpoint.name}: {why if why.endswith(state) else f'{why}: {state}'}")


def _why(error: Exception) -> str:
    if isinstance(error, SaidError):
        return f"the switch refuses {error}"
    return error.why if isinstance(error, UnreadableError) else str(error)
