"""The example of the whole path: CSV, Lambda, Kinesis, avocet, Delta in S3, SQL."""

import os
import subprocess
from pathlib import Path

import pytest
from harness import BINARY, ROOT
from services import install, needs_aws
from test_lambda import BOOTSTRAP

QUERY_BINARY = os.environ.get("AVOCET_QUERY_BIN", "")


@needs_aws
@pytest.mark.skipif(not QUERY_BINARY, reason="needs avocet-query")
def test_the_example_runs(tmp_path: Path) -> None:
    for script in ("versitygw.sh", "kinesis.sh", "lambda_rie.sh"):
        install(script)
    done = subprocess.run(
        [ROOT / "examples" / "seed-path" / "run.sh", tmp_path / "work"],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "AVOCET_BIN": str(BINARY), "AVOCET_LAMBDA_BIN": str(BOOTSTRAP)},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert '"accepted":6558' in done.stdout
    answers = done.stdout.partition("4. SQL")[2]
    assert "6558" in answers and "2021-06-15" in answers
    # The spikes of the example.
    assert answers.count("temperature") >= 3
