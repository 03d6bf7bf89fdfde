//! Printing results.

pub mod cell;
pub mod csv;
pub mod json;
pub mod parquet;
pub mod plan;
pub mod shape;
pub mod table;
pub mod target;

use std::io::Write;
use std::str::FromStr;

use datafusion::arrow::array::RecordBatch;

use crate::error::{QueryError, Result};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Table,
    Csv,
    Json,
    Parquet,
}

impl FromStr for Format {
    type Err = QueryError;

    fn from_str(name: &str) -> Result<Self> {
        match name {
            "table" => Ok(Self::Table),
            "csv" => Ok(Self::Csv),
            "json" => Ok(Self::Json),
            "parquet" => Ok(Self::Parquet),
            _ => Err(QueryError::usage("expected table, csv, json or parquet")),
        }
    }
}

/// Writes the rows of one result. Nothing is complete before `finish`.
pub trait RowWriter {
    fn write(&mut self, batch: &RecordBatch) -> Result<()>;
    /// `more`: the result has more rows than were written.
    fn finish(self: Box<Self>, more: bool) -> Result<()>;
}

pub type Output = Box<dyn Write + Send>;

pub fn write_all(output: &mut Output, bytes: &[u8]) -> Result<()> {
    output
        .write_all(bytes)
        .map_err(|error| QueryError::io("write the output", &error))
}

pub fn flush(output: &mut Output) -> Result<()> {
    output
        .flush()
        .map_err(|error| QueryError::io("write the output", &error))
}
