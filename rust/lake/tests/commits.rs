//! Commits among other writers: rebasing, refusing, and answers that leave doubt.

mod support;

use avocet_lake::error::Code;
use serde_json::{Value, json};
use support::client::{Lake, find};
use support::memory_fs::{Fault, MemoryFs};
use support::rows::*;

fn txn(app_id: &str, version: i64) -> Value {
    json!({"txn": {"appId": app_id, "version": version}})
}

#[test]
fn a_commit_moves_over_foreign_appends_optimize_and_new_columns() {
    let f = fixture();
    let kept = f.append(&[1]);
    f.foreign(2, &[foreign_add("theirs.parquet"), txn("other", 3)]);
    f.foreign(
        3,
        &[
            foreign_remove("theirs.parquet"),
            foreign_add("optimized.parquet"),
        ],
    );
    let more = [
        field("k", "long"),
        field("v", "string"),
        field("w", "double"),
    ];
    f.foreign(4, &[with_fields(f.metadata(), &more)]);
    let add = f.table.write(&rows(&[2]), json!({})).unwrap();
    let commit = json!({"adds": [add], "removes": [kept], "txn": {"app_id": "us", "version": 1}});
    assert_eq!(f.table.commit(commit).unwrap(), 5);
    assert_eq!(
        (f.table.version(), f.table.txn("us"), f.table.txn("other")),
        (5, 1, 3)
    );
    assert_eq!(
        f.table.metadata()["schema"]["fields"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
    let paths = f.lake.open("t").unwrap().paths();
    assert_eq!(paths.len(), 2);
    assert!(paths.contains(&"optimized.parquet".to_string()) && !paths.contains(&kept));
}

#[test]
fn what_cannot_be_rebased_is_a_conflict() {
    let check = |actions: &dyn Fn(&Fixture, &str) -> Vec<Value>, code: Code, word: &str| {
        let f = fixture();
        let ours = f.append(&[1]);
        f.foreign(2, &actions(&f, &ours));
        let commit = json!({"removes": [ours], "txn": {"app_id": "us", "version": 4}});
        let error = f.table.commit(commit).unwrap_err();
        assert_eq!(error.code, code, "{error}");
        assert!(error.message.contains(word), "{error}");
        assert!(f.fs.get(&commit_path(3)).is_none());
    };
    check(
        &|_, ours| vec![foreign_remove(ours)],
        Code::Conflict,
        "removed",
    );
    check(&|_, _| vec![txn("us", 4)], Code::Conflict, "txn");
    let k = || field("k", "long");
    check(
        &|f, _| vec![with_fields(f.metadata(), &[k()])],
        Code::Conflict,
        "column v",
    );
    let retyped = [k(), field("v", "binary")];
    check(
        &|f, _| vec![with_fields(f.metadata(), &retyped)],
        Code::Conflict,
        "type",
    );
    let strict = json!({"name": "w", "type": "long", "nullable": false, "metadata": {}});
    let strict = [k(), field("v", "string"), strict];
    check(
        &|f, _| vec![with_fields(f.metadata(), &strict)],
        Code::Conflict,
        "NOT NULL",
    );
    let upgrade = json!({"protocol": {"minReaderVersion": 3, "minWriterVersion": 7,
        "readerFeatures": ["someday"], "writerFeatures": ["someday"]}});
    check(&|_, _| vec![upgrade.clone()], Code::Unsupported, "someday");
    let mut mapped = fixture().metadata();
    mapped["metaData"]["configuration"] = json!({"delta.columnMapping.mode": "name"});
    check(
        &|_, _| vec![mapped.clone()],
        Code::Unsupported,
        "columnMapping",
    );
}

#[test]
fn a_lower_foreign_txn_of_ours_is_no_conflict() {
    let f = fixture();
    f.foreign(1, &[txn("us", 3)]);
    assert_eq!(
        f.table
            .commit(json!({"txn": {"app_id": "us", "version": 4}}))
            .unwrap(),
        2
    );
}

#[test]
fn a_file_cannot_be_removed_twice_even_after_a_refresh() {
    let f = fixture();
    let path = f.append(&[1]);
    f.foreign(
        2,
        &[foreign_remove(&path), foreign_add("optimized.parquet")],
    );
    f.table.refresh().unwrap();
    let error = f.table.commit(json!({ "removes": [path] })).unwrap_err();
    assert_eq!(error.code, Code::Conflict);
    let twice = f
        .table
        .commit(json!({"removes": ["optimized.parquet", "optimized.parquet"]}));
    assert_eq!(twice.unwrap_err().code, Code::Invalid);
    f.table
        .commit(json!({"removes": ["optimized.parquet"]}))
        .unwrap();
    assert!(f.table.paths().is_empty());
}

#[test]
fn in_an_object_store_an_entry_that_can_be_read_is_durable() {
    let f = fixture_on(MemoryFs {
        is_remote: true,
        ..MemoryFs::default()
    });
    f.fs.fail_next("_delta_log", Fault::WriteThenFail);
    for version in 1..=5 {
        f.append(&[version]);
    }
    let puts = f.fs.puts.lock().unwrap().clone();
    assert_eq!(puts.iter().filter(|p| **p == commit_path(1)).count(), 1);
    // A reader lists only what is not older than the checkpoint.
    f.table.checkpoint().unwrap();
    f.append(&[6]);
    f.fs.set(&commit_path(2), "this is no log entry");
    let reader = f.lake.open("t").unwrap();
    assert_eq!(reader.version(), 6);
    assert_eq!(reader.paths().len(), 6);
}

#[test]
fn an_ambiguous_answer_is_resolved_by_reading_back() {
    let f = fixture();
    f.fs.fail_next("_delta_log", Fault::WriteThenFail);
    assert_eq!(
        f.table
            .commit(json!({"txn": {"app_id": "us", "version": 1}}))
            .unwrap(),
        1
    );
    // The second put of the same bytes makes the entry durable.
    let puts = f.fs.puts.lock().unwrap().clone();
    assert_eq!(puts.iter().filter(|p| **p == commit_path(1)).count(), 2);
    f.fs.fail_next("_delta_log", Fault::FailOnly);
    let error = f
        .table
        .commit(json!({"txn": {"app_id": "us", "version": 2}}))
        .unwrap_err();
    assert_eq!(error.code, Code::Io);
    assert!(error.message.contains("disk on fire"), "{error}");
    assert_eq!(f.table.version(), 1);
    assert_eq!(
        f.table
            .commit(json!({"txn": {"app_id": "us", "version": 2}}))
            .unwrap(),
        2
    );
}

#[test]
fn a_commit_that_was_not_known_to_have_come_through_is_found_again() {
    let f = fixture();
    let batch = rows(&[1]);
    let add = f.table.write(&batch, json!({})).unwrap();
    let commit = json!({"adds": [add], "txn": {"app_id": "us", "version": 1}});
    // To this handle the entry is one that another process has put.
    let late = f.lake.open("t").unwrap();
    let version = f.table.commit(commit.clone()).unwrap();
    assert_eq!(late.commit(commit).unwrap(), version);
    assert_eq!(late.paths().len(), 1);
    let other = late.write(&batch, json!({})).unwrap();
    let late = f.lake.open("t").unwrap();
    f.append(&[2]);
    let commit = json!({"adds": [other], "txn": {"app_id": "us", "version": 1}});
    assert_eq!(late.commit(commit).unwrap_err().code, Code::Conflict);
}

#[test]
fn columns_and_configuration_are_added_with_the_data() {
    let f = fixture();
    f.append(&[1]);
    let batch = rows(&[2]);
    let mut columns: Vec<(&str, _)> = vec![("k", batch.column(0).clone())];
    columns.push(("extra", batch.column(0).clone()));
    let batch = arrow_array::RecordBatch::try_from_iter(columns).unwrap();
    assert_eq!(
        f.table.write(&batch, json!({})).unwrap_err().code,
        Code::Invalid
    );
    let add = f
        .table
        .write(&batch, json!({"new_columns": ["extra"]}))
        .unwrap();
    let commit = json!({
        "adds": [add], "add_columns": [field("extra", "long")],
        "configuration": {"avocet.x": "1"}, "data_change": true,
    });
    assert_eq!(f.table.commit(commit).unwrap(), 2);
    let metadata = f.lake.open("t").unwrap().metadata();
    assert_eq!(metadata["configuration"]["avocet.x"], "1");
    assert_eq!(metadata["schema"]["fields"][2]["name"], "extra");
    let error = f
        .table
        .commit(json!({"add_columns": [field("extra", "string")]}))
        .unwrap_err();
    assert_eq!(error.code, Code::Conflict);
    let mut nulls = 0;
    for path in f.table.paths() {
        let batches = f.table.read(&path, Some(json!(["extra"]))).unwrap();
        nulls += batches
            .iter()
            .map(|b| b.column(0).null_count())
            .sum::<usize>();
    }
    assert_eq!(nulls, 1);
}

#[test]
fn a_handle_that_fell_behind_a_cleanup_finds_the_end_of_the_log() {
    let f = fixture();
    let first = f.append(&[1]);
    let other = f.lake.open("t").unwrap();
    for key in 2..6 {
        other.append(&rows(&[key]), json!({})).unwrap();
    }
    other.commit(json!({ "removes": [first.clone()] })).unwrap();
    other.checkpoint().unwrap();
    other.cleanup(0, i64::MAX, 1000).unwrap();
    assert!(f.fs.get(&commit_path(2)).is_none());
    assert_eq!(f.table.version(), 1);
    // Version 2 looks free, and must not be taken.
    let error = f.table.commit(json!({ "removes": [first] })).unwrap_err();
    assert_eq!(error.code, Code::Conflict);
    let add = f.table.write(&rows(&[9]), json!({})).unwrap();
    assert_eq!(f.table.commit(json!({ "adds": [add] })).unwrap(), 7);
    assert!(f.fs.get(&commit_path(2)).is_none());
    assert_eq!(f.keys(&f.table), [2, 3, 4, 5, 9]);
}

#[test]
fn threads_that_race_lose_nothing() {
    let fs = MemoryFs::default();
    let lake = Lake::new(&fs);
    let shared = lake.create("t", &spec()).unwrap();
    let own = lake.open("t").unwrap();
    std::thread::scope(|scope| {
        for (thread, table) in [&shared, &own, &shared].into_iter().enumerate() {
            scope.spawn(move || {
                for n in 0..30i64 {
                    let add = table
                        .write(&rows(&[thread as i64 * 1000 + n]), json!({}))
                        .unwrap();
                    let app = format!("app-{thread}");
                    let txn = json!({"app_id": app, "version": n});
                    table.commit(json!({"adds": [add], "txn": txn})).unwrap();
                }
            });
        }
    });
    let table = lake.open("t").unwrap();
    assert_eq!(table.version(), 90);
    assert_eq!(table.files().unwrap().len(), 90);
    assert_eq!(
        (table.txn("app-0"), table.txn("app-1"), table.txn("app-2")),
        (29, 29, 29)
    );
    shared.refresh().unwrap();
    assert_eq!(shared.version(), 90);
}

#[test]
fn requests_that_make_no_sense_are_refused() {
    let f = fixture();
    let code = |commit: Value| f.table.commit(commit).unwrap_err().code;
    assert_eq!(code(json!({"add": []})), Code::Invalid);
    assert_eq!(code(json!({"removes": ["../x"]})), Code::Invalid);
    assert_eq!(code(json!({"removes": ["/etc/passwd"]})), Code::Invalid);
    assert_eq!(
        code(json!({"adds": [foreign_add("%2e%2e/x")["add"]]})),
        Code::Invalid
    );
    assert_eq!(
        code(json!({"txn": {"app_id": "", "version": 1}})),
        Code::Invalid
    );
    assert_eq!(f.table.version(), 0);
}

#[test]
fn paths_are_encoded_in_the_log_and_decoded_outside() {
    let fs = MemoryFs::default();
    let lake = Lake::new(&fs);
    let mut spec = spec();
    spec["partition_columns"] = json!(["v"]);
    let table = lake.create("a b/t%1", &spec).unwrap();
    let batch = rows(&[1]).project(&[0]).unwrap();
    let add = table
        .write(&batch, json!({"partition_values": {"v": "x y:z%"}}))
        .unwrap();
    let encoded = add["path"].as_str().unwrap();
    assert!(encoded.starts_with("v=x%20y%253Az%2525/part-"), "{encoded}");
    table.commit(json!({ "adds": [add] })).unwrap();
    let path = table.paths()[0].clone();
    assert!(path.starts_with("v=x y%3Az%25/part-"), "{path}");
    assert!(fs.get(&format!("a b/t%1/{path}")).is_some());
    let batch = &table.read(&path, None).unwrap()[0];
    use arrow_array::cast::AsArray;
    assert_eq!(batch.column(1).as_string::<i32>().value(0), "x y:z%");
    table.commit(json!({ "removes": [path] })).unwrap();
    assert!(lake.open("a b/t%1").unwrap().paths().is_empty());
    let entry = table.log_entry(2).unwrap();
    assert!(
        find(&entry, "remove")["path"]
            .as_str()
            .unwrap()
            .starts_with("v=x%20y%253A")
    );
    assert_eq!(find(&entry, "commitInfo")["isBlindAppend"], false);
}
