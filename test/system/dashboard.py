"""An avocet that serves its dashboard, a client of its API, and a browser that looks at it."""

import http.client
import json
import math
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from harness import Run, Site
from playwright.sync_api import Browser, Page, sync_playwright
from ports import free_port

START_S = 1_735_689_600  # 2025-01-01
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")

CONFIG = """
lake: {lake}
server: {SERVER}
storage: {commit: {interval: 200ms}}
sources:
  - file: {path: "{in}/*.ndjson", poll_interval: 20ms}
schema:
  metrics:
    temperature: {unit: degC, range: [-40, 85]}
detectors:
  - {type: threshold, name: limits, metrics: [temperature], warn_max: 50, max: 70}
"""


class Client:
    def __init__(self, port: int, token: str = ""):
        self.port = port
        self.base = f"http://127.0.0.1:{port}"
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def request(
        self, method: str, target: str, body: str = "", headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(
                method, target, body or None, headers={**self.headers, **(headers or {})}
            )
            response = connection.getresponse()
            fields = {name.lower(): value for name, value in response.getheaders()}
            return response.status, fields, response.read().decode()
        finally:
            connection.close()

    def get(self, name: str, **query: object) -> Any:
        status, _, body = self.request("GET", f"/api/v1/{name}?{urlencode(query)}")
        assert status == 200, body
        return json.loads(body)


@contextmanager
def serving(site: Site, server: str, config: str = CONFIG) -> Iterator[tuple[Run, Client]]:
    """`server` is the configuration's section; PORT in it becomes a free one."""
    port = free_port()
    site.configure(config.replace("{SERVER}", server.replace("PORT", str(port))))
    with Run(["run", "-c", str(site.config)], site.directory) as run:
        run.wait_for_output(r"Dashboard: http")
        yield run, Client(port)


def series(device: str, count: int, spikes: Iterable[int] = ()) -> str:
    """Readings of one device, a minute apart, as lines of JSON."""
    spikes = set(spikes)
    return "".join(
        json.dumps(
            {
                "device_id": device,
                "timestamp": START_S + i * 60,
                "temperature": 80 + i / 100 if i in spikes else 21 + math.sin(i / 9) + i % 3 / 10,
                "humidity": 45 + math.cos(i / 7),
            }
        )
        + "\n"
        for i in range(count)
    )


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()


@contextmanager
def page_of(
    browser: Browser, client: Client, target: str, allow: str = "(?!)", **options: Any
) -> Iterator[Page]:
    """Opens a page; fails when the browser complains about anything but `allow`."""
    options = {"viewport": {"width": 1440, "height": 900}, **options}
    context = browser.new_context(timezone_id="Europe/Berlin", **options)
    context.set_default_timeout(20_000)
    page = context.new_page()
    complaints: list[str] = []

    def on_console(message: Any) -> None:
        if message.type in ("error", "warning") and not re.search(allow, message.text):
            complaints.append(message.text)

    def on_request(request: Any) -> None:
        if not request.url.startswith((client.base, "data:")):
            complaints.append(f"foreign: {request.url}")

    page.on("console", on_console)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", on_request)
    try:
        page.goto(client.base + target)
        page.locator("h1").first.wait_for()
        yield page
        assert complaints == [], complaints
        assert page.evaluate("window.hacked") is None
    finally:
        context.close()


def parameters(page: Page) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}
