//! Which Delta features a table may use and still be read correctly.

use super::action::{Add, Metadata, Protocol};
use crate::error::{QueryError, Result};

const READABLE_FEATURES: [&str; 5] = [
    "columnMapping",
    "deletionVectors",
    "timestampNtz",
    "v2Checkpoint",
    "vacuumProtocolCheck",
];

/// Fails when the table as a whole needs a feature that this program does not read.
pub fn check_readable(protocol: &Protocol, metadata: &Metadata) -> Result<()> {
    let version = protocol.min_reader_version;
    if !(1..=3).contains(&version) {
        return Err(unsupported(&format!("reader version {version}")));
    }
    for feature in protocol.reader_features.iter().flatten() {
        if !READABLE_FEATURES.contains(&feature.as_str()) {
            return Err(unsupported(&format!("the Delta feature {feature}")));
        }
    }
    match metadata
        .configuration
        .get("delta.columnMapping.mode")
        .map(String::as_str)
    {
        None | Some("none") => Ok(()),
        Some(mode) => Err(unsupported(&format!("column mapping (mode {mode})"))),
    }
}

/// Fails when a single active file needs such a feature. A table may allow deletion vectors
/// without having any.
pub fn check_file_readable(add: &Add) -> Result<()> {
    match add.deletion_vector {
        Some(_) => Err(unsupported(&format!(
            "a deletion vector (file {})",
            add.path
        ))),
        None => Ok(()),
    }
}

fn unsupported(what: &str) -> QueryError {
    QueryError::data(format!("the table uses {what}, which is not supported"))
}
