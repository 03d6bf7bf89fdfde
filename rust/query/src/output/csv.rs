//! CSV after RFC 4180, with a header and `\n` line ends.

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::Schema;

use super::cell::TextColumn;
use super::{Output, RowWriter, flush, write_all};
use crate::error::Result;

pub struct CsvWriter {
    output: Output,
}

impl CsvWriter {
    pub fn start(schema: &Schema, mut output: Output) -> Result<Self> {
        let mut line = String::new();
        for field in schema.fields() {
            push_field(&mut line, field.name());
        }
        end_line(&mut line);
        write_all(&mut output, line.as_bytes())?;
        Ok(Self { output })
    }
}

impl RowWriter for CsvWriter {
    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let columns = TextColumn::all(batch)?;
        let mut text = String::new();
        for row in 0..batch.num_rows() {
            for column in &columns {
                match column.text(row)? {
                    None => text.push(','),
                    Some(value) => push_field(&mut text, &value),
                }
            }
            end_line(&mut text);
        }
        write_all(&mut self.output, text.as_bytes())
    }

    fn finish(mut self: Box<Self>, _more: bool) -> Result<()> {
        flush(&mut self.output)
    }
}

/// Null is nothing at all, so the empty string is quoted.
fn push_field(line: &mut String, value: &str) {
    if value.is_empty() || value.contains(['"', ',', '\n', '\r']) {
        line.push('"');
        line.push_str(&value.replace('"', "\"\""));
        line.push('"');
    } else {
        line.push_str(value);
    }
    line.push(',');
}

/// Turns the comma after the last field into the end of the line.
fn end_line(text: &mut String) {
    if text.ends_with(',') {
        text.pop();
    }
    text.push('\n');
}
