"""Lineage: every event is one by the schema of OpenLineage, and says what the tables say."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable
from harness import TABLES, Site, table_path
from jsonschema import Draft202012Validator, FormatChecker
from receiver import Answer, Receiver
from referencing import Registry, Resource

SCHEMAS = Path(__file__).with_name("openlineage")


def schemas() -> dict[str, Any]:
    """The schema of events and those of facets, by their names."""
    return {path.stem: json.loads(path.read_text()) for path in SCHEMAS.glob("*.json")}


def judge(event: dict[str, Any]) -> None:
    """By the schema of an event, and each of its facets by the one that the facet names."""
    known = schemas()
    registry = Registry().with_resources(
        [(schema["$id"], Resource.from_contents(schema)) for schema in known.values()]
    )

    def check(value: Any, reference: str) -> None:
        Draft202012Validator(
            {"$ref": reference}, registry=registry, format_checker=FormatChecker()
        ).validate(value)

    assert event["schemaURL"].startswith(known["OpenLineage"]["$id"])
    check(event, event["schemaURL"])
    things = [event["run"], event["job"], *event["inputs"], *event["outputs"]]
    for thing in things:
        for kind in ("facets", "outputFacets"):
            for facet in thing.get(kind, {}).values():
                check(facet, facet["_schemaURL"])


def site_with(tmp_path: Path, lineage: str) -> Site:
    site = Site(tmp_path)
    site.configure(f"""\
lake: {{lake}}
storage: {{commit: {{rows: 200}}, care: {{enabled: false}}}}
engine: {{tick_records: 100}}
sources: [{{file: {{path: "{{in}}/*.ndjson", follow: false}}}}]
schema: {{metrics: {{temperature: {{unit: degC}}}}}}
lineage: {lineage}
""")
    readings = [
        {"device_id": f"secret-{n % 3}", "timestamp": 1_780_000_000 + 60 * n, "temperature": n % 7}
        for n in range(1000)
    ]
    (site.inbox / "a.ndjson").write_text("\n".join(json.dumps(r) for r in readings) + "\n")
    return site


def test_each_commit_is_told_to_the_server_and_in_a_file(tmp_path: Path) -> None:
    with Receiver() as receiver:
        receiver.script = [Answer(503), Answer(200), Answer(500)]
        lineage = f"{{url: {receiver.url}/api/v1/lineage, token: t0ken, folder: {tmp_path}/events}}"
        site = site_with(tmp_path, lineage)
        site.drain()
        # What was refused was sent again; the last may still be on its way into the list.
        deadline = time.monotonic() + 10
        while len(receiver.taken) < len(receiver.requests) - 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert len(receiver.taken) == len(receiver.requests) - 2
        posted = [request.json() for request in receiver.taken]
        assert {r.headers["authorization"] for r in receiver.requests} == {"Bearer t0ken"}
        assert {r.path for r in receiver.requests} == {"/api/v1/lineage"}
    (file,) = (tmp_path / "events").iterdir()
    taken = [json.loads(line) for line in file.read_text().splitlines()]
    assert sorted(map(json.dumps, posted)) == sorted(map(json.dumps, taken))
    for event in taken:
        judge(event)
    assert {event["run"]["runId"] for event in taken} == {file.stem}
    kinds = [event["eventType"] for event in taken]
    assert kinds == ["START", *["RUNNING"] * (len(kinds) - 2), "COMPLETE"]
    assert [one["name"] for one in taken[0]["inputs"]] == [f"{site.inbox}/*.ndjson"]
    for name in TABLES:
        path = table_path(site.lake, name)
        made = [o for e in taken[1:-1] for o in e["outputs"] if o["name"] == str(path)]
        table = DeltaTable(str(path))
        rows = sum(one["outputFacets"]["outputStatistics"]["rowCount"] for one in made)
        assert rows == site.count(name), name
        versions = [int(one["facets"]["version"]["datasetVersion"]) for one in made]
        # The first version made the table.
        assert versions == list(range(1, table.version() + 1)), name
    assert site.count("silver") == 1000 and len(kinds) > 5
    assert "secret-" not in file.read_text(), "devices are nobody's business"


def test_a_server_that_is_away_delays_nothing_and_is_in_the_log(tmp_path: Path) -> None:
    site = site_with(tmp_path, "{url: 'http://127.0.0.1:9/api/v1/lineage'}")
    done = site.run()
    assert done.returncode == 0
    assert "lineage: cannot send events" in done.stderr
    assert "events were not sent" in done.stderr
    assert site.count("bronze") == 1000


def test_an_event_that_is_none_is_told_apart() -> None:
    event = {
        **{"eventTime": "2026-01-01T00:00:00Z", "producer": "urn:avocet:1", "eventType": "BEGUN"},
        **{"schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"},
        **{"run": {"runId": "x"}, "job": {"namespace": "a", "name": "b"}},
        **{"inputs": [], "outputs": []},
    }
    with pytest.raises(Exception, match="BEGUN"):
        judge(event)
