//! A table handle: its state behind a lock, and how it keeps up with the log.

use crate::action::{Metadata, Protocol, StringMap};
use crate::entry::create_entry;
use crate::error::{Code, Error, Result};
use crate::files::FileSet;
use crate::log::Log;
use crate::paths;
use crate::protocol;
use crate::replay::replay;
use crate::schema::{Schema, SchemaField};
use crate::state::{Commit, State, StateBuilder, TableMeta};
use crate::store::Store;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, MutexGuard};

pub struct Table {
    log: Log,
    base: String,
    inner: Mutex<Inner>,
}

pub struct Inner {
    pub state: State,
    /// The file list of one version, kept while the handle stays at that version.
    files: Option<(i64, Arc<FileSet>)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CreateSpec {
    schema: SchemaSpec,
    #[serde(default)]
    partition_columns: Vec<String>,
    #[serde(default)]
    configuration: StringMap,
    name: Option<String>,
    description: Option<String>,
    timestamp_ms: Option<i64>,
}

#[derive(Deserialize)]
struct SchemaSpec {
    fields: Vec<SchemaField>,
}

impl Table {
    pub fn open(store: Arc<dyn Store>, path: &str) -> Result<Table> {
        paths::check_relative(path)?;
        let log = Log::new(store, path);
        let state = load_state(&log)?;
        Ok(Table::at(log, path, state))
    }

    pub fn create(store: Arc<dyn Store>, path: &str, spec_json: &str) -> Result<Table> {
        paths::check_relative(path)?;
        let spec: CreateSpec = serde_json::from_str(spec_json)
            .map_err(|e| Error::invalid(format!("cannot read spec_json: {e}")))?;
        let now_ms = spec.timestamp_ms.unwrap_or_else(crate::clock::now_ms);
        let metadata = new_metadata(spec, now_ms)?;
        let log = Log::new(store, path);
        let exists = || Error::new(Code::AlreadyExists, format!("table {path} exists"));
        // Version 0 alone does not tell: log cleanup may have removed it.
        if !log.list()?.is_empty() {
            return Err(exists());
        }
        let entry = create_entry(&Protocol::created(), &metadata, now_ms)?;
        if !log.put_commit(0, &entry)? {
            return Err(exists());
        }
        let mut builder = StateBuilder::default();
        crate::action::parse_lines(&log.commit_path(0), &entry, false, |action| {
            crate::replay::Sink::action(&mut builder, action)
        })?;
        let state = builder.finish(0)?;
        Ok(Table::at(log, path, state))
    }

    fn at(log: Log, path: &str, state: State) -> Table {
        Table {
            log,
            base: path.to_string(),
            inner: Mutex::new(Inner { state, files: None }),
        }
    }

    pub fn log(&self) -> &Log {
        &self.log
    }

    pub fn store(&self) -> &Arc<dyn Store> {
        &self.log.store
    }

    pub fn base(&self) -> &str {
        &self.base
    }

    /// The full path of a file of this table.
    pub fn file_path(&self, decoded_path: &str) -> Result<String> {
        paths::check_relative(decoded_path)?;
        Ok(paths::join(&self.base, decoded_path))
    }

    pub fn lock(&self) -> Result<MutexGuard<'_, Inner>> {
        self.inner.lock().map_err(|_| {
            Error::internal(format!(
                "table {} is unusable after a bug; open it again",
                self.base
            ))
        })
    }

    pub fn version(&self) -> Result<i64> {
        Ok(self.lock()?.state.version)
    }

    pub fn meta(&self) -> Result<Arc<TableMeta>> {
        Ok(self.lock()?.state.meta.clone())
    }

    /// The metadata, once the table is known to be one that we may write.
    pub fn writable_meta(&self) -> Result<Arc<TableMeta>> {
        let inner = self.lock()?;
        inner.state.check_write()?;
        Ok(inner.state.meta.clone())
    }

    pub fn txn(&self, app_id: &str) -> Result<i64> {
        Ok(self
            .lock()?
            .state
            .txns
            .get(app_id)
            .map_or(-1, |txn| txn.version))
    }

    pub fn log_entry(&self, version: i64) -> Result<Bytes> {
        match version < 0 {
            true => Err(Error::not_found(format!(
                "version {version} does not exist"
            ))),
            false => self.log.read_commit(version),
        }
    }

    pub fn metadata_json(&self) -> Result<String> {
        let inner = self.lock()?;
        let (protocol, metadata) = (&inner.state.protocol, &inner.state.meta.action);
        let schema: Value = serde_json::from_str(&metadata.schema_string)
            .map_err(|e| Error::corrupt(format!("cannot read table schema: {e}")))?;
        let json = json!({
            "id": metadata.id,
            "name": metadata.name,
            "description": metadata.description,
            "created_time": metadata.created_time,
            "schema": schema,
            "partition_columns": metadata.partition_columns,
            "configuration": metadata.configuration,
            "protocol": {
                "min_reader_version": protocol.min_reader_version,
                "min_writer_version": protocol.min_writer_version,
                "reader_features": protocol.reader_features.clone().unwrap_or_default(),
                "writer_features": protocol.writer_features.clone().unwrap_or_default(),
            },
        });
        Ok(json.to_string())
    }

