//! Reading the files of a log: commits and checkpoints become the same list of actions.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use datafusion::arrow::json::LineDelimitedWriter;
use datafusion::parquet::arrow::ProjectionMask;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::action::Action;
use crate::error::{Kind, QueryError, Result};

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
pub fn read_actions(path: &Path, on_action: &mut dyn FnMut(Action) -> Result<()>) -> Result<()> {
    if path
        .extension()
        .is_some_and(|extension| extension == "parquet")
    {
        read_parquet(path, on_action)
    } else {
        let text = fs::read(path).map_err(|error| cannot_read(path, &error))?;
        if text.is_empty() {
            return Err(damaged(path, "the file is empty"));
        }
        read_json(path, &text, on_action)
    }
}

/// The file of a V2 checkpoint's sidecar action.
pub fn sidecar_path(log_dir: &Path, path: &str) -> Result<PathBuf> {
    if path.contains('/') {
        return Err(QueryError::data(format!(
            "sidecar {path} is outside _delta_log/_sidecars"
        )));
    }
    Ok(log_dir.join("_sidecars").join(path))
}

fn read_json(
    path: &Path,
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
fn read_parquet(path: &Path, on_action: &mut dyn FnMut(Action) -> Result<()>) -> Result<()> {
    let file = File::open(path).map_err(|error| cannot_read(path, &error))?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file)
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

fn damaged(path: &Path, cause: impl AsRef<str>) -> QueryError {
    QueryError::data(format!("{} is damaged: {}", path.display(), cause.as_ref()))
}

fn cannot_read(path: &Path, error: &std::io::Error) -> QueryError {
    let action = format!("read {}", path.display());
    match error.kind() {
        std::io::ErrorKind::NotFound => {
            QueryError::new(Kind::Data, format!("cannot {action}: {error}"))
        }
        _ => QueryError::io(&action, error),
    }
}
