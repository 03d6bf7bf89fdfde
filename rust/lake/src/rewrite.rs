//! Copies files of one partition into new ones, leaving out rows by key, sorting on demand.

use crate::action::{Add, StringMap};
use crate::batch_stream::Batches;
use crate::convert::to_type;
use crate::error::{Error, Result};
use crate::parquet_write::FileWriter;
use crate::state::TableMeta;
use crate::table::Table;
use crate::write_options::WriteOptions;
use arrow_array::{BooleanArray, RecordBatch, UInt32Array};
use arrow_row::{RowConverter, SortField};
use arrow_schema::{Field, Schema, SchemaRef};
use std::collections::HashSet;
use std::sync::Arc;

pub struct Rewritten {
    pub adds: Vec<Add>,
    pub rows_in: usize,
    pub rows_out: usize,
    /// Whether all rows are in order: false when they did not fit into memory at once.
    pub sorted: bool,
}

impl Table {
    pub fn rewrite(
        &self,
        files: &[String],
        drop_keys: Option<&RecordBatch>,
        options: &WriteOptions,
    ) -> Result<Rewritten> {
        let meta = self.writable_meta()?;
        let mut options = options.clone();
        options.partition_values = self.common_partition(files, &meta, &options)?;
        if options.file_name.is_some() && options.target_bytes.is_some() {
            return Err(Error::invalid(
                "file_name and target_bytes exclude each other",
            ));
        }
        let filter = drop_keys
            .map(|keys| KeyFilter::new(keys, &meta))
            .transpose()?;
        let schema = file_schema(&meta);
        let columns: Vec<String> = schema.fields().iter().map(|f| f.name().clone()).collect();
        let mut output = Output::new(self, &meta, &options, &schema);
        let mut rows_in = 0;
        for path in files {
            let mut reader = self.read_parquet(path, Some(&columns))?;
            let mut rows = 0;
            while let Some(batch) = reader.next_batch()? {
                rows += batch.num_rows();
                let batch = match &filter {
                    Some(filter) => filter.apply(&batch)?,
                    None => batch,
                };
                output.push(batch)?;
            }
            if rows != reader.num_rows()? {
                return Err(Error::corrupt(format!(
                    "{path} holds other than its footer says"
                )));
            }
            rows_in += rows;
        }
        output.finish(rows_in)
    }

    fn common_partition(
        &self,
        files: &[String],
        meta: &TableMeta,
        options: &WriteOptions,
    ) -> Result<StringMap> {
        let mut common = None;
        for path in files {
            let mut values = StringMap::new();
            for column in &meta.action.partition_columns {
                values.insert(column.clone(), self.partition_value(path, column)?);
            }
            if *common.get_or_insert_with(|| values.clone()) != values {
                return Err(Error::invalid(format!("{path} is of another partition")));
            }
        }
        let common = common.ok_or_else(|| Error::invalid("no files to rewrite"))?;
        match options.partition_values.is_empty() || options.partition_values == common {
            true => Ok(common),
            false => Err(Error::invalid(
                "partition_values are not those of the files",
            )),
        }
    }
}

fn file_schema(meta: &TableMeta) -> SchemaRef {
    let fields = meta.schema.arrow.fields().iter();
    let fields: Vec<Field> = fields
        .filter(|f| !meta.is_partition(f.name()))
        .map(|f| f.as_ref().clone())
        .collect();
    Arc::new(Schema::new(fields))
}

/// Rows by the values of some columns; null equals null.
struct KeyFilter {
    columns: Vec<String>,
    converter: RowConverter,
    keys: HashSet<Box<[u8]>>,
}

fn converter(fields: &[Field]) -> Result<RowConverter> {
    let fields = fields
        .iter()
        .map(|f| SortField::new(f.data_type().clone()))
        .collect();
    RowConverter::new(fields).map_err(|e| Error::unsupported(format!("cannot compare rows: {e}")))
}

fn compare_error(error: arrow_schema::ArrowError) -> Error {
    Error::internal(format!("cannot compare rows: {error}"))
}

impl KeyFilter {
    fn new(drop_keys: &RecordBatch, meta: &TableMeta) -> Result<KeyFilter> {
        let (mut columns, mut fields, mut arrays) = (Vec::new(), Vec::new(), Vec::new());
        for (field, array) in drop_keys.schema().fields().iter().zip(drop_keys.columns()) {
            let name = field.name();
            let target =
                meta.schema.arrow.field_with_name(name).map_err(|_| {
                    Error::invalid(format!("key column {name} is not in the table"))
                })?;
            if meta.is_partition(name) {
                return Err(Error::invalid(format!(
                    "key column {name} is a partition column"
                )));
            }
            let array = to_type(array, target.data_type())
                .map_err(|e| Error::invalid(format!("key column {name}: {}", e.message)))?;
            columns.push(name.clone());
            fields.push(target.clone());
            arrays.push(array);
        }
        if columns.is_empty() {
            return Err(Error::invalid("drop_keys has no columns"));
        }
        let converter = converter(&fields)?;
        let rows = converter.convert_columns(&arrays).map_err(compare_error)?;
        let keys = rows.iter().map(|row| row.as_ref().into()).collect();
        Ok(KeyFilter {
            columns,
            converter,
            keys,
        })
    }

