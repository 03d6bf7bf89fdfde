"""What tasks of avocet.spark exchange and write by themselves, in a bucket."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from services import AWS_ENV, client, versitygw
from test_spark_processing import spark_python

pytestmark = pytest.mark.slow

BUCKET = "plant-lake"

# As the driver and its tasks call it, without Spark.
CODE = """
import json
import pyarrow as pa
from avocet.spark._direct import commit_files, create_table, write_files
from avocet.spark._exchange import Exchange, locate, read_stored
from deltalake import DeltaTable
from pyarrow.fs import FileSelector, FileType

lake = "s3a://plant-lake/lake"
exchange = Exchange(f"{lake}/_exchange/query")
exchange.clear()
with exchange.sender() as send:
    rows = [send(1, pa.table({"a": [1, 2]})), send(2, pa.table({"a": [3]}))]
values = [read_stored(row.column("bytes")[0].as_py()) for row in rows]
found = [pa.ipc.open_stream(value).read_all()["a"].to_pylist() for value in values]
exchange.clear()
system, root = locate(f"{lake}/_exchange")
left = system.get_file_info(FileSelector(root, recursive=True))
create_table(f"{lake}/t", pa.schema([("a", pa.int64())]), [], None, None)
files = list(write_files(f"{lake}/t", pa.table({"a": [4, 5]}), None))
for _ in range(2):
    commit_files(f"{lake}/t", files, "writer", 1, None)
print(json.dumps({
    "exchanged": found,
    "left": [one.path for one in left if one.type == FileType.File],
    "written": pa.table(DeltaTable(f"{lake}/t").to_pyarrow_table())["a"].to_pylist(),
}))
"""


def test_tasks_exchange_and_write_in_a_bucket(tmp_path: Path) -> None:
    with versitygw(tmp_path) as server:
        client("s3", server.url).create_bucket(Bucket=BUCKET)
        done = subprocess.run(
            [spark_python(), "-c", CODE],
            capture_output=True,
            text=True,
            timeout=300,
            env={**os.environ, **AWS_ENV, "AWS_ENDPOINT_URL": server.url, "AWS_ALLOW_HTTP": "true"},
        )
    assert done.returncode == 0, done.stderr[-4000:]
    found = json.loads(done.stdout)
    assert found == {"exchanged": [[1, 2], [3]], "left": [], "written": [4, 5]}
