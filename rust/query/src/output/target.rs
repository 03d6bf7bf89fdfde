//! Where the output goes: standard output, or a file that appears only when it is complete.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::{Format, Output};
use crate::error::{QueryError, Result};

/// The unfinished file, for the exits that run no destructors.
static UNFINISHED: Mutex<Option<PathBuf>> = Mutex::new(None);

/// Removes the unfinished output file, if there is one.
pub fn discard_unfinished() {
    if let Some(path) = UNFINISHED
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take()
    {
        // Best effort: the program is about to report the error that brought it here.
        let _ = fs::remove_file(path);
    }
}

#[derive(Debug)]
pub enum Target {
    Stdout,
    /// Something that is not a regular file, such as a pipe; it is written in place.
    Device(PathBuf),
    File {
        path: PathBuf,
        unfinished: PathBuf,
    },
}

impl Target {
    /// Refuses targets inside the lake, which this program never changes.
    pub fn new(output: Option<&Path>, format: Format, lake_root: Option<&Path>) -> Result<Self> {
        let Some(path) = output else {
            if format == Format::Parquet && io::stdout().is_terminal() {
                return Err(QueryError::usage(
                    "refusing to write Parquet to a terminal; use -o",
                ));
            }
            return Ok(Self::Stdout);
        };
        let fail = |error| QueryError::io(&format!("write {}", path.display()), &error);
        let parent = match path.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        let parent = parent.canonicalize().map_err(fail)?;
        let resolved = path.canonicalize().unwrap_or_else(|_| parent.clone());
        if lake_root.is_some_and(|root| parent.starts_with(root) || resolved.starts_with(root)) {
            return Err(QueryError::usage(format!(
                "output {} is in the lake",
                path.display()
            )));
        }
        let Some(name) = path.file_name() else {
            return Err(QueryError::usage(format!(
                "output {} is a folder",
                path.display()
            )));
        };
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => Err(QueryError::usage(format!(
                "output {} is a folder",
                path.display()
            ))),
            Ok(metadata) if !metadata.is_file() => Ok(Self::Device(path.to_path_buf())),
            _ => {
                let unfinished = format!(
                    ".{}.{}.unfinished",
                    name.to_string_lossy(),
                    std::process::id()
                );
                let unfinished = parent.join(unfinished);
                Ok(Self::File {
                    path: parent.join(name),
                    unfinished,
                })
            }
        }
    }

    pub fn is_terminal(&self) -> bool {
        matches!(self, Self::Stdout) && io::stdout().is_terminal()
    }

    pub fn open(&self) -> Result<Output> {
        let open = |path: &Path, options: &OpenOptions| {
            let file = options.open(path);
            file.map_err(|error| QueryError::io(&format!("write {}", path.display()), &error))
        };
        let file: File = match self {
            Self::Stdout => return Ok(Box::new(BufWriter::new(io::stdout()))),
            Self::Device(path) => open(path, OpenOptions::new().write(true))?,
            Self::File { unfinished, .. } => {
                let file = open(unfinished, OpenOptions::new().write(true).create_new(true))?;
                let mut slot = UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner);
                *slot = Some(unfinished.clone());
                file
            }
        };
        Ok(Box::new(BufWriter::new(file)))
    }

    /// Makes a complete file appear under its name.
    pub fn commit(&self) -> Result<()> {
        let Self::File { path, unfinished } = self else {
            return Ok(());
        };
        let fail = |error| QueryError::io(&format!("write {}", path.display()), &error);
        File::open(unfinished)
            .and_then(|file| file.sync_all())
            .map_err(fail)?;
        fs::rename(unfinished, path).map_err(fail)?;
        *UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner) = None;
        Ok(())
    }
}
