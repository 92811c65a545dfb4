"""The line under a socket, with the server as it runs in earnest."""

import asyncio
import contextlib

import pytest
import uvicorn
import websockets

from congress import server
from congress.live.wire import EXTENSION, MOST_UNREAD, framed


@contextlib.asynccontextmanager
async def serving(application):
    listener = server.listen("127.0.0.1", 0)
    options = server.options() | {"loop": "none"}
    running = uvicorn.Server(uvicorn.Config(application, **options))
    running.install_signal_handlers = lambda: None
    running.capture_signals = contextlib.nullcontext
    task = asyncio.create_task(running.serve(sockets=[listener]))
    try:
        yield "ws://{}:{}/".format(*listener.getsockname()[:2])
    finally:
        running.should_exit = running.force_exit = True
        await task


class Talking:
    """Accepts, and keeps the line for the test."""

    def __init__(self):
        self.entered = asyncio.Event()
        self.go_on = asyncio.Event()
        self.line = self.send = self.receive = None

    async def __call__(self, scope, receive, send):
        assert scope["type"] == "websocket"
        await receive()
        await send({"type": "websocket.accept"})
        self.line, self.send, self.receive = scope["extensions"][EXTENSION]["line"], send, receive
        self.entered.set()
        await self.go_on.wait()


@pytest.mark.parametrize("text", ["kurz", "Grüße 👋", "x" * 126, "x" * 70_000])
async def test_a_prepared_frame_reads_as_one_that_was_sent_the_stock_way(text):
    app = Talking()
    async with serving(app) as address, websockets.connect(address) as browser:
        await app.entered.wait()

        assert app.line.write_frame(framed(text))
        await app.send({"type": "websocket.send", "text": text})

        assert [await browser.recv(), await browser.recv()] == [text, text]
        app.go_on.set()


async def test_a_line_that_was_closed_takes_no_frame():
    app = Talking()
    async with serving(app) as address, websockets.connect(address) as browser:
        await app.entered.wait()
        await app.send({"type": "websocket.close", "code": 4401})

        assert not app.line.write_frame(framed("zu spät"))

        with pytest.raises(websockets.ConnectionClosed) as closed:
            await browser.recv()
        assert closed.value.rcvd.code == 4401
        app.go_on.set()


async def test_a_reader_that_does_not_read_is_left_to_the_way_that_waits():
    app = Talking()
    async with serving(app) as address:
        _reader, writer = await asyncio.open_connection(*address[5:-1].split(":"), limit=1024)
        writer.write(
            f"GET / HTTP/1.1\r\nHost: {address[5:-1]}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        await app.entered.wait()
        frame, taken = framed("x" * 60_000), 0
        while app.line.write_frame(frame) and taken < 10_000:
            taken += 1

        assert 0 < taken < 10_000
        app.go_on.set()
        writer.transport.abort()


async def test_of_a_browser_that_talks_without_pause_a_few_frames_wait_and_the_rest_stays_outside():
    app = Talking()
    async with serving(app) as address, websockets.connect(address) as browser:
        await app.entered.wait()
        sent = 0
        with contextlib.suppress(TimeoutError):
            while sent < 5_000:
                async with asyncio.timeout(0.5):
                    await browser.send(f"{sent} " + "x" * 15_000)
                sent += 1

        assert app.line.read_paused
        # One look of the system may bring a few frames more than the line asks for.
        assert MOST_UNREAD <= app.line.queue.qsize() < 100
        assert sent < 5_000
        heard = [(await app.receive())["text"].split()[0] for _ in range(sent)]
        assert heard == [str(number) for number in range(sent)]
        app.go_on.set()
