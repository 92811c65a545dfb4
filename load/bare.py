"""The floor: a server that keeps everything in memory and does nothing but count and tell, four times a second.

No people, no database, no framework. What it needs is what the machine needs; ours is judged as a multiple of it.

    python -m load.bare PORT
"""

from __future__ import annotations

import asyncio
import base64
import gc
import hashlib
import json
import struct
import sys

import uvloop

from congress.server import listen, raise_file_limit

TICK_SECONDS = 0.25
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
OPTIONS = (1, 2, 3, 4)


def frame(payload: bytes) -> bytes:
    size = len(payload)
    head = bytes([129, size]) if size < 126 else b"\x81\x7e" + struct.pack("!H", size)
    return head + payload


ACK = frame(b'{"type":"ack","id":"g"}')


class Room:
    def __init__(self) -> None:
        self.lines: set[asyncio.Transport] = set()
        self.total = self.rev = 0
        self.counts = dict.fromkeys(OPTIONS, 0)
        self.dirty = asyncio.Event()

    def results(self) -> dict[str, object]:
        counts = {str(option): count for option, count in self.counts.items()}
        return {"rev": self.rev, "total": self.total, "counts": counts}

    def state(self) -> bytes:
        options = [{"id": option, "text": f"Antwort {option}"} for option in OPTIONS]
        poll = {"id": 1, "kind": "single", "state": "open", "options": options, "min": 1, "max": 1}
        state = {"type": "state", "seq": 1, "poll": poll | {"results": self.results()}}
        return frame(json.dumps(state, separators=(",", ":")).encode())

    async def tell(self) -> None:
        loop, told = asyncio.get_running_loop(), 0.0
        while True:
            await self.dirty.wait()
            await asyncio.sleep(max(0.0, told + TICK_SECONDS - loop.time()))
            told = loop.time()
            self.dirty.clear()
            self.rev += 1
            news = {"type": "results", "poll": 1} | self.results()
            told_all = frame(json.dumps(news, separators=(",", ":")).encode())
            for number, line in enumerate(list(self.lines), 1):
                line.write(told_all)
                if number % 256 == 0:
                    await asyncio.sleep(0)  # votes get a turn, as with ours


class Line(asyncio.Protocol):
    def __init__(self, room: Room) -> None:
        self.room = room
        self.rest = b""
        self.upgraded = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: asyncio.Transport = transport  # type: ignore[assignment]  # of a stream

    def connection_lost(self, error: Exception | None) -> None:
        self.room.lines.discard(self.transport)

    def data_received(self, data: bytes) -> None:
        data = self.rest + data
        if not self.upgraded:
            head, end, data = data.partition(b"\r\n\r\n")
            if not end:
                self.rest = head
                return
            lines = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:])
            key = base64.b64encode(
                hashlib.sha1(lines[b"Sec-WebSocket-Key"] + GUID, usedforsecurity=False).digest()
            )
            self.transport.write(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Accept: " + key + b"\r\n\r\n" + self.room.state()
            )
            self.upgraded = True
            self.room.lines.add(self.transport)
        while len(data) >= 6:
            size = data[1] & 127
            start = 6
            if size == 126:
                size, start = int.from_bytes(data[2:4]), 8
            if len(data) < start + size:
                break
            mask, payload = data[start - 4 : start], data[start : start + size]
            opcode, data = data[0] & 15, data[start + size :]
            if opcode == 8:
                self.transport.close()
            elif opcode == 1:
                self.vote(bytes(byte ^ mask[n % 4] for n, byte in enumerate(payload)))
        self.rest = data

    def vote(self, payload: bytes) -> None:
        (choice,) = json.loads(payload)["choices"]
        self.room.counts[choice] += 1
        self.room.total += 1
        self.room.dirty.set()
        self.transport.write(ACK)


async def serve(port: int) -> None:
    loop, room = asyncio.get_running_loop(), Room()
    server = await loop.create_server(
        lambda: Line(room), sock=listen("127.0.0.1", port), backlog=4096
    )
    gc.freeze()
    gc.set_threshold(200_000, 50, 100)
    async with server, asyncio.TaskGroup() as group:
        group.create_task(room.tell())
        await server.serve_forever()


if __name__ == "__main__":
    raise_file_limit()
    uvloop.run(serve(int(sys.argv[1])))
