"""The launcher: its socket, and what it says when it cannot have one."""

import ast
import re
import resource
import socket
import subprocess
import sys

import pytest

from congress import server
from congress.local.places import ROOT


def test_accepted_sockets_inherit_the_deadline_for_dead_peers():
    with (
        server.listen("127.0.0.1", 0) as listener,
        socket.create_connection(listener.getsockname()),
    ):
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 30_000
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1


def test_as_many_files_as_the_system_allows():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        server.raise_file_limit()
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (hard, hard)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_taken_port_is_said_in_one_sentence():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        answer = subprocess.run(
            [sys.executable, "-m", "congress.server", "--port", port],
            cwd=ROOT,
            capture_output=True,
            text=True,
        )

    assert answer.stderr.splitlines() == [f"127.0.0.1:{port} is taken by another program."]
    assert answer.returncode == 3


def test_the_example_environment_names_every_variable_that_is_read_and_no_other():
    read = set()
    for module in ("settings.py", "server.py", "links.py"):
        tree = ast.parse((ROOT / "congress" / module).read_text())
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args):
            source = ast.unparse(call.func)
            first = call.args[0]
            if re.match(r"env\.|os\.environ\.get", source) and isinstance(first, ast.Constant):
                read.add(first.value)
    read &= {name for name in read if name.isupper()} - {"DJANGO_SETTINGS_MODULE"}
    named = set(
        re.findall(r"^(?:# )?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    )

    assert named == read


@pytest.mark.parametrize("loop_is_there", [True, False])
def test_it_serves_with_uvloop_where_it_is_installed(monkeypatch, loop_is_there):
    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name: object() if loop_is_there else None
    )

    assert server.options()["loop"] == ("uvloop" if loop_is_there else "asyncio")
