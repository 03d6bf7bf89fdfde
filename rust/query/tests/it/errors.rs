//! What is refused, and how errors in SQL are explained.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::TestLake;

fn lake() -> TestLake {
    let lake = TestLake::new();
    lake.readings("iot_catalog.raw.r");
    lake
}

fn files(dir: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files(&path, found),
            false => {
                found.insert(path.clone(), fs::read(path).unwrap());
            }
        }
    }
}

#[test]
fn statements_that_write_are_refused_and_change_nothing() {
    let lake = lake();
    let mut before = BTreeMap::new();
    files(lake.root(), &mut before);
    let outside = tempfile::tempdir().unwrap();
    let target = outside.path().join("x.csv");
    let target = target.display();
    let statements = [
        "CREATE TABLE t AS SELECT 1".to_string(),
        "CREATE VIEW v AS SELECT 1".to_string(),
        "CREATE SCHEMA s".to_string(),
        "CREATE DATABASE d".to_string(),
        format!("CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '{target}'"),
        "CREATE FUNCTION f(DOUBLE) RETURNS DOUBLE RETURN $1".to_string(),
        format!("COPY (SELECT 1) TO '{target}'"),
        format!("COPY r TO '{target}' STORED AS PARQUET"),
        "INSERT INTO r SELECT * FROM r".to_string(),
        "INSERT INTO r VALUES (NULL, 'x', NULL, 1)".to_string(),
        "DELETE FROM r".to_string(),
        "UPDATE r SET temperature = 0".to_string(),
        "TRUNCATE TABLE r".to_string(),
        "DROP TABLE r".to_string(),
        "ALTER TABLE r ADD COLUMN x INT".to_string(),
        "SET datafusion.execution.batch_size = 1".to_string(),
        "RESET datafusion.execution.batch_size".to_string(),
        "PREPARE p AS SELECT 1".to_string(),
        "EXECUTE p".to_string(),
        "BEGIN".to_string(),
        "EXPLAIN INSERT INTO r SELECT * FROM r".to_string(),
        format!("EXPLAIN ANALYZE COPY r TO '{target}'"),
        "EXPLAIN ANALYZE CREATE TABLE t AS SELECT 1".to_string(),
        "SELECT 1 AS n INTO t".to_string(),
        "WITH x AS (SELECT * FROM r) INSERT INTO r SELECT * FROM x".to_string(),
        "SELECT 1; DROP TABLE r".to_string(),
    ];
    for statement in statements {
        lake.fails(&statement, 64, &[]);
    }
    let mut after = BTreeMap::new();
    files(lake.root(), &mut after);
    assert_eq!(before, after);
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
}

#[test]
fn refusal_says_what_is_allowed() {
    lake().fails(
        "DROP TABLE r",
        64,
        &["DROP TABLE is refused", "SELECT, WITH, VALUES"],
    );
    lake().fails(
        "SELECT 1; SELECT 2",
        64,
        &["expected one statement, found 2"],
    );
    lake().fails("", 64, &["empty"]);
}

#[test]
fn files_and_urls_are_no_tables() {
    let lake = lake();
    let path = fs::read_dir(lake.root().join("iot_catalog/raw/r"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| {
            path.extension()
                .is_some_and(|extension| extension == "parquet")
        })
        .unwrap();
    lake.fails(
        &format!("SELECT * FROM '{}'", path.display()),
        64,
        &["not found"],
    );
    for name in [
        "'/etc/passwd'",
        "'file:///etc/passwd'",
        "'http://127.0.0.1/x.csv'",
    ] {
        lake.fails(&format!("SELECT * FROM {name}"), 64, &["not found"]);
    }
    for function in ["read_csv", "read_parquet", "glob"] {
        lake.fails(
            &format!("SELECT * FROM {function}('/etc/passwd')"),
            64,
            &[function],
        );
    }
}

#[test]
fn data_files_outside_the_table_are_refused() {
    let lake = lake();
    let table = lake.table("iot_catalog.raw.clone", &[("n", "long")], &[]);
    for path in [
        "../r/x.parquet",
        "/etc/passwd",
        "file:///etc/passwd",
        "%2e%2e/x.parquet",
    ] {
        table.commit(&[
            serde_json::json!({"add": {"path": path, "partitionValues": {},
            "size": 10, "modificationTime": 0, "dataChange": true}}),
        ]);
        lake.fails("SELECT * FROM clone", 65, &["outside the table's folder"]);
    }
}

#[test]
fn output_in_the_lake_is_refused() {
    let lake = lake();
    let path = lake.root().join("x.csv");
    let run = lake.run(&["-o", path.to_str().unwrap()], "SELECT 1");
    assert_eq!(run.code, 64);
    assert!(run.stderr.contains("is in the lake"), "{}", run.stderr);
    assert!(!path.exists());
}

#[test]
fn syntax_errors_have_a_position() {
    let lake = lake();
    lake.fails("SELEC 1", 64, &["line 1, column 1: ", "SELEC"]);
    lake.fails("SELECT 1\n  FROM WHERE", 64, &["line 2, column "]);
    lake.fails("SELECT 'abc", 64, &["line 1, column 8: "]);
    let deep = format!("SELECT {}1{}", "(".repeat(5000), ")".repeat(5000));
    lake.fails(&deep, 64, &["nests too deep"]);
}

#[test]
fn unknown_columns_are_suggested() {
    let lake = lake();
    lake.fails(
        "SELECT temprature FROM r",
        64,
        &["line 1, column 8: column temprature not found; did you mean temperature?"],
    );
    lake.fails(
        "SELECT r.xyz FROM r",
        64,
        &["columns are: date, device_id, event_time, temperature"],
    );
    let table = lake.table(
        "iot_catalog.raw.upper",
        &[("batteryVoltage", "double")],
        &[],
    );
    drop(table);
    lake.fails(
        "SELECT batteryVoltage FROM upper",
        64,
        &["did you mean \"batteryVoltage\""],
    );
    lake.fails(
        "SELECT averag(temperature) FROM r",
        64,
        &["Invalid function 'averag'", "Did you mean"],
    );
}

#[test]
fn errors_while_running_are_one_line() {
    let lake = lake();
    lake.fails(
        "SELECT 1 / (temperature::BIGINT - 20) FROM r",
        64,
        &["ivide by zero"],
    );
    lake.fails("SELECT CAST(device_id AS INT) FROM r", 64, &["'a'"]);
}

/// Long chains of operators are deep trees.
#[test]
fn long_queries_do_not_overflow_the_stack() {
    let lake = lake();
    let sums = vec!["1"; 3000].join(" + ");
    assert_eq!(lake.rows(&format!("SELECT {sums}")), "3000\n");
    let alternatives = vec!["temperature = 1.5"; 500].join(" OR ");
    assert_eq!(
        lake.rows(&format!("SELECT count(*) FROM r WHERE {alternatives}")),
        "1\n"
    );
}
