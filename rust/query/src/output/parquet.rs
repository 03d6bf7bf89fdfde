//! The result as a Parquet file.

use std::error::Error;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::basic::{Compression, ZstdLevel};
use datafusion::parquet::errors::ParquetError;
use datafusion::parquet::file::properties::WriterProperties;

use super::{Output, RowWriter, flush};
use crate::error::{QueryError, Result};

pub struct ParquetWriter {
    writer: ArrowWriter<Output>,
}

impl ParquetWriter {
    pub fn start(schema: SchemaRef, output: Output) -> Result<Self> {
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .build();
        let writer =
            ArrowWriter::try_new(output, schema, Some(properties)).map_err(|e| cannot_write(&e))?;
        Ok(Self { writer })
    }
}

impl RowWriter for ParquetWriter {
    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        self.writer
            .write(batch)
            .map_err(|error| cannot_write(&error))
    }

    fn finish(self: Box<Self>, _more: bool) -> Result<()> {
        let mut output = self
            .writer
            .into_inner()
            .map_err(|error| cannot_write(&error))?;
        flush(&mut output)
    }
}

fn cannot_write(error: &ParquetError) -> QueryError {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(io) = error.downcast_ref::<std::io::Error>() {
            return QueryError::io("write the output", io);
        }
        cause = error.source();
    }
    QueryError::usage(format!("cannot write Parquet: {error}"))
}
