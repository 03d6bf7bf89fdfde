//! Streams a Parquet file of the table with the table's columns and types.

use crate::batch_stream::Batches;
use crate::convert::to_type;
use crate::error::{Error, Result};
use crate::parquet_file::{ParquetFile, decode};
use crate::partition;
use crate::paths;
use crate::state::TableMeta;
use crate::table::Table;
use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions, new_null_array};
use arrow_schema::{Field, Schema, SchemaRef};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReader;
use std::sync::Arc;

const BATCH_ROWS: usize = 32 * 1024;

enum Source {
    File,
    Partition(Option<String>),
    Missing,
}

/// Batches of one file, row group by row group; the fields of `schema` in order.
pub struct TableFileReader {
    file: ParquetFile,
    schema: SchemaRef,
    sources: Vec<Source>,
    mask: ProjectionMask,
    next_row_group: usize,
    current: Option<ParquetRecordBatchReader>,
    /// Rows of the current row group that are still to come when no column of the file is read.
    bare_rows: usize,
}

impl Batches for TableFileReader {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn path(&self) -> &str {
        &self.file.path
    }

    fn next_batch(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            if let Some(batch) = self.read_current()? {
                return self.assemble(&batch).map(Some);
            }
            if self.next_row_group == self.file.num_row_groups() {
                return Ok(None);
            }
            self.start_row_group()?;
        }
    }
}

impl TableFileReader {
    /// Rows of the file as its footer has it.
    pub fn num_rows(&self) -> Result<usize> {
        let rows = self.file.footer().file_metadata().num_rows();
        usize::try_from(rows)
            .map_err(|_| Error::corrupt(format!("{} has a negative row count", self.file.path)))
    }

    fn reads_file(&self) -> bool {
        self.sources.iter().any(|s| matches!(s, Source::File))
    }

    fn start_row_group(&mut self) -> Result<()> {
        let index = self.next_row_group;
        self.next_row_group += 1;
        if self.reads_file() {
            self.current = Some(self.file.read_row_group(index, &self.mask, BATCH_ROWS)?);
            return Ok(());
        }
        let rows = self.file.footer().row_group(index).num_rows();
        self.bare_rows = usize::try_from(rows)
            .map_err(|_| Error::corrupt(format!("{} has a negative row count", self.file.path)))?;
        Ok(())
    }

    fn read_current(&mut self) -> Result<Option<RecordBatch>> {
        if self.bare_rows > 0 {
            let rows = self.bare_rows.min(BATCH_ROWS);
            self.bare_rows -= rows;
            let options = RecordBatchOptions::new().with_row_count(Some(rows));
            return RecordBatch::try_new_with_options(Arc::new(Schema::empty()), vec![], &options)
                .map(Some)
                .map_err(|e| Error::internal(format!("cannot count rows: {e}")));
        }
        let Some(reader) = &mut self.current else {
            return Ok(None);
        };
        let path = &self.file.path;
        let batch = decode(path, || {
            reader
                .next()
                .transpose()
                .map_err(|e| Error::from_arrow_read(path, e))
        })?;
        if batch.is_none() {
            self.current = None;
        }
        Ok(batch)
    }

    fn assemble(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        let rows = batch.num_rows();
        let mut columns: Vec<ArrayRef> = Vec::with_capacity(self.sources.len());
        for (field, source) in self.schema.fields().iter().zip(&self.sources) {
            let (name, data_type) = (field.name(), field.data_type());
            columns.push(match source {
                Source::File => {
                    let array = batch.column_by_name(name).ok_or_else(|| {
                        Error::internal(format!("column {name} vanished from {}", self.file.path))
                    })?;
                    to_type(array, data_type).map_err(|e| {
                        let path = &self.file.path;
                        Error::new(e.code, format!("{path}: column {name}: {}", e.message))
                    })?
                }
                Source::Partition(value) => {
                    partition::constant(name, value.as_deref(), data_type, rows)?
                }
                Source::Missing => new_null_array(data_type, rows),
            });
        }
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)
            .map_err(|e| Error::corrupt(format!("cannot read {}: {e}", self.file.path)))
    }
}

impl Table {
    /// `columns`: names in the order wanted, or none for all columns of the table.
    pub fn read_parquet(&self, path: &str, columns: Option<&[String]>) -> Result<TableFileReader> {
        let full_path = self.file_path(path)?;
        let (meta, may_have_vectors) = {
            let inner = self.lock()?;
            inner.state.check_read()?;
            (
                inner.state.meta.clone(),
                inner.state.protocol.has_feature("deletionVectors"),
            )
        };
        if may_have_vectors {
            self.check_no_vector(path)?;
        }
        let fields = wanted_fields(&meta, columns)?;
        let file = ParquetFile::open(self.store(), &full_path)?;
        // A flipped bit in a page mostly decodes to other values; what is read here is replayed or
        // written again, so it would spread.
        self.verify_checksum(path, &full_path, file.size)?;
        let mut sources = Vec::with_capacity(fields.len());
        let mut roots = Vec::new();
        for field in &fields {
            let name = field.name();
            if meta.is_partition(name) {
                sources.push(Source::Partition(self.partition_value(path, name)?));
            } else if let Ok(index) = file.metadata.schema().index_of(name) {
                roots.push(index);
                sources.push(Source::File);
            } else {
                sources.push(Source::Missing);
            }
        }
        let mask = ProjectionMask::roots(file.metadata.parquet_schema(), roots);
        Ok(TableFileReader {
            file,
            schema: Arc::new(Schema::new(fields)),
            sources,
            mask,
            next_row_group: 0,
            current: None,
            bare_rows: 0,
        })
    }

    /// From the path where it says so; else from the log, which holds in any case.
    pub fn partition_value(&self, path: &str, column: &str) -> Result<Option<String>> {
        if let Some(value) = paths::partition_value(path, column) {
            return Ok(value);
        }
        let files = self.files()?;
        let add = files.active.get(path).ok_or_else(|| {
            Error::not_found(format!(
                "{path} is not an active file, its {column} is unknown"
            ))
        })?;
        Ok(add.partition_values.get(column).cloned().flatten())
    }

    fn check_no_vector(&self, path: &str) -> Result<()> {
        let files = self.files()?;
        let prefix = format!("{path}\0");
        let next = files.active.range(prefix.clone()..).next();
        match next.is_some_and(|(key, _)| key.starts_with(&prefix)) {
            true => Err(Error::unsupported(format!(
                "feature deletionVectors, used by {path}"
            ))),
            false => Ok(()),
        }
    }
}

/// All fields are nullable in what we hand out: files may lack a column.
fn wanted_fields(meta: &TableMeta, columns: Option<&[String]>) -> Result<Vec<Field>> {
    let all = &meta.schema.arrow;
    let nullable = |field: &Field| field.clone().with_nullable(true);
    match columns {
        None => Ok(all.fields().iter().map(|f| nullable(f)).collect()),
        Some(names) => names
            .iter()
            .map(|name| {
                let unknown = |_| Error::invalid(format!("column {name} is not in the table"));
                all.field_with_name(name).map(nullable).map_err(unknown)
            })
            .collect(),
    }
}
