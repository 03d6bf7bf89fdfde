//! The files of `_delta_log`: which there are, and reading and writing one entry.

use crate::error::{Code, Error, Result};
use crate::paths::{self, LogFile};
use crate::store::{FileInfo, Put, Store};
use bytes::Bytes;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

#[derive(Clone)]
pub struct Log {
    pub store: Arc<dyn Store>,
    /// `<table>/_delta_log`
    pub dir: String,
}

/// A checkpoint whose files are all there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    pub version: i64,
    /// Full paths.
    pub files: Vec<String>,
}

#[derive(Debug, Default)]
pub struct Listing {
    pub commits: BTreeSet<i64>,
    /// Oldest first; several of one version are alternatives.
    pub checkpoints: Vec<Checkpoint>,
    pub files: Vec<(LogFile, FileInfo)>,
}

impl Listing {
    pub fn is_empty(&self) -> bool {
        self.commits.is_empty() && self.checkpoints.is_empty()
    }

    /// The newest version of which there is any trace.
    pub fn newest(&self) -> Option<i64> {
        let commit = self.commits.last().copied();
        let checkpoint = self.checkpoints.last().map(|c| c.version);
        commit.max(checkpoint)
    }
}

#[derive(Deserialize)]
struct LastCheckpoint {
    version: i64,
}

impl Log {
    pub fn new(store: Arc<dyn Store>, table: &str) -> Log {
        Log {
            store,
            dir: paths::join(table, "_delta_log"),
        }
    }

    pub fn path(&self, name: &str) -> String {
        format!("{}/{name}", self.dir)
    }

    pub fn commit_path(&self, version: i64) -> String {
        self.path(&paths::commit_name(version))
    }

    pub fn last_checkpoint_path(&self) -> String {
        self.path("_last_checkpoint")
    }

    pub fn list(&self) -> Result<Listing> {
        self.list_from(None)
    }

    /// As `list`, but a store in which listing is dear may leave out what is older than the
    /// checkpoint that `_last_checkpoint` names.
    pub fn list_recent(&self) -> Result<Listing> {
        if !self.store.is_remote() {
            return self.list();
        }
        let Some(version) = self.last_checkpoint() else {
            return self.list();
        };
        let recent = self.list_from(Some(&self.path(&format!("{version:020}"))))?;
        match recent.checkpoints.iter().any(|c| c.version >= version) {
            true => Ok(recent),
            false => self.list(),
        }
    }

    /// The version in `_last_checkpoint`; it is a hint, so a damaged file is as good as none.
    pub fn last_checkpoint(&self) -> Option<i64> {
        let bytes = self.store.read_all(&self.last_checkpoint_path()).ok()?;
        serde_json::from_slice::<LastCheckpoint>(&bytes)
            .ok()
            .map(|last| last.version)
    }

    fn list_from(&self, from: Option<&str>) -> Result<Listing> {
        let mut listing = Listing::default();
        let mut parts: BTreeMap<(i64, u32), BTreeMap<u32, String>> = BTreeMap::new();
        let prefix = format!("{}/", self.dir);
        for file in self.store.list(&self.dir, from)? {
            let Some(name) = file.path.strip_prefix(&prefix) else {
                continue;
            };
            let Some(kind) = LogFile::parse(name) else {
                continue;
            };
            match kind {
                LogFile::Commit(version) => {
                    listing.commits.insert(version);
                }
                LogFile::Checkpoint(version) => listing.checkpoints.push(Checkpoint {
                    version,
                    files: vec![file.path.clone()],
                }),
                LogFile::CheckpointPart {
                    version,
                    part,
                    parts: total,
                } => {
                    parts
                        .entry((version, total))
                        .or_default()
                        .insert(part, file.path.clone());
                }
                LogFile::Other(_) => {}
            }
            listing.files.push((kind, file));
        }
        for ((version, total), files) in parts {
            if files.len() == total as usize {
                listing.checkpoints.push(Checkpoint {
                    version,
                    files: files.into_values().collect(),
                });
            }
        }
        listing
            .checkpoints
            .sort_by(|a, b| (a.version, &a.files).cmp(&(b.version, &b.files)));
        Ok(listing)
    }

    /// `NotFound` when there is no such version.
    pub fn read_commit(&self, version: i64) -> Result<Bytes> {
        self.store.read_all(&self.commit_path(version))
    }

    pub fn has_commit(&self, version: i64) -> Result<bool> {
        self.store.exists(&self.commit_path(version))
    }

    /// Puts the entry of `version`; false when another writer holds that version. An answer that
    /// leaves open whether the put happened is resolved by reading the entry back.
    pub fn put_commit(&self, version: i64, entry: &[u8]) -> Result<bool> {
        let path = self.commit_path(version);
        let error = match self.store.put(&path, entry, Put::CreateNew) {
            Ok(()) => return Ok(true),
            Err(error) => error,
        };
        let found = match self.store.read_all(&path) {
            Ok(found) => found,
            Err(e) if e.code == Code::NotFound && error.code != Code::AlreadyExists => {
                return Err(error);
            }
            Err(e) => {
                let message = format!(
                    "cannot tell whether {path} was written: {}; reading it back: {}",
                    error.message, e.message
                );
                return Err(Error::new(Code::Io, message));
            }
        };
        if found != entry {
            // A torn entry of our own after a put that was not all-or-nothing is not a commit.
            return match error.code {
                Code::AlreadyExists => Ok(false),
                _ if entry.starts_with(&found) => Err(error),
                _ => Ok(false),
            };
        }
        self.confirm_commit(version, entry)?;
        Ok(true)
    }

    /// Makes an entry of our own that is visible durable as well.
    pub fn confirm_commit(&self, version: i64, entry: &[u8]) -> Result<()> {
        match self.store.is_remote() {
            true => Ok(()),
            // The same bytes once more, so that file and directory are synced before we say yes.
            false => self
                .store
                .put(&self.commit_path(version), entry, Put::Overwrite),
        }
    }
}
