//! The JSON that `av_table_commit` takes.

use crate::action::{Add, StringMap};
use crate::error::{Error, Result};
use crate::paths;
use crate::schema::SchemaField;
use crate::state::TableMeta;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::HashSet;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CommitRequest {
    pub adds: Vec<Add>,
    pub removes: Vec<RemoveRequest>,
    pub txn: Option<TxnRequest>,
    pub operation: Option<String>,
    pub operation_parameters: Option<Map<String, Value>>,
    pub commit_info: Option<Map<String, Value>>,
    pub add_columns: Vec<SchemaField>,
    pub configuration: StringMap,
    pub data_change: Option<bool>,
    pub blind_append: Option<bool>,
    pub timestamp_ms: Option<i64>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TxnRequest {
    pub app_id: String,
    pub version: i64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum RemoveRequest {
    Path(String),
    File(FileToRemove),
}

/// A file with what its `remove` action tells change feeds about it.
#[derive(Clone, Debug, Deserialize)]
pub struct FileToRemove {
    pub path: String,
    #[serde(default)]
    pub size: Option<i64>,
    #[serde(default)]
    pub partition_values: Option<StringMap>,
}

impl RemoveRequest {
    pub fn path(&self) -> &str {
        match self {
            RemoveRequest::Path(path) => path,
            RemoveRequest::File(file) => &file.path,
        }
    }
}

impl CommitRequest {
    pub fn parse(json: &str) -> Result<CommitRequest> {
        let mut request: CommitRequest = serde_json::from_str(json)
            .map_err(|e| Error::invalid(format!("cannot read commit_json: {e}")))?;
        let data_change = request.data_change();
        for add in &mut request.adds {
            paths::check_relative(&paths::decode(&add.path)?)?;
            if add.size < 0 {
                return Err(Error::invalid(format!(
                    "add {} has a negative size",
                    add.path
                )));
            }
            add.data_change = data_change;
        }
        let mut seen = HashSet::new();
        for remove in &request.removes {
            paths::check_relative(remove.path())?;
            if !seen.insert(remove.path()) {
                return Err(Error::invalid(format!(
                    "{} is removed twice",
                    remove.path()
                )));
            }
        }
        if request
            .txn
            .as_ref()
            .is_some_and(|txn| txn.app_id.is_empty() || txn.version < 0)
        {
            return Err(Error::invalid(
                "txn needs an app_id and a version of at least 0",
            ));
        }
        Ok(request)
    }

    pub fn data_change(&self) -> bool {
        self.data_change.unwrap_or(true)
    }

    pub fn blind_append(&self) -> bool {
        self.blind_append.unwrap_or(self.removes.is_empty())
    }

    pub fn changes_metadata(&self) -> bool {
        !self.add_columns.is_empty() || !self.configuration.is_empty()
    }

    /// Every add names every partition column, and nothing else.
    pub fn check_partitions(&self, meta: &TableMeta) -> Result<()> {
        let columns = &meta.action.partition_columns;
        for add in &self.adds {
            let values = &add.partition_values;
            if values.len() != columns.len() || !columns.iter().all(|c| values.contains_key(c)) {
                let message = format!("add {} needs values of {columns:?}", add.path);
                return Err(Error::invalid(message));
            }
        }
        Ok(())
    }
}
