//! What the log says is what is read: partition values, versions, schema changes, checkpoints.

use std::fs::{self, File};
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, Int32Array, Int64Array, StringArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::arrow::json::ReaderBuilder;
use datafusion::parquet::arrow::ArrowWriter;
use serde_json::json;

use crate::support::{READINGS, TestLake, TestTable, batch, metadata, readings};

#[test]
fn columns_come_in_table_order_with_partition_values_of_the_log() {
    let lake = TestLake::new();
    lake.readings("iot_catalog.raw.r");
    assert_eq!(
        lake.rows("SELECT * FROM r ORDER BY event_time"),
        "2021-06-15,a,2021-06-15T00:00:00Z,1.5\n\
         2021-06-15,b,2021-06-15T00:00:01Z,\n\
         2021-06-16,a,2021-06-16T00:00:00Z,20.0\n\
         2021-06-16,c,2021-06-16T00:00:01Z,0.1\n"
    );
    assert_eq!(
        lake.rows("SELECT count(*) FROM r WHERE date = '2021-06-16'"),
        "2\n"
    );
    assert_eq!(
        lake.rows("SELECT date, count(*), max(temperature) FROM r GROUP BY date ORDER BY date"),
        "2021-06-15,2,1.5\n2021-06-16,2,20.0\n"
    );
}

#[test]
fn null_partition_values_are_null() {
    let lake = TestLake::new();
    let table = lake.table(
        "iot_catalog.raw.t",
        &[("site", "string"), ("n", "long")],
        &["site"],
    );
    let rows = |n: i64| batch(vec![("n", Arc::new(Int64Array::from(vec![n])) as ArrayRef)]);
    table.append(&rows(1), &[("site", "x y%")]);
    table.append(&rows(2), &[]);
    let (_, mut add) = table.write(&rows(3), &[]);
    add["add"]["partitionValues"] = json!({"site": null});
    table.commit(&[add]);
    assert_eq!(
        lake.rows("SELECT n FROM t WHERE site IS NULL ORDER BY n"),
        "2\n3\n"
    );
    assert_eq!(
        lake.rows("SELECT site, n FROM t WHERE site IS NOT NULL"),
        "x y%,1\n"
    );
    assert_eq!(lake.rows("SELECT count(site), count(*) FROM t"), "1,3\n");
}

#[test]
fn encoded_file_names_are_decoded_once() {
    let lake = TestLake::new();
    let table = lake.table("iot_catalog.raw.t~1", &[("n", "long")], &[]);
    let rows = batch(vec![("n", Arc::new(Int64Array::from(vec![7])) as ArrayRef)]);
    let (path, mut add) = table.write(&rows, &[]);
    fs::create_dir(table.dir.join("at=12%3A00 h")).unwrap();
    fs::rename(path, table.dir.join("at=12%3A00 h/ä.parquet")).unwrap();
    add["add"]["path"] = json!("at=12%253A00%20h/%C3%A4.parquet");
    table.commit(&[add]);
    assert_eq!(lake.rows(r#"SELECT n FROM raw."t~1""#), "7\n");
}

#[test]
fn removed_files_are_not_read() {
    let lake = TestLake::new();
    let table = lake.table("iot_catalog.raw.r", &READINGS, &["date"]);
    let (_, old) = table.write(&readings(&[("old", 0, None)]), &[("date", "2021-06-15")]);
    table.commit(std::slice::from_ref(&old));
    let (_, new) = table.write(&readings(&[("new", 0, None)]), &[("date", "2021-06-15")]);
    let remove = json!({"remove": {"path": old["add"]["path"], "dataChange": true}});
    table.commit(&[remove, new]);
    assert_eq!(lake.rows("SELECT device_id FROM r"), "new\n");
}

#[test]
fn files_without_a_newer_column_give_nulls() {
    let lake = TestLake::new();
    let table = lake.readings("iot_catalog.raw.r");
    let mut columns = READINGS.to_vec();
    columns.push(("humidity", "double"));
    columns.push((
        "tags",
        r#"{"type":"array","elementType":"string","containsNull":true}"#,
    ));
    table.commit(&[metadata(&columns, &["date"])]);
    let humidity: ArrayRef = Arc::new(Int32Array::from(vec![60]));
    let mut fields = readings(&[("d", 200_000, None)]).schema().fields().to_vec();
    fields.push(Arc::new(Field::new("humidity", DataType::Int32, true)));
    let mut arrays = readings(&[("d", 200_000, None)]).columns().to_vec();
    arrays.push(humidity);
    let schema = Arc::new(Schema::new(fields));
    let rows = datafusion::arrow::array::RecordBatch::try_new(schema, arrays).unwrap();
    table.append(&rows, &[("date", "2021-06-17")]);

    assert_eq!(
        lake.rows("SELECT count(*), count(humidity), count(tags) FROM r"),
        "5,1,0\n"
    );
    assert_eq!(
        lake.rows("SELECT device_id, humidity FROM r WHERE humidity > 59"),
        "d,60.0\n"
    );
    assert_eq!(
        lake.rows("SELECT count(*) FROM r WHERE humidity IS NULL"),
        "4\n"
    );
}

#[test]
fn nested_columns_are_read() {
    let lake = TestLake::new();
    let position = r#"{"type":"struct","fields":[
        {"name":"topic","type":"string","nullable":true,"metadata":{}},
        {"name":"offset","type":"long","nullable":true,"metadata":{}}]}"#;
    let tags = r#"{"type":"map","keyType":"string","valueType":"string","valueContainsNull":true}"#;
    let list = r#"{"type":"array","elementType":"double","containsNull":true}"#;
    let columns = [("position", position), ("tags", tags), ("scores", list)];
    let table = lake.table("iot_catalog.raw.t", &columns, &[]);
    let fields = |fields: Vec<(&str, DataType)>| {
        fields
            .into_iter()
            .map(|(name, t)| Field::new(name, t, true))
            .collect::<Vec<_>>()
    };
    let position = DataType::Struct(
        fields(vec![("topic", DataType::Utf8), ("offset", DataType::Int64)]).into(),
    );
    let entry = DataType::Struct(
        vec![
            Field::new("key", DataType::Utf8, false),
            Field::new("value", DataType::Utf8, true),
        ]
        .into(),
    );
    let tags = DataType::Map(Arc::new(Field::new("key_value", entry, false)), false);
    let scores = DataType::List(Arc::new(Field::new("item", DataType::Float64, true)));
    let schema = Schema::new(fields(vec![
        ("position", position),
        ("tags", tags),
        ("scores", scores),
    ]));
    let line = r#"{"position":{"topic":"t","offset":3},"tags":{"k":"v"},"scores":[1.5,null]}"#;
    let mut reader = ReaderBuilder::new(Arc::new(schema))
        .build(line.as_bytes())
        .unwrap();
    table.append(&reader.next().unwrap().unwrap(), &[]);

    assert_eq!(
        lake.rows("SELECT position['offset'], scores[1] FROM t"),
        "3,1.5\n"
    );
    let run = lake.run(&["-f", "json"], "SELECT * FROM t");
    assert_eq!(run.stdout, format!("{line}\n"), "{}", run.stderr);
}

