//! Data files: what the writer refuses, what the reader adapts, what the check finds.

mod support;

use arrow_array::cast::AsArray;
use arrow_array::ffi::{FFI_ArrowArray, FFI_ArrowSchema};
use arrow_array::types::{Float64Type, Int32Type, Int64Type};
use arrow_array::*;
use avocet_lake::error::Code;
use avocet_lake::ffi_data::*;
use avocet_lake::ffi_table::*;
use serde_json::{Value, json};
use std::ptr::{null, null_mut};
use std::sync::Arc;
use support::client::{c, call, call_bytes};
use support::rows::*;

#[test]
fn every_flipped_byte_of_a_file_is_found() {
    let f = fixture();
    let path = f.append(&(0..1000).collect::<Vec<i64>>());
    let full = format!("t/{path}");
    let found = f.table.check(&path, true).unwrap();
    assert_eq!(
        (&found["num_rows"], &found["checksum_verified"]),
        (&json!(1000), &json!(true))
    );
    assert_eq!(found["row_groups"][0]["rows"], 1000);
    let good = f.fs.get(&full).unwrap();
    assert_eq!(found["size"], good.len());
    for at in (0..good.len()).step_by(41) {
        let mut bad = good.clone();
        bad[at] ^= 0x10;
        f.fs.set(&full, bad);
        let error = f.table.check(&path, true).unwrap_err();
        assert_eq!(error.code, Code::Corrupt, "byte {at}");
        assert!(error.message.contains(&path), "{error}");
        // Reading may not notice, but must not panic or crash.
        let _ = f.table.read(&path, None);
    }
    for len in [0, 4, 11, good.len() / 2, good.len() - 1] {
        f.fs.set(&full, &good[..len]);
        assert_eq!(f.table.check(&path, false).unwrap_err().code, Code::Corrupt);
        assert_eq!(f.table.read(&path, None).unwrap_err().code, Code::Corrupt);
    }
    f.fs.delete(&full);
    assert_eq!(
        f.table.check(&path, false).unwrap_err().code,
        Code::NotFound
    );
    assert_eq!(
        f.table.read("../../x", None).unwrap_err().code,
        Code::Invalid
    );
}

#[test]
fn without_a_checksum_broken_pages_are_named_with_their_row_group() {
    let f = fixture();
    let options = json!({"row_group_rows": 500, "compression": "snappy"});
    let add = f
        .table
        .write(&rows(&(0..1000).collect::<Vec<i64>>()), options)
        .unwrap();
    let path = add["path"].as_str().unwrap();
    let full = format!("t/{path}");
    let found = f.table.check(path, true).unwrap();
    assert_eq!(found["checksum_verified"], false);
    assert_eq!(found["row_groups"].as_array().unwrap().len(), 2);
    let mut bad = f.fs.get(&full).unwrap();
    let second = 4 + found["row_groups"][0]["bytes"].as_u64().unwrap() as usize;
    bad[second..second + 16].fill(0xff);
    f.fs.set(&full, bad);
    let error = f.table.check(path, true).unwrap_err();
    assert_eq!(error.code, Code::Corrupt);
    assert!(error.message.contains("row group 1"), "{error}");
}

#[test]
fn batches_that_do_not_fit_are_refused() {
    let f = fixture();
    let refused = |columns: Vec<(&str, ArrayRef)>, options: Value| {
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let error = f.table.write(&batch, options).unwrap_err();
        assert_eq!(error.code, Code::Invalid, "{error}");
    };
    let long = || Arc::new(Int64Array::from(vec![1])) as ArrayRef;
    let text = || Arc::new(StringArray::from(vec!["x"])) as ArrayRef;
    refused(vec![("k", text())], json!({}));
    refused(vec![("unknown", long())], json!({}));
    refused(vec![("k", long())], json!({"partition_values": {"d": "1"}}));
    refused(vec![("k", long())], json!({"compression": "lzo"}));
    refused(vec![("k", long())], json!({"compression_level": 99}));
    refused(vec![("k", long())], json!({"row_group_rows": 0}));
    refused(vec![("k", long())], json!({"file_name": "a/b"}));
    refused(vec![("k", long())], json!({"file_name": "_x"}));
    refused(vec![("k", long())], json!({"typo": 1}));
    refused(vec![("k", long())], json!({"sorted_by": ["v"]}));
    assert!(
        f.fs.names("t/")
            .iter()
            .all(|name| name.contains("_delta_log"))
    );
}

#[test]
fn not_null_columns_are_kept_so() {
    let f = fixture();
    let strict = json!({"name": "k", "type": "long", "nullable": false, "metadata": {}});
    let spec = json!({"schema": {"type": "struct", "fields": [strict, field("v", "string")]}});
    let table = f.lake.create("strict", &spec).unwrap();
    let missing = rows(&[1]).project(&[1]).unwrap();
    assert_eq!(
        table.write(&missing, json!({})).unwrap_err().code,
        Code::Invalid
    );
    let null =
        RecordBatch::try_from_iter([("k", Arc::new(Int64Array::from(vec![None])) as ArrayRef)])
            .unwrap();
    assert_eq!(
        table.write(&null, json!({})).unwrap_err().code,
        Code::Invalid
    );
    table.append(&rows(&[1]), json!({})).unwrap();
    let result = table.rewrite(&table.paths(), None, json!({})).unwrap();
    assert_eq!(result["rows_out"], 1);
}

