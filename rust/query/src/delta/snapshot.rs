//! The newest version of a table: its schema and its active files.

use std::collections::HashMap;

use super::action::{Action, Add, DeletionVector, Metadata, Protocol};
use super::log_file::{read_actions, sidecar_path};
use super::log_listing::{LogListing, Segment};
use super::protocol::{check_file_readable, check_readable};
use crate::error::{Kind, QueryError, Result};
use crate::files::LakeFiles;

/// A writer may clean up the log between our listing and our reading.
const ATTEMPTS: usize = 3;

#[derive(Debug)]
pub struct Snapshot {
    pub metadata: Metadata,
    /// Sorted by path.
    pub files: Vec<Add>,
}

impl Snapshot {
    /// Reads the newest version of the table in `table_dir`, below the lake's root.
    pub fn open(files: &dyn LakeFiles, table_dir: &str) -> Result<Self> {
        let log_dir = format!("{table_dir}/_delta_log");
        let mut result = Self::open_once(files, &log_dir);
        for _ in 1..ATTEMPTS {
            match &result {
                Err(error) if error.kind == Kind::Data => result = Self::open_once(files, &log_dir),
                _ => break,
            }
        }
        result
    }

    /// Falls back from a damaged checkpoint to an older one or to the commits alone; the error
    /// of the newest is the one that counts.
    fn open_once(files: &dyn LakeFiles, log_dir: &str) -> Result<Self> {
        let mut first_error = None;
        for segment in LogListing::read(files, log_dir)?.segments()? {
            match Self::replay(files, log_dir, &segment) {
                Ok(snapshot) => return Ok(snapshot),
                Err(error) => first_error = first_error.or(Some(error)),
            }
        }
        Err(first_error.unwrap_or_else(|| QueryError::data("_delta_log holds no commit")))
    }

    fn replay(files: &dyn LakeFiles, log_dir: &str, segment: &Segment) -> Result<Self> {
        let mut replay = Replay::default();
        for path in &segment.checkpoint {
            read_actions(files, path, &mut |action| replay.apply(action))?;
        }
        for sidecar in std::mem::take(&mut replay.sidecars) {
            let path = sidecar_path(log_dir, &sidecar)?;
            read_actions(files, &path, &mut |action| replay.apply(action))?;
        }
        for path in &segment.commits {
            read_actions(files, path, &mut |action| replay.apply(action))?;
        }
        replay.finish()
    }
}

/// The state of log replay, oldest action first.
#[derive(Default)]
struct Replay {
    metadata: Option<Metadata>,
    protocol: Option<Protocol>,
    sidecars: Vec<String>,
    /// A path may be removed and added in one commit when its deletion vector changes, hence
    /// the key.
    files: HashMap<(String, Option<DeletionVector>), Add>,
}

impl Replay {
    fn apply(&mut self, action: Action) -> Result<()> {
        if let Some(metadata) = action.metadata {
            self.metadata = Some(metadata);
        }
        if let Some(protocol) = action.protocol {
            self.protocol = Some(protocol);
        }
        if let Some(sidecar) = action.sidecar {
            self.sidecars.push(sidecar.path);
        }
        if let Some(remove) = action.remove {
            self.files.remove(&(remove.path, remove.deletion_vector));
        }
        if let Some(add) = action.add {
            self.files
                .insert((add.path.clone(), add.deletion_vector.clone()), add);
        }
        Ok(())
    }

    fn finish(self) -> Result<Snapshot> {
        let (Some(metadata), Some(protocol)) = (self.metadata, self.protocol) else {
            return Err(QueryError::data(
                "_delta_log holds no metaData or no protocol action",
            ));
        };
        check_readable(&protocol, &metadata)?;
        let mut files: Vec<Add> = self.files.into_values().collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        files.iter().try_for_each(check_file_readable)?;
        Ok(Snapshot { metadata, files })
    }
}
