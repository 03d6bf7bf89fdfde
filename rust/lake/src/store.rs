//! The seam to the outside: whole files, byte ranges, listings and durable puts.

use crate::error::{Code, Error, Result};
use bytes::Bytes;

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

    /// Whether a request is so dear that a whole file beats several ranges of it.
    fn prefers_whole_files(&self) -> bool {
        false
    }

    /// Whether a file that can be read is durable as well. A local file can be linked into place
    /// while the sync of its directory has not happened.
    fn visible_is_durable(&self) -> bool {
        false
    }

    fn read_all(&self, path: &str) -> Result<Bytes> {
        let info = self.stat(path)?;
        let len = usize::try_from(info.size)
            .map_err(|_| Error::invalid(format!("cannot read {path}: too large for memory")))?;
        self.read(path, 0, len)
    }

    fn exists(&self, path: &str) -> Result<bool> {
        match self.stat(path) {
            Ok(_) => Ok(true),
            Err(e) if e.code == Code::NotFound => Ok(false),
            Err(e) => Err(e),
        }
    }
}
