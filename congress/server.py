"""The one way the web part is started: in the demonstration, in tests, under load and in an installation.

    python -m congress.server --host 127.0.0.1 --port 8000 --workers 2
    python -m congress.server --uds /run/fachkongress/web.sock --workers 4

Why these values: docs/decisions and the measurements named there; in short, every one of them keeps a
slow or dead viewer from costing the others anything.
"""

import argparse
import errno
import gc
import importlib.util
import logging
import multiprocessing
import os
import resource
import socket
import sys
from collections.abc import Sequence
from typing import Any

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from congress.local.processes import end_with_parent

logger = logging.getLogger("congress.server")

BACKLOG = 4096
# Unacknowledged data for so long, and the kernel gives up a peer that uvicorn's ping cannot get rid of.
TCP_USER_TIMEOUT_MS = 30_000
_TCP_USER_TIMEOUT = getattr(socket, "TCP_USER_TIMEOUT", None)  # Linux
SWITCH_SECONDS = 0.001
_PARENT, _WORKERS = "CONGRESS_SERVER_PID", "CONGRESS_SERVER_WORKERS"


def options() -> dict[str, Any]:
    """What every server of ours has in common, runserver included."""
    uvloop = importlib.util.find_spec("uvloop") is not None
    return {
        "loop": "uvloop" if uvloop else "asyncio",
        "ws": "congress.live.wire:Line",  # websockets-sansio, with less to do
        "ws_max_size": 16 * 1024,
        "ws_max_queue": 8,
        "ws_per_message_deflate": False,
        "ws_ping_interval": 20,
        "ws_ping_timeout": 20,
        "backlog": BACKLOG,
        "timeout_graceful_shutdown": 20,
        "proxy_headers": True,
        "forwarded_allow_ips": os.environ.get("FORWARDED_ALLOW_IPS", "127.0.0.1"),
        "server_header": False,
        "lifespan": "off",
        "access_log": False,
        "log_config": None,  # Django's
    }


def application_here() -> Any:
    """The ASGI application, loaded in this process."""
    from congress.asgi import application

    return application


def application() -> Any:
    """What each worker serves."""
    end_with_parent(int(os.environ[_PARENT]))
    loaded = application_here()
    # What is loaded now stays: the collector need not look at it again, with ten thousand sockets open.
    gc.collect()
    gc.freeze()
    gc.set_threshold(200_000, 50, 100)
    # A thread that waits for the interpreter while thousands are told gets it sooner: votes are counted by one.
    sys.setswitchinterval(SWITCH_SECONDS)
    from congress.live.hubs import clock

    clock.take_turns(place(), int(os.environ[_WORKERS]))
    return loaded


def place() -> int:
    """Which of the workers we are, from 0. Those that replace others count on."""
    return int(multiprocessing.current_process().name.rpartition("-")[2]) - 1


def listen(host: str, port: int) -> socket.socket:
    """A socket whose settings the accepted ones inherit. Raises OSError."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if _TCP_USER_TIMEOUT is not None:
            listener.setsockopt(socket.IPPROTO_TCP, _TCP_USER_TIMEOUT, TCP_USER_TIMEOUT_MS)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def listen_on_path(path: str) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX)
    try:
        if os.path.exists(path):
            os.remove(path)
        listener.bind(path)
        os.chmod(path, 0o660)  # the proxy shares our group
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def raise_file_limit() -> None:
    """As many sockets as the system lets us have."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m congress.server", description="Serves the suite."
    )
    parser.add_argument("--host", default=os.environ.get("HOST", "127.0.0.1"))
    parser.add_argument("--port", type=int, default=int(os.environ.get("PORT", "8000")))
    parser.add_argument("--uds", help="a Unix socket instead of host and port")
    parser.add_argument(
        "--workers", type=int, default=int(os.environ.get("WEB_WORKERS", os.cpu_count() or 2))
    )
    chosen = parser.parse_args(arguments)

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    try:
        listener = listen_on_path(chosen.uds) if chosen.uds else listen(chosen.host, chosen.port)
    except OSError as error:
        where = chosen.uds or f"{chosen.host}:{chosen.port}"
        taken = error.errno == errno.EADDRINUSE
        print(
            f"{where} is taken by another program."
            if taken
            else f"Cannot listen on {where}: {error}",
            file=sys.stderr,
        )
        return STARTUP_FAILURE

    raise_file_limit()
    common = options()
    if common["loop"] != "uvloop":
        logger.warning("uvloop is not installed; serving with asyncio.")
    if chosen.uds:
        common["forwarded_allow_ips"] = "*"  # only the proxy can reach the path
    os.environ[_PARENT], os.environ[_WORKERS] = str(os.getpid()), str(chosen.workers)
    # A worker that accepts one line and then gives way: in a rush they share them evenly, not two to one (libuv).
    os.environ.setdefault("UV_TCP_SINGLE_ACCEPT", "1")
    where = chosen.uds or "http://{}:{}".format(*listener.getsockname()[:2])
    logger.info("Serving %s with %s workers.", where, chosen.workers)

    config = uvicorn.Config(
        "congress.server:application", factory=True, workers=chosen.workers, **common
    )
    supervisor = Multiprocess(config, sockets=[listener])
    supervisor.run()
    failed = any(process.exitcode == STARTUP_FAILURE for process in supervisor.processes)
    if chosen.uds and os.path.exists(chosen.uds):
        os.remove(chosen.uds)
    return STARTUP_FAILURE if failed else 0


if __name__ == "__main__":
    sys.exit(main())
