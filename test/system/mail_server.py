"""A mail server on loopback that speaks SMTP over TLS and remembers what it got."""

import base64
import email
import email.policy
import socket
import ssl
import subprocess
import threading
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path


@dataclass
class Mail:
    sender: str
    to: list[str]
    mail: EmailMessage


class MailServer:
    def __init__(self, directory: Path) -> None:
        self.ca_file = directory / "mail.pem"
        key = directory / "mail.key"
        command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
        command += ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
        command += ["-keyout", str(key), "-out", str(self.ca_file)]
        subprocess.run(command, check=True, capture_output=True)
        self.mails: list[Mail] = []
        self.logins: list[str] = []
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(self.ca_file, key)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> "MailServer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            try:
                with self._context.wrap_socket(connection, server_side=True) as secure:
                    self._talk(secure)
            except OSError:
                continue

    def _talk(self, secure: ssl.SSLSocket) -> None:
        lines = secure.makefile("rb")

        def say(text: str) -> None:
            secure.sendall(text.encode() + b"\r\n")

        sender, to = "", list[str]()
        say("220 localhost")
        for raw in lines:
            line = raw.decode().rstrip("\r\n")
            word = line.split(" ")[0].upper()
            if word == "EHLO":
                say("250-localhost")
                say("250 AUTH PLAIN")
            elif word == "AUTH":
                if len(line.split(" ")) < 3:
                    say("334 ")
                    line += " " + lines.readline().decode().strip()
                _, user, password = base64.b64decode(line.split(" ")[2]).decode().split("\0")
                self.logins.append(f"{user}/{password}")
                say("235 ok")
            elif word == "MAIL":
                sender, to = line.split(":", 1)[1].split(" ")[0], []
                say("250 ok")
            elif word == "RCPT":
                to.append(line.split(":", 1)[1])
                say("250 ok")
            elif word == "DATA":
                say("354 go on")
                body = b""
                while (part := lines.readline()) != b".\r\n":
                    body += part
                mail = email.message_from_bytes(body, policy=email.policy.default)
                assert isinstance(mail, EmailMessage)
                self.mails.append(Mail(sender, to, mail))
                say("250 taken")
            elif word == "QUIT":
                say("221 bye")
                return
            else:
                say("502 what")
