//! Deletes data files that no version within the retention refers to.

use crate::error::{Code, Error, Result};
use crate::files::FileSet;
use crate::paths;
use crate::store::FileInfo;
use crate::table::Table;
use std::collections::HashSet;

impl Table {
    /// Files, with paths relative to the table, that were or (dry run) would be deleted.
    pub fn vacuum(&self, retention_ms: i64, now_ms: i64, dry_run: bool) -> Result<Vec<FileInfo>> {
        if retention_ms < 0 {
            return Err(Error::invalid("retention_ms is negative"));
        }
        let limit_ms = now_ms.saturating_sub(retention_ms);
        // Listed before the log is read: a file that is written and committed in between is kept.
        let listed = self.store().list(self.base(), None)?;
        self.refresh()?;
        self.lock()?.state.check_write()?;
        let files = self.files()?;
        let kept = referenced(&files, limit_ms)?;
        let mut deleted = Vec::new();
        for file in listed {
            let Some(path) = file.path.strip_prefix(self.base()) else {
                continue;
            };
            let path = path.trim_start_matches('/');
            if is_hidden(path) || kept.contains(path) || file.modified_ms >= limit_ms {
                continue;
            }
            if !dry_run {
                match self.store().remove(&file.path) {
                    Ok(()) => {}
                    Err(e) if e.code == Code::NotFound => continue,
                    Err(e) => return Err(e),
                }
            }
            deleted.push(FileInfo {
                path: path.to_string(),
                ..file
            });
        }
        deleted.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(deleted)
    }
}

/// `_delta_log`, `_change_data` and whatever else is not a data file. Partition folders count as
/// data even when the name of their column starts with '_'.
fn is_hidden(path: &str) -> bool {
    path.split('/')
        .any(|part| part.starts_with(['_', '.']) && !part.contains('='))
}

fn referenced(files: &FileSet, limit_ms: i64) -> Result<HashSet<String>> {
    // The vectors lie in files of their own, which this version of avocet cannot tell from waste.
    if files.has_deletion_vectors() {
        return Err(Error::unsupported(
            "cannot vacuum: feature deletionVectors in use",
        ));
    }
    let young = files
        .tombstones
        .iter()
        .filter(|(_, remove)| remove.deletion_timestamp.unwrap_or(0) >= limit_ms);
    let kept: HashSet<String> = files
        .active
        .keys()
        .chain(young.map(|(path, _)| path))
        .cloned()
        .collect();
    match kept.iter().find(|path| paths::is_absolute(path)) {
        Some(path) => Err(Error::unsupported(format!(
            "cannot vacuum: {path} is no relative path"
        ))),
        None => Ok(kept),
    }
}
