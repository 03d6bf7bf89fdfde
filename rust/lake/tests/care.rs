//! Log cleanup and vacuum: what goes, and above all what stays.

mod support;

use avocet_lake::error::Code;
use serde_json::json;
use support::rows::*;

const DAY: i64 = 24 * 3600 * 1000;

/// Version n is written at n days; checkpoints at 3 and 6.
fn log_over_days() -> Fixture {
    let f = fixture();
    for day in 1..=8 {
        f.fs.set_now(day * DAY);
        f.append(&[day]);
        if day == 3 || day == 6 {
            f.table.checkpoint().unwrap();
        }
    }
    f
}

#[test]
fn cleanup_keeps_what_the_newest_checkpoint_does_not_replace() {
    let f = log_over_days();
    let removed = f.table.cleanup(0, i64::MAX, 100 * DAY).unwrap();
    let mut expected: Vec<String> = (0..6).map(commit_path).collect();
    expected.push(checkpoint_path(3));
    let mut removed: Vec<String> = removed.iter().map(|p| format!("t/{p}")).collect();
    removed.sort();
    expected.sort();
    assert_eq!(removed, expected);
    assert_eq!(f.keys(&f.lake.open("t").unwrap()), [1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(f.keys(&f.table), [1, 2, 3, 4, 5, 6, 7, 8]);
    assert!(f.table.cleanup(0, i64::MAX, 100 * DAY).unwrap().is_empty());
}

#[test]
fn cleanup_keeps_the_versions_and_the_days_asked_for() {
    let f = log_over_days();
    // Version 5 needs the checkpoint at 3 and the entries after it.
    let removed = f.table.cleanup(0, 5, 100 * DAY).unwrap();
    assert_eq!(removed.len(), 3);
    assert!(f.fs.get(&checkpoint_path(3)).is_some() && f.fs.get(&commit_path(3)).is_some());
    assert!(f.table.cleanup(0, 2, 100 * DAY).unwrap().is_empty());
    assert!(f.table.cleanup(0, -1, 100 * DAY).unwrap().is_empty());
    // Entries of the last 4 days stay, and with them all that is newer.
    assert_eq!(
        f.table.cleanup(4 * DAY, i64::MAX, 8 * DAY).unwrap().len(),
        2
    );
    assert!(f.fs.get(&commit_path(4)).is_some());
}

#[test]
fn cleanup_trusts_no_damaged_checkpoint() {
    let f = log_over_days();
    f.fs.set(&checkpoint_path(6), "PAR1");
    assert_eq!(
        f.table.cleanup(0, i64::MAX, 100 * DAY).unwrap_err().code,
        Code::Corrupt
    );
    assert!(f.fs.get(&commit_path(0)).is_some());
}

#[test]
fn vacuum_deletes_only_what_no_version_in_the_retention_needs() {
    let f = fixture();
    let removed = |key: i64, at_ms: i64| {
        let path = f.append(&[key]);
        f.table
            .commit(json!({"removes": [path], "timestamp_ms": at_ms}))
            .unwrap();
        path
    };
    let old = removed(1, DAY);
    let young = removed(2, 9 * DAY);
    let active = f.append(&[3]);
    let uncommitted = f
        .table
        .write(&rows(&[4]), json!({"file_name": "orphan.parquet"}))
        .unwrap();
    for path in [
        "t/_private/x",
        "t/_change_data/y",
        "t/.hidden",
        "t/a/_b/c",
        "t/_delta_log/.tmp",
    ] {
        f.fs.set(path, "x");
    }
    f.fs.set("t/date=1/waste.parquet", "x");
    f.fs.set_now(10 * DAY);
    f.fs.set("t/fresh.parquet", "x");
    let before = f.fs.names("t/").len();
    let expected = {
        let mut all = vec![
            "date=1/waste.parquet".to_string(),
            "orphan.parquet".into(),
            old,
        ];
        all.sort();
        all
    };
    assert_eq!(uncommitted["path"], "orphan.parquet");
    assert_eq!(f.table.vacuum(7 * DAY, 10 * DAY, true).unwrap(), expected);
    assert_eq!(f.fs.names("t/").len(), before);
    assert_eq!(f.table.vacuum(7 * DAY, 10 * DAY, false).unwrap(), expected);
    assert_eq!(f.fs.names("t/").len(), before - 3);
    assert!(f.fs.get(&format!("t/{young}")).is_some());
    assert!(f.fs.get(&format!("t/{active}")).is_some());
    assert_eq!(f.keys(&f.table), [3]);
    assert_eq!(f.table.vacuum(-1, 0, true).unwrap_err().code, Code::Invalid);
}

#[test]
fn vacuum_sees_foreign_commits_first() {
    let f = fixture();
    f.fs.set("t/theirs.parquet", "x");
    f.foreign(1, &[foreign_add("theirs.parquet")]);
    assert!(f.table.vacuum(0, DAY, false).unwrap().is_empty());
    f.fs.set("t/clone", "x");
    f.foreign(2, &[foreign_add("s3://elsewhere/file.parquet")]);
    assert_eq!(
        f.table.vacuum(0, DAY, false).unwrap_err().code,
        Code::Unsupported
    );
}