    pub fn refresh(&self) -> Result<()> {
        let mut inner = self.lock()?;
        self.find_position(&mut inner)?;
        loop {
            let version = inner.state.version + 1;
            let bytes = match self.log.read_commit(version) {
                Ok(bytes) => bytes,
                Err(e) if e.code == Code::NotFound => return Ok(()),
                Err(e) => return Err(e),
            };
            let commit = Commit::parse(&self.log.commit_path(version), &bytes)?;
            inner.state.apply(commit)?;
            inner.state.check_read()?;
        }
    }

    /// Makes sure that the entry of our version is still there. Log cleanup removes entries in
    /// order, so then the next version is either free or readable; without this check a handle
    /// that fell behind a cleanup would take a removed version for a free one.
    pub fn find_position(&self, inner: &mut Inner) -> Result<()> {
        if self.log.has_commit(inner.state.version)? {
            return Ok(());
        }
        let mut state = load_state(&self.log)?;
        if state.meta.action.id != inner.state.meta.action.id {
            return Err(Error::conflict(format!("table {} was replaced", self.base)));
        }
        if state.version < inner.state.version {
            let message = format!(
                "{} ends at version {}, it was at {}",
                self.log.dir, state.version, inner.state.version
            );
            return Err(Error::corrupt(message));
        }
        state.skipped_commits = inner.state.skipped_commits || state.version > inner.state.version;
        if state.version > inner.state.version {
            inner.state = state;
        }
        Ok(())
    }

    /// The files of the handle's version. Commits may go on while the log is read.
    pub fn files(&self) -> Result<Arc<FileSet>> {
        let version = {
            let inner = self.lock()?;
            if let Some(files) = inner.cached_files() {
                return Ok(files);
            }
            inner.state.version
        };
        let files = self.files_at(version)?;
        let mut inner = self.lock()?;
        inner.files = (inner.state.version == version).then(|| (version, files.clone()));
        Ok(files)
    }

    pub fn files_locked(&self, inner: &mut Inner) -> Result<Arc<FileSet>> {
        if let Some(files) = inner.cached_files() {
            return Ok(files);
        }
        let version = inner.state.version;
        let files = self.files_at(version)?;
        inner.files = Some((version, files.clone()));
        Ok(files)
    }

    pub fn files_at(&self, version: i64) -> Result<Arc<FileSet>> {
        let listing = self.log.list()?;
        let (files, _) = replay::<FileSet>(&self.log, &listing, Some(version))?;
        Ok(Arc::new(files))
    }
}

impl Inner {
    fn cached_files(&self) -> Option<Arc<FileSet>> {
        let (version, files) = self.files.as_ref()?;
        (*version == self.state.version).then(|| files.clone())
    }
}

fn load_state(log: &Log) -> Result<State> {
    let mut listing = log.list_recent()?;
    loop {
        if listing.is_empty() {
            return Err(Error::not_found(format!(
                "cannot open table: {} is empty",
                log.dir
            )));
        }
        let error = match replay::<StateBuilder>(log, &listing, None) {
            Ok((builder, version)) => return builder.finish(version),
            Err(error) => error,
        };
        // Another process may have cleaned up between the listing and the reading.
        let again = log.list()?;
        if !error.is_damage() || again.files == listing.files {
            return Err(error);
        }
        listing = again;
    }
}

fn new_metadata(spec: CreateSpec, now_ms: i64) -> Result<Metadata> {
    let schema = Schema::new(spec.schema.fields)?;
    let metadata = Metadata {
        id: uuid::Uuid::new_v4().to_string(),
        name: spec.name,
        description: spec.description,
        schema_string: schema.to_json()?,
        partition_columns: spec.partition_columns,
        configuration: spec.configuration,
        created_time: Some(now_ms),
        ..Metadata::default()
    };
    for column in &metadata.partition_columns {
        match schema.arrow_type(column) {
            None => {
                return Err(Error::invalid(format!(
                    "partition column {column} is unknown"
                )));
            }
            Some(t) if t.is_nested() => {
                return Err(Error::invalid(format!(
                    "partition column {column} is nested"
                )));
            }
            Some(_) => {}
        }
    }
    if metadata.partition_columns.len() >= schema.fields.len() {
        return Err(Error::invalid(
            "a table needs a column that is not a partition column",
        ));
    }
    protocol::check_created(&metadata, &schema)?;
    Ok(metadata)
}
