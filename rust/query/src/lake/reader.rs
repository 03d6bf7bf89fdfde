//! Parquet readers whose errors name the file.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use datafusion::common::Result;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::ParquetFileReaderFactory;
use datafusion::datasource::physical_plan::parquet::CachedParquetFileReaderFactory;
use datafusion::parquet::arrow::arrow_reader::ArrowReaderOptions;
use datafusion::parquet::arrow::async_reader::AsyncFileReader;
use datafusion::parquet::errors::{ParquetError, Result as ParquetResult};
use datafusion::parquet::file::metadata::ParquetMetaData;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use futures::future::{BoxFuture, FutureExt, TryFutureExt};

use crate::error::{Kind, QueryError};
use crate::files::LakeFiles;

/// The file that each partition of a scan read last, relative to the lake root. Pages are decoded
/// after they were read, by code that does not know the file.
#[derive(Debug)]
pub struct OpenFiles {
    files: Arc<dyn LakeFiles>,
    last: Mutex<HashMap<usize, String>>,
}

impl OpenFiles {
    pub fn new(files: Arc<dyn LakeFiles>) -> Self {
        Self {
            files,
            last: Mutex::default(),
        }
    }

    /// The files in which damage may have been met.
    pub fn suspects(&self) -> Vec<String> {
        let files = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        files.values().cloned().collect()
    }

    fn note(&self, partition: usize, file: &str) {
        let mut files = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        files.insert(partition, file.to_string());
    }
}

#[derive(Debug)]
pub struct NamingReaderFactory {
    pub inner: CachedParquetFileReaderFactory,
    pub open_files: Arc<OpenFiles>,
}

impl ParquetFileReaderFactory for NamingReaderFactory {
    fn create_reader(
        &self,
        partition_index: usize,
        file: PartitionedFile,
        metadata_size_hint: Option<usize>,
        metrics: &ExecutionPlanMetricsSet,
    ) -> Result<Box<dyn AsyncFileReader + Send>> {
        let name = file.path().to_string();
        let inner = self
            .inner
            .create_reader(partition_index, file, metadata_size_hint, metrics)?;
        let open_files = Arc::clone(&self.open_files);
        Ok(Box::new(NamingReader {
            inner,
            file: name,
            partition_index,
            open_files,
        }))
    }
}

struct NamingReader {
    inner: Box<dyn AsyncFileReader + Send>,
    file: String,
    partition_index: usize,
    open_files: Arc<OpenFiles>,
}

impl NamingReader {
    fn name_errors<'a, T>(
        open_files: &'a OpenFiles,
        file: &'a str,
        result: BoxFuture<'a, ParquetResult<T>>,
    ) -> BoxFuture<'a, ParquetResult<T>>
    where
        T: Send + 'a,
    {
        let named = |error| file_error(open_files.files.as_ref(), file, &error);
        result
            .map_err(move |error| ParquetError::External(Box::new(named(error))))
            .boxed()
    }
}

impl AsyncFileReader for NamingReader {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, ParquetResult<Bytes>> {
        self.open_files.note(self.partition_index, &self.file);
        Self::name_errors(&self.open_files, &self.file, self.inner.get_bytes(range))
    }

    fn get_byte_ranges(
        &mut self,
        ranges: Vec<Range<u64>>,
    ) -> BoxFuture<'_, ParquetResult<Vec<Bytes>>> {
        self.open_files.note(self.partition_index, &self.file);
        Self::name_errors(
            &self.open_files,
            &self.file,
            self.inner.get_byte_ranges(ranges),
        )
    }

    fn get_metadata<'a>(
        &'a mut self,
        options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, ParquetResult<Arc<ParquetMetaData>>> {
        Self::name_errors(
            &self.open_files,
            &self.file,
            self.inner.get_metadata(options),
        )
    }
}

/// Tells a missing file and an operating system that refuses to read from damage. Looks at the
/// file itself, since the libraries keep only the text of such errors.
pub fn file_error(files: &dyn LakeFiles, file: &str, error: &dyn std::fmt::Display) -> QueryError {
    match files.check(file) {
        Err(io) if io.kind() == std::io::ErrorKind::NotFound => {
            QueryError::data(format!("data file {file} is missing"))
        }
        Err(io) => QueryError::new(Kind::Io, format!("cannot read {file}: {io}")),
        Ok(_) => QueryError::data(format!("data file {file} is damaged: {error}")),
    }
}
