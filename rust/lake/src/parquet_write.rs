//! Writes Parquet files: encoded in memory, put durably in one go, described by an `add` action.

use crate::action::Add;
use crate::checksum::{CHECKSUM_KEY, checksum};
use crate::convert::to_type;
use crate::error::{Error, Result};
use crate::parquet_settings::writer_properties;
use crate::paths;
use crate::state::TableMeta;
use crate::stats::Stats;
use crate::store::Put;
use crate::table::Table;
use crate::write_options::WriteOptions;
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use std::sync::Arc;

/// What the encoder holds per row of a batch stays in the cache when batches are cut to this.
const SLICE_ROWS: usize = 32 * 1024;

/// One Parquet file in the making.
pub struct FileWriter {
    writer: ArrowWriter<Vec<u8>>,
    stats: Stats,
}

impl FileWriter {
    /// `sample`, the first batch, decides on encodings.
    pub fn new(
        schema: &SchemaRef,
        options: &WriteOptions,
        sample: &RecordBatch,
    ) -> Result<FileWriter> {
        let properties = writer_properties(schema, options, sample)?;
        let writer_options = ArrowWriterOptions::new()
            .with_properties(properties)
            .with_skip_arrow_metadata(true)
            .with_schema_root("schema".to_string());
        let writer = ArrowWriter::try_new_with_options(Vec::new(), schema.clone(), writer_options)
            .map_err(failed)?;
        Ok(FileWriter {
            writer,
            stats: Stats::new(&options.stats_columns, schema),
        })
    }

    pub fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        self.stats.update(batch)?;
        let mut from = 0;
        while from < batch.num_rows() {
            let rows = SLICE_ROWS.min(batch.num_rows() - from);
            self.writer
                .write(&batch.slice(from, rows))
                .map_err(failed)?;
            from += rows;
        }
        Ok(())
    }

    /// About how large the file would be if it ended here.
    pub fn size_estimate(&self) -> usize {
        self.writer.bytes_written() + self.writer.in_progress_size()
    }

    /// Puts the file; it becomes part of the table with the commit of the action.
    pub fn finish(self, table: &Table, meta: &TableMeta, options: &WriteOptions) -> Result<Add> {
        let path = options.file_path(meta)?;
        let data = self.writer.into_inner().map_err(failed)?;
        let size = i64::try_from(data.len()).map_err(|_| Error::internal("file too large"))?;
        table
            .store()
            .put(&table.file_path(&path)?, &data, Put::CreateNew)?;
        Ok(Add {
            path: paths::encode(&path),
            partition_values: options.partition_values.clone(),
            size,
            modification_time: options.timestamp_ms.unwrap_or_else(crate::clock::now_ms),
            data_change: true,
            stats: Some(self.stats.to_json()),
            tags: Some([(CHECKSUM_KEY.to_string(), Some(checksum(&data)))].into()),
            ..Add::default()
        })
    }
}

fn failed(error: parquet::errors::ParquetError) -> Error {
    Error::internal(format!("cannot encode Parquet: {error}"))
}

impl Table {
    /// Writes one file and returns its `add` action.
    pub fn write_parquet(&self, batch: &RecordBatch, options: &WriteOptions) -> Result<Add> {
        let meta = self.writable_meta()?;
        let batch = fit_to_table(batch, &meta, options)?;
        let mut writer = FileWriter::new(&batch.schema(), options, &batch)?;
        writer.write(&batch)?;
        writer.finish(self, &meta, options)
    }
}

/// Checks names, types and nulls against the table, and orders the columns as the table does.
fn fit_to_table(
    batch: &RecordBatch,
    meta: &TableMeta,
    options: &WriteOptions,
) -> Result<RecordBatch> {
    let mut columns: Vec<(usize, Field, ArrayRef)> = Vec::new();
    for (field, array) in batch.schema().fields().iter().zip(batch.columns()) {
        let name = field.name();
        if meta.is_partition(name) {
            return Err(Error::invalid(format!(
                "partition column {name} is in the batch"
            )));
        }
        match meta.schema.arrow.index_of(name) {
            Ok(index) => {
                let target = meta.schema.arrow.field(index);
                let array = fit_column(name, array, target)?;
                let data_type = array.data_type().clone();
                columns.push((
                    index,
                    Field::new(name, data_type, target.is_nullable()),
                    array,
                ));
            }
            Err(_) if options.new_columns.contains(name) => {
                let data_type = array.data_type().clone();
                columns.push((usize::MAX, Field::new(name, data_type, true), array.clone()));
            }
            Err(_) => return Err(Error::invalid(format!("column {name} is not in the table"))),
        }
    }
    for field in meta.schema.arrow.fields() {
        let name = field.name();
        let given = columns.iter().any(|(_, f, _)| f.name() == name);
        if !given && !field.is_nullable() && !meta.is_partition(name) {
            return Err(Error::invalid(format!(
                "column {name} is NOT NULL and not in the batch"
            )));
        }
    }
    columns.sort_by_key(|(index, _, _)| *index);
    let fields: Vec<Field> = columns.iter().map(|(_, field, _)| field.clone()).collect();
    let arrays = columns.into_iter().map(|(_, _, array)| array).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)
        .map_err(|e| Error::invalid(format!("cannot write batch: {e}")))
}

fn fit_column(name: &str, array: &ArrayRef, target: &Field) -> Result<ArrayRef> {
    if !target.is_nullable() && array.logical_null_count() > 0 {
        return Err(Error::invalid(format!(
            "column {name} is NOT NULL and has nulls"
        )));
    }
    if writes_as(array.data_type(), target.data_type()) {
        return Ok(array.clone());
    }
    to_type(array, target.data_type())
        .map_err(|e| Error::invalid(format!("column {name}: {}", e.message)))
}

/// Whether the Parquet encoder turns `from` into the same column as `target`.
fn writes_as(from: &DataType, target: &DataType) -> bool {
    match (from, target) {
        (DataType::Dictionary(_, value), DataType::Utf8 | DataType::Binary) => {
            writes_as(value, target)
        }
        (DataType::LargeUtf8 | DataType::Utf8View, DataType::Utf8) => true,
        (DataType::LargeBinary | DataType::BinaryView, DataType::Binary) => true,
        (
            DataType::Timestamp(TimeUnit::Microsecond, Some(_)),
            DataType::Timestamp(TimeUnit::Microsecond, Some(_)),
        ) => true,
        (from, target) => from == target,
    }
}
