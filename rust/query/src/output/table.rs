//! An aligned table for people.

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::cell::TextColumn;
use super::{Output, RowWriter, flush, write_all};
use crate::error::Result;
use crate::text::escape_control;

/// Holds all rows until the end, since the widest value decides the width of a column.
pub struct TableWriter {
    output: Output,
    schema: SchemaRef,
    rows: Vec<Vec<String>>,
    /// Longer values are cut; only for terminals.
    cell_width_max: Option<usize>,
}

impl TableWriter {
    pub fn start(schema: SchemaRef, cell_width_max: Option<usize>, output: Output) -> Self {
        Self {
            output,
            schema,
            rows: Vec::new(),
            cell_width_max,
        }
    }

    fn header(&self) -> Vec<String> {
        let fields = self.schema.fields().iter();
        fields
            .map(|field| escape_control(field.name()).into_owned())
            .collect()
    }

    fn render(&self, more: bool) -> String {
        let header = self.header();
        let mut widths: Vec<usize> = header.iter().map(|name| name.width()).collect();
        for row in &self.rows {
            for (width, value) in widths.iter_mut().zip(row) {
                *width = value.width().max(*width);
            }
        }
        let is_number: Vec<bool> = self
            .schema
            .fields()
            .iter()
            .map(|field| field.data_type().is_numeric())
            .collect();
        let mut text = String::new();
        if !header.is_empty() {
            push_rule(&mut text, &widths, ["┌", "┬", "┐"]);
            push_row(&mut text, &header, &widths, &is_number);
            push_rule(&mut text, &widths, ["├", "┼", "┤"]);
            for row in &self.rows {
                push_row(&mut text, row, &widths, &is_number);
            }
            push_rule(&mut text, &widths, ["└", "┴", "┘"]);
        }
        text.push_str(&self.footer(more));
        text
    }

    fn footer(&self, more: bool) -> String {
        let num_rows = self.rows.len();
        let noun = if num_rows == 1 { "row" } else { "rows" };
        match more {
            true => format!("{num_rows} {noun} shown, ... more rows (--max-rows 0 shows all)\n"),
            false => format!("{num_rows} {noun}\n"),
        }
    }
}

impl RowWriter for TableWriter {
    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let columns = TextColumn::all(batch)?;
        for row in 0..batch.num_rows() {
            let mut cells = Vec::with_capacity(columns.len());
            for column in &columns {
                cells.push(match column.text(row)? {
                    None => "NULL".to_string(),
                    Some(value) => cut(&escape_control(&value), self.cell_width_max),
                });
            }
            self.rows.push(cells);
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>, more: bool) -> Result<()> {
        let text = self.render(more);
        write_all(&mut self.output, text.as_bytes())?;
        flush(&mut self.output)
    }
}

fn push_rule(text: &mut String, widths: &[usize], [left, middle, right]: [&str; 3]) {
    let columns: Vec<String> = widths.iter().map(|width| "─".repeat(width + 2)).collect();
    text.push_str(left);
    text.push_str(&columns.join(middle));
    text.push_str(right);
    text.push('\n');
}

fn push_row(text: &mut String, cells: &[String], widths: &[usize], is_number: &[bool]) {
    for ((value, width), is_number) in cells.iter().zip(widths).zip(is_number) {
        let padding = " ".repeat(width - value.width());
        match is_number {
            true => text.push_str(&format!("│ {padding}{value} ")),
            false => text.push_str(&format!("│ {value}{padding} ")),
        }
    }
    text.push_str("│\n");
}

fn cut(value: &str, width_max: Option<usize>) -> String {
    let Some(width_max) = width_max.filter(|max| value.width() > *max) else {
        return value.to_string();
    };
    let mut shown = String::new();
    let mut width = 1;
    for c in value.chars() {
        width += c.width().unwrap_or(0);
        if width > width_max {
            break;
        }
        shown.push(c);
    }
    shown.push('…');
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cut_values_keep_within_the_width() {
        assert_eq!(cut("abcdef", None), "abcdef");
        assert_eq!(cut("abcdef", Some(6)), "abcdef");
        assert_eq!(cut("abcdef", Some(4)), "abc…");
        assert_eq!(cut("温度温度", Some(6)), "温度…");
    }
}
