"""The providers' plugins: programs that the engine starts, and the one server behind them all.

A plugin that imported its SDK would take seconds to start, and the engine starts one for every provider of a
stack with every command. So the program is a few lines: it asks the test's own process to serve one more
provider, tells the engine the port, and lives as long as the engine wants it to.
"""

from __future__ import annotations

import socketserver
import sys
import threading
from importlib.metadata import version
from pathlib import Path

from infra.recorder.schema import PACKAGES
from simulators.plugin import serving
from simulators.provider import Provider
from simulators.world import World

PROGRAM = """#!{python} -IS
import signal
import socket
signal.signal(signal.SIGINT, signal.SIG_DFL)
with socket.create_connection({address!r}) as server:
    server.sendall({wanted!r})
    print(server.makefile().readline(), end="", flush=True)
    server.recv(1)
"""


class Plugins:
    """Plugins of every SDK in a `PULUMI_HOME`, serving a world until they are closed."""

    def __init__(self, home: Path, world: World) -> None:
        self._server = _Server(world)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        for package, module in PACKAGES.items():
            self._install(home, package, version(module.replace("_", "-")))

    def _install(self, home: Path, package: str, number: str) -> None:
        """Put a plugin where the engine looks for it, in the version that the program asks for."""
        folder = home / "plugins" / f"resource-{package}-v{number}"
        folder.mkdir(parents=True)
        program = folder / f"pulumi-resource-{package}"
        wanted = f"{package} {number}\n".encode()
        address = self._server.server_address
        program.write_text(PROGRAM.format(python=sys.executable, address=address, wanted=wanted))
        program.chmod(0o755)

    def close(self) -> None:
        """Serve no more; every plugin ends."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(socketserver.ThreadingTCPServer):
    """One connection for each plugin that runs."""

    daemon_threads = True

    def __init__(self, world: World) -> None:
        super().__init__(("127.0.0.1", 0), _Plugin)
        self.world = world


class _Plugin(socketserver.StreamRequestHandler):
    """Serves a provider for as long as its plugin lives."""

    server: _Server

    def handle(self) -> None:
        package, number = self.rfile.readline().decode().split()
        server, port = serving(Provider(package, number, self.server.world))
        self.wfile.write(f"{port}\n".encode())
        self.rfile.read()  # until the engine has ended it
        server.stop(grace=None).wait()
