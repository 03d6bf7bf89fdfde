"""Certificates for servers and clients of the tests, from an authority of their own."""

import subprocess
from pathlib import Path


def _openssl(*arguments: str) -> None:
    done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


class Authority:
    """Its own certificate is `certificate`. Everything is valid for two days, or has expired."""

    def __init__(self, directory: Path, name: str = "authority"):
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        self.certificate = directory / f"{name}.crt"
        self._key = directory / f"{name}.key"
        command = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
        files = ["-keyout", str(self._key), "-out", str(self.certificate)]
        _openssl(*command, "-subj", f"/CN={name}", *files)

    def issue(self, name: str, host: str = "127.0.0.1", expired: bool = False) -> tuple[Path, Path]:
        """Certificate and key of a server on `host`, an IP address, or of a client."""
        certificate, key = self.directory / f"{name}.crt", self.directory / f"{name}.key"
        request = self.directory / f"{name}.csr"
        names = ["-subj", f"/CN={name}", "-addext", f"subjectAltName=IP:{host}"]
        command = ["req", "-newkey", "rsa:2048", "-nodes", *names]
        _openssl(*command, "-keyout", str(key), "-out", str(request))
        signer = ["-CA", str(self.certificate), "-CAkey", str(self._key), "-CAcreateserial"]
        days = "-1" if expired else "2"
        command = ["x509", "-req", "-in", str(request), *signer, "-days", days]
        _openssl(*command, "-copy_extensions", "copy", "-out", str(certificate))
        return certificate, key


# What the certificate of a server may have against it, and what avocet says of it.
OTHER_HOST = "192.0.2.1"
FAULTS = {
    "expired": r"the certificate expired on \d{4}-\d\d-\d\d",
    "foreign": f"the certificate is not for this host but for {OTHER_HOST}",
}
STRANGER = "the certificate is of an authority that is not trusted"


def issue_faulty(authority: Authority) -> dict[str, tuple[Path, Path]]:
    """A certificate with its key for each of the faults."""
    return {
        "expired": authority.issue("expired", expired=True),
        "foreign": authority.issue("foreign", host=OTHER_HOST),
    }
