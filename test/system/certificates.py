"""Certificates for servers and clients of the tests, from an authority of their own."""

import subprocess
from pathlib import Path


def _openssl(*arguments: str) -> None:
    done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


class Authority:
    """Its own certificate is `certificate`. Everything is valid for two days."""

    def __init__(self, directory: Path, name: str = "authority"):
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        self.certificate = directory / f"{name}.crt"
        self._key = directory / f"{name}.key"
        command = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
        files = ["-keyout", str(self._key), "-out", str(self.certificate)]
        _openssl(*command, "-subj", f"/CN={name}", *files)

    def issue(self, name: str, host: str = "127.0.0.1") -> tuple[Path, Path]:
        """Certificate and key of a server on `host`, an IP address, or of a client."""
        certificate, key = self.directory / f"{name}.crt", self.directory / f"{name}.key"
        request = self.directory / f"{name}.csr"
        names = ["-subj", f"/CN={name}", "-addext", f"subjectAltName=IP:{host}"]
        command = ["req", "-newkey", "rsa:2048", "-nodes", *names]
        _openssl(*command, "-keyout", str(key), "-out", str(request))
        signer = ["-CA", str(self.certificate), "-CAkey", str(self._key), "-CAcreateserial"]
        command = ["x509", "-req", "-in", str(request), *signer, "-days", "2"]
        _openssl(*command, "-copy_extensions", "copy", "-out", str(certificate))
        return certificate, key
