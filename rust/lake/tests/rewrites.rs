//! Rewriting files: compaction, leaving rows out, sorting, splitting.

mod support;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use avocet_lake::error::Code;
use serde_json::{Value, json};
use std::sync::Arc;
use support::client::find;
use support::rows::*;

fn replace(f: &Fixture, files: &[String], result: &Value, data_change: bool) {
    let commit = json!({"adds": result["adds"], "removes": files, "data_change": data_change});
    f.table.commit(commit).unwrap();
}

#[test]
fn files_become_one_without_a_change_of_data() {
    let f = fixture();
    let files = [f.append(&[3, 1]), f.append(&[2])];
    let result = f
        .table
        .rewrite(&files, None, json!({"stats_columns": ["k"]}))
        .unwrap();
    assert_eq!(
        (&result["rows_in"], &result["rows_out"]),
        (&json!(3), &json!(3))
    );
    let adds = result["adds"].as_array().unwrap();
    assert_eq!(adds.len(), 1);
    let stats: Value = serde_json::from_str(adds[0]["stats"].as_str().unwrap()).unwrap();
    assert_eq!(
        (&stats["minValues"]["k"], &stats["maxValues"]["k"]),
        (&json!(1), &json!(3))
    );
    replace(&f, &files, &result, false);
    assert_eq!(f.keys(&f.lake.open("t").unwrap()), [1, 2, 3]);
    let entry = f.table.log_entry(3).unwrap();
    assert_eq!(find(&entry, "add")["dataChange"], false);
    assert_eq!(find(&entry, "remove")["dataChange"], false);
}

#[test]
fn rows_with_dropped_keys_are_left_out() {
    let f = fixture();
    let batch = RecordBatch::try_from_iter([
        (
            "k",
            Arc::new(Int64Array::from(vec![1, 2, 3, 4])) as ArrayRef,
        ),
        (
            "v",
            Arc::new(StringArray::from(vec![
                Some("v1"),
                None,
                Some("v3"),
                Some("v4"),
            ])),
        ),
    ])
    .unwrap();
    let add = f.table.write(&batch, json!({})).unwrap();
    let files = [add["path"].as_str().unwrap().to_string()];
    f.table.commit(json!({ "adds": [add] })).unwrap();
    // Only whole keys match: (1, v1) and (2, null) go, (3, other) stays.
    let keys = RecordBatch::try_from_iter([
        (
            "v",
            Arc::new(StringArray::from(vec![Some("v1"), None, Some("other")])) as ArrayRef,
        ),
        ("k", Arc::new(Int64Array::from(vec![1, 2, 3]))),
    ])
    .unwrap();
    let result = f.table.rewrite(&files, Some(&keys), json!({})).unwrap();
    assert_eq!(
        (&result["rows_in"], &result["rows_out"]),
        (&json!(4), &json!(2))
    );
    replace(&f, &files, &result, true);
    assert_eq!(f.keys(&f.table), [3, 4]);
    let unknown = keys.project(&[0]).unwrap();
    let unknown = RecordBatch::try_from_iter([("x", unknown.column(0).clone())]).unwrap();
    let error = f
        .table
        .rewrite(&f.table.paths(), Some(&unknown), json!({}))
        .unwrap_err();
    assert_eq!(error.code, Code::Invalid);
}

#[test]
fn no_file_is_written_when_no_row_is_left() {
    let f = fixture();
    let files = [f.append(&[1])];
    let keys = rows(&[1]).project(&[0]).unwrap();
    let result = f.table.rewrite(&files, Some(&keys), json!({})).unwrap();
    assert_eq!(result["adds"], json!([]));
    replace(&f, &files, &result, true);
    assert!(f.table.paths().is_empty());
}

#[test]
fn rows_are_sorted_and_files_split() {
    let f = fixture();
    let scattered: Vec<i64> = (0..100_000).map(|n| (n * 7919) % 100_000).collect();
    let files = [
        f.append(&scattered[..60_000]),
        f.append(&scattered[60_000..]),
    ];
    let options = json!({"sort_by": ["k"], "sorted_by": ["k"], "target_bytes": 100_000});
    let result = f.table.rewrite(&files, None, options).unwrap();
    assert_eq!(
        (&result["rows_out"], &result["sorted"]),
        (&json!(100_000), &json!(true))
    );
    let adds = result["adds"].as_array().unwrap();
    assert!(adds.len() > 1);
    let mut keys: Vec<i64> = Vec::new();
    for add in adds {
        for batch in f.table.read(add["path"].as_str().unwrap(), None).unwrap() {
            keys.extend(batch.column(0).as_primitive::<Int64Type>().values());
        }
    }
    assert!(keys.is_sorted() && keys.len() == 100_000);
    let options = json!({"sort_by": ["k"], "memory_bytes": 1_000_000});
    let result = f.table.rewrite(&files, None, options).unwrap();
    assert_eq!(
        (&result["rows_out"], &result["sorted"]),
        (&json!(100_000), &json!(false))
    );
}

#[test]
fn files_of_two_partitions_are_not_mixed() {
    let f = fixture();
    let mut spec = spec();
    spec["partition_columns"] = json!(["v"]);
    let table = f.lake.create("p", &spec).unwrap();
    let batch = rows(&[1]).project(&[0]).unwrap();
    for day in ["a", "b"] {
        table
            .append(&batch, json!({"partition_values": {"v": day}}))
            .unwrap();
    }
    table
        .append(&batch, json!({"partition_values": {"v": "a"}}))
        .unwrap();
    let paths = table.paths();
    assert_eq!(
        table.rewrite(&paths, None, json!({})).unwrap_err().code,
        Code::Invalid
    );
    assert_eq!(
        table.rewrite(&[], None, json!({})).unwrap_err().code,
        Code::Invalid
    );
    let same: Vec<String> = paths
        .into_iter()
        .filter(|p| p.starts_with("v=a/"))
        .collect();
    let result = table.rewrite(&same, None, json!({})).unwrap();
    assert_eq!(result["adds"][0]["partitionValues"], json!({"v": "a"}));
    assert!(
        result["adds"][0]["path"]
            .as_str()
            .unwrap()
            .starts_with("v=a/")
    );
}
