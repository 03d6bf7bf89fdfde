//! The seam to the outside: whole files, byte ranges, listings and durable puts.

use crate::error::{Code, Error, Result};
use bytes::Bytes;

/// What one request for a file of unknown size asks for: enough for most log entries.
const FIRST_READ_BYTES: usize = 256 << 10;
const MOST_READ_BYTES: usize = 16 << 20;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileInfo {
    /// Relative to the lake root, percent-decoded.
    pub path: String,
    pub size: u64,
    pub modified_ms: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// Fails with `AlreadyExists`, without a change, when the path exists.
    CreateNew,
    Overwrite,
}

/// A file store. Paths are relative to the lake root, never absolute, never with "..".
pub trait Store: Send + Sync {
    /// Reads up to `len` bytes at `offset`; fewer only at the end of the file.
    fn read(&self, path: &str, offset: u64, len: usize) -> Result<Bytes>;

    fn stat(&self, path: &str) -> Result<FileInfo>;

    /// All files below `dir`, recursively, in no particular order. A store that can do so cheaply
    /// leaves out names that sort before `from` (a full path).
    fn list(&self, dir: &str, from: Option<&str>) -> Result<Vec<FileInfo>>;

    /// Durable when it returns `Ok`.
    fn put(&self, path: &str, data: &[u8], mode: Put) -> Result<()>;

    fn remove(&self, path: &str) -> Result<()>;

    /// Whether this is an object store. There a request is so dear that one large one beats several
    /// small ones, and a file that can be read is durable as well: a local file can be linked into
    /// place while the sync of its directory has not happened.
    fn is_remote(&self) -> bool {
        false
    }

    fn read_all(&self, path: &str) -> Result<Bytes> {
        if self.is_remote() {
            return self.read_to_end(path);
        }
        let info = self.stat(path)?;
        let len = usize::try_from(info.size)
            .map_err(|_| Error::invalid(format!("cannot read {path}: too large for memory")))?;
        self.read(path, 0, len)
    }

    /// As `read_all`, without asking for the size first.
    fn read_to_end(&self, path: &str) -> Result<Bytes> {
        let mut all = Vec::new();
        let mut chunk = FIRST_READ_BYTES;
        loop {
            let bytes = self.read(path, all.len() as u64, chunk)?;
            let at_end = bytes.len() < chunk;
            if at_end && all.is_empty() {
                return Ok(bytes);
            }
            all.extend_from_slice(&bytes);
            if at_end {
                return Ok(all.into());
            }
            chunk = MOST_READ_BYTES.min(chunk * 4);
        }
    }

    fn exists(&self, path: &str) -> Result<bool> {
        match self.stat(path) {
            Ok(_) => Ok(true),
            Err(e) if e.code == Code::NotFound => Ok(false),
            Err(e) => Err(e),
        }
    }
}
