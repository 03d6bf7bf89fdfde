//! Statistics only ever save work: the same rows come back with and without them.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::{READINGS, TestLake, readings};

const FILES: i64 = 12;

/// The same rows twice: `r` in files with statistics, `plain` in files without.
fn lake() -> TestLake {
    let lake = TestLake::new();
    let pruned = lake.table("iot_catalog.raw.r", &READINGS, &["date"]);
    let plain = lake.table("iot_catalog.raw.plain", &READINGS, &["date"]);
    for file in 0..FILES {
        let device = format!("device-{:02}", file % 4);
        let start = file * 3_600;
        let rows = readings(&[
            (&device, start, Some(file as f64)),
            (
                &device,
                start + 60,
                (file % 3 != 0).then_some(-0.5 * file as f64),
            ),
            ("zz", start + 3_599, None),
        ]);
        let date = if file < 6 { "2021-06-15" } else { "2021-06-16" };
        pruned.append(&rows, &[("date", date)]);
        let (_, mut add) = plain.write(&rows, &[("date", date)]);
        add["add"]["stats"] = Value::Null;
        plain.commit(&[add]);
    }
    lake
}

#[test]
fn filters_give_the_same_rows_with_and_without_statistics() {
    let lake = lake();
    let filters = [
        "true",
        "event_time >= '2021-06-15T05:00:00Z'",
        "event_time < TIMESTAMP '2021-06-15 01:00:00'",
        "event_time = '2021-06-15T03:59:59Z'",
        "event_time BETWEEN '2021-06-15T02:30:00Z' AND '2021-06-15T04:00:00Z'",
        "date_trunc('hour', event_time) = '2021-06-15T02:00:00Z'",
        "date = '2021-06-16'",
        "date > DATE '2021-06-15' AND device_id = 'device-01'",
        "date = '2021-06-15' OR temperature > 10",
        "date IS NULL",
        "temperature > 5.5",
        "temperature < -2",
        "temperature <> 3",
        "temperature IS NULL",
        "temperature IS NOT NULL AND temperature < 0",
        "NOT (temperature > 2)",
        "device_id IN ('device-03', 'zz')",
        "device_id LIKE 'device-0%'",
        "device_id >= 'zz'",
        "abs(temperature) > 4",
        "extract(hour FROM event_time) = 7",
        "event_time > now()",
    ];
    for filter in filters {
        let rows = |table: &str| {
            lake.rows(&format!(
                "SELECT * FROM {table} WHERE {filter} ORDER BY event_time, device_id"
            ))
        };
        assert_eq!(rows("r"), rows("plain"), "{filter}");
        let counts = |table: &str| {
            lake.rows(&format!(
                "SELECT count(*), count(temperature), min(event_time), max(temperature),
                 max(device_id) FROM {table} WHERE {filter}"
            ))
        };
        assert_eq!(counts("r"), counts("plain"), "{filter}");
    }
    for order in [
        "event_time DESC",
        "event_time",
        "temperature DESC NULLS LAST, event_time",
    ] {
        let top = |table: &str| {
            lake.rows(&format!(
                "SELECT event_time FROM {table} ORDER BY {order} LIMIT 4"
            ))
        };
        assert_eq!(top("r"), top("plain"), "{order}");
    }
}

#[test]
fn files_that_cannot_match_are_not_opened() {
    let lake = lake();
    let f = |filter: &str, want: usize| {
        // Only the verbose plan names every file.
        let run = lake.run(
            &[],
            &format!("EXPLAIN VERBOSE SELECT * FROM r WHERE {filter}"),
        );
        let names = run.stdout.split("part-").skip(1).map(|rest| &rest[..6]);
        let files: BTreeSet<&str> = names.collect();
        assert_eq!(files.len(), want, "{filter}\n{}{}", run.stdout, run.stderr);
    };
    f("true", FILES as usize);
    f("event_time >= '2021-06-15T11:30:00Z'", 1);
    f("event_time >= TIMESTAMP '2021-06-15 11:30:00'", 1);
    f("date = '2021-06-16'", 6);
    f("date = '2021-06-16' AND temperature > 10.5", 1);
    // Every file also has "zz", so a file's devices are from its own to that one.
    f("device_id = 'device-00'", 3);
    f("device_id = 'device-01'", 6);
    f("device_id = 'zzz'", 0);
    f("date = '2030-01-01'", 0);
}

/// A writer cuts the upper bound of timestamps to milliseconds.
#[test]
fn rounded_upper_bound_loses_no_row() {
    let lake = TestLake::new();
    let table = lake.table("iot_catalog.raw.r", &READINGS, &["date"]);
    let (_, mut add) = table.write(&readings(&[("a", 1, None)]), &[("date", "2021-06-15")]);
    let stats = add["add"]["stats"]
        .as_str()
        .unwrap()
        .replace("00:00:01.000Z", "00:00:00.999Z");
    add["add"]["stats"] = Value::from(stats);
    table.commit(&[add]);
    let sql = "SELECT count(*) FROM r WHERE event_time > '2021-06-15T00:00:00.999500Z'";
    assert_eq!(lake.rows(sql), "1\n");
    assert_eq!(
        lake.rows("SELECT max(event_time) FROM r"),
        "2021-06-15T00:00:01Z\n"
    );
}

#[test]
fn statistics_that_make_no_sense_are_ignored() {
    let lake = TestLake::new();
    let table = lake.table("iot_catalog.raw.r", &READINGS, &["date"]);
    for stats in [
        "",
        "nonsense",
        r#"{"minValues":{"temperature":"x"},"numRecords":null}"#,
    ] {
        let (_, mut add) =
            table.write(&readings(&[("a", 1, Some(9.0))]), &[("date", "2021-06-15")]);
        add["add"]["stats"] = Value::from(stats);
        table.commit(&[add]);
    }
    assert_eq!(
        lake.rows("SELECT count(*) FROM r WHERE temperature = 9"),
        "3\n"
    );
    assert_eq!(lake.rows("SELECT count(*) FROM r"), "3\n");
}
