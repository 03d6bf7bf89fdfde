//! The commit loop: put the entry at the next version, or rebase over who came first.

use crate::action::{Txn, file_key};
use crate::commit_request::{CommitRequest, RemoveRequest};
use crate::entry::commit_entry;
use crate::error::{Error, Result};
use crate::protocol;
use crate::state::{Commit, State, TableMeta};
use crate::table::{Inner, Table};
use std::collections::HashSet;

/// Every attempt moves over at least one foreign commit, so this is no busy loop; a handle that
/// loses this often is better told so.
const MAX_ATTEMPTS: usize = 1000;

impl Table {
    pub fn commit(&self, request: &CommitRequest) -> Result<i64> {
        let mut inner = self.lock()?;
        self.find_position(&mut inner)?;
        let now_ms = request.timestamp_ms.unwrap_or_else(crate::clock::now_ms);
        let txn_id = uuid::Uuid::new_v4().to_string();
        for _ in 0..MAX_ATTEMPTS {
            self.check_request(&mut inner, request)?;
            let entry = commit_entry(&inner.state, request, &txn_id, now_ms)?;
            let version = inner.state.version + 1;
            let path = self.log().commit_path(version);
            if self.log().put_commit(version, &entry)? {
                let commit = Commit::parse(&path, &entry)?;
                inner.state.apply(commit)?;
                return Ok(version);
            }
            let found = self.log().read_commit(version)?;
            let foreign = Commit::parse(&path, &found)?;
            if is_same_commit(&foreign, request) {
                self.log().confirm_commit(version, &found)?;
                inner.state.apply(foreign)?;
                return Ok(version);
            }
            check_foreign(&inner.state, &foreign, request)
                .map_err(|e| Error::new(e.code, format!("{} (in {path})", e.message)))?;
            inner.state.apply(foreign)?;
        }
        let message = format!(
            "cannot commit to {}: lost {MAX_ATTEMPTS} races",
            self.base()
        );
        Err(Error::conflict(message))
    }

    /// What must hold against the state that the entry is built on.
    fn check_request(&self, inner: &mut Inner, request: &CommitRequest) -> Result<()> {
        inner.state.check_write()?;
        check_txn(&inner.state, request)?;
        request.check_partitions(&inner.state.meta)?;
        if request.removes.is_empty() {
            return Ok(());
        }
        let append_only = protocol::config(&inner.state.meta.action, "delta.appendOnly");
        if append_only == Some("true") && request.data_change() {
            return Err(Error::invalid(
                "cannot remove files: the table is append-only",
            ));
        }
        let removed = |path: &str| Error::conflict(format!("{path} was removed by another commit"));
        for remove in &request.removes {
            if inner.state.saw_removal(remove.path()) {
                return Err(removed(remove.path()));
            }
        }
        let vectors = inner.state.protocol.has_feature("deletionVectors");
        if !vectors && !inner.state.skipped_commits {
            return Ok(());
        }
        let files = self.files_locked(inner)?;
        for remove in &request.removes {
            match files.active.get(remove.path()) {
                Some(_) => {}
                None if vectors => {
                    let path = remove.path();
                    let message = format!(
                        "cannot remove {path}: not active, or feature deletionVectors in use"
                    );
                    return Err(Error::unsupported(message));
                }
                None => return Err(removed(remove.path())),
            }
        }
        Ok(())
    }
}

fn check_txn(state: &State, request: &CommitRequest) -> Result<()> {
    let Some(txn) = &request.txn else {
        return Ok(());
    };
    match state.txns.get(&txn.app_id) {
        Some(known) if known.version >= txn.version => Err(Error::conflict(format!(
            "txn {} has version {}, ours is {}",
            txn.app_id, known.version, txn.version
        ))),
        _ => Ok(()),
    }
}

/// Whether this is what an earlier attempt of `request` has left: one that could not tell whether
/// it had come through, as when the disk failed at the sync and at reading back.
fn is_same_commit(found: &Commit, request: &CommitRequest) -> bool {
    let Some(ours) = &request.txn else {
        return false;
    };
    let same_txn = |txn: &Txn| txn.app_id == ours.app_id && txn.version == ours.version;
    let adds = request.adds.iter().map(|add| &add.path);
    let removes = request.removes.iter().map(RemoveRequest::path);
    found.txns.iter().any(same_txn)
        && found.adds.iter().map(|add| &add.path).eq(adds)
        && found
            .removes
            .iter()
            .map(|remove| remove.path.as_str())
            .eq(removes)
}

/// Whether `request`, built for `state`, may follow the commit of another writer.
fn check_foreign(state: &State, foreign: &Commit, request: &CommitRequest) -> Result<()> {
    if let Some(ours) = &request.txn {
        let theirs = foreign.txns.iter().find(|t| t.app_id == ours.app_id);
        if let Some(theirs) = theirs.filter(|t| t.version >= ours.version) {
            let message = format!("txn {} is at version {}", ours.app_id, theirs.version);
            return Err(Error::conflict(message));
        }
    }
    let protocol = foreign.protocol.as_ref().unwrap_or(&state.protocol);
    match &foreign.metadata {
        Some(metadata) => {
            let newer = TableMeta::new(metadata.clone())?;
            protocol::check_write(protocol, metadata, &newer.schema)?;
            state.meta.schema.check_still_fits(&newer.schema)?;
            if newer.action.partition_columns != state.meta.action.partition_columns {
                return Err(Error::conflict("the partition columns changed"));
            }
            if newer.action.id != state.meta.action.id {
                return Err(Error::conflict("the table was replaced"));
            }
        }
        None => protocol::check_write(protocol, &state.meta.action, &state.meta.schema)?,
    }
    if !request.removes.is_empty() {
        let ours: HashSet<&str> = request.removes.iter().map(|r| r.path()).collect();
        for remove in &foreign.removes {
            let path = file_key(&remove.path, None)?;
            if ours.contains(path.as_str()) {
                return Err(Error::conflict(format!(
                    "{path} was removed by another commit"
                )));
            }
        }
    }
    Ok(())
}
