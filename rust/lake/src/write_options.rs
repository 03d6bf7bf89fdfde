//! The JSON options of `av_table_write_parquet` and `av_table_rewrite`.

use crate::action::StringMap;
use crate::error::{Error, Result};
use crate::paths;
use crate::state::TableMeta;
use parquet::basic::{Compression, ZstdLevel};
use serde::Deserialize;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WriteOptions {
    pub partition_values: StringMap,
    pub compression: String,
    pub compression_level: i32,
    pub row_group_rows: usize,
    pub stats_columns: Vec<String>,
    pub dictionary_columns: Vec<String>,
    pub sorted_by: Vec<String>,
    /// Columns that the commit of this file adds to the table.
    pub new_columns: Vec<String>,
    pub file_prefix: String,
    pub file_name: Option<String>,
    pub timestamp_ms: Option<i64>,
    /// Rewrite only.
    pub target_bytes: Option<u64>,
    pub sort_by: Vec<String>,
    pub memory_bytes: usize,
}

impl Default for WriteOptions {
    fn default() -> WriteOptions {
        WriteOptions {
            partition_values: StringMap::new(),
            compression: "zstd".to_string(),
            compression_level: 1,
            row_group_rows: 1_000_000,
            stats_columns: Vec::new(),
            dictionary_columns: Vec::new(),
            sorted_by: Vec::new(),
            new_columns: Vec::new(),
            file_prefix: "part".to_string(),
            file_name: None,
            timestamp_ms: None,
            target_bytes: None,
            sort_by: Vec::new(),
            memory_bytes: 512 << 20,
        }
    }
}

impl WriteOptions {
    pub fn parse(json: &str) -> Result<WriteOptions> {
        let options: WriteOptions = serde_json::from_str(json)
            .map_err(|e| Error::invalid(format!("cannot read options_json: {e}")))?;
        options.compression()?;
        if options.row_group_rows == 0 {
            return Err(Error::invalid("row_group_rows must be at least 1"));
        }
        for name in options.file_name.iter().chain([&options.file_prefix]) {
            if name.is_empty() || name.contains('/') || name.starts_with(['_', '.']) {
                return Err(Error::invalid(format!(
                    "\"{name}\" is not a name of a data file"
                )));
            }
        }
        Ok(options)
    }

    pub fn compression(&self) -> Result<Compression> {
        match self.compression.as_str() {
            "zstd" => ZstdLevel::try_new(self.compression_level)
                .map(Compression::ZSTD)
                .map_err(|e| Error::invalid(format!("compression_level: {e}"))),
            "snappy" => Ok(Compression::SNAPPY),
            "none" => Ok(Compression::UNCOMPRESSED),
            other => Err(Error::invalid(format!(
                "compression {other} is not supported"
            ))),
        }
    }

    /// Decoded path of a new file, relative to the table.
    pub fn file_path(&self, meta: &TableMeta) -> Result<String> {
        let columns = &meta.action.partition_columns;
        let values = &self.partition_values;
        if values.len() != columns.len() || !columns.iter().all(|c| values.contains_key(c)) {
            return Err(Error::invalid(format!(
                "partition_values must be those of {columns:?}"
            )));
        }
        let values = columns.iter().map(|c| (c.as_str(), values[c].as_deref()));
        let name = match &self.file_name {
            Some(name) => name.clone(),
            None => format!("{}-{}.parquet", self.file_prefix, uuid::Uuid::new_v4()),
        };
        let path = paths::join(&paths::partition_folder(values), &name);
        paths::check_relative(&path)?;
        Ok(path)
    }
}
