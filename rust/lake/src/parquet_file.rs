//! A Parquet file in a store: its footer, and the column chunks of one row group at a time.

use crate::error::{Code, Error, Result};
use crate::store::Store;
use bytes::{Buf, Bytes};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
    ParquetRecordBatchReaderBuilder,
};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};
use parquet::file::reader::{ChunkReader, Length};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// One read gets the footer of nearly every file.
const TAIL_BYTES: u64 = 64 * 1024;
/// From an object store, one read gets nearly every file that a single commit has written.
const REMOTE_TAIL_BYTES: u64 = 4 * 1024 * 1024;
/// Ranges closer than this are read together.
const MAX_GAP_BYTES: u64 = 64 * 1024;

pub struct ParquetFile {
    store: Arc<dyn Store>,
    pub path: String,
    pub size: u64,
    pub metadata: ArrowReaderMetadata,
    /// The end of the file, or all of it.
    tail: Pieces,
}

/// Byte ranges of a file in memory, by ascending start.
#[derive(Clone)]
struct Pieces {
    len: u64,
    pieces: Vec<(u64, Bytes)>,
}

impl Pieces {
    fn find(&self, start: u64, len: u64) -> Option<Bytes> {
        let index = self
            .pieces
            .partition_point(|(at, _)| *at <= start)
            .checked_sub(1)?;
        let (at, bytes) = &self.pieces[index];
        let (from, to) = (start - at, (start - at).checked_add(len)?);
        if to > bytes.len() as u64 {
            return None;
        }
        Some(bytes.slice(usize::try_from(from).ok()?..usize::try_from(to).ok()?))
    }
}

impl Length for Pieces {
    fn len(&self) -> u64 {
        self.len
    }
}

impl ChunkReader for Pieces {
    type T = bytes::buf::Reader<Bytes>;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Self::T> {
        let index = self
            .pieces
            .partition_point(|(at, _)| *at <= start)
            .checked_sub(1);
        let rest = index.and_then(|i| {
            let (at, bytes) = &self.pieces[i];
            let from = usize::try_from(start - at).ok()?;
            (from <= bytes.len()).then(|| bytes.slice(from..))
        });
        let outside =
            || ParquetError::EOF(format!("offset {start} is outside of the column chunk"));
        rest.map(Buf::reader).ok_or_else(outside)
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        self.find(start, length as u64).ok_or_else(|| {
            ParquetError::EOF(format!(
                "range {start}+{length} is outside of the column chunk"
            ))
        })
    }
}

/// Reads the footer from `tail`, and from the store what does not fit into it.
struct FooterReader<'a> {
    store: &'a dyn Store,
    path: &'a str,
    tail: &'a Pieces,
}

impl Length for FooterReader<'_> {
    fn len(&self) -> u64 {
        self.tail.len
    }
}

impl ChunkReader for FooterReader<'_> {
    type T = bytes::buf::Reader<Bytes>;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Self::T> {
        let len = self.tail.len.saturating_sub(start);
        Ok(self.get_bytes(start, usize::try_from(len)?)?.reader())
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        if let Some(bytes) = self.tail.find(start, length as u64) {
            return Ok(bytes);
        }
        let bytes = self
            .store
            .read(self.path, start, length)
            .map_err(|e| ParquetError::External(Box::new(e)))?;
        match bytes.len() == length {
            true => Ok(bytes),
            false => Err(ParquetError::EOF(format!(
                "the file ends before {start}+{length}"
            ))),
        }
    }
}

/// Runs a decoder of outside bytes; its panic is damage of `path`, not a bug of the caller.
pub fn decode<T>(path: &str, f: impl FnOnce() -> Result<T>) -> Result<T> {
    match catch_unwind(AssertUnwindSafe(f)) {
        Ok(result) => result,
        Err(_) => Err(Error::corrupt(format!(
            "cannot read {path}: the decoder gave up"
        ))),
    }
}