#[test]
fn every_query_sees_the_newest_commit() {
    let lake = TestLake::new();
    let table = lake.readings("iot_catalog.raw.r");
    assert_eq!(lake.rows("SELECT count(*) FROM r"), "4\n");
    table.append(
        &readings(&[("d", 90, Some(3.0))]),
        &[("date", "2021-06-15")],
    );
    assert_eq!(lake.rows("SELECT count(*) FROM r"), "5\n");
}

#[test]
fn queries_during_writes_see_whole_commits() {
    let lake = TestLake::new();
    let table = lake.table("iot_catalog.raw.r", &READINGS, &["date"]);
    let rows = readings(&[
        ("a", 0, Some(1.0)),
        ("b", 0, Some(2.0)),
        ("c", 0, Some(3.0)),
    ]);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let table = table;
            for _ in 0..200 {
                table.append(&rows, &[("date", "2021-06-15")]);
            }
        });
        let mut previous = 0;
        for _ in 0..5 {
            let sql = "SELECT (SELECT count(*) FROM r), (SELECT sum(temperature) FROM raw.r)";
            let line = lake.rows(sql);
            let (count, sum) = line.trim().split_once(',').unwrap();
            let count: u64 = count.parse().unwrap();
            assert_eq!(count % 3, 0);
            assert!(count >= previous);
            assert_eq!(sum.parse::<f64>().unwrap_or(0.0), (count * 2) as f64);
            previous = count;
        }
    });
}

/// Writes a checkpoint of versions 0 to `version` with the nested columns of the format.
fn write_checkpoint(table: &TestTable, version: u64) {
    let mut lines = String::new();
    for version in 0..=version {
        let text = fs::read_to_string(table.log_entry(version)).unwrap();
        for line in text.lines().filter(|line| !line.contains("commitInfo")) {
            lines.push_str(line);
            lines.push('\n');
        }
    }
    let field = |name: &str, t: DataType| Field::new(name, t, true);
    let entry = vec![
        Field::new("key", DataType::Utf8, false),
        field("value", DataType::Utf8),
    ];
    let entries = Field::new("key_value", DataType::Struct(entry.into()), false);
    let map = DataType::Map(Arc::new(entries), false);
    let list = DataType::List(Arc::new(field("element", DataType::Utf8)));
    let add = vec![
        field("path", DataType::Utf8),
        field("partitionValues", map.clone()),
        field("size", DataType::Int64),
        field("modificationTime", DataType::Int64),
        field("dataChange", DataType::Boolean),
        field("stats", DataType::Utf8),
    ];
    let metadata = vec![
        field("id", DataType::Utf8),
        field("schemaString", DataType::Utf8),
        field("partitionColumns", list),
        field("configuration", map),
    ];
    let protocol = vec![
        field("minReaderVersion", DataType::Int32),
        field("minWriterVersion", DataType::Int32),
    ];
    let schema = Arc::new(Schema::new(vec![
        field("add", DataType::Struct(add.into())),
        field("metaData", DataType::Struct(metadata.into())),
        field("protocol", DataType::Struct(protocol.into())),
    ]));
    let reader = ReaderBuilder::new(Arc::clone(&schema))
        .build(lines.as_bytes())
        .unwrap();
    let path = table
        .log_dir()
        .join(format!("{version:020}.checkpoint.parquet"));
    let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), schema, None).unwrap();
    for batch in reader {
        writer.write(&batch.unwrap()).unwrap();
    }
    writer.close().unwrap();
}

