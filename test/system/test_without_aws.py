"""What a build without AWS says when it is asked for it."""

from pathlib import Path

import pytest
from harness import Site
from services import has_aws


@pytest.mark.skipif(has_aws(), reason="this avocet was built with AWS")
@pytest.mark.parametrize("source", ["kinesis: {stream: a}", "s3: {url: 's3://a/b'}"])
def test_it_says_how_to_get_one_that_has_it(tmp_path: Path, source: str) -> None:
    site = Site(tmp_path)
    site.configure(f"lake: {{lake}}\nsources:\n  - {source}\n")
    done = site.run()
    assert done.returncode != 0
    assert "make aws" in done.stderr
    assert "not in this build" in site.avocet("components").stdout
