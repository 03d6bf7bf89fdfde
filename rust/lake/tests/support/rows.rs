//! A small table `t` with columns `k` (long) and `v` (string), and what other writers do to it.

use super::client::{Lake, Table};
use super::memory_fs::MemoryFs;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use serde_json::{Value, json};
use std::sync::Arc;

pub fn field(name: &str, data_type: &str) -> Value {
    json!({"name": name, "type": data_type, "nullable": true, "metadata": {}})
}

pub fn spec() -> Value {
    json!({"schema": {"type": "struct", "fields": [field("k", "long"), field("v", "string")]}})
}

pub fn rows(keys: &[i64]) -> RecordBatch {
    let values: Vec<String> = keys.iter().map(|k| format!("v{k}")).collect();
    RecordBatch::try_from_iter([
        ("k", Arc::new(Int64Array::from(keys.to_vec())) as ArrayRef),
        ("v", Arc::new(StringArray::from(values))),
    ])
    .unwrap()
}

pub struct Fixture {
    pub table: Table,
    pub lake: Lake,
    pub fs: Box<MemoryFs>,
}

pub fn fixture() -> Fixture {
    fixture_on(MemoryFs::default())
}

pub fn fixture_on(fs: MemoryFs) -> Fixture {
    let fs = Box::new(fs);
    let lake = Lake::new(&fs);
    let table = lake.create("t", &spec()).unwrap();
    Fixture { table, lake, fs }
}

pub fn commit_path(version: i64) -> String {
    format!("t/_delta_log/{version:020}.json")
}

pub fn checkpoint_path(version: i64) -> String {
    format!("t/_delta_log/{version:020}.checkpoint.parquet")
}

pub fn foreign_add(path: &str) -> Value {
    json!({"add": {"path": path, "partitionValues": {}, "size": 10, "modificationTime": 5,
        "dataChange": true}})
}

pub fn foreign_remove(path: &str) -> Value {
    json!({"remove": {"path": path, "deletionTimestamp": 5, "dataChange": false}})
}

impl Fixture {
    /// Appends one file and returns its path.
    pub fn append(&self, keys: &[i64]) -> String {
        let add = self.table.write(&rows(keys), json!({})).unwrap();
        let path = add["path"].as_str().unwrap().to_string();
        self.table.commit(json!({ "adds": [add] })).unwrap();
        path
    }

    /// Another writer commits `version`.
    pub fn foreign(&self, version: i64, actions: &[Value]) {
        let mut text = String::from("{\"commitInfo\":{\"engineInfo\":\"other\"}}\n");
        for action in actions {
            text += &format!("{action}\n");
        }
        self.fs.set(&commit_path(version), text);
    }

    /// The `metaData` action of version 0, to be changed.
    pub fn metadata(&self) -> Value {
        let entry = self.table.log_entry(0).unwrap();
        json!({ "metaData": super::client::find(&entry, "metaData") })
    }

    pub fn keys(&self, table: &Table) -> Vec<i64> {
        let mut keys = Vec::new();
        for path in table.paths() {
            for batch in table.read(&path, Some(json!(["k"]))).unwrap() {
                keys.extend(batch.column(0).as_primitive::<Int64Type>().values());
            }
        }
        keys.sort_unstable();
        keys
    }
}

/// `metadata` with other columns.
pub fn with_fields(mut metadata: Value, fields: &[Value]) -> Value {
    let schema = json!({"type": "struct", "fields": fields});
    metadata["metaData"]["schemaString"] = schema.to_string().into();
    metadata
}
