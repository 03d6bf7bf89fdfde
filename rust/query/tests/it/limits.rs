//! Time and memory end a query, not the machine.

use std::fs;
use std::time::{Duration, Instant};

use crate::support::TestLake;

const ENDLESS: &str = "SELECT sum(a.value * b.value)
    FROM generate_series(1, 1000000000) a CROSS JOIN generate_series(1, 1000000000) b";

#[test]
fn timeout_is_exit_code_75() {
    let lake = TestLake::new();
    let start = Instant::now();
    let run = lake.run(&["--timeout", "300ms"], ENDLESS);
    assert_eq!(run.code, 75, "{}", run.stderr);
    assert_eq!(
        run.stderr,
        "error: the query took longer than --timeout 300ms\n"
    );
    assert!(start.elapsed() < Duration::from_secs(20));
}

#[test]
fn timeout_removes_the_unfinished_output() {
    let lake = TestLake::new();
    let out = tempfile::tempdir().unwrap();
    let path = out.path().join("x.csv");
    let sql = "SELECT * FROM generate_series(1, 100000000000)";
    let run = lake.run(
        &["--timeout", "1s", "-f", "csv", "-o", path.to_str().unwrap()],
        sql,
    );
    assert_eq!(run.code, 75, "{}", run.stderr);
    assert_eq!(fs::read_dir(out.path()).unwrap().count(), 0);
}

#[test]
fn memory_limit_is_exit_code_75() {
    let lake = TestLake::new();
    let sql = "SELECT count(*) FROM (SELECT DISTINCT value * 7919 % 5000011 AS v
        FROM generate_series(1, 5000000))";
    let run = lake.run(&["--memory", "8MiB", "--spill", "0"], sql);
    assert_eq!(run.code, 75, "{}{}", run.stdout, run.stderr);
    assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
}

#[test]
fn sort_larger_than_memory_spills() {
    let lake = TestLake::new();
    let sql =
        "SELECT value, value % 1000 AS k FROM generate_series(1, 1500000) ORDER BY k, value DESC";
    let run = lake.run(&["--memory", "16MiB", "-f", "csv"], sql);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    assert_eq!(run.stdout.lines().count(), 1_500_001);
    assert!(run.stdout.starts_with("value,k\n1500000,0\n1499000,0\n"));
    assert!(run.stdout.ends_with("\n1999,999\n999,999\n"));
}
