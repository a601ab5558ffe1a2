"""The clients of `benchmarks.release_loss`: what counts as lost, and that nothing is ever tried twice."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest

from benchmarks.loss import wire
from benchmarks.loss.clients import KeptConnection, NewConnections, Run, streams
from benchmarks.loss.record import Record, StreamSeen
from benchmarks.loss.wire import LostError, Target
from tests.unit.benchmarks.scripted import Script, answer, request, sending, service, serving, stream

Answer = TypeVar("Answer")
GOOD = answer(b'{"release": "a"}')


def run(coroutine: Coroutine[Any, Any, Answer]) -> Answer:
    """Run a test's coroutine, which must not take long."""

    async def bounded() -> Answer:
        async with asyncio.timeout(10):
            return await coroutine

    return asyncio.run(bounded())


async def outcomes(
    client: type[NewConnections | KeptConnection], number: int, *scripts: Script, post: bool = False
) -> list[str]:
    """Return what each of a client's requests came to: the release, or the cause of its loss."""
    found = []
    async with serving(*scripts) as target:
        one = client(target, post)
        for count in range(number):
            try:
                found.append(await one.send(count))
            except LostError as error:
                found.append(error.cause)
    return found


@pytest.mark.parametrize("client", [NewConnections, KeptConnection])
@pytest.mark.parametrize("post", [False, True])
def test_good_answers_are_no_loss(client: type[NewConnections | KeptConnection], post: bool) -> None:
    assert run(outcomes(client, 3, service, post=post)) == ["a", "a", "a"]


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (b"", "closed"),
        (b"HTTP/1.1 200 OK\r\nContent-", "cut"),
        (GOOD[:-1], "cut"),
        (answer(b"no", status="503 Service Unavailable"), "503"),
        (answer(b"no", status="502 Bad Gateway"), "502"),
        (answer(b"{}"), "wrong"),
        (answer(b"[]"), "wrong"),
        (answer(b"not JSON"), "wrong"),
        (answer(b'{"release": "a"}', status="404 Not Found"), "wrong"),
        (b"SMTP ready\r\n\r\n", "wrong"),
        (b"HTTP/1.1 200 OK\r\n\r\nof unknown length", "wrong"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n{}", "cut"),
    ],
)
@pytest.mark.parametrize("client", [NewConnections, KeptConnection])
def test_an_answer_that_is_not_whole_is_lost(
    client: type[NewConnections | KeptConnection], text: bytes, cause: str
) -> None:
    # The next request meets a service that is well: what was lost stays lost.
    assert run(outcomes(client, 2, sending(text), service)) == [cause, "a"]


def test_an_answer_to_another_request_is_lost() -> None:
    assert run(outcomes(NewConnections, 1, sending(answer(b'{"release": "a", "text": "x"}')), post=True)) == ["wrong"]


def test_a_kept_connection_that_was_closed_while_idle_is_lost() -> None:
    """HTTP would let a client try again, and these never do."""
    assert run(outcomes(KeptConnection, 3, sending(GOOD), service)) == ["a", "closed", "a"]


def test_a_connection_whose_end_was_announced_is_no_loss() -> None:
    closing = answer(b'{"release": "a"}', "Connection: close\r\n")
    assert run(outcomes(KeptConnection, 3, sending(closing), service)) == ["a", "a", "a"]


def test_a_port_that_nobody_listens_on_refuses() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        target = Target("host", "127.0.0.1", unused.getsockname()[1])

        async def ask() -> None:
            await NewConnections(target, post=False).send(0)

        with pytest.raises(LostError, match="refused"):
            run(ask())


def test_a_service_that_does_not_answer_is_a_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "ANSWER_SECONDS", 0.1)

    async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await request(reader)
        await reader.read()

    assert run(outcomes(NewConnections, 1, silent)) == ["timeout"]


async def one_stream(*scripts: Script) -> StreamSeen:
    """Read one stream of three events."""
    async with serving(*scripts) as target:
        record = Record()
        seen = Run(record, asyncio.get_running_loop().time())
        reading = asyncio.create_task(streams(seen, target, count=3, interval=0.1, offset=0))
        while not record.streams:
            await asyncio.sleep(0.01)
        seen.stopping.set()
        reading.cancel()
    return record.streams[0]


TICKS = [("tick", 1, ""), ("tick", 2, ""), ("tick", 3, "")]


def test_a_whole_stream_is_complete() -> None:
    seen = run(one_stream(sending(stream(*TICKS, ("end", 3, "complete")))))
    assert (seen.cause, seen.received, seen.connections) == ("", 3, 1)


def test_a_stream_that_was_ended_politely_goes_on_where_it_was() -> None:
    asked = []

    async def second(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await request(reader))[0])
        writer.write(stream(*TICKS[2:], ("end", 3, "complete")))

    seen = run(one_stream(sending(stream(*TICKS[:2], ("end", 2, "restart"))), second))
    assert (seen.cause, seen.received, seen.connections) == ("", 3, 2)
    assert "Last-Event-ID: 2\r\n" in asked[0]


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (stream(*TICKS[:2], whole=False), "cut"),
        (stream(*TICKS), "cut"),
        (stream(TICKS[0], TICKS[2]), "gap"),
        (stream(TICKS[0], TICKS[0]), "gap"),
        (stream(*TICKS[:2], ("end", 2, "complete")), "gap"),
        (answer(b"no", status="503 Service Unavailable"), "503"),
    ],
    ids=["cut", "without an end", "gap", "twice", "short", "refused"],
)
def test_a_stream_that_lacks_something_is_lost(text: bytes, cause: str) -> None:
    assert run(one_stream(sending(text), service)).cause == cause
