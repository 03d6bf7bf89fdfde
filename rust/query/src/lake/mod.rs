//! The lake: its tables by name, and how DataFusion sees them.

pub mod catalog;
pub mod discovery;
pub mod names;
pub mod reader;
pub mod store;
pub mod table;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

pub use names::TableName;

use crate::delta::Snapshot;
use crate::error::{QueryError, Result};
use crate::files::LakeFiles;
use reader::OpenFiles;
use table::DeltaTable;

/// The tables of one lake. A table is opened when a query first names it and stays at that
/// version for the rest of the process, so a query sees one version however often it names it.
#[derive(Debug)]
pub struct Lake {
    pub files: Arc<dyn LakeFiles>,
    /// Sorted.
    pub tables: Vec<TableName>,
    pub default_catalog: String,
    /// What scans have read so far; tells which file is damaged when decoding fails.
    pub open_files: Arc<OpenFiles>,
    opened: Mutex<HashMap<TableName, Arc<DeltaTable>>>,
}

impl Lake {
    pub fn open(files: Arc<dyn LakeFiles>, default_catalog: &str) -> Result<Self> {
        let tables = discovery::find_tables(files.as_ref())?;
        let default_catalog = match names::catalogs(&tables).as_slice() {
            // A lake with a single catalog needs no catalog in its names.
            [only] => only.clone(),
            _ => default_catalog.to_string(),
        };
        let open_files = Arc::new(OpenFiles::new(Arc::clone(&files)));
        Ok(Self {
            files,
            tables,
            default_catalog,
            open_files,
            opened: Mutex::default(),
        })
    }

    pub fn has(&self, name: &TableName) -> bool {
        self.tables.binary_search(name).is_ok()
    }

    /// Opens the newest version of a table, or returns the version opened before.
    pub fn table(&self, name: &TableName) -> Result<Arc<DeltaTable>> {
        // Held while reading the log: two opens of one table must not see two versions.
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(table) = opened.get(name) {
            return Ok(Arc::clone(table));
        }
        let in_table = |error: QueryError| {
            QueryError::new(
                error.kind,
                format!("cannot read table {name}: {}", error.message),
            )
        };
        let snapshot =
            Snapshot::open(self.files.as_ref(), &name.relative_path()).map_err(in_table)?;
        let open_files = Arc::clone(&self.open_files);
        let table = DeltaTable::new(name, snapshot, open_files).map_err(in_table)?;
        let table = Arc::new(table);
        opened.insert(name.clone(), Arc::clone(&table));
        Ok(table)
    }
}
