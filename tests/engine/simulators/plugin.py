"""A provider on a port of this machine, as the engine asks plugins for one."""

from __future__ import annotations

import signal
import sys
import threading
from concurrent import futures

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

LARGEST_MESSAGE = 400 * 1024 * 1024
"""What the engine's own plugins accept, bytes."""


def serving(provider: provider_pb2_grpc.ResourceProviderServicer) -> tuple[grpc.Server, int]:
    """A server that has begun to serve a provider, and its port."""
    options = [("grpc.max_receive_message_length", LARGEST_MESSAGE)]
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=8), options=options)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, port


def run(provider: provider_pb2_grpc.ResourceProviderServicer) -> None:
    """Serve a provider from a process of its own until told to stop."""
    server, port = serving(provider)
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    stop.wait()
    server.stop(grace=1).wait()
