//! The files of a lake, wherever they are.

use std::fmt::Debug;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use datafusion::object_store::ObjectStore;
use datafusion::object_store::local::LocalFileSystem;

/// Paths are below the lake's root, with slashes between their parts. Calls may block.
pub trait LakeFiles: Debug + Send + Sync {
    /// The place of a path, for people.
    fn shown(&self, path: &str) -> String;
    /// Names of the folders in a folder; those that are not UTF-8 are left out.
    fn folders(&self, dir: &str) -> io::Result<Vec<String>>;
    /// Names of the files in a folder; those that are not UTF-8 are left out.
    fn files(&self, dir: &str) -> io::Result<Vec<String>>;
    fn read(&self, path: &str) -> io::Result<Bytes>;
    /// Fails when the file cannot be read at all.
    fn check(&self, path: &str) -> io::Result<()>;
    /// The same files for scans.
    fn store(&self) -> datafusion::object_store::Result<Arc<dyn ObjectStore>>;
    /// Where the lake is on this machine, absolute and without symbolic links.
    fn local_root(&self) -> Option<&Path>;
}

/// A lake in a folder.
#[derive(Debug)]
pub struct FolderFiles {
    root: PathBuf,
}

impl FolderFiles {
    pub fn open(root: &Path) -> io::Result<Self> {
        let root = fs::canonicalize(root)?;
        match root.is_dir() {
            true => Ok(Self { root }),
            false => Err(io::Error::other("it is not a folder")),
        }
    }

    fn names(&self, dir: &str, wanted: fn(&Path) -> bool) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(self.root.join(dir))? {
            let entry = entry?;
            match entry.file_name().into_string() {
                Ok(name) if wanted(&entry.path()) => names.push(name),
                _ => {}
            }
        }
        Ok(names)
    }
}

impl LakeFiles for FolderFiles {
    fn shown(&self, path: &str) -> String {
        self.root.join(path).display().to_string()
    }

    fn folders(&self, dir: &str) -> io::Result<Vec<String>> {
        self.names(dir, Path::is_dir)
    }

    fn files(&self, dir: &str) -> io::Result<Vec<String>> {
        self.names(dir, |_| true)
    }

    fn read(&self, path: &str) -> io::Result<Bytes> {
        fs::read(self.root.join(path)).map(Bytes::from)
    }

    fn check(&self, path: &str) -> io::Result<()> {
        File::open(self.root.join(path)).map(drop)
    }

    fn store(&self) -> datafusion::object_store::Result<Arc<dyn ObjectStore>> {
        Ok(Arc::new(LocalFileSystem::new_with_prefix(&self.root)?))
    }

    fn local_root(&self) -> Option<&Path> {
        Some(&self.root)
    }
}