#[test]
fn all_types_make_the_round_trip() {
    let f = fixture();
    let list = json!({"type": "array", "elementType": "double", "containsNull": true});
    let map = json!({"type": "map", "keyType": "string", "valueType": "double",
        "valueContainsNull": true});
    let mut fields: Vec<Value> = [
        "string",
        "long",
        "integer",
        "short",
        "byte",
        "float",
        "double",
        "boolean",
        "binary",
        "date",
        "timestamp",
        "decimal(10,2)",
    ]
    .iter()
    .map(|t| field(t, t))
    .collect();
    fields.push(json!({"name": "list", "type": list, "nullable": true, "metadata": {}}));
    fields.push(json!({"name": "map", "type": map, "nullable": true, "metadata": {}}));
    let spec = json!({"schema": {"type": "struct", "fields": fields}});
    let table = f.lake.create("types", &spec).unwrap();
    let mut lists = builder::ListBuilder::new(builder::Float64Builder::new());
    lists.append_value([Some(1.5), None]);
    lists.append_null();
    let mut maps = builder::MapBuilder::new(
        None,
        builder::StringBuilder::new(),
        builder::Float64Builder::new(),
    );
    maps.keys().append_value("a");
    maps.values().append_value(0.5);
    maps.append(true).unwrap();
    maps.append(false).unwrap();
    let decimals = Decimal128Array::from(vec![Some(-150), None])
        .with_precision_and_scale(10, 2)
        .unwrap();
    let times = TimestampMicrosecondArray::from(vec![Some(-1), None]).with_timezone("UTC");
    let columns: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from(vec![Some("a"), None])),
        Arc::new(Int64Array::from(vec![Some(i64::MIN), None])),
        Arc::new(Int32Array::from(vec![Some(-5), None])),
        Arc::new(Int16Array::from(vec![Some(-5), None])),
        Arc::new(Int8Array::from(vec![Some(-5), None])),
        Arc::new(Float32Array::from(vec![Some(0.5), None])),
        Arc::new(Float64Array::from(vec![Some(f64::NAN), None])),
        Arc::new(BooleanArray::from(vec![Some(true), None])),
        Arc::new(BinaryArray::from(vec![Some(&b"\xff\x00"[..]), None])),
        Arc::new(Date32Array::from(vec![Some(-1), None])),
        Arc::new(times),
        Arc::new(decimals),
        Arc::new(lists.finish()),
        Arc::new(maps.finish()),
    ];
    let names: Vec<String> = fields
        .iter()
        .map(|f| f["name"].as_str().unwrap().to_string())
        .collect();
    let batch = RecordBatch::try_from_iter(names.iter().zip(columns.clone())).unwrap();
    let stats = json!({ "stats_columns": names });
    table.append(&batch, stats).unwrap();
    let read = &table.read(&table.paths()[0], None).unwrap()[0];
    for (index, column) in columns.iter().enumerate().take(12) {
        assert_eq!(read.column(index), column, "{}", names[index]);
    }
    let list = read.column(12).as_list::<i32>().value(0);
    assert_eq!(list.as_primitive::<Float64Type>().value(0), 1.5);
    assert_eq!(
        read.column(13)
            .as_map()
            .value(0)
            .column(0)
            .as_string::<i32>()
            .value(0),
        "a"
    );
    // A checkpoint and a rewrite of it all must work as well.
    table.checkpoint().unwrap();
    table.rewrite(&table.paths(), None, json!({})).unwrap();
    let stats: Value =
        serde_json::from_str(table.files().unwrap()[0]["stats"].as_str().unwrap()).unwrap();
    assert_eq!(stats["minValues"]["date"], "1969-12-31");
    assert!(stats["minValues"].get("double").is_none());
    assert_eq!(stats["nullCount"]["list"], 1);
}

#[test]
fn strange_encodings_of_columns_are_adapted() {
    let f = fixture();
    let dictionary: DictionaryArray<Int32Type> = vec![Some("x"), None].into_iter().collect();
    let batch = RecordBatch::try_from_iter([
        ("v", Arc::new(dictionary) as ArrayRef),
        ("k", Arc::new(Int32Array::from(vec![1, 2]))),
    ])
    .unwrap();
    f.table
        .append(&batch, json!({"dictionary_columns": ["v"]}))
        .unwrap();
    let large = RecordBatch::try_from_iter([(
        "v",
        Arc::new(LargeStringArray::from(vec![Some("y"), None])) as ArrayRef,
    )])
    .unwrap();
    f.table.append(&large, json!({})).unwrap();
    let empty = rows(&[]);
    f.table
        .append(&empty, json!({"stats_columns": ["k", "v"]}))
        .unwrap();
    let mut texts = Vec::new();
    for path in f.table.paths() {
        for batch in f.table.read(&path, Some(json!(["v", "k"]))).unwrap() {
            texts.extend(
                batch
                    .column(0)
                    .as_string::<i32>()
                    .iter()
                    .map(|v| v.map(String::from)),
            );
            batch.column(1).as_primitive::<Int64Type>();
        }
    }
    texts.sort();
    assert_eq!(texts, [None, None, Some("x".into()), Some("y".into())]);
    // A slice of a batch is a batch, and no columns still have rows.
    let add = f
        .table
        .write(&rows(&[1, 2, 3]).slice(1, 1), json!({}))
        .unwrap();
    let none = &f
        .table
        .read(add["path"].as_str().unwrap(), Some(json!([])))
        .unwrap()[0];
    assert_eq!((none.num_columns(), none.num_rows()), (0, 1));
    let error = f
        .table
        .read(&f.table.paths()[0], Some(json!(["nope"])))
        .unwrap_err();
    assert_eq!(error.code, Code::Invalid);
}

