//! What a table handle knows: everything but the list of files, kept current commit by commit.

use crate::action::{Action, Add, Metadata, Protocol, Remove, Txn, file_key, parse_lines};
use crate::error::{Error, Result};
use crate::protocol;
use crate::replay::Sink;
use crate::schema::Schema;
use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, HashSet};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// Metadata with its parsed schema; immutable, shared with readers and writers.
#[derive(Debug)]
pub struct TableMeta {
    pub action: Metadata,
    pub schema: Schema,
}

impl TableMeta {
    pub fn new(action: Metadata) -> Result<TableMeta> {
        let schema = Schema::parse(&action.schema_string)?;
        if let Some(name) = action
            .partition_columns
            .iter()
            .find(|c| schema.field(c).is_none())
        {
            return Err(Error::corrupt(format!(
                "partition column {name} is not in the schema"
            )));
        }
        Ok(TableMeta { action, schema })
    }

    pub fn is_partition(&self, column: &str) -> bool {
        self.action.partition_columns.iter().any(|c| c == column)
    }
}

#[derive(Debug)]
pub struct State {
    pub version: i64,
    pub protocol: Protocol,
    pub meta: Arc<TableMeta>,
    pub txns: BTreeMap<String, Txn>,
    /// Hashes of the paths that commits absorbed by this handle removed. A caller may hold a file
    /// list that is older than those commits, and must not remove such a file again.
    removed: HashSet<u64>,
    /// The handle skipped commits (they were cleaned up), so `removed` is not complete.
    pub skipped_commits: bool,
}

/// One commit, in the parts that a state or a conflict check looks at.
#[derive(Debug, Default)]
pub struct Commit {
    pub adds: Vec<Add>,
    pub removes: Vec<Remove>,
    pub metadata: Option<Metadata>,
    pub protocol: Option<Protocol>,
    pub txns: Vec<Txn>,
}

impl Commit {
    pub fn parse(file: &str, bytes: &[u8]) -> Result<Commit> {
        let mut commit = Commit::default();
        parse_lines(file, bytes, true, |action| {
            match action {
                Action::Add(add) => commit.adds.push(add),
                Action::Remove(remove) => commit.removes.push(remove),
                Action::Metadata(metadata) => commit.metadata = Some(metadata),
                Action::Protocol(protocol) => commit.protocol = Some(protocol),
                Action::Txn(txn) => commit.txns.push(txn),
                Action::Domain(_) | Action::Sidecar(_) => {}
            }
            Ok(())
        })?;
        Ok(commit)
    }
}

fn hash(path: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    path.hash(&mut hasher);
    hasher.finish()
}

impl State {
    /// Moves the state over the commit of the next version.
    pub fn apply(&mut self, commit: Commit) -> Result<()> {
        let meta = match commit.metadata {
            Some(metadata) => Some(Arc::new(TableMeta::new(metadata)?)),
            None => None,
        };
        let mut removed = Vec::with_capacity(commit.removes.len());
        for remove in &commit.removes {
            removed.push(hash(&file_key(&remove.path, None)?));
        }
        let mut added = Vec::new();
        if !self.removed.is_empty() || !removed.is_empty() {
            for add in &commit.adds {
                added.push(hash(&file_key(&add.path, None)?));
            }
        }
        if let Some(meta) = meta {
            self.meta = meta;
        }
        if let Some(protocol) = commit.protocol {
            self.protocol = protocol;
        }
        for txn in commit.txns {
            self.txns.insert(txn.app_id.clone(), txn);
        }
        self.removed.extend(removed);
        for path in &added {
            self.removed.remove(path);
        }
        self.version += 1;
        Ok(())
    }

    /// Whether a commit that this handle absorbed removed the file.
    pub fn saw_removal(&self, decoded_path: &str) -> bool {
        self.removed.contains(&hash(decoded_path))
    }

    pub fn check_read(&self) -> Result<()> {
        protocol::check_read(&self.protocol, &self.meta.action)
    }

    pub fn check_write(&self) -> Result<()> {
        protocol::check_write(&self.protocol, &self.meta.action, &self.meta.schema)
    }
}

/// Collects a state during replay.
#[derive(Default)]
pub struct StateBuilder {
    protocol: Option<Protocol>,
    metadata: Option<Metadata>,
    txns: BTreeMap<String, Txn>,
}

impl Sink for StateBuilder {
    const FILES: bool = false;

    fn action(&mut self, action: Action) -> Result<()> {
        match action {
            Action::Metadata(metadata) => self.metadata = Some(metadata),
            Action::Protocol(protocol) => self.protocol = Some(protocol),
            Action::Txn(txn) => {
                self.txns.insert(txn.app_id.clone(), txn);
            }
            _ => {}
        }
        Ok(())
    }

    fn check(&self) -> Result<()> {
        match (&self.protocol, &self.metadata) {
            (Some(_), Some(metadata)) => TableMeta::new(metadata.clone()).map(drop),
            (None, _) => Err(Error::corrupt("the log has no protocol action")),
            (_, None) => Err(Error::corrupt("the log has no metaData action")),
        }
    }
}

impl StateBuilder {
    pub fn finish(self, version: i64) -> Result<State> {
        self.check()?;
        let missing = || Error::internal("state without protocol or metadata");
        let state = State {
            version,
            protocol: self.protocol.ok_or_else(missing)?,
            meta: Arc::new(TableMeta::new(self.metadata.ok_or_else(missing)?)?),
            txns: self.txns,
            removed: HashSet::new(),
            skipped_commits: false,
        };
        state.check_read()?;
        Ok(state)
    }
}
