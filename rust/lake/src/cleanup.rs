//! Removes log entries and checkpoints that no version worth reading needs.

use crate::checkpoint_read::read_checkpoint;
use crate::error::{Code, Error, Result};
use crate::files::FileSet;
use crate::log::Checkpoint;
use crate::paths::{self, LogFile};
use crate::replay::Sink;
use crate::store::FileInfo;
use crate::table::Table;

impl Table {
    /// Paths, relative to the table, that were or (dry run) would be removed.
    pub fn cleanup_log(
        &self,
        retention_ms: i64,
        keep_from_version: i64,
        now_ms: i64,
        dry_run: bool,
    ) -> Result<Vec<String>> {
        if retention_ms < 0 {
            return Err(Error::invalid("retention_ms is negative"));
        }
        self.lock()?.state.check_write()?;
        let log = self.log();
        let listing = log.list()?;
        let Some(newest) = listing.checkpoints.last() else {
            return Ok(vec![]);
        };
        let keep_from = newest.version.min(keep_from_version);
        let Some(base) = listing
            .checkpoints
            .iter()
            .rev()
            .find(|c| c.version <= keep_from)
        else {
            return Ok(vec![]);
        };
        // What a checkpoint replaces may only go when it can be read to its end.
        for checkpoint in [newest, base] {
            self.verify(checkpoint)?;
        }
        let limit_ms = now_ms.saturating_sub(retention_ms);
        let mut old: Vec<&(LogFile, FileInfo)> = listing
            .files
            .iter()
            .filter(|(kind, _)| kind.version() < base.version)
            .collect();
        // In order of versions, entries before checkpoints: a crash leaves no hole in what is left.
        let is_commit = |kind: &LogFile| matches!(kind, LogFile::Commit(_));
        old.sort_by_key(|(kind, _)| (kind.version(), !is_commit(kind)));
        let mut removed = Vec::new();
        for (_, file) in old
            .iter()
            .take_while(|(_, file)| file.modified_ms < limit_ms)
        {
            if !dry_run {
                match self.store().remove(&file.path) {
                    Ok(()) => {}
                    Err(e) if e.code == Code::NotFound => continue,
                    Err(e) => return Err(e),
                }
            }
            let name = file.path.strip_prefix(&log.dir).unwrap_or(&file.path);
            removed.push(paths::join("_delta_log", name.trim_start_matches('/')));
        }
        Ok(removed)
    }

    fn verify(&self, checkpoint: &Checkpoint) -> Result<()> {
        let mut files = FileSet::default();
        read_checkpoint(self.log(), checkpoint, &mut files)?;
        files.check()
    }
}
