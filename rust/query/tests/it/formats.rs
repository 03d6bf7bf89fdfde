//! Every output format, to standard output and to files.

use std::fs::{self, File};
use std::process::Stdio;

use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::support::{TestLake, finish, run_with_stdin};

const SQL: &str = "SELECT device_id, event_time, temperature, 7 AS n FROM r ORDER BY event_time";

fn lake() -> TestLake {
    let lake = TestLake::new();
    lake.readings("iot_catalog.raw.r");
    lake
}

fn printed(options: &[&str], sql: &str) -> String {
    let run = lake().run(options, sql);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    run.stdout
}

#[test]
fn table_is_aligned() {
    let want = "\
┌───────────┬──────────────────────┬─────────────┬───┐
│ device_id │ event_time           │ temperature │ n │
├───────────┼──────────────────────┼─────────────┼───┤
│ a         │ 2021-06-15T00:00:00Z │         1.5 │ 7 │
│ b         │ 2021-06-15T00:00:01Z │        NULL │ 7 │
│ a         │ 2021-06-16T00:00:00Z │        20.0 │ 7 │
│ c         │ 2021-06-16T00:00:01Z │         0.1 │ 7 │
└───────────┴──────────────────────┴─────────────┴───┘
4 rows
";
    assert_eq!(printed(&[], SQL), want);
}

#[test]
fn table_tells_that_there_are_more_rows() {
    let shown = printed(&["--max-rows", "3"], SQL);
    assert!(
        shown.ends_with("┘\n3 rows shown, ... more rows (--max-rows 0 shows all)\n"),
        "{shown}"
    );
    assert!(printed(&["--max-rows", "4"], SQL).ends_with("┘\n4 rows\n"));
    let sql = "SELECT * FROM generate_series(1, 5000)";
    assert!(
        printed(&[], sql).ends_with("┘\n1000 rows shown, ... more rows (--max-rows 0 shows all)\n")
    );
    assert!(printed(&["--max-rows", "0"], sql).ends_with("┘\n5000 rows\n"));
    assert_eq!(printed(&["-f", "csv"], sql).lines().count(), 5001);
    assert_eq!(
        printed(&["-f", "csv", "--max-rows", "2"], sql),
        "value\n1\n2\n"
    );
}

#[test]
fn table_shows_wide_characters_and_no_control_characters() {
    let want = "\
┌─────────┬────────┐
│ a       │ b      │
├─────────┼────────┤
│ x\\ny    │ 温度   │
│ \\u{1b}[ │ abcdef │
└─────────┴────────┘
2 rows
";
    let sql = "SELECT * FROM (VALUES ('x' || chr(10) || 'y', '温度'), (chr(27) || '[', 'abcdef'))
               AS t(a, b)";
    assert_eq!(printed(&[], sql), want);
}

#[test]
fn csv_is_quoted_and_tells_null_from_empty() {
    let want = "device_id,event_time,temperature,n\n\
                a,2021-06-15T00:00:00Z,1.5,7\n\
                b,2021-06-15T00:00:01Z,,7\n\
                a,2021-06-16T00:00:00Z,20.0,7\n\
                c,2021-06-16T00:00:01Z,0.1,7\n";
    assert_eq!(printed(&["--format", "csv"], SQL), want);
    let sql = r#"SELECT 'a,"b"' AS "x,y", '' AS e, NULL AS n, chr(10) AS l"#;
    assert_eq!(
        printed(&["-f", "csv"], sql),
        "\"x,y\",e,n,l\n\"a,\"\"b\"\"\",\"\",,\"\n\"\n"
    );
}

#[test]
fn json_is_one_object_per_line() {
    let want = r#"{"device_id":"a","event_time":"2021-06-15T00:00:00Z","temperature":1.5,"n":7}
{"device_id":"b","event_time":"2021-06-15T00:00:01Z","temperature":null,"n":7}
{"device_id":"a","event_time":"2021-06-16T00:00:00Z","temperature":20.0,"n":7}
{"device_id":"c","event_time":"2021-06-16T00:00:01Z","temperature":0.1,"n":7}
"#;
    assert_eq!(printed(&["--format", "json"], SQL), want);
    let sql = "SELECT a.n, b.n FROM (SELECT 1 AS n) a CROSS JOIN (SELECT 2 AS n) b";
    assert_eq!(printed(&["-f", "json"], sql), "{\"n\":1,\"n_2\":2}\n");
}

#[test]
fn values_have_one_text_in_every_format() {
    let sql = "SELECT 0.1 + 0.2 AS f, 1e300 AS big, CAST(1.10 AS DECIMAL(5,2)) AS d, true AS b,
        DATE '2021-06-15' AS day, X'00ff' AS bytes, [1, NULL] AS list, 9007199254740993 AS i";
    assert_eq!(
        printed(&["-f", "csv"], sql),
        "f,big,d,b,day,bytes,list,i\n\
         0.30000000000000004,1e300,1.10,true,2021-06-15,00ff,\"[1, ]\",9007199254740993\n"
    );
    assert_eq!(
        printed(&["-f", "json"], sql),
        "{\"f\":0.30000000000000004,\"big\":1.0e300,\"d\":1.10,\"b\":true,\"day\":\"2021-06-15\",\
         \"bytes\":\"00ff\",\"list\":[1,null],\"i\":9007199254740993}\n"
    );
}

#[test]
fn timestamps_are_shown_in_the_chosen_zone() {
    let sql = "SELECT min(event_time) AS t FROM r";
    let berlin = ["--time-zone", "Europe/Berlin", "-f", "csv"];
    assert_eq!(printed(&berlin, sql), "t\n2021-06-15T02:00:00+02:00\n");
    let sql = "SELECT event_time + INTERVAL '1500 microseconds' AS t FROM r ORDER BY t LIMIT 1";
    assert_eq!(
        printed(&["-f", "json"], sql),
        "{\"t\":\"2021-06-15T00:00:00.001500Z\"}\n"
    );
    assert_eq!(
        printed(&["-f", "csv"], "SELECT TIMESTAMP '2021-06-15 00:00:00' t"),
        "t\n2021-06-15T00:00:00\n"
    );
}

#[test]
fn parquet_file_holds_the_rows() {
    let lake = lake();
    let out = tempfile::tempdir().unwrap();
    let path = out.path().join("result.parquet");
    let run = finish(
        lake.command()
            .args(["-f", "parquet", "-o"])
            .arg(&path)
            .arg(SQL),
    );
    assert_eq!(
        (run.code, run.stdout.as_str(), run.stderr.as_str()),
        (0, "", "")
    );
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(&path).unwrap()).unwrap();
    let names: Vec<_> = reader
        .schema()
        .fields()
        .iter()
        .map(|f| f.name().clone())
        .collect();
    assert_eq!(names, ["device_id", "event_time", "temperature", "n"]);
    let rows: usize = reader
        .build()
        .unwrap()
        .map(|batch| batch.unwrap().num_rows())
        .sum();
    assert_eq!(rows, 4);
    assert_eq!(fs::read_dir(out.path()).unwrap().count(), 1);

    let piped = lake
        .command()
        .args(["-f", "parquet", SQL])
        .output()
        .unwrap();
    assert!(piped.stdout.starts_with(b"PAR1") && piped.stdout.ends_with(b"PAR1"));
}

