"""Talks HTTP to a running avocet with nothing but the standard library."""

import http.client
import json
from dataclasses import dataclass
from typing import Any

PATH = "/api/v1/readings"


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    text: str

    def json(self) -> dict[str, Any]:
        return dict(json.loads(self.text))


def request(
    port: int,
    method: str,
    path: str,
    body: bytes | str = b"",
    headers: dict[str, str] | None = None,
    timeout: float = 30,
    connection: http.client.HTTPConnection | None = None,
) -> Answer:
    own = connection or http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    data = body.encode() if isinstance(body, str) else body
    own.request(method, path, data if method == "POST" else None, headers or {})
    response = own.getresponse()
    answer = Answer(response.status, dict(response.getheaders()), response.read().decode())
    if connection is None:
        own.close()
    return answer


def post(port: int, body: bytes | str, **headers: str) -> Answer:
    """Posts JSON; keyword arguments are headers, with "_" for "-"."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return request(port, "POST", PATH, body, {"Content-Type": "application/json", **given})
