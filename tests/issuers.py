"""Stand-ins on loopback for those who issue tokens: metadata servers of nodes, and Entra."""

from __future__ import annotations

import base64
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOST = "127.0.0.1"
OBJECT_ID = "1f4e9c52-6a3e-4f0e-9a53-6d7f0d5f9a10"
KEY_ID, KEY = "AKIAEXAMPLE", "wJalrXUtnFEMI"


class Issuer:
    """Answers as the metadata servers of Google and AWS and as Entra do; the test says which token is current."""

    def __init__(self) -> None:
        self.reset()
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer(issuer.answer(self.path, self.headers))

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                self._answer(issuer.answer(f"{self.path}?{body}", self.headers))

            def _answer(self, found: Any) -> None:
                content = (found if isinstance(found, str) else json.dumps(found)).encode()
                self.send_response(404 if found is None else 200)
                self.send_header("Metadata-Flavor", "Google")
                self.send_header(
                    "Content-Type", "text/plain" if isinstance(found, str) else "application/json"
                )
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the base class
                """Not on the test's output."""

        self.server = ThreadingHTTPServer((HOST, 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def reset(self) -> None:
        """As at first."""
        self.token = "token-1"
        self.lifetime_s = 3600
        self.broken = False
        self.asked: list[str] = []

    def answer(self, path: str, headers: Message) -> Any:
        """What is found at a path; None is nothing."""
        if self.broken:
            return None
        if path in ("/", "/computeMetadata/v1/"):
            return "computeMetadata/"
        if path.endswith("/project/project-id"):
            return "my-project"
        self.asked.append(path)
        if "/service-accounts/default/token" in path:
            return {"access_token": self.token, "expires_in": self.lifetime_s, "token_type": "Bearer"}
        if "/service-accounts/default/" in path:
            return {"aliases": ["default"], "email": "api@my-project.iam.gserviceaccount.com", "scopes": []}
        if path == "/v1/credentials" and headers.get("Authorization") == "of-this-pod":
            until = datetime.now(UTC) + timedelta(seconds=self.lifetime_s)
            return {
                "AccessKeyId": KEY_ID,
                "SecretAccessKey": KEY,
                "Token": self.token,
                "Expiration": until.isoformat(),
            }
        if "/oauth2/v2.0/token" in path and "client_assertion=of-this-pod" in path:
            return {"access_token": self.jwt(), "expires_in": self.lifetime_s, "token_type": "Bearer"}
        return None

    def jwt(self) -> str:
        """The current token as Entra writes it."""
        parts = ({"alg": "RS256"}, {"oid": OBJECT_ID, "jti": self.token})
        text = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
        return ".".join([*text, "c2lnbmVk"])

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@contextmanager
def issuer(certificate: Path | None = None) -> Iterator[Issuer]:
    """A running issuer; with a certificate (see `certified`) over TLS."""
    made = Issuer()
    if certificate is not None:
        made.server.socket = served(certificate).wrap_socket(made.server.socket, server_side=True)
    try:
        yield made
    finally:
        made.stop()


def served(certificate: Path) -> ssl.SSLContext:
    """How a server proves that it is the one of the certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def certified(folder: Path) -> Path:
    """A PEM file with a key and a certificate for loopback, which signs itself: authority and server in one."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "of these tests")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address(HOST)), x509.DNSName("localhost")]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    file = folder / "certificate.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return file