#[test]
fn output_file_appears_only_when_complete() {
    let lake = lake();
    let out = tempfile::tempdir().unwrap();
    let path = out.path().join("result.csv");
    fs::write(&path, "before").unwrap();
    let failing = "SELECT 1 / (value - 40000) FROM generate_series(1, 50000)";
    let run = finish(
        lake.command()
            .args(["-f", "csv", "-o"])
            .arg(&path)
            .arg(failing),
    );
    assert_eq!(run.code, 64, "{}", run.stderr);
    assert_eq!(fs::read_to_string(&path).unwrap(), "before");
    let run = finish(
        lake.command()
            .args(["-f", "csv", "-o"])
            .arg(&path)
            .arg("SELECT 1 AS n"),
    );
    assert_eq!(run.code, 0);
    assert_eq!(fs::read_to_string(&path).unwrap(), "n\n1\n");
    assert_eq!(fs::read_dir(out.path()).unwrap().count(), 1);

    let run = lake.run(&["-f", "csv", "-o", "/nonexistent/x.csv"], "SELECT 1");
    assert_eq!(run.code, 74, "{}", run.stderr);
    let run = lake.run(&["-o", "/dev/full"], "SELECT 1");
    assert_eq!(run.code, 74, "{}", run.stderr);
}

#[test]
fn sql_comes_from_standard_input_too() {
    let lake = lake();
    let run = run_with_stdin(lake.command().args(["-f", "csv", "-"]), "SELECT 1 AS n;\n");
    assert_eq!(
        (run.code, run.stdout.as_str()),
        (0, "n\n1\n"),
        "{}",
        run.stderr
    );
    let run = run_with_stdin(lake.command().args(["-f", "csv"]), "SELECT 2 AS n");
    assert_eq!(run.stdout, "n\n2\n");
    let run = run_with_stdin(&mut lake.command(), "  ");
    assert_eq!(run.code, 64);
}

#[test]
fn plans_are_shown_as_text() {
    let plan = printed(&[], "EXPLAIN SELECT device_id FROM r WHERE temperature > 2");
    assert!(plan.starts_with("logical_plan\n"), "{plan}");
    assert!(
        plan.contains("\n  TableScan: r projection=[device_id, temperature]")
            || plan.contains("TableScan: r"),
        "{plan}"
    );
    assert!(printed(&[], "EXPLAIN ANALYZE SELECT count(*) FROM r").contains("metrics"));
}

#[test]
fn reader_that_stops_early_is_no_error() {
    let lake = lake();
    let mut command = lake.command();
    command.args(["-f", "csv", "SELECT * FROM generate_series(1, 100000000)"]);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}
