//! Every text of a Parquet file, whatever its schema: for searches that must overlook nothing, as
//! pages are compressed.

use crate::batch_stream::Batches;
use crate::convert::to_type;
use crate::error::{Error, Result};
use crate::parquet_file::{ParquetFile, decode};
use crate::store::Store;
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, BinaryArray, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReader;
use parquet::basic::Type;
use std::collections::VecDeque;
use std::sync::Arc;

const BATCH_ROWS: usize = 8 * 1024;

/// Batches of `column`, a field's name without those of its parents, and `text`: first bounds and
/// notes of the footer, then all values.
pub struct ParquetTexts {
    file: ParquetFile,
    mask: ProjectionMask,
    next_row_group: usize,
    current: Option<ParquetRecordBatchReader>,
    found: VecDeque<RecordBatch>,
}

impl Batches for ParquetTexts {
    fn schema(&self) -> SchemaRef {
        schema()
    }

    fn path(&self) -> &str {
        &self.file.path
    }

    fn next_batch(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            if let Some(found) = self.found.pop_front() {
                return Ok(Some(found));
            }
            if !self.read_current()? {
                if self.next_row_group == self.file.num_row_groups() {
                    return Ok(None);
                }
                let index = self.next_row_group;
                self.next_row_group += 1;
                self.current = Some(self.file.read_row_group(index, &self.mask, BATCH_ROWS)?);
            }
        }
    }
}

impl ParquetTexts {
    pub fn open(store: &Arc<dyn Store>, path: &str) -> Result<ParquetTexts> {
        let file = ParquetFile::open(store, path)?;
        let schema = file.metadata.parquet_schema();
        let leaves = schema.columns().iter().enumerate();
        let texts = leaves.filter(|(_, column)| column.physical_type() == Type::BYTE_ARRAY);
        let mask = ProjectionMask::leaves(schema, texts.map(|(leaf, _)| leaf));
        let mut reader = ParquetTexts {
            file,
            mask,
            next_row_group: 0,
            current: None,
            found: VecDeque::new(),
        };
        reader.take_footer()?;
        Ok(reader)
    }

    fn take_footer(&mut self) -> Result<()> {
        let footer = self.file.footer();
        let mut texts: Vec<(String, Vec<u8>)> = Vec::new();
        for note in footer
            .file_metadata()
            .key_value_metadata()
            .into_iter()
            .flatten()
        {
            texts.push((String::new(), note.key.clone().into()));
            texts.push((
                note.key.clone(),
                note.value.clone().unwrap_or_default().into(),
            ));
        }
        for column in footer.row_groups().iter().flat_map(|group| group.columns()) {
            let Some(bounds) = column.statistics() else {
                continue;
            };
            if bounds.physical_type() != Type::BYTE_ARRAY {
                continue;
            }
            let name = column.column_descr().name();
            let bounds = [bounds.min_bytes_opt(), bounds.max_bytes_opt()];
            texts.extend(
                bounds
                    .into_iter()
                    .flatten()
                    .map(|b| (name.to_string(), b.to_vec())),
            );
        }
        let columns = StringArray::from_iter_values(texts.iter().map(|(column, _)| column));
        let values = BinaryArray::from_iter_values(texts.iter().map(|(_, text)| text));
        self.found.push_back(batch(columns, values)?);
        Ok(())
    }

    /// False at the end of the row group.
    fn read_current(&mut self) -> Result<bool> {
        let Some(reader) = &mut self.current else {
            return Ok(false);
        };
        let path = &self.file.path;
        let read = decode(path, || {
            let next = reader.next().transpose();
            next.map_err(|e| Error::from_arrow_read(path, e))
        })?;
        let Some(read) = read else {
            self.current = None;
            return Ok(false);
        };
        for (field, array) in read.schema().fields().iter().zip(read.columns()) {
            collect(field.name(), array, &mut self.found)?;
        }
        Ok(true)
    }
}

fn collect(name: &str, array: &ArrayRef, found: &mut VecDeque<RecordBatch>) -> Result<()> {
    match array.data_type() {
        DataType::Struct(fields) => {
            for (field, child) in fields.iter().zip(array.as_struct().columns()) {
                collect(field.name(), child, found)?;
            }
        }
        DataType::List(_) => collect(name, array.as_list::<i32>().values(), found)?,
        DataType::Map(_, _) => {
            collect(name, array.as_map().keys(), found)?;
            collect(name, array.as_map().values(), found)?;
        }
        _ => {
            let values = to_type(array, &DataType::Binary)?;
            let columns = StringArray::from_iter_values(std::iter::repeat_n(name, values.len()));
            found.push_back(batch(columns, values.as_binary::<i32>().clone())?);
        }
    }
    Ok(())
}

fn schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("column", DataType::Utf8, false),
        Field::new("text", DataType::Binary, true),
    ]))
}

fn batch(columns: StringArray, texts: BinaryArray) -> Result<RecordBatch> {
    RecordBatch::try_new(schema(), vec![Arc::new(columns), Arc::new(texts)])
        .map_err(|e| Error::internal(format!("cannot collect texts: {e}")))
}
