"""An HTTP server on loopback that answers as it is told, and remembers what it got."""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from local_server import LocalServer


@dataclass
class Received:
    path: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Answer:
    """`hang` seconds pass before the answer; `raw` is sent instead of one."""

    status: int = 200
    body: bytes = b"ok"
    headers: dict[str, str] = field(default_factory=dict)
    hang: float = 0
    raw: bytes | None = None


class Receiver(LocalServer):
    """Answers with `script` one by one, then with `answer`. Only what was answered with a 2xx is
    in `taken`; everything is in `requests`."""

    def __init__(self) -> None:
        super().__init__()
        self.script: list[Answer] = []
        self.answer: Callable[[Received], Answer] = lambda _: Answer()
        self.requests: list[Received] = []
        self.taken: list[Received] = []
        self._lock = threading.Lock()

    def handle(self, handler: BaseHTTPRequestHandler) -> None:
        size = int(handler.headers.get("Content-Length", "0"))
        got = Received(
            handler.path,
            {name.lower(): value for name, value in handler.headers.items()},
            handler.rfile.read(size),
        )
        with self._lock:
            self.requests.append(got)
            answer = self.script.pop(0) if self.script else self.answer(got)
        if answer.hang:
            time.sleep(answer.hang)
        try:
            if answer.raw is not None:
                handler.wfile.write(answer.raw)
                handler.close_connection = True
                return
            handler.send_response(answer.status)
            for name, value in answer.headers.items():
                handler.send_header(name, value)
            handler.send_header("Content-Length", str(len(answer.body)))
            handler.end_headers()
            handler.wfile.write(answer.body)
        except OSError:
            return  # The client has given up.
        if 200 <= answer.status < 300:
            with self._lock:
                self.taken.append(got)

    def alerts(self) -> list[dict[str, Any]]:
        """Every alert of the messages that were taken, in order, repeats included."""
        with self._lock:
            return [alert for message in self.taken for alert in message.json()["alerts"]]
