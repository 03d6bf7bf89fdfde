"""Ports of this machine for the servers of tests."""

import random
import socket
from pathlib import Path

_FIRST = 10_000


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port(count: int = 1) -> int:
    """The first of so many free ports in a row.

    Below those that the system gives to clients: one of them could be taken by any connection
    before the server that was meant to have it has started.
    """
    given = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()
    chance = random.SystemRandom()
    while True:
        port = chance.randrange(_FIRST, int(given[0]) - count)
        if all(_is_free(port + i) for i in range(count)):
            return port
