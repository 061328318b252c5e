"""Certificates between the API server, the kubelet and servers that extend the API."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

DAYS = "30"


@dataclass(frozen=True)
class Pair:
    """A certificate and its key, as files."""

    certificate: Path
    key: Path


class Authority:
    """Signs certificates of clients and servers; itself signed by itself."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self.pair = self._pair("authority")
        self._openssl("req", "-x509", "-new", "-key", self.pair.key, "-subj", "/CN=costate-cluster",
                      "-days", DAYS, "-out", self.pair.certificate)  # fmt: skip

    def client(self, name: str, subject: str) -> Pair:
        """A certificate that proves who a client is; `subject` such as `/O=group/CN=user`."""
        return self._signed(name, subject)

    def server(self, name: str, *hosts: str) -> Pair:
        """A certificate of a server that is reached by any of these names."""
        names = self._folder / f"{name}.names"
        names.write_text("subjectAltName=" + ",".join(f"DNS:{host}" for host in hosts))
        return self._signed(name, f"/CN={name}", "-extfile", names)

    def _signed(self, name: str, subject: str, *extensions: object) -> Pair:
        made = self._pair(name)
        request = self._folder / f"{name}.csr"
        self._openssl("req", "-new", "-key", made.key, "-subj", subject, "-out", request)
        self._openssl("x509", "-req", "-in", request, "-CA", self.pair.certificate, "-CAkey", self.pair.key,
                      "-CAcreateserial", "-days", DAYS, *extensions, "-out", made.certificate)  # fmt: skip
        return made

    def _pair(self, name: str) -> Pair:
        made = Pair(self._folder / f"{name}.crt", self._folder / f"{name}.key")
        self._openssl("genrsa", "-out", made.key, "2048")
        return made

    def _openssl(self, *words: object) -> None:
        subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)


class Aggregation:
    """What the API server proves to servers that extend the API that it is it, and whom it tells them of."""

    def __init__(self, authority: Authority) -> None:
        self._authority = authority.pair.certificate
        self._front = authority.client("to-aggregated", "/CN=front-proxy")

    def flags(self) -> dict[str, object]:
        """Of the API server."""
        return {
            "requestheader-client-ca-file": self._authority,
            "requestheader-allowed-names": "front-proxy",
            "requestheader-username-headers": "X-Remote-User",
            "requestheader-group-headers": "X-Remote-Group",
            "requestheader-extra-headers-prefix": "X-Remote-Extra-",
            "proxy-client-cert-file": self._front.certificate,
            "proxy-client-key-file": self._front.key,
        }
