//! How tables are named, and what is said about names that are wrong.

use std::fs;

use crate::support::{TestLake, finish};

fn lake() -> TestLake {
    let lake = TestLake::new();
    lake.readings("iot_catalog.raw.sensor_readings");
    lake.readings("iot_catalog.processed.valid_readings");
    lake.table("iot_catalog.analytics.anomalies", &[("id", "string")], &[]);
    lake.table("iot_catalog.raw.anomalies", &[("id", "string")], &[]);
    lake.table("other.raw.only_here", &[("id", "string")], &[]);
    lake
}

#[test]
fn names_of_one_two_and_three_levels_mean_the_same_table() {
    let lake = lake();
    for name in [
        "iot_catalog.raw.sensor_readings",
        "raw.sensor_readings",
        "sensor_readings",
    ] {
        assert_eq!(lake.rows(&format!("SELECT count(*) FROM {name}")), "4\n");
    }
    let joined = "SELECT count(*) FROM sensor_readings r JOIN processed.valid_readings v
        ON r.device_id = v.device_id AND r.event_time = v.event_time";
    assert_eq!(lake.rows(joined), "4\n");
    assert_eq!(
        lake.rows("SELECT sensor_readings.device_id FROM sensor_readings LIMIT 0"),
        ""
    );
    assert_eq!(lake.rows("SELECT count(*) FROM other.raw.only_here"), "0\n");
}

#[test]
fn default_catalog_can_be_chosen_and_a_single_catalog_needs_no_choice() {
    let lake = lake();
    let run = lake.run(
        &["--catalog", "other", "-f", "csv"],
        "SELECT count(*) FROM only_here",
    );
    assert_eq!(run.stdout, "count(*)\n0\n", "{}", run.stderr);

    let single = TestLake::new();
    single.readings("plant.raw.r");
    assert_eq!(single.rows("SELECT count(*) FROM raw.r"), "4\n");
}

#[test]
fn ambiguous_name_lists_the_candidates() {
    let texts = [
        "ambiguous",
        "iot_catalog.analytics.anomalies",
        "iot_catalog.raw.anomalies",
    ];
    lake().fails("SELECT * FROM anomalies", 64, &texts);
}

#[test]
fn unknown_table_is_suggested_and_all_are_listed() {
    let lake = lake();
    lake.fails(
        "SELECT *\nFROM iot_catalog.analytics.anomalys",
        64,
        &[
            "error: line 2, column 6: table iot_catalog.analytics.anomalys not found",
            "did you mean iot_catalog.analytics.anomalies?",
            "available tables: iot_catalog.analytics.anomalies, iot_catalog.processed.valid",
        ],
    );
    lake.fails(
        "SELECT * FROM valid_reading",
        64,
        &["iot_catalog.processed.valid_readings?"],
    );
    lake.fails(
        "SELECT * FROM no.such.thing",
        64,
        &["not found", "available tables"],
    );
    lake.fails(
        "DESCRIBE sensor_reading",
        64,
        &["did you mean iot_catalog.raw.sensor_readings?"],
    );
    lake.fails(
        "EXPLAIN SELECT * FROM sensor_reading",
        64,
        &["column 23", "did you mean"],
    );
    TestLake::new().fails("SELECT * FROM t", 64, &["the lake has no tables"]);
}

#[test]
fn catalog_statements_work() {
    let lake = lake();
    let tables = lake.rows("SHOW TABLES");
    assert!(
        tables.contains("iot_catalog,processed,valid_readings,BASE TABLE\n"),
        "{tables}"
    );
    let columns = lake.rows("DESCRIBE raw.sensor_readings");
    assert!(
        columns.starts_with("date,Date32,YES\ndevice_id,"),
        "{columns}"
    );
    let columns = lake.rows("SHOW COLUMNS FROM sensor_readings");
    assert!(
        columns.contains("sensor_readings,temperature,Float64,YES"),
        "{columns}"
    );
    assert_eq!(
        lake.rows(
            "SELECT table_schema, table_name FROM information_schema.tables
             WHERE table_name LIKE '%readings' ORDER BY 2"
        ),
        "raw,sensor_readings\nprocessed,valid_readings\n"
    );
}

#[test]
fn only_named_tables_are_opened() {
    let lake = lake();
    let damaged = lake.root().join("iot_catalog/raw/damaged/_delta_log");
    fs::create_dir_all(&damaged).unwrap();
    fs::write(damaged.join("00000000000000000000.json"), "{").unwrap();
    assert_eq!(lake.rows("SELECT count(*) FROM sensor_readings"), "4\n");
    assert!(lake.rows("SHOW TABLES").contains("damaged"));
    lake.fails("SELECT * FROM damaged", 65, &["iot_catalog.raw.damaged"]);
}

#[test]
fn folders_that_are_no_tables_are_ignored() {
    let lake = TestLake::new();
    lake.readings("iot_catalog.raw.r");
    fs::create_dir_all(lake.root().join(".state/a/b/_delta_log")).unwrap();
    fs::create_dir_all(lake.root().join("iot_catalog/raw/_tmp/_delta_log")).unwrap();
    fs::create_dir_all(lake.root().join("iot_catalog/raw/plain")).unwrap();
    fs::write(lake.root().join("iot_catalog/readme.txt"), "").unwrap();
    let sql = "SELECT table_name FROM information_schema.tables WHERE table_type = 'BASE TABLE'";
    assert_eq!(lake.rows(sql), "r\n");
}

#[test]
fn missing_lake_is_exit_code_69() {
    let lake = TestLake::new();
    let mut command = lake.command();
    let run = finish(command.args(["--lake", "/nonexistent/lake", "SELECT 1"]));
    assert_eq!(run.code, 69);
    assert!(
        run.stderr
            .starts_with("error: cannot open lake /nonexistent/lake: ")
    );
}
