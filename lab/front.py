"""A front of the API server for programs that know Calico's resources as v1 only, where they are stored as native v3.

``python -m lab.front SERVER PORT CERTIFICATE KEY`` answers at 127.0.0.1:PORT with the server's own certificate. What is
Calico's is translated both ways, everything else is passed on byte by byte. Whoever asks is who the server sees.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import Any, TypeVar

import h11
import httpx2

from lab import translation

_PIECE = 65536
_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "host", "upgrade"})
_NEGOTIATED = frozenset({"accept", "accept-encoding"})
_PATIENCE = httpx2.Timeout(60, read=None)
"""A watch may be silent for as long as it likes."""

Headers = list[tuple[str, str]]
_Event = TypeVar("_Event", h11.Request, h11.Data)


@dataclass(frozen=True)
class Front:
    """Answers one connection after the other; ``server`` has the API server's address."""

    server: httpx2.AsyncClient

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of a connection until either side hangs up, as the API server itself then does."""
        connection = h11.Connection(h11.SERVER)
        try:
            while request := await _next(connection, reader, h11.Request):
                body = b"".join([bytes(piece.data) async for piece in _body(connection, reader)])
                exchange = asyncio.create_task(self._exchange(connection, writer, request, body))
                if not await _done_before_hanging_up(exchange, connection, reader):
                    return
                connection.start_next_cycle()
        except (h11.ProtocolError, httpx2.HTTPError) as error:
            print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
        except OSError:
            # The program is gone in the middle of an answer.
            pass
        finally:
            writer.close()

    async def _exchange(
        self, connection: h11.Connection, writer: asyncio.StreamWriter, request: h11.Request, body: bytes
    ) -> None:
        method, target = request.method.decode(), request.target.decode()
        headers = _kept((name.decode(), value.decode("latin-1")) for name, value in request.headers)
        passing = self._translated if translation.is_calico(target) else self._as_it_is
        async with aclosing(passing(method, target, headers, body)) as events:
            async for event in events:
                writer.write(connection.send(event) or b"")
                await writer.drain()
        writer.write(connection.send(h11.EndOfMessage()) or b"")
        await writer.drain()

    async def _as_it_is(
        self, method: str, target: str, headers: Headers, body: bytes
    ) -> AsyncGenerator[h11.Event, None]:
        async with self.server.stream(method, target, headers=headers, content=body) as answer:
            length = answer.headers.get("content-length")
            yield _begin(answer, () if length is None else [("content-length", length)])
            async for piece in answer.aiter_raw():
                yield h11.Data(data=piece)

    async def _translated(
        self, method: str, target: str, headers: Headers, body: bytes
    ) -> AsyncGenerator[h11.Event, None]:
        # Tables, protobuf and compressed answers are for those who read them.
        headers = _kept(headers, _NEGOTIATED)
        headers += [("accept", "application/json"), ("accept-encoding", "identity")]
        there = translation.path(target)
        document = _parsed(body)
        if document is not None:
            document = translation.to_v3(document)
            body = json.dumps(document).encode()
        async with self.server.stream(method, there, headers=headers, content=body) as answer:
            if answer.is_success and translation.is_watch(target):
                yield _begin(answer)
                async for line in _lines(answer):
                    yield h11.Data(data=translation.line_to_v1(line))
                return
            said = await answer.aread()
        status = translation.status_of(method, there)
        if status and answer.is_success and isinstance(document, dict) and "status" in document:
            # What v1 takes in one write; v3 takes the status in one of its own, of the object as it is by then.
            document = {**json.loads(said), "status": document["status"]}
            answer = await self.server.put(status, headers=headers, content=json.dumps(document))
            said = answer.content
        found = _parsed(said)
        if found is not None:
            said = json.dumps(translation.to_v1(found)).encode()
        yield _begin(answer, [("content-length", str(len(said)))])
        yield h11.Data(data=said)


def _kept(headers: Iterable[tuple[str, str]], but: frozenset[str] = frozenset()) -> Headers:
    """What of its headers goes further."""
    return [(name, value) for name, value in headers if name.lower() not in _HOP | but]


def _begin(answer: httpx2.Response, own: Iterable[tuple[str, str]] = ()) -> h11.Response:
    headers = [*_kept(answer.headers.multi_items()), *own]
    return h11.Response(status_code=answer.status_code, headers=headers)


def _parsed(body: bytes) -> Any:
    """The JSON of a body; None of what is none."""
    with suppress(ValueError):
        return json.loads(body)
    return None


async def _lines(answer: httpx2.Response) -> AsyncIterator[bytes]:
    """Lines by their line feeds alone: text may have other ends of lines in it."""
    rest = b""
    async for piece in answer.aiter_raw():
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            yield line


async def _next(connection: h11.Connection, reader: asyncio.StreamReader, kind: type[_Event]) -> _Event | None:
    """The next event of a connection; None when it is closed, or when it is no ``kind``."""
    while (event := connection.next_event()) is h11.NEED_DATA:
        connection.receive_data(await reader.read(_PIECE))
    return event if isinstance(event, kind) else None


async def _body(connection: h11.Connection, reader: asyncio.StreamReader) -> AsyncIterator[h11.Data]:
    while piece := await _next(connection, reader, h11.Data):
        yield piece


async def _done_before_hanging_up(
    exchange: asyncio.Task[None], connection: h11.Connection, reader: asyncio.StreamReader
) -> bool:
    """Wait for an exchange and raise what it raises; end it as soon as the client is gone."""
    more = asyncio.create_task(reader.read(_PIECE))
    await asyncio.wait({exchange, more}, return_when=asyncio.FIRST_COMPLETED)
    if not more.done():
        more.cancel()
        with suppress(asyncio.CancelledError):
            await more
        await exchange
        return True
    with suppress(OSError):
        if said := more.result():
            connection.receive_data(said)
            await exchange
            return True
    exchange.cancel()
    with suppress(asyncio.CancelledError):
        await exchange
    return False


async def serve(server: str, port: int, certificate: str, key: str) -> None:
    """Answer until the process ends."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    behind = httpx2.AsyncClient(
        base_url=server,
        verify=ssl.create_default_context(cafile=certificate),
        headers={"accept-encoding": "identity"},
        timeout=_PATIENCE,
        limits=httpx2.Limits(max_connections=None),
        trust_env=False,
    )
    front = await asyncio.start_server(Front(behind).answer, "127.0.0.1", port, ssl=context, backlog=512)
    await front.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]))
