//! Creating, appending, reading: the life of a table through the C interface.

mod support;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type, Int64Type, TimestampMicrosecondType};
use arrow_array::*;
use avocet_lake::error::Code;
use serde_json::{Value, json};
use std::sync::Arc;
use support::client::{Lake, find};
use support::memory_fs::MemoryFs;

fn field(name: &str, data_type: &str) -> Value {
    json!({"name": name, "type": data_type, "nullable": true, "metadata": {}})
}

fn spec() -> Value {
    json!({
        "schema": {"type": "struct", "fields": [
            field("device_id", "string"), field("event_time", "timestamp"),
            field("value", "double"), field("sequence", "long"), field("date", "date"),
        ]},
        "partition_columns": ["date"],
        "configuration": {"avocet.kind": "test"},
        "name": "readings",
    })
}

fn batch() -> RecordBatch {
    let device: DictionaryArray<Int32Type> = vec![Some("a"), Some("b"), None].into_iter().collect();
    let times = TimestampMicrosecondArray::from(vec![1_000_001, 2_000_000, 3_000_000]);
    let values = Float64Array::from(vec![Some(1.5), None, Some(-2.0)]);
    let sequence = Int64Array::from(vec![1, 2, 3]);
    RecordBatch::try_from_iter([
        ("sequence", Arc::new(sequence) as ArrayRef),
        ("device_id", Arc::new(device)),
        ("event_time", Arc::new(times.with_timezone("UTC"))),
        ("value", Arc::new(values)),
    ])
    .unwrap()
}

fn options() -> Value {
    json!({
        "partition_values": {"date": "2021-06-15"},
        "stats_columns": ["device_id", "event_time", "value"],
        "dictionary_columns": ["device_id"],
        "sorted_by": ["event_time"],
    })
}

#[test]
fn a_table_is_created_appended_to_and_read_back() {
    let fs = MemoryFs::default();
    let lake = Lake::new(&fs);
    assert_eq!(lake.open("c/s/t").err().unwrap().code, Code::NotFound);
    let table = lake.create("c/s/t", &spec()).unwrap();
    assert_eq!(
        lake.create("c/s/t", &spec()).err().unwrap().code,
        Code::AlreadyExists
    );
    assert_eq!(table.version(), 0);
    let add = table.write(&batch(), options()).unwrap();
    assert_eq!(table.files().unwrap().len(), 0);
    let commit = json!({
        "adds": [add], "txn": {"app_id": "avocet", "version": 7},
        "commit_info": {"avocet": {"offsets": [1, 2]}}, "operation": "STREAMING UPDATE",
        "operation_parameters": {"mode": "Append", "n": 3},
    });
    assert_eq!(table.commit(commit.clone()).unwrap(), 1);
    let again = table.commit(commit).unwrap_err();
    assert_eq!(again.code, Code::Conflict);
    assert!(again.message.contains("txn"));

    let reopened = lake.open("c/s/t").unwrap();
    assert_eq!(reopened.version(), 1);
    assert_eq!((reopened.txn("avocet"), reopened.txn("other")), (7, -1));
    let entry = reopened.log_entry(1).unwrap();
    let info = find(&entry, "commitInfo");
    assert_eq!(info["avocet"]["offsets"], json!([1, 2]));
    assert_eq!(info["isBlindAppend"], true);
    assert_eq!(
        info["operationParameters"],
        json!({"mode": "Append", "n": "3"})
    );
    assert!(find(&entry, "txn")["lastUpdated"].is_i64());
    assert_eq!(reopened.log_entry(2).err().unwrap().code, Code::NotFound);

    let files = reopened.files().unwrap();
    assert_eq!(files.len(), 1);
    let path = files[0]["path"].as_str().unwrap();
    assert!(path.starts_with("date=2021-06-15/part-"), "{path}");
    assert_eq!(files[0]["partition_values"], json!({"date": "2021-06-15"}));
    let stats: Value = serde_json::from_str(files[0]["stats"].as_str().unwrap()).unwrap();
    assert_eq!(stats["numRecords"], 3);
    assert_eq!(stats["minValues"]["event_time"], "1970-01-01T00:00:01.000Z");
    assert_eq!(stats["maxValues"]["device_id"], "b");
    assert_eq!(
        stats["nullCount"],
        json!({"device_id": 1, "event_time": 0, "value": 1})
    );

    let batches = reopened.read(path, None).unwrap();
    let rows = &batches[0];
    assert_eq!(rows.num_rows(), 3);
    let names: Vec<String> = rows
        .schema()
        .fields()
        .iter()
        .map(|f| f.name().clone())
        .collect();
    assert_eq!(
        names,
        ["device_id", "event_time", "value", "sequence", "date"]
    );
    assert_eq!(
        rows.column(0).as_string::<i32>().iter().collect::<Vec<_>>(),
        [Some("a"), Some("b"), None]
    );
    assert_eq!(
        rows.column(1)
            .as_primitive::<TimestampMicrosecondType>()
            .value(0),
        1_000_001
    );
    assert!(rows.column(2).as_primitive::<Float64Type>().is_null(1));
    assert_eq!(
        rows.column(3).as_primitive::<Int64Type>().values(),
        &[1, 2, 3]
    );
    assert_eq!(
        rows.column(4)
            .as_primitive::<arrow_array::types::Date32Type>()
            .value(2),
        18793
    );

    let only = reopened.read(path, Some(json!(["date"]))).unwrap();
    assert_eq!((only[0].num_rows(), only[0].num_columns()), (3, 1));
    let metadata = reopened.metadata();
    assert_eq!(metadata["partition_columns"], json!(["date"]));
    assert_eq!(metadata["protocol"]["min_writer_version"], 2);
    assert_eq!(metadata["schema"], spec()["schema"]);
    assert_eq!(metadata["configuration"], json!({"avocet.kind": "test"}));
}