#[test]
fn null_pointers_and_bad_batches_are_errors() {
    let f = fixture();
    let invalid = |result: std::result::Result<_, avocet_lake::error::Error>| {
        assert_eq!(result.unwrap_err().code, Code::Invalid)
    };
    let handle = f.table.0;
    unsafe {
        invalid(call(|e| av_table_refresh(null_mut(), e)));
        invalid(call(|e| av_table_open(f.lake.0, null(), null_mut(), e)));
        invalid(call(|e| {
            av_table_open(f.lake.0, c("t").as_ptr(), null_mut(), e)
        }));
        assert_eq!(av_table_version(null_mut()), -1);
        av_table_free(null_mut());
        let none = null_mut();
        invalid(
            call_bytes(|out, e| av_table_write_parquet(handle, none, null_mut(), null(), out, e))
                .map(drop),
        );
        let mut array = FFI_ArrowArray::empty();
        let mut schema = FFI_ArrowSchema::empty();
        invalid(
            call_bytes(|out, e| {
                av_table_write_parquet(handle, &mut array, &mut schema, null(), out, e)
            })
            .map(drop),
        );
        // The error itself is optional.
        assert_eq!(av_table_refresh(null_mut(), null_mut()), Code::Invalid);
    }
}

#[test]
fn foreign_tables_of_newer_protocols_open_when_their_features_are_harmless() {
    let f = fixture();
    let protocol = |features: &[&str]| {
        json!({"protocol": {"minReaderVersion": 3, "minWriterVersion": 7,
            "readerFeatures": features, "writerFeatures": features}})
    };
    let path = f.append(&[1]);
    f.foreign(
        2,
        &[protocol(&[
            "deletionVectors",
            "timestampNtz",
            "v2Checkpoint",
        ])],
    );
    f.table.refresh().unwrap();
    f.append(&[2]);
    assert_eq!(f.keys(&f.lake.open("t").unwrap()), [1, 2]);
    let vector = json!({"storageType": "i", "pathOrInlineDv": "x", "sizeInBytes": 1,
        "cardinality": 1});
    let mut add = foreign_add(&path);
    add["add"]["deletionVector"] = vector;
    f.foreign(4, &[foreign_remove(&path), add]);
    f.table.refresh().unwrap();
    let error = f.table.read(&path, None).unwrap_err();
    assert_eq!(error.code, Code::Unsupported);
    assert!(error.message.contains("deletionVectors"));
    let error = f.table.commit(json!({ "removes": [path] })).unwrap_err();
    assert!(matches!(error.code, Code::Unsupported | Code::Conflict));
    f.append(&[3]);
    f.foreign(6, &[protocol(&["rowTracking"])]);
    assert_eq!(f.lake.open("t").err().unwrap().code, Code::Unsupported);
}

#[test]
fn all_texts_of_any_file_are_there_decoded() {
    let f = fixture();
    let path = f.append(&[1, 1, 2]);
    f.table.checkpoint().unwrap();
    let texts = f.lake.texts(&format!("t/{path}")).unwrap();
    let expected = f.table.read(&path, None).unwrap();
    for field in expected[0].schema().fields() {
        if *field.data_type() != arrow_schema::DataType::Utf8 {
            continue;
        }
        for row in expected[0][field.name().as_str()]
            .as_string::<i32>()
            .iter()
            .flatten()
        {
            let found = (field.name().clone(), row.as_bytes().to_vec());
            assert!(texts.contains(&found), "{found:?} of {texts:?}");
        }
    }
    // Of another schema: within structs, lists and maps.
    let texts = f.lake.texts(&checkpoint_path(1)).unwrap();
    let named = |name: &str, part: &str| {
        let text = |(column, text): &(String, Vec<u8>)| {
            column == name && String::from_utf8_lossy(text).contains(part)
        };
        assert!(texts.iter().any(text), "{name}: {part} in {texts:?}");
    };
    named("path", &path);
    named("stats", "\"numRecords\":3");
    named("schemaString", "\"fields\"");

    let full = format!("t/{path}");
    let mut bytes = f.fs.get(&full).unwrap();
    bytes.truncate(bytes.len() - 5);
    f.fs.set(&full, bytes);
    assert_eq!(f.lake.texts(&full).unwrap_err().code, Code::Corrupt);
}
