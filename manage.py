#!/usr/bin/env python3
"""Django's commands, for this suite: they find the demonstration's key and servers by themselves."""

import importlib.util
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent


def main() -> None:
    if importlib.util.find_spec("django") is None:
        python = ROOT / ".venv" / "bin" / "python"
        if not python.exists() or Path(sys.prefix) == ROOT / ".venv":
            sys.exit("The requirements are not installed. Run: make setup")
        os.execv(python, [str(python), *sys.argv])

    from congress.local import environment

    environment.prepare(sys.argv)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "congress.settings")

    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        settings.INSTALLED_APPS  # noqa: B018 - reads the settings
    except ImproperlyConfigured as reason:
        sys.exit(str(reason))
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
