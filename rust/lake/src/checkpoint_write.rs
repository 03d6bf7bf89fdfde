//! Writes classic checkpoints: one Parquet file with the actions that make up a version.

use crate::action::{Metadata, Protocol, Remove};
use crate::arrow_json::json_to_array;
use crate::checksum::{CHECKSUM_KEY, Seal, checksum, columns_checksum};
use crate::error::{Error, Result};
use crate::files::FileSet;
use crate::interval;
use crate::paths;
use crate::protocol;
use crate::store::Put;
use crate::table::Table;
use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_schema::{DataType, Field, Fields, Schema, SchemaRef};
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::arrow::{ArrowSchemaConverter, ArrowWriter};
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use serde::Serialize;
use serde_json::{Value, json};
use std::sync::Arc;

const BATCH_ROWS: usize = 8192;
const DEFAULT_TOMBSTONE_MS: i64 = 7 * 24 * 3600 * 1000;

impl Table {
    /// Writes a checkpoint of the handle's version, and `_last_checkpoint` when it is the newest.
    pub fn checkpoint(&self) -> Result<()> {
        let version = {
            let inner = self.lock()?;
            inner.state.check_write()?;
            inner.state.version
        };
        let files = self.files_at(version)?;
        let (data, num_actions) = encode(&files)?;
        let log = self.log();
        // Every checkpoint of a version says the same, so this also mends a damaged one.
        self.store().put(
            &log.path(&paths::checkpoint_name(version)),
            &data,
            Put::Overwrite,
        )?;
        if log.last_checkpoint().is_some_and(|last| last > version) {
            return Ok(());
        }
        let last = json!({
            "version": version,
            "size": num_actions,
            "sizeInBytes": data.len(),
            "numOfAddFiles": files.active.len(),
        });
        self.store().put(
            &log.last_checkpoint_path(),
            last.to_string().as_bytes(),
            Put::Overwrite,
        )
    }
}

fn encode(files: &FileSet) -> Result<(Vec<u8>, usize)> {
    let schema = checkpoint_schema(files.has_deletion_vectors());
    let properties = WriterProperties::builder()
        .set_created_by("avocet".to_string())
        .set_compression(Compression::SNAPPY)
        .build();
    let options = ArrowWriterOptions::new()
        .with_properties(properties)
        .with_skip_arrow_metadata(true)
        .with_schema_root("schema".to_string());
    let failed = |e: ParquetError| Error::internal(format!("cannot encode checkpoint: {e}"));
    let mut writer =
        ArrowWriter::try_new_with_options(Vec::new(), schema.clone(), options).map_err(failed)?;
    let mut rows = Rows {
        batch: Vec::new(),
        total: 0,
    };
    let mut flush = |rows: &mut Rows, at_least: usize| -> Result<()> {
        if rows.batch.len() >= at_least {
            writer.write(&rows.take(&schema)?).map_err(failed)?;
        }
        Ok(())
    };
    let missing = || Error::internal("checkpoint without protocol or metaData");
    let metadata = files.metadata.as_ref().ok_or_else(missing)?;
    rows.push::<Protocol>("protocol", files.protocol.as_ref().ok_or_else(missing)?)?;
    rows.push::<Metadata>("metaData", metadata)?;
    for txn in files.txns.values() {
        rows.push("txn", txn)?;
        flush(&mut rows, BATCH_ROWS)?;
    }
    for domain in files.domains.values().filter(|d| !d.removed) {
        rows.push("domainMetadata", domain)?;
    }
    for remove in young_tombstones(files, metadata) {
        rows.push(
            "remove",
            &Remove {
                data_change: false,
                ..remove.clone()
            },
        )?;
        flush(&mut rows, BATCH_ROWS)?;
    }
    for add in files.active.values() {
        let mut add = add.clone();
        add.data_change = false;
        rows.push("add", &add)?;
        flush(&mut rows, BATCH_ROWS)?;
    }
    flush(&mut rows, 1)?;
    writer.flush().map_err(failed)?;
    writer.sync().map_err(|e| failed(e.into()))?;
    let parquet_schema = ArrowSchemaConverter::new()
        .convert(&schema)
        .map_err(failed)?;
    let body = writer.inner();
    let seal = Seal {
        checksum: checksum(body),
        num_bytes: body.len() as u64,
        num_rows: rows.total,
        columns: columns_checksum(&parquet_schema),
    };
    writer.append_key_value_metadata(KeyValue::new(CHECKSUM_KEY.to_string(), seal.to_text()));
    Ok((writer.into_inner().map_err(failed)?, rows.total))
}

