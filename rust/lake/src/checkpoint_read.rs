//! Reads checkpoints: classic ones of one or more parts, and version 2 with sidecars.

use crate::action::{Action, Sidecar, parse_lines};
use crate::arrow_json::row_to_json;
use crate::checksum::{CHECKSUM_KEY, Seal, checksum_of_file, columns_checksum};
use crate::error::{Error, Result};
use crate::log::{Checkpoint, Log};
use crate::parquet_file::{ParquetFile, decode};
use crate::paths;
use crate::replay::Sink;
use arrow_array::{Array, ArrayRef, RecordBatch};
use parquet::arrow::ProjectionMask;
use serde_json::Value;

const BATCH_ROWS: usize = 8192;
const TABLE_ACTIONS: &[&str] = &["protocol", "metaData", "txn", "domainMetadata", "sidecar"];
const FILE_ACTIONS: &[&str] = &["add", "remove"];

pub fn read_checkpoint<S: Sink>(log: &Log, checkpoint: &Checkpoint, sink: &mut S) -> Result<()> {
    let mut sidecars = Vec::new();
    for file in &checkpoint.files {
        let mut on_action = |action| match action {
            Action::Sidecar(sidecar) => {
                sidecars.push(sidecar);
                Ok(())
            }
            other => sink.action(other),
        };
        match file.ends_with(".json") {
            true => parse_lines(file, &log.store.read_all(file)?, S::FILES, on_action)?,
            false => read_parquet(log, file, S::FILES, &mut on_action)?,
        }
    }
    if S::FILES {
        for sidecar in sidecars {
            let path = sidecar_path(log, &sidecar)?;
            read_parquet(log, &path, true, &mut |action| sink.action(action))?;
        }
    }
    Ok(())
}

fn sidecar_path(log: &Log, sidecar: &Sidecar) -> Result<String> {
    let name = paths::decode(&sidecar.path)?;
    if paths::is_absolute(&name) {
        return Err(Error::unsupported(format!(
            "cannot read sidecar {name} outside of the table"
        )));
    }
    paths::check_relative(&name)?;
    Ok(log.path(&format!("_sidecars/{name}")))
}

fn read_parquet(
    log: &Log,
    path: &str,
    files: bool,
    on_action: &mut dyn FnMut(Action) -> Result<()>,
) -> Result<()> {
    let file = ParquetFile::open(&log.store, path)?;
    let seal = verify_seal(log, &file)?;
    let mut num_rows = 0;
    let mask = projection(&file, files);
    for index in 0..file.num_row_groups() {
        let mut reader = file.read_row_group(index, &mask, BATCH_ROWS)?;
        while let Some(batch) = decode(path, || {
            reader
                .next()
                .transpose()
                .map_err(|e| Error::from_arrow_read(path, e))
        })? {
            let named = |e: Error| Error::new(e.code, format!("{path} is damaged: {e}"));
            read_batch(&batch, on_action).map_err(named)?;
            num_rows += batch.num_rows();
        }
    }
    match seal {
        Some(seal) if seal.num_rows != num_rows => Err(damaged(&file)),
        _ => Ok(()),
    }
}

/// A checkpoint of avocet carries a seal. Without it, a flipped bit could change a path or a
/// transaction and go unnoticed.
fn verify_seal(log: &Log, file: &ParquetFile) -> Result<Option<Seal>> {
    let pairs = file.footer().file_metadata().key_value_metadata();
    let stored = pairs.and_then(|pairs| pairs.iter().find(|pair| pair.key == CHECKSUM_KEY));
    let Some(stored) = stored.and_then(|pair| pair.value.as_deref()) else {
        return Ok(None);
    };
    let seal = Seal::parse(stored).filter(|seal| seal.num_bytes <= file.size);
    let seal = seal.ok_or_else(|| damaged(file))?;
    let checksum = checksum_of_file(log.store.as_ref(), &file.path, seal.num_bytes)?;
    let columns = columns_checksum(file.metadata.parquet_schema());
    match checksum == seal.checksum && columns == seal.columns {
        true => Ok(Some(seal)),
        false => Err(damaged(file)),
    }
}

fn damaged(file: &ParquetFile) -> Error {
    Error::corrupt(format!(
        "{} is damaged: it does not match its checksum",
        file.path
    ))
}

/// Leaves out what repeats other columns in parsed form, and files unless they are wanted.
fn projection(file: &ParquetFile, files: bool) -> ProjectionMask {
    let schema = file.metadata.parquet_schema();
    let wanted = schema.columns().iter().enumerate().filter(|(_, column)| {
        let parts = column.path().parts();
        let root = parts[0].as_str();
        let parsed = parts.get(1).is_some_and(|part| part.ends_with("_parsed"));
        let kind = TABLE_ACTIONS.contains(&root) || (files && FILE_ACTIONS.contains(&root));
        kind && !parsed
    });
    ProjectionMask::leaves(schema, wanted.map(|(leaf, _)| leaf))
}

fn read_batch(batch: &RecordBatch, on_action: &mut dyn FnMut(Action) -> Result<()>) -> Result<()> {
    for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
        let make: fn(Value) -> serde_json::Result<Action> = match field.name().as_str() {
            "add" => |v| serde_json::from_value(v).map(Action::Add),
            "remove" => |v| serde_json::from_value(v).map(Action::Remove),
            "metaData" => |v| serde_json::from_value(v).map(Action::Metadata),
            "protocol" => |v| serde_json::from_value(v).map(Action::Protocol),
            "txn" => |v| serde_json::from_value(v).map(Action::Txn),
            "domainMetadata" => |v| serde_json::from_value(v).map(Action::Domain),
            "sidecar" => |v| serde_json::from_value(v).map(Action::Sidecar),
            _ => continue,
        };
        for row in valid_rows(column) {
            let action = make(row_to_json(column, row)?)
                .map_err(|e| Error::corrupt(format!("{}: {e}", field.name())))?;
            on_action(action)?;
        }
    }
    Ok(())
}

fn valid_rows(column: &ArrayRef) -> Vec<usize> {
    match column.nulls() {
        Some(nulls) => nulls.valid_indices().collect(),
        None => (0..column.len()).collect(),
    }
}
