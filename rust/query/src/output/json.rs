//! JSON, one object per line.

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::json::WriterBuilder;
use datafusion::arrow::json::writer::LineDelimited;

use super::{Output, RowWriter, flush, write_all};
use crate::error::{QueryError, Result};

pub struct JsonWriter {
    output: Output,
}

impl JsonWriter {
    pub fn start(output: Output) -> Self {
        Self { output }
    }
}

impl RowWriter for JsonWriter {
    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let mut lines = Vec::new();
        let builder = WriterBuilder::new().with_explicit_nulls(true);
        let mut writer = builder.build::<_, LineDelimited>(&mut lines);
        writer
            .write(batch)
            .and_then(|()| writer.finish())
            .map_err(|error| QueryError::usage(format!("cannot write JSON: {error}")))?;
        write_all(&mut self.output, &lines)
    }

    fn finish(mut self: Box<Self>, _more: bool) -> Result<()> {
        flush(&mut self.output)
    }
}