#[test]
fn checkpoint_replaces_the_log_before_it() {
    let lake = TestLake::new();
    let table = lake.readings("iot_catalog.raw.r");
    write_checkpoint(&table, 2);
    table.append(
        &readings(&[("d", 90, Some(3.0))]),
        &[("date", "2021-06-15")],
    );
    for version in 0..=2 {
        fs::remove_file(table.log_entry(version)).unwrap();
    }
    let sql = "SELECT date, device_id, temperature FROM r ORDER BY event_time";
    let want = "2021-06-15,a,1.5\n2021-06-15,b,\n2021-06-15,d,3.0\n2021-06-16,a,20.0\n\
                2021-06-16,c,0.1\n";
    assert_eq!(lake.rows(sql), want);
}

#[test]
fn damaged_checkpoint_is_passed_over_while_the_log_reaches_back() {
    let lake = TestLake::new();
    let table = lake.readings("iot_catalog.raw.r");
    let path = table
        .log_dir()
        .join("00000000000000000002.checkpoint.parquet");
    fs::write(&path, "PAR1 nonsense PAR1").unwrap();
    assert_eq!(lake.rows("SELECT count(*) FROM r"), "4\n");
    fs::remove_file(table.log_entry(0)).unwrap();
    lake.fails(
        "SELECT count(*) FROM r",
        65,
        &["00000000000000000002.checkpoint.parquet"],
    );
}

#[test]
fn v2_checkpoint_with_sidecar_is_read() {
    let lake = TestLake::new();
    let table = lake.readings("iot_catalog.raw.r");
    write_checkpoint(&table, 2);
    let sidecars = table.log_dir().join("_sidecars");
    fs::create_dir(&sidecars).unwrap();
    let checkpoint = table
        .log_dir()
        .join("00000000000000000002.checkpoint.parquet");
    fs::rename(checkpoint, sidecars.join("part.parquet")).unwrap();
    let top = table
        .log_dir()
        .join("00000000000000000002.checkpoint.80a083e8-7026-4e79-81be-64bd76c43a11.json");
    fs::write(
        top,
        r#"{"sidecar":{"path":"part.parquet","sizeInBytes":1}}"#,
    )
    .unwrap();
    for version in 0..=1 {
        fs::remove_file(table.log_entry(version)).unwrap();
    }
    assert_eq!(lake.rows("SELECT count(*) FROM r"), "4\n");
}

#[test]
fn unsupported_features_are_named() {
    let lake = TestLake::new();
    let table = lake.readings("iot_catalog.raw.dv");
    let (_, mut add) = table.write(&readings(&[("d", 90, None)]), &[("date", "2021-06-15")]);
    add["add"]["deletionVector"] =
        json!({"storageType": "u", "pathOrInlineDv": "ab", "offset": 1, "cardinality": 1});
    table.commit(&[add]);
    lake.fails(
        "SELECT * FROM dv",
        65,
        &["deletion vector", "not supported", "raw.dv"],
    );

    let table = lake.readings("iot_catalog.raw.mapped");
    let mut mapped = metadata(&READINGS, &["date"]);
    mapped["metaData"]["configuration"] = json!({"delta.columnMapping.mode": "name"});
    table.commit(&[mapped]);
    lake.fails(
        "SELECT * FROM mapped",
        65,
        &["column mapping (mode name)", "not supported"],
    );

    let table = lake.readings("iot_catalog.raw.newer");
    table.commit(&[
        json!({"protocol": {"minReaderVersion": 3, "minWriterVersion": 7,
        "readerFeatures": ["timestampNtz", "someday"], "writerFeatures": []}}),
    ]);
    lake.fails("SELECT * FROM newer", 65, &["someday", "not supported"]);

    let table = lake.table("iot_catalog.raw.variant", &[("v", "variant")], &[]);
    let strings = batch(vec![(
        "v",
        Arc::new(StringArray::from(vec!["x"])) as Arc<dyn Array>,
    )]);
    table.append(&strings, &[]);
    lake.fails("SELECT * FROM variant", 65, &["column v has type variant"]);
}
