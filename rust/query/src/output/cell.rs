//! Values as text, the same in every text format.

use datafusion::arrow::array::{Array, RecordBatch};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::util::display::{ArrayFormatter, DurationFormat, FormatOptions};

use crate::error::{QueryError, Result};

/// Timestamps with a zone are RFC 3339, floats are the shortest text that reads back as the same
/// number, bytes are hexadecimal.
const OPTIONS: FormatOptions<'static> = FormatOptions::new()
    .with_display_error(false)
    .with_duration_format(DurationFormat::ISO8601);

/// One column of a batch as text.
pub struct TextColumn<'a> {
    formatter: ArrayFormatter<'a>,
    /// Of the values, not of the layout: a column of type null has no null buffer.
    nulls: Option<NullBuffer>,
}

impl<'a> TextColumn<'a> {
    pub fn all(batch: &'a RecordBatch) -> Result<Vec<Self>> {
        batch
            .columns()
            .iter()
            .map(|column| Self::new(column))
            .collect()
    }

    fn new(column: &'a dyn Array) -> Result<Self> {
        let formatter =
            ArrayFormatter::try_new(column, &OPTIONS).map_err(|error| cannot_print(&error))?;
        Ok(Self {
            formatter,
            nulls: column.logical_nulls(),
        })
    }

    /// `None` for null.
    pub fn text(&self, row: usize) -> Result<Option<String>> {
        if self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
            return Ok(None);
        }
        let text = self.formatter.value(row).try_to_string();
        text.map(Some).map_err(|error| cannot_print(&error))
    }
}

fn cannot_print(error: &ArrowError) -> QueryError {
    QueryError::usage(format!("cannot print a value: {error}"))
}