    fn apply(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        let mut arrays = Vec::with_capacity(self.columns.len());
        for name in &self.columns {
            let missing = || Error::internal(format!("column {name} is not in the batch"));
            arrays.push(batch.column_by_name(name).ok_or_else(missing)?.clone());
        }
        let rows = self
            .converter
            .convert_columns(&arrays)
            .map_err(compare_error)?;
        let keep: BooleanArray = rows
            .iter()
            .map(|row| Some(!self.keys.contains(row.as_ref())))
            .collect();
        if keep.true_count() == batch.num_rows() {
            return Ok(batch.clone());
        }
        arrow_select::filter::filter_record_batch(batch, &keep).map_err(compare_error)
    }
}

/// The new files, one at a time.
struct Output<'a> {
    table: &'a Table,
    meta: &'a TableMeta,
    options: &'a WriteOptions,
    schema: &'a SchemaRef,
    writer: Option<FileWriter>,
    adds: Vec<Add>,
    rows_out: usize,
    /// Rows to be sorted together.
    run: Vec<RecordBatch>,
    run_bytes: usize,
    num_runs: usize,
}

impl<'a> Output<'a> {
    fn new(
        table: &'a Table,
        meta: &'a TableMeta,
        options: &'a WriteOptions,
        schema: &'a SchemaRef,
    ) -> Output<'a> {
        Output {
            table,
            meta,
            options,
            schema,
            writer: None,
            adds: Vec::new(),
            rows_out: 0,
            run: Vec::new(),
            run_bytes: 0,
            num_runs: 0,
        }
    }

    fn push(&mut self, batch: RecordBatch) -> Result<()> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        if self.options.sort_by.is_empty() {
            return self.write(&batch);
        }
        self.run_bytes += batch.get_array_memory_size();
        self.run.push(batch);
        // Sorting holds the rows twice.
        match self.run_bytes >= self.options.memory_bytes / 2 {
            true => self.write_run(),
            false => Ok(()),
        }
    }

    fn write_run(&mut self) -> Result<()> {
        let run = std::mem::take(&mut self.run);
        self.run_bytes = 0;
        let Some(first) = run.first() else {
            return Ok(());
        };
        self.num_runs += 1;
        let rows =
            arrow_select::concat::concat_batches(&first.schema(), &run).map_err(compare_error)?;
        drop(run);
        let order = sorted_order(&rows, &self.options.sort_by)?;
        // In slices, so that the sorted rows never exist all at once.
        let mut from = 0;
        while from < order.len() {
            let len = (order.len() - from).min(64 * 1024);
            let part: UInt32Array = order[from..from + len].to_vec().into();
            let batch =
                arrow_select::take::take_record_batch(&rows, &part).map_err(compare_error)?;
            self.write(&batch)?;
            from += len;
        }
        Ok(())
    }

    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        // The reader gives nullable columns; the file gets what the table says.
        let batch = RecordBatch::try_new(self.schema.clone(), batch.columns().to_vec())
            .map_err(|e| Error::corrupt(format!("rows do not fit the table: {e}")))?;
        let writer = match &mut self.writer {
            Some(writer) => writer,
            None => self
                .writer
                .insert(FileWriter::new(self.schema, self.options, &batch)?),
        };
        writer.write(&batch)?;
        self.rows_out += batch.num_rows();
        let size = writer.size_estimate() as u64;
        match self.options.target_bytes {
            Some(target) if size >= target => self.end_file(),
            _ => Ok(()),
        }
    }

    fn end_file(&mut self) -> Result<()> {
        if let Some(writer) = self.writer.take() {
            self.adds
                .push(writer.finish(self.table, self.meta, self.options)?);
        }
        Ok(())
    }

    fn finish(mut self, rows_in: usize) -> Result<Rewritten> {
        self.write_run()?;
        self.end_file()?;
        Ok(Rewritten {
            adds: self.adds,
            rows_in,
            rows_out: self.rows_out,
            sorted: !self.options.sort_by.is_empty() && self.num_runs <= 1,
        })
    }
}

fn sorted_order(rows: &RecordBatch, sort_by: &[String]) -> Result<Vec<u32>> {
    let (mut fields, mut arrays) = (Vec::new(), Vec::new());
    for name in sort_by {
        let index = rows
            .schema()
            .index_of(name)
            .map_err(|_| Error::invalid(format!("sort column {name} is not in the table")))?;
        fields.push(rows.schema().field(index).clone());
        arrays.push(rows.column(index).clone());
    }
    let keys = converter(&fields)?
        .convert_columns(&arrays)
        .map_err(compare_error)?;
    let num_rows = u32::try_from(rows.num_rows())
        .map_err(|_| Error::invalid("too many rows to sort at once; lower memory_bytes"))?;
    let mut order: Vec<u32> = (0..num_rows).collect();
    order.sort_by(|a, b| keys.row(*a as usize).cmp(&keys.row(*b as usize)));
    Ok(order)
}
