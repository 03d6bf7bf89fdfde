//! Batches behind Arrow's C stream.

use crate::error::{Error, Result};
use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::{RecordBatch, RecordBatchReader};
use arrow_schema::{ArrowError, SchemaRef};
use std::panic::{AssertUnwindSafe, catch_unwind};

pub trait Batches {
    fn schema(&self) -> SchemaRef;
    /// Of the file that is read.
    fn path(&self) -> &str;
    fn next_batch(&mut self) -> Result<Option<RecordBatch>>;
}

/// The stream ends with the first error.
pub fn stream(batches: impl Batches + Send + 'static) -> FFI_ArrowArrayStream {
    FFI_ArrowArrayStream::new(Box::new(BatchStream {
        batches,
        failed: false,
    }))
}

struct BatchStream<B> {
    batches: B,
    failed: bool,
}

impl<B: Batches> Iterator for BatchStream<B> {
    type Item = std::result::Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        // This runs inside a C callback of the stream, so no panic may leave it.
        let next = catch_unwind(AssertUnwindSafe(|| self.batches.next_batch()));
        let next = next.unwrap_or_else(|_| {
            let path = self.batches.path();
            Err(Error::internal(format!("BUG: reading {path}")))
        });
        self.failed = next.is_err();
        next.map_err(stream_error).transpose()
    }
}

impl<B: Batches> RecordBatchReader for BatchStream<B> {
    fn schema(&self) -> SchemaRef {
        self.batches.schema()
    }
}

/// The C stream knows errno only: EIO for trouble with the store, EINVAL for damage.
fn stream_error(error: Error) -> ArrowError {
    match error.is_damage() {
        true => ArrowError::ParquetError(error.message),
        false => ArrowError::IoError(error.message.clone(), std::io::Error::other(error)),
    }
}
