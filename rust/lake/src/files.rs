//! All that a table version consists of, files included; materialised only for those who ask.

use crate::action::{Action, Add, DomainMetadata, Metadata, Protocol, Remove, Txn, file_key};
use crate::error::{Error, Result};
use crate::replay::Sink;
use std::collections::BTreeMap;

/// Files by `file_key`.
#[derive(Debug, Default)]
pub struct FileSet {
    pub active: BTreeMap<String, Add>,
    pub tombstones: BTreeMap<String, Remove>,
    pub domains: BTreeMap<String, DomainMetadata>,
    pub txns: BTreeMap<String, Txn>,
    pub metadata: Option<Metadata>,
    pub protocol: Option<Protocol>,
}

impl Sink for FileSet {
    const FILES: bool = true;

    fn action(&mut self, action: Action) -> Result<()> {
        match action {
            Action::Add(add) => {
                let key = file_key(&add.path, add.deletion_vector.as_ref())?;
                self.tombstones.remove(&key);
                self.active.insert(key, add);
            }
            Action::Remove(remove) => {
                let key = file_key(&remove.path, remove.deletion_vector.as_ref())?;
                self.active.remove(&key);
                self.tombstones.insert(key, remove);
            }
            Action::Domain(domain) => {
                self.domains.insert(domain.domain.clone(), domain);
            }
            Action::Txn(txn) => {
                self.txns.insert(txn.app_id.clone(), txn);
            }
            Action::Metadata(metadata) => self.metadata = Some(metadata),
            Action::Protocol(protocol) => self.protocol = Some(protocol),
            Action::Sidecar(_) => {}
        }
        Ok(())
    }

    fn check(&self) -> Result<()> {
        match (&self.metadata, &self.protocol) {
            (Some(_), Some(_)) => Ok(()),
            _ => Err(Error::corrupt(
                "the log lacks a protocol or a metaData action",
            )),
        }
    }
}

impl FileSet {
    /// Whether any file, active or removed of late, carries a deletion vector.
    pub fn has_deletion_vectors(&self) -> bool {
        self.active.values().any(|a| a.deletion_vector.is_some())
            || self
                .tombstones
                .values()
                .any(|r| r.deletion_vector.is_some())
    }
}
