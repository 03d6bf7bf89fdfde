//! The actions of a Delta log, as JSON has them.

use crate::error::{Error, Result};
use crate::paths;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

pub type StringMap = BTreeMap<String, Option<String>>;

#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Add {
    /// Percent-encoded, as in the log.
    pub path: String,
    #[serde(default)]
    pub partition_values: StringMap,
    pub size: i64,
    #[serde(default)]
    pub modification_time: i64,
    #[serde(default = "yes")]
    pub data_change: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stats: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<StringMap>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion_vector: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clustering_provider: Option<String>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Remove {
    pub path: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion_timestamp: Option<i64>,
    #[serde(default = "yes")]
    pub data_change: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extended_file_metadata: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition_values: Option<StringMap>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<StringMap>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion_vector: Option<Value>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    pub id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(default)]
    pub format: Format,
    pub schema_string: String,
    #[serde(default)]
    pub partition_columns: Vec<String>,
    #[serde(default)]
    pub configuration: StringMap,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_time: Option<i64>,
}

#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub struct Format {
    pub provider: String,
    #[serde(default)]
    pub options: StringMap,
}

impl Default for Format {
    fn default() -> Format {
        Format {
            provider: "parquet".to_string(),
            options: StringMap::new(),
        }
    }
}

#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Protocol {
    pub min_reader_version: i32,
    pub min_writer_version: i32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reader_features: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub writer_features: Option<Vec<String>>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Txn {
    pub app_id: String,
    pub version: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_updated: Option<i64>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct DomainMetadata {
    pub domain: String,
    #[serde(default)]
    pub configuration: String,
    #[serde(default)]
    pub removed: bool,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Sidecar {
    pub path: String,
    #[serde(default)]
    pub size_in_bytes: i64,
}

#[derive(Clone, Debug)]
pub enum Action {
    Add(Add),
    Remove(Remove),
    Metadata(Metadata),
    Protocol(Protocol),
    Txn(Txn),
    Domain(DomainMetadata),
    Sidecar(Sidecar),
}

fn yes() -> bool {
    true
}

/// What tells logical files apart: the path, and the deletion vector where there is one.
pub fn file_key(encoded_path: &str, deletion_vector: Option<&Value>) -> Result<String> {
    let path = paths::decode(encoded_path)?;
    let Some(vector) = deletion_vector else {
        return Ok(path);
    };
    let part = |name: &str| vector.get(name).map(Value::to_string).unwrap_or_default();
    let id = format!(
        "{}{}@{}",
        part("storageType"),
        part("pathOrInlineDv"),
        part("offset")
    );
    Ok(format!("{path}\0{id}"))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    #[serde(borrow, default)]
    add: Option<&'a RawValue>,
    #[serde(borrow, default)]
    remove: Option<&'a RawValue>,
    #[serde(default, rename = "metaData")]
    metadata: Option<Metadata>,
    #[serde(default)]
    protocol: Option<Protocol>,
    #[serde(default)]
    txn: Option<Txn>,
    #[serde(default)]
    domain_metadata: Option<DomainMetadata>,
    #[serde(default)]
    sidecar: Option<Sidecar>,
}

/// Parses the JSON lines of a commit (or a JSON checkpoint). Every line is checked for syntax;
/// with `files` false, adds and removes are passed over after that. `file` names it in errors.
pub fn parse_lines(
    file: &str,
    bytes: &[u8],
    files: bool,
    mut on_action: impl FnMut(Action) -> Result<()>,
) -> Result<()> {
    let mut num_lines = 0;
    for (index, line) in bytes.split(|b| *b == b'\n').enumerate() {
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        num_lines += 1;
        let damaged = |e: serde_json::Error| {
            Error::corrupt(format!("{file} is damaged at line {}: {e}", index + 1))
        };
        if line.trim_ascii_start().first() != Some(&b'{') {
            return Err(Error::corrupt(format!(
                "{file} is damaged at line {}",
                index + 1
            )));
        }
        let line: Line = serde_json::from_slice(line).map_err(damaged)?;
        if let (Some(add), true) = (line.add, files) {
            on_action(Action::Add(
                serde_json::from_str(add.get()).map_err(damaged)?,
            ))?;
        }
        if let (Some(remove), true) = (line.remove, files) {
            on_action(Action::Remove(
                serde_json::from_str(remove.get()).map_err(damaged)?,
            ))?;
        }
        if let Some(metadata) = line.metadata {
            on_action(Action::Metadata(metadata))?;
        }
        if let Some(protocol) = line.protocol {
            on_action(Action::Protocol(protocol))?;
        }
        if let Some(txn) = line.txn {
            on_action(Action::Txn(txn))?;
        }
        if let Some(domain) = line.domain_metadata {
            on_action(Action::Domain(domain))?;
        }
        if let Some(sidecar) = line.sidecar {
            on_action(Action::Sidecar(sidecar))?;
        }
    }
    match num_lines {
        0 => Err(Error::corrupt(format!(
            "{file} is damaged: it holds no action"
        ))),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(text: &str) -> Result<usize> {
        let mut n = 0;
        parse_lines("x.json", text.as_bytes(), true, |_| {
            n += 1;
            Ok(())
        })?;
        Ok(n)
    }

    #[test]
    fn damaged_lines_are_named() {
        let good = r#"{"add":{"path":"a","partitionValues":{},"size":1,"modificationTime":2}}"#;
        assert_eq!(count(good).unwrap(), 1);
        assert_eq!(count(&format!("{good}\n{good}\n")).unwrap(), 2);
        for torn in [
            "",
            "\n",
            &good[..20],
            &format!("{good}\n{}", &good[..5]),
            "3",
            "[]",
            "{\"add\":{}}",
        ] {
            let error = count(torn).unwrap_err();
            assert_eq!(error.code, crate::error::Code::Corrupt, "{torn}");
            assert!(error.message.contains("x.json"));
        }
        assert_eq!(count("{\"someday\":{}}").unwrap(), 0);
    }

    #[test]
    fn passed_over_files_are_still_checked() {
        let error = parse_lines("x", b"{\"add\":{\"path\":}}", false, |_| Ok(())).unwrap_err();
        assert!(error.message.contains("line 1"));
    }
}
