#!/usr/bin/env python3
"""Passes requests on to an AWS emulator, except for those that are to go wrong.

usage: aws_fault_proxy.py PORT UPSTREAM_URL

Faults are scripted with POST /_faults, a list of objects that are each used `times` times (default
1), in order, when their `target` is the action of a request (the end of its X-Amz-Target) or the
beginning of "METHOD /path", or when the request is signed with their `key`, an access key id:
  {"target": "GetRecords", "status": 400, "type": "ExpiredIteratorException"}
  {"target": "GET /bucket", "status": 503, "type": "SlowDown"}
  {"target": "GetRecords", "cut": true}          the connection breaks before an answer
  {"target": "GetRecords", "delay": 2.5}         seconds, then the request is passed on
  {"target": "GetRecords", "garbage": true}      200 with a text that is no answer
  {"target": "PUT /bucket", "late": true, "cut": true}
                                                 the request is passed on, then its answer is lost
  {"target": "PUT /bucket", "without": "If-None-Match"}
                                                 passed on without that header
  {"key": "AKIDOLD", "status": 400, "type": "ExpiredToken", "times": 1000}
GET /_counts answers with the number of requests by action and of faults by kind.

Conditional PUTs of one object are passed on one after the other, as S3 judges them: the emulators
look whether the object exists and write it in two steps.
"""

import http.client
import json
import sys
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

METHODS = ("GET ", "PUT ", "HEAD ", "DELETE ")
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"}


class Faults:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.conditional = threading.Lock()
        self.pending: list[dict[str, Any]] = []
        self.counts: Counter[str] = Counter()

    def add(self, faults: list[dict[str, Any]]) -> None:
        with self.lock:
            self.pending += faults

    def take(self, action: str, line: str, signature: str) -> dict[str, Any]:
        with self.lock:
            self.counts[action or line.split(" ")[0]] += 1
            for fault in self.pending:
                target = fault.get("target", "")
                if (
                    (target and target == action)
                    or (target.startswith(METHODS) and line.startswith(target))
                    or ("key" in fault and f"Credential={fault['key']}/" in signature)
                ):
                    fault["times"] = fault.get("times", 1) - 1
                    if fault["times"] <= 0:
                        self.pending.remove(fault)
                    self.counts[f"fault {fault.get('type', 'other')}"] += 1
                    return fault
        return {}


class Proxy(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    upstream = ""
    faults = Faults()

    def log_message(self, *_: object) -> None:
        pass

    def answer(
        self, status: int, body: bytes, headers: list[tuple[str, str]] | None = None
    ) -> None:
        self.send_response(status)
        for name, value in headers or [("Content-Type", "application/x-amz-json-1.1")]:
            if name.lower() not in HOP_BY_HOP or self.command == "HEAD":
                self.send_header(name, value)
        if self.command != "HEAD":
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def refuse(self, status: int, kind: str) -> None:
        if self.headers.get("X-Amz-Target"):
            self.answer(status, json.dumps({"__type": kind, "message": "as scripted"}).encode())
        else:
            xml = f"<Error><Code>{kind}</Code><Message>as scripted</Message></Error>"
            self.answer(status, xml.encode(), [("Content-Type", "application/xml")])

    def handle_request(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/_faults":
            self.faults.add(json.loads(body))
            self.answer(200, b"{}")
            return
        if self.path == "/_counts":
            self.answer(200, json.dumps(self.faults.counts).encode())
            return
        action = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
        signature = self.headers.get("Authorization", "")
        fault = self.faults.take(action, f"{self.command} {self.path}", signature)
        time.sleep(fault.get("delay", 0))
        if "without" in fault:
            del self.headers[fault["without"]]
        if fault.get("late"):
            self.send_upstream(body)
        if fault.get("cut"):
            self.close_connection = True
            self.connection.close()
        elif fault.get("garbage"):
            self.answer(200, b"<html>this is no answer</html>")
        elif "status" in fault:
            self.refuse(fault["status"], fault["type"])
        else:
            self.pass_on(body)

    def pass_on(self, body: bytes) -> None:
        try:
            self.answer(*self.send_upstream(body))
        except OSError:
            self.close_connection = True
            self.connection.close()

    def send_upstream(self, body: bytes) -> tuple[int, bytes, list[tuple[str, str]]]:
        if self.headers.get("If-None-Match"):
            with self.faults.conditional:
                return self.exchange(body)
        return self.exchange(body)

    def exchange(self, body: bytes) -> tuple[int, bytes, list[tuple[str, str]]]:
        url = urlsplit(self.upstream)
        connection = http.client.HTTPConnection(url.hostname or "", url.port, timeout=60)
        try:
            connection.putrequest(
                self.command, self.path, skip_host=True, skip_accept_encoding=True
            )
            for name, value in self.headers.items():
                connection.putheader(name, value)
            connection.endheaders(body)
            response = connection.getresponse()
            return response.status, response.read(), response.getheaders()
        finally:
            connection.close()

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = handle_request


def main() -> None:
    Proxy.upstream = sys.argv[2]
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Proxy).serve_forever()


if __name__ == "__main__":
    main()