impl ParquetFile {
    pub fn open(store: &Arc<dyn Store>, path: &str) -> Result<ParquetFile> {
        let size = store.stat(path)?.size;
        let tail_len = size.min(match store.is_remote() {
            true => REMOTE_TAIL_BYTES,
            false => TAIL_BYTES,
        });
        let start = size - tail_len;
        let len = usize::try_from(tail_len)
            .map_err(|_| Error::invalid(format!("cannot read {path}: too large for memory")))?;
        let bytes = store.read(path, start, len)?;
        if bytes.len() != len {
            return Err(Error::new(
                Code::Corrupt,
                format!("cannot read {path}: it shrank"),
            ));
        }
        ParquetFile::parse(
            store,
            path,
            size,
            Pieces {
                len: size,
                pieces: vec![(start, bytes)],
            },
        )
    }

    fn parse(store: &Arc<dyn Store>, path: &str, size: u64, tail: Pieces) -> Result<ParquetFile> {
        let metadata = decode(path, || {
            let input = FooterReader {
                store: store.as_ref(),
                path,
                tail: &tail,
            };
            let footer = ParquetMetaDataReader::new()
                .parse_and_finish(&input)
                .map_err(|e| Error::from_parquet_read(path, e))?;
            let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
            ArrowReaderMetadata::try_new(Arc::new(footer), options)
                .map_err(|e| Error::from_parquet_read(path, e))
        })?;
        Ok(ParquetFile {
            store: store.clone(),
            path: path.to_string(),
            size,
            metadata,
            tail,
        })
    }

    pub fn footer(&self) -> &ParquetMetaData {
        self.metadata.metadata()
    }

    pub fn num_row_groups(&self) -> usize {
        self.footer().num_row_groups()
    }

    /// Fetches the projected column chunks of a row group and gives a reader over them.
    pub fn read_row_group(
        &self,
        index: usize,
        mask: &ProjectionMask,
        batch_rows: usize,
    ) -> Result<ParquetRecordBatchReader> {
        let input = self.fetch(index, mask)?;
        decode(&self.path, || {
            ParquetRecordBatchReaderBuilder::new_with_metadata(input, self.metadata.clone())
                .with_projection(mask.clone())
                .with_row_groups(vec![index])
                .with_batch_size(batch_rows)
                .build()
                .map_err(|e| Error::from_parquet_read(&self.path, e))
        })
    }

    fn fetch(&self, index: usize, mask: &ProjectionMask) -> Result<Pieces> {
        let row_group = self.footer().row_group(index);
        let mut ranges = Vec::new();
        for (leaf, column) in row_group.columns().iter().enumerate() {
            if !mask.leaf_included(leaf) {
                continue;
            }
            let first = column
                .dictionary_page_offset()
                .unwrap_or(column.data_page_offset());
            let start = u64::try_from(first.min(column.data_page_offset()));
            let len = u64::try_from(column.compressed_size());
            match (start, len) {
                (Ok(start), Ok(len)) if start.saturating_add(len) <= self.size => {
                    ranges.push((start, start + len));
                }
                _ => {
                    let message = format!(
                        "cannot read {}: row group {index} lies outside of the file",
                        self.path
                    );
                    return Err(Error::corrupt(message));
                }
            }
        }
        ranges.sort_unstable();
        let mut merged: Vec<(u64, u64)> = Vec::new();
        for (start, end) in ranges {
            match merged.last_mut() {
                Some(last) if start <= last.1 + MAX_GAP_BYTES => last.1 = last.1.max(end),
                _ => merged.push((start, end)),
            }
        }
        let mut pieces = Vec::with_capacity(merged.len());
        for (start, end) in merged {
            pieces.push((start, self.read_range(start, end - start)?));
        }
        Ok(Pieces {
            len: self.size,
            pieces,
        })
    }

    fn read_range(&self, start: u64, len: u64) -> Result<Bytes> {
        if let Some(bytes) = self.tail.find(start, len) {
            return Ok(bytes);
        }
        let len = usize::try_from(len)
            .map_err(|_| Error::invalid(format!("cannot read {}: too large", self.path)))?;
        let bytes = self.store.read(&self.path, start, len)?;
        match bytes.len() == len {
            true => Ok(bytes),
            false => Err(Error::corrupt(format!(
                "cannot read {}: it shrank",
                self.path
            ))),
        }
    }
}
