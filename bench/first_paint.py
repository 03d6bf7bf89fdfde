"""The dashboard's first page over 10,000 devices, in a browser that has nothing of it yet."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess

from common import (
    AVOCET,
    check,
    free_port,
    make_readings,
    median,
    run_avocet,
    wait_until_listening,
    write_config,
)
from playwright.sync_api import sync_playwright

DEVICES = 10_000
GOAL_MS = 1000
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
PAINT = "performance.getEntriesByName('first-contentful-paint')[0].startTime"


def first_paint(work: pathlib.Path, quick: bool) -> dict:
    source = make_readings(work, 12 * DEVICES, DEVICES, 1)
    lake, port = work / "lake-paint", free_port()
    shutil.rmtree(lake, ignore_errors=True)
    config = work / "paint.yaml"
    write_config(config, lake, f"{source}/*.ndjson", f'server: {{listen: "127.0.0.1:{port}"}}\n')
    run_avocet(config)
    paints, rows = [], []
    with subprocess.Popen([AVOCET, "run", "-c", str(config), "-q"]) as run:
        try:
            wait_until_listening(port, run)
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(
                    executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
                )
                for _ in range(3 if quick else 9):
                    context = browser.new_context(viewport={"width": 1440, "height": 900})
                    page = context.new_page()
                    page.goto(f"http://127.0.0.1:{port}/")
                    page.locator(".grid-row").first.wait_for()
                    rows.append(page.evaluate("performance.now()"))
                    page.wait_for_function("performance.getEntriesByType('paint').length === 2")
                    paints.append(page.evaluate(PAINT))
                    context.close()
                browser.close()
        finally:
            run.terminate()
        check(run.wait(timeout=120) == 0, "avocet did not end cleanly")
    check(median(paints) < GOAL_MS, f"the first paint is after {median(paints):.0f} ms")
    return {
        "devices": DEVICES,
        "first_paint_ms": round(median(paints)),
        "slowest_paint_ms": round(max(paints)),
        "devices_shown_ms": round(median(rows)),
    }
