//! The actions of the Delta log that decide what a table contains.

use std::collections::HashMap;

use serde::Deserialize;

/// One line of a commit or one row of a checkpoint. Actions that do not matter for reading
/// (commitInfo, txn, domainMetadata, cdc) are skipped by the parser.
#[derive(Debug, Deserialize)]
pub struct Action {
    pub add: Option<Add>,
    pub remove: Option<Remove>,
    #[serde(rename = "metaData")]
    pub metadata: Option<Metadata>,
    pub protocol: Option<Protocol>,
    pub sidecar: Option<Sidecar>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Add {
    /// Percent-encoded, relative to the table folder.
    pub path: String,
    /// Absent and null both mean the null value.
    #[serde(default)]
    pub partition_values: HashMap<String, Option<String>>,
    pub size: u64,
    #[serde(default)]
    pub modification_time: i64,
    pub stats: Option<String>,
    pub deletion_vector: Option<DeletionVector>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Remove {
    pub path: String,
    pub deletion_vector: Option<DeletionVector>,
}

/// Only what identifies a deletion vector: a file with one is refused.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeletionVector {
    pub storage_type: String,
    pub path_or_inline_dv: String,
    pub offset: Option<i32>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    pub schema_string: String,
    #[serde(default)]
    pub partition_columns: Vec<String>,
    #[serde(default)]
    pub configuration: HashMap<String, String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Protocol {
    pub min_reader_version: i32,
    pub reader_features: Option<Vec<String>>,
}

/// A part of a V2 checkpoint, stored in `_delta_log/_sidecars`.
#[derive(Debug, Deserialize)]
pub struct Sidecar {
    pub path: String,
}
