"""Certificates between the API server, the kubelet and aggregated servers."""

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
    """Signs certificates of clients; itself signed by itself."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self.pair = self._pair("authority")
        self._openssl("req", "-x509", "-new", "-key", self.pair.key, "-subj", "/CN=costate-cluster",
                      "-days", DAYS, "-out", self.pair.certificate)  # fmt: skip

    def client(self, name: str, subject: str) -> Pair:
        """A certificate that proves who a client is; `subject` such as `/O=group/CN=user`."""
        made = self._pair(name)
        request = self._folder / f"{name}.csr"
        self._openssl("req", "-new", "-key", made.key, "-subj", subject, "-out", request)
        self._openssl("x509", "-req", "-in", request, "-CA", self.pair.certificate, "-CAkey", self.pair.key,
                      "-CAcreateserial", "-days", DAYS, "-out", made.certificate)  # fmt: skip
        return made

    def _pair(self, name: str) -> Pair:
        made = Pair(self._folder / f"{name}.crt", self._folder / f"{name}.key")
        self._openssl("genrsa", "-out", made.key, "2048")
        return made

    def _openssl(self, *words: object) -> None:
        subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)
