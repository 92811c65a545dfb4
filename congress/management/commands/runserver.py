"""runserver that also speaks WebSockets: Django's checks and autoreload, our launcher's server."""

import os
from typing import Any

import uvicorn
from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler
from django.contrib.staticfiles.management.commands.runserver import Command as RunServer
from django.db import connections
from django.utils import autoreload

from congress import server


class Command(RunServer):
    # Set by Django's handle().
    addr: str
    port: str
    _raw_ipv6: bool

    def inner_run(self, *args: Any, **options: Any) -> None:
        autoreload.raise_last_exception()
        if not options["skip_checks"]:
            self.check(display_num_errors=True)
        self.check_migrations()
        connections.close_all()
        try:
            listener = server.listen(self.addr, int(self.port))
        except OSError as error:
            self.stderr.write(f"Cannot listen on {self.addr}:{self.port}: {error.strerror}")
            os._exit(1)  # as Django does: sys.exit would end only the reloader's thread
        application = server.application_here()
        if options["use_static_handler"]:
            # Files as they are now, whatever was there when the server started.
            pages = application.application_mapping["http"]
            application.application_mapping["http"] = ASGIStaticFilesHandler(pages)
        address = f"[{self.addr}]" if self._raw_ipv6 else self.addr
        self.stdout.write(f"http://{address}:{self.port}/  (Strg-C beendet / Ctrl-C stops)")
        uvicorn.Server(uvicorn.Config(application, **server.options())).run(sockets=[listener])
