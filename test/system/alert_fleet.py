"""A simulated fleet with faults, and alerts by every kind of rule."""

FLEET = """\
lake: {lake}
storage: {commit: {rows: ROWS}}
sources:
  - simulate: {devices: 40, duration: 3h, seed: 3, speed: 0, faults: [spike, dropout, stuck],
               start_time: "2026-01-01T00:00:00Z", truth_file: "{in}/truth.ndjson"}
detectors:
  - {type: zscore, min_samples: 20}
  - {type: missing}
  - {type: stuck, duration: 5m}
alerts:
  rules:
    - {name: one}
    - {name: twice, count: 2, of: 5, min_severity: info, hold_off: 1m}
    - {name: many, type: fleet_spike, min_severity: info,
       spike: {window: 3m, sigma: 2, min_count: 3}}
    - {name: busy, type: device_spike, min_severity: info,
       spike: {window: 6m, sigma: 1, min_count: 2}}
"""


def fleet_configuration(commit_rows: int) -> str:
    return FLEET.replace("ROWS", str(commit_rows))
