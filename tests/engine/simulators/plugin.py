"""A plugin's process: serves a provider and tells the engine its port. Started by what `install` writes."""

from __future__ import annotations

import os
import signal
import sys
import threading
from concurrent import futures
from pathlib import Path

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from simulators.provider import Provider
from simulators.world import World

WORLD = "COSTATE_SIMULATED_WORLD"
"""Environment variable with the file of the world."""

LARGEST_MESSAGE = 400 * 1024 * 1024
"""What the engine's own plugins accept, bytes."""


def serve(package: str, version: str) -> None:
    """Serve the simulator of a package until told to stop."""
    run(Provider(package, version, World(Path(os.environ[WORLD]))))


def run(provider: provider_pb2_grpc.ResourceProviderServicer) -> None:
    """Serve a provider until told to stop."""
    options = [("grpc.max_receive_message_length", LARGEST_MESSAGE)]
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=8), options=options)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    stop.wait()
    server.stop(grace=1).wait()
