//! Checkpoints, and logs that are damaged in one way or another.

mod support;

use avocet_lake::error::Code;
use serde_json::{Value, json};
use support::client::lines;
use support::rows::*;

/// Versions 1..=6 append one key each; checkpoints at 2 and 4.
fn with_checkpoints() -> Fixture {
    let f = fixture();
    for key in 1..=6 {
        let add = f.table.write(&rows(&[key]), json!({})).unwrap();
        let txn = json!({"app_id": "us", "version": key});
        f.table.commit(json!({"adds": [add], "txn": txn})).unwrap();
        if key == 2 || key == 4 {
            f.table.checkpoint().unwrap();
        }
    }
    f
}

fn check_whole(f: &Fixture) {
    let table = f.lake.open("t").unwrap();
    assert_eq!((table.version(), table.txn("us")), (6, 6));
    assert_eq!(f.keys(&table), [1, 2, 3, 4, 5, 6]);
}

#[test]
fn a_checkpoint_stands_for_the_log_before_it() {
    let f = with_checkpoints();
    let last: Value = serde_json::from_str(&f.fs.text("t/_delta_log/_last_checkpoint")).unwrap();
    assert_eq!(
        (&last["version"], &last["numOfAddFiles"]),
        (&json!(4), &json!(4))
    );
    for version in 0..4 {
        f.fs.delete(&commit_path(version));
    }
    check_whole(&f);
    let table = f.lake.open("t").unwrap();
    let file = &table.files().unwrap()[0];
    assert!(file["stats"].as_str().unwrap().contains("numRecords"));
    assert!(file["tags"]["avocet.xxh64"].is_string());
    assert_eq!(table.log_entry(1).unwrap_err().code, Code::NotFound);
}

#[test]
fn damaged_or_missing_checkpoints_are_passed_over() {
    let f = with_checkpoints();
    f.fs.delete("t/_delta_log/_last_checkpoint");
    check_whole(&f);
    f.fs.set("t/_delta_log/_last_checkpoint", "{");
    check_whole(&f);
    let good = f.fs.get(&checkpoint_path(4)).unwrap();
    f.fs.set(&checkpoint_path(4), &good[..good.len() / 2]);
    check_whole(&f);
    f.fs.set(&checkpoint_path(4), "");
    check_whole(&f);
    f.fs.set(&checkpoint_path(4), vec![0; good.len()]);
    check_whole(&f);
    f.fs.set(&checkpoint_path(2), "PAR1");
    check_whole(&f);
    f.fs.delete(&checkpoint_path(2));
    f.fs.delete(&checkpoint_path(4));
    check_whole(&f);
}

#[test]
fn any_flipped_byte_of_a_checkpoint_is_survived() {
    let f = with_checkpoints();
    let good = f.fs.get(&checkpoint_path(4)).unwrap();
    for at in (0..good.len()).step_by(7) {
        let mut bad = good.clone();
        bad[at] ^= 0x55;
        f.fs.set(&checkpoint_path(4), bad);
        check_whole(&f);
        assert_eq!(
            f.lake.open("t").unwrap().metadata(),
            f.table.metadata(),
            "byte {at}"
        );
    }
}

#[test]
fn without_a_usable_start_the_damage_is_named() {
    let f = with_checkpoints();
    f.fs.set(&checkpoint_path(4), "PAR1");
    f.fs.set(&checkpoint_path(2), "PAR1");
    f.fs.delete(&commit_path(0));
    let error = f.lake.open("t").err().unwrap();
    assert_eq!(error.code, Code::Corrupt);
    assert!(error.message.contains(&checkpoint_path(4)), "{error}");
    assert!(error.message.contains(&commit_path(0)), "{error}");
}

#[test]
fn a_damaged_commit_is_never_skipped() {
    let check = |change: &dyn Fn(&Fixture)| {
        let f = with_checkpoints();
        change(&f);
        let error = f.lake.open("t").err().unwrap();
        assert_eq!(error.code, Code::Corrupt, "{error}");
        assert!(error.message.contains(&commit_path(5)), "{error}");
    };
    check(&|f| f.fs.set(&commit_path(5), ""));
    check(&|f| {
        let text = f.fs.text(&commit_path(5));
        f.fs.set(&commit_path(5), &text[..text.len() - 20]);
    });
    check(&|f| f.fs.set(&commit_path(5), vec![0u8; 500]));
    check(&|f| f.fs.delete(&commit_path(5)));
    check(&|f| f.fs.set(&commit_path(5), "{\"add\":{\"path\":\"x\"}\n"));
}

