//! Checksums of files: neither Parquet pages nor zstd frames, as arrow-rs writes them, have one.

use crate::error::{Error, Result};
use crate::store::Store;
use parquet::schema::types::SchemaDescriptor;
use std::hash::Hasher;
use twox_hash::XxHash64;

/// Tag of an `add` action: the checksum of the file. Key in the footer of a checkpoint: a `Seal`.
pub const CHECKSUM_KEY: &str = "avocet.xxh64";
const CHUNK_BYTES: usize = 4 << 20;

/// 16 hexadecimal digits.
pub fn checksum(data: &[u8]) -> String {
    format!("{:016x}", XxHash64::oneshot(0, data))
}

/// The checksum of the first `size` bytes of a file.
pub fn checksum_of_file(store: &dyn Store, path: &str, size: u64) -> Result<String> {
    let mut hasher = XxHash64::with_seed(0);
    let mut offset = 0;
    while offset < size {
        let len = (size - offset).min(CHUNK_BYTES as u64) as usize;
        let bytes = store.read(path, offset, len)?;
        if bytes.is_empty() {
            return Err(Error::corrupt(format!("{path} ends at {offset}")));
        }
        hasher.write(&bytes);
        offset += bytes.len() as u64;
    }
    Ok(format!("{:016x}", hasher.finish()))
}

/// What the footer of a checkpoint says about the rest of the file, and about the parts of the
/// footer that a reader would believe: `<checksum>@<bytes>,<rows>,<checksum of the columns>`.
#[derive(Debug, PartialEq, Eq)]
pub struct Seal {
    /// Of the bytes before the footer.
    pub checksum: String,
    pub num_bytes: u64,
    pub num_rows: usize,
    pub columns: String,
}

impl Seal {
    pub fn to_text(&self) -> String {
        format!(
            "{}@{},{},{}",
            self.checksum, self.num_bytes, self.num_rows, self.columns
        )
    }

    pub fn parse(text: &str) -> Option<Seal> {
        let (checksum, rest) = text.split_once('@')?;
        let [num_bytes, num_rows, columns] = rest.split(',').collect::<Vec<_>>().try_into().ok()?;
        Some(Seal {
            checksum: checksum.to_string(),
            num_bytes: num_bytes.parse().ok()?,
            num_rows: num_rows.parse().ok()?,
            columns: columns.to_string(),
        })
    }
}

/// A checksum of the names and types of all leaf columns.
pub fn columns_checksum(schema: &SchemaDescriptor) -> String {
    let columns = schema.columns().iter();
    let text: Vec<String> = columns
        .map(|c| format!("{}:{}", c.path().string(), c.physical_type()))
        .collect();
    checksum(text.join(",").as_bytes())
}
