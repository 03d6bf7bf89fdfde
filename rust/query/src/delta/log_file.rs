//! Reading the files of a log: commits and checkpoints become the same list of actions.

use bytes::Bytes;
use datafusion::arrow::json::LineDelimitedWriter;
use datafusion::parquet::arrow::ProjectionMask;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::action::Action;
use crate::error::{Kind, QueryError, Result};
use crate::files::LakeFiles;

/// The columns of a checkpoint that are read; leaves out parsed duplicates of `stats` and
/// `partitionValues`, tags and tombstones.
const COLUMNS: [&str; 9] = [
    "add.path",
    "add.partitionValues",
    "add.size",
    "add.modificationTime",
    "add.stats",
    "add.deletionVector",
    "metaData",
    "protocol",
    "sidecar",
];

/// Calls `on_action` for every action of a commit or checkpoint file. Damage is reported with
/// the file and, for JSON, the line.
pub fn read_actions(
    files: &dyn LakeFiles,
    path: &str,
    on_action: &mut dyn FnMut(Action) -> Result<()>,
) -> Result<()> {
    let shown = files.shown(path);
    let bytes = files
        .read(path)
        .map_err(|error| cannot_read(&shown, &error))?;
    if path.ends_with(".parquet") {
        return read_parquet(&shown, bytes, on_action);
    }
    if bytes.is_empty() {
        return Err(damaged(&shown, "the file is empty"));
    }
    read_json(&shown, &bytes, on_action)
}

/// The file of a V2 checkpoint's sidecar action.
pub fn sidecar_path(log_dir: &str, path: &str) -> Result<String> {
    if path.contains('/') {
        return Err(QueryError::data(format!(
            "sidecar {path} is outside _delta_log/_sidecars"
        )));
    }
    Ok(format!("{log_dir}/_sidecars/{path}"))
}

fn read_json(
    path: &str,
    text: &[u8],
    on_action: &mut dyn FnMut(Action) -> Result<()>,
) -> Result<()> {
    for (index, line) in text.split(|byte| *byte == b'\n').enumerate() {
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let action = serde_json::from_slice(line)
            .map_err(|error| damaged(path, format!("line {}: {error}", index + 1)))?;
        on_action(action)?;
    }
    Ok(())
}

/// Goes through JSON so that checkpoints and commits share one definition of every action.
fn read_parquet(
    path: &str,
    bytes: Bytes,
    on_action: &mut dyn FnMut(Action) -> Result<()>,
) -> Result<()> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(bytes)
        .map_err(|error| damaged(path, error.to_string()))?;
    let columns = ProjectionMask::columns(builder.parquet_schema(), COLUMNS);
    let reader = builder
        .with_projection(columns)
        .build()
        .map_err(|error| damaged(path, error.to_string()))?;
    for batch in reader {
        let batch = batch.map_err(|error| damaged(path, error.to_string()))?;
        let mut json = Vec::new();
        let mut writer = LineDelimitedWriter::new(&mut json);
        writer
            .write(&batch)
            .and_then(|()| writer.finish())
            .map_err(|error| damaged(path, error.to_string()))?;
        read_json(path, &json, on_action)?;
    }
    Ok(())
}

fn damaged(path: &str, cause: impl AsRef<str>) -> QueryError {
    QueryError::data(format!("{path} is damaged: {}", cause.as_ref()))
}

fn cannot_read(path: &str, error: &std::io::Error) -> QueryError {
    let action = format!("read {path}");
    match error.kind() {
        std::io::ErrorKind::NotFound => {
            QueryError::new(Kind::Data, format!("cannot {action}: {error}"))
        }
        _ => QueryError::io(&action, error),
    }
}