#[test]
fn a_torn_newest_commit_stops_refresh_and_commit() {
    let f = fixture();
    f.fs.set(&commit_path(1), "{\"commitInfo\":{}}\n{\"add\":{\"pa");
    assert_eq!(f.table.refresh().unwrap_err().code, Code::Corrupt);
    let error = f.table.commit(json!({})).unwrap_err();
    assert_eq!(error.code, Code::Corrupt);
    assert!(error.message.contains(&commit_path(1)));
    assert!(f.fs.get(&commit_path(2)).is_none());
}

#[test]
fn a_checkpoint_newer_than_the_log_is_enough() {
    let f = with_checkpoints();
    f.table.checkpoint().unwrap();
    for version in 0..=6 {
        f.fs.delete(&commit_path(version));
    }
    check_whole(&f);
    // Damaged, it must not give way to an older version without a word.
    f.fs.set(&checkpoint_path(6), "PAR1");
    assert_eq!(f.lake.open("t").err().unwrap().code, Code::Corrupt);
}

#[test]
fn version_two_checkpoints_with_sidecars_are_read() {
    let f = with_checkpoints();
    // A sidecar is a Parquet file with the file actions; the classic checkpoint will do.
    let sidecar = f.fs.get(&checkpoint_path(4)).unwrap();
    f.fs.set("t/_delta_log/_sidecars/s.parquet", sidecar.clone());
    let protocol = json!({"protocol": {"minReaderVersion": 3, "minWriterVersion": 7,
        "readerFeatures": ["v2Checkpoint"], "writerFeatures": ["v2Checkpoint"]}});
    let actions = [
        json!({"checkpointMetadata": {"version": 4}}),
        protocol,
        f.metadata(),
        json!({"txn": {"appId": "us", "version": 4}}),
        json!({"sidecar": {"path": "s.parquet", "sizeInBytes": sidecar.len(), "modificationTime": 1}}),
    ];
    let text: String = actions.iter().map(|a| format!("{a}\n")).collect();
    let uuid = "80a083e8-7026-4e79-81be-64bd76c43a11";
    f.fs.delete(&checkpoint_path(4));
    f.fs.delete(&checkpoint_path(2));
    f.fs.set(
        &format!("t/_delta_log/{:020}.checkpoint.{uuid}.json", 4),
        text,
    );
    for version in 0..=4 {
        f.fs.delete(&commit_path(version));
    }
    check_whole(&f);
    assert_eq!(
        f.lake.open("t").unwrap().metadata()["protocol"]["min_reader_version"],
        3
    );
}

#[test]
fn an_incomplete_multi_part_checkpoint_does_not_count() {
    let f = with_checkpoints();
    let part = |n: i32| {
        format!(
            "t/_delta_log/{:020}.checkpoint.{n:010}.{:010}.parquet",
            6, 2
        )
    };
    f.fs.set(&part(1), "PAR1");
    check_whole(&f);
    let whole = f.fs.get(&checkpoint_path(4)).unwrap();
    let part = |n: i32| {
        format!(
            "t/_delta_log/{:020}.checkpoint.{n:010}.{:010}.parquet",
            4, 2
        )
    };
    f.fs.set(&part(1), whole.clone());
    f.fs.set(&part(2), whole);
    f.fs.delete(&checkpoint_path(4));
    f.fs.delete(&checkpoint_path(2));
    for version in 0..=3 {
        f.fs.delete(&commit_path(version));
    }
    check_whole(&f);
}

#[test]
fn tombstones_and_domains_live_in_checkpoints_while_they_are_young() {
    let f = fixture();
    let (old, young) = (f.append(&[1]), f.append(&[2]));
    let week_ms = 7 * 24 * 3600 * 1000;
    f.table
        .commit(json!({"removes": [old], "timestamp_ms": 1000}))
        .unwrap();
    f.table
        .commit(json!({"removes": [young], "timestamp_ms": 1001 + week_ms}))
        .unwrap();
    let domain = |name: &str, removed: bool| json!({"domainMetadata": {"domain": name, "configuration": "{}", "removed": removed}});
    f.foreign(5, &[domain("kept", false), domain("gone", true)]);
    f.table.refresh().unwrap();
    f.table.checkpoint().unwrap();
    for version in 0..=5 {
        f.fs.delete(&commit_path(version));
    }
    let table = f.lake.open("t").unwrap();
    assert_eq!(table.version(), 5);
    // What the checkpoint holds shows in what vacuum keeps.
    f.fs.set_now(0);
    let deleted = table.vacuum(week_ms, 2000 + week_ms, true).unwrap();
    assert_eq!(deleted, [old]);
}

#[test]
fn lines_of_a_log_entry_are_handed_out_as_they_are() {
    let f = fixture();
    f.append(&[1]);
    let raw = f.fs.get(&commit_path(1)).unwrap();
    assert_eq!(f.table.log_entry(1).unwrap(), lines(&raw));
    assert_eq!(f.table.log_entry(-1).unwrap_err().code, Code::NotFound);
}