/// Tombstones that vacuum still needs. Their age counts from the newest of them, never from a
/// clock that is ahead of the log.
fn young_tombstones<'a>(
    files: &'a FileSet,
    metadata: &Metadata,
) -> impl Iterator<Item = &'a Remove> {
    let retention_ms = protocol::config(metadata, "delta.deletedFileRetentionDuration")
        .and_then(interval::parse_ms)
        .unwrap_or(DEFAULT_TOMBSTONE_MS);
    let deleted = |remove: &Remove| remove.deletion_timestamp.unwrap_or(0);
    let newest = files.tombstones.values().map(deleted).max().unwrap_or(0);
    let now_ms = newest.min(crate::clock::now_ms());
    files
        .tombstones
        .values()
        .filter(move |r| deleted(r) >= now_ms.saturating_sub(retention_ms))
}

struct Rows {
    batch: Vec<Value>,
    total: usize,
}

impl Rows {
    fn push<T: Serialize>(&mut self, name: &str, action: &T) -> Result<()> {
        self.batch.push(json!({ name: action }));
        self.total += 1;
        Ok(())
    }

    fn take(&mut self, schema: &SchemaRef) -> Result<RecordBatch> {
        let rows = std::mem::take(&mut self.batch);
        let rows: Vec<Option<&Value>> = rows.iter().map(Some).collect();
        let array = json_to_array(&rows, &DataType::Struct(schema.fields().clone()))?;
        Ok(RecordBatch::from(array.as_struct()))
    }
}

fn checkpoint_schema(deletion_vectors: bool) -> SchemaRef {
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    let long = |name: &str| Field::new(name, DataType::Int64, true);
    let int = |name: &str| Field::new(name, DataType::Int32, true);
    let flag = |name: &str| Field::new(name, DataType::Boolean, true);
    let list = |name: &str| {
        Field::new(
            name,
            DataType::List(Arc::new(Field::new("element", DataType::Utf8, true))),
            true,
        )
    };
    let map = |name: &str| {
        let entry: Fields = vec![
            Field::new("key", DataType::Utf8, false),
            Field::new("value", DataType::Utf8, true),
        ]
        .into();
        let entries = Field::new("key_value", DataType::Struct(entry), false);
        Field::new(name, DataType::Map(Arc::new(entries), false), true)
    };
    let group =
        |name: &str, fields: Vec<Field>| Field::new(name, DataType::Struct(fields.into()), true);
    let mut add = vec![
        text("path"),
        map("partitionValues"),
        long("size"),
        long("modificationTime"),
        flag("dataChange"),
        text("stats"),
        map("tags"),
        text("clusteringProvider"),
    ];
    let mut remove = vec![
        text("path"),
        long("deletionTimestamp"),
        flag("dataChange"),
        flag("extendedFileMetadata"),
        map("partitionValues"),
        long("size"),
        map("tags"),
    ];
    if deletion_vectors {
        let vector = group(
            "deletionVector",
            vec![
                text("storageType"),
                text("pathOrInlineDv"),
                int("offset"),
                int("sizeInBytes"),
                long("cardinality"),
                long("maxRowIndex"),
            ],
        );
        add.push(vector.clone());
        remove.push(vector);
    }
    let format = group("format", vec![text("provider"), map("options")]);
    let metadata = vec![
        text("id"),
        text("name"),
        text("description"),
        format,
        text("schemaString"),
        list("partitionColumns"),
        map("configuration"),
        long("createdTime"),
    ];
    let protocol = vec![
        int("minReaderVersion"),
        int("minWriterVersion"),
        list("readerFeatures"),
        list("writerFeatures"),
    ];
    let domain = vec![text("domain"), text("configuration"), flag("removed")];
    Arc::new(Schema::new(vec![
        group(
            "txn",
            vec![text("appId"), long("version"), long("lastUpdated")],
        ),
        group("add", add),
        group("remove", remove),
        group("metaData", metadata),
        group("protocol", protocol),
        group("domainMetadata", domain),
    ]))
}
