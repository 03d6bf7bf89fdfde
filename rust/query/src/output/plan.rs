//! EXPLAIN: plans are lines of text, which a box would only obscure.

use datafusion::arrow::array::RecordBatch;

use super::cell::TextColumn;
use super::{Output, RowWriter, flush, write_all};
use crate::error::Result;

pub struct PlanWriter {
    output: Output,
}

impl PlanWriter {
    pub fn start(output: Output) -> Self {
        Self { output }
    }
}

impl RowWriter for PlanWriter {
    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let columns = TextColumn::all(batch)?;
        for row in 0..batch.num_rows() {
            for column in &columns {
                let text = column.text(row)?.unwrap_or_default();
                write_all(
                    &mut self.output,
                    format!("{}\n", text.trim_end()).as_bytes(),
                )?;
            }
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>, _more: bool) -> Result<()> {
        flush(&mut self.output)
    }
}
