"""`make demo` as people treat it: started, killed, started again, stopped in a hurry."""

import os
import random
import signal
import smtplib
import socket
import subprocess
import sys
import urllib.request

import pytest

from congress.local import environment as demo_environment
from congress.local.demo import free_mail_port
from congress.local.places import ROOT
from congress.local.processes import wait_until
from tests.local import processes


def start(environment, **more):
    return subprocess.Popen(
        [sys.executable, "-m", "congress.local.demo"],
        cwd=ROOT,
        env=environment | more,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def lines_until(demo, words):
    lines = []
    for line in demo.stdout:
        lines.append(line)
        if words in line:
            return lines
    pytest.fail("".join(lines))
    return lines


def free_port():
    """By chance, so that two runs do not look at the same one; below those the system gives to clients."""
    for port in random.sample(range(8200, 9000), 50):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return str(port)
    raise RuntimeError("no free port")


@pytest.mark.slow
def test_it_starts_survives_and_stops_without_leaving_anybody_behind(places, environment):
    port = free_port()
    demo = start(environment, PORT=port)
    lines_until(demo, f"http://127.0.0.1:{port}/demo/")
    key = demo_environment.read(places.env_file)["SECRET_KEY"]

    # A web process that dies is brought back.
    [web] = processes.with_word(places, "congress.server")
    os.kill(web, signal.SIGKILL)
    lines_until(demo, "web ended (SIGKILL)")
    assert wait_until(lambda: answers(port), 15)

    # A supervisor that is killed outright takes its processes along; the servers stay for the next start.
    demo.kill()
    demo.wait()
    assert wait_until(lambda: processes.except_servers(places) == {}, 15)
    assert processes.with_word(places, "postgres -D")

    demo = start(environment, PORT=port)
    lines_until(demo, f"http://127.0.0.1:{port}/demo/")
    assert demo_environment.read(places.env_file)["SECRET_KEY"] == key

    # A second one is told about the first.
    second = start(environment, PORT=port)
    told = second.communicate(timeout=20)[0]
    assert second.returncode == 1
    assert f"is running already: http://127.0.0.1:{port}/demo/" in told

    # Two signals in a row.
    demo.send_signal(signal.SIGTERM)
    demo.send_signal(signal.SIGTERM)
    rest = demo.communicate(timeout=30)[0]
    assert demo.returncode == 0, rest
    assert "Traceback" not in rest
    assert processes.of(places) == {}


def answers(port):
    try:
        return urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2).status == 200
    except OSError:
        return False


@pytest.mark.slow
def test_stopped_while_still_starting_it_leaves_nobody_behind(places, environment):
    demo = start(environment, PORT=free_port())
    lines_until(demo, "Preparing")

    os.killpg(demo.pid, signal.SIGINT)

    rest = demo.communicate(timeout=30)[0]
    assert demo.returncode == 0, rest
    assert processes.of(places) == {}


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ({"PORT": "taken"}, "is taken by another program. Choose another one: PORT="),
        ({"PORT": "http"}, "PORT=http is no port."),
        ({"PORT": "70000"}, "PORT=70000 is no port."),
        ({"HOST": "no.such.host.invalid"}, "There is no host no.such.host.invalid here."),
    ],
)
def test_what_cannot_work_is_said_in_one_sentence(places, environment, setting, sentence):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        setting = {name: port if value == "taken" else value for name, value in setting.items()}
        answer = start(environment, **setting).communicate(timeout=30)[0]

    assert sentence in answer
    assert len(answer.strip().splitlines()) == 1
    assert processes.of(places) == {}


def test_the_mail_sink_writes_complete_files(tmp_path):
    port = free_mail_port()
    sink = subprocess.Popen(
        [sys.executable, "-m", "congress.local.mailsink", str(port), str(tmp_path)], cwd=ROOT
    )
    try:
        wait_until(lambda: accepts(port), 10)
        with smtplib.SMTP("127.0.0.1", port) as line:
            line.sendmail(
                "from@a.example", ["to@b.example"], "Subject: Gruß\r\n\r\nHallo\r\n".encode()
            )
        [mail] = list(tmp_path.iterdir())

        assert mail.suffix == ".eml"
        assert (
            mail.read_bytes()
            == "X-Envelope-To: to@b.example\r\nSubject: Gruß\r\n\r\nHallo\r\n".encode()
        )
    finally:
        sink.terminate()
        assert sink.wait(5) == 0


def accepts(port):
    with socket.socket() as line:
        return line.connect_ex(("127.0.0.1", port)) == 0
