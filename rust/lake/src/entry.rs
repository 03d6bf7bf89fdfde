//! Builds log entries: the JSON lines of one commit.

use crate::action::{Metadata, Protocol, Remove, Txn};
use crate::commit_request::{CommitRequest, RemoveRequest};
use crate::error::{Error, Result};
use crate::paths;
use crate::protocol;
use crate::state::State;
use serde::Serialize;
use serde_json::{Map, Value, json};

pub const ENGINE: &str = concat!("avocet/", env!("CARGO_PKG_VERSION"));

/// JSON lines, one action each.
#[derive(Default)]
pub struct Entry {
    pub bytes: Vec<u8>,
}

impl Entry {
    fn push<T: Serialize>(&mut self, name: &str, action: &T) -> Result<()> {
        let failed = |e: serde_json::Error| Error::internal(format!("cannot write {name}: {e}"));
        self.bytes
            .extend_from_slice(format!("{{\"{name}\":").as_bytes());
        serde_json::to_writer(&mut self.bytes, action).map_err(failed)?;
        self.bytes.extend_from_slice(b"}\n");
        Ok(())
    }
}

/// Version 0 of a table.
pub fn create_entry(protocol: &Protocol, metadata: &Metadata, now_ms: i64) -> Result<Vec<u8>> {
    let mut entry = Entry::default();
    let parameters = json!({
        "partitionBy": to_text(&json!(metadata.partition_columns)),
        "description": metadata.description.as_deref().unwrap_or(""),
    });
    let info = json!({
        "timestamp": now_ms,
        "operation": "CREATE TABLE",
        "operationParameters": parameters,
        "isBlindAppend": true,
        "engineInfo": ENGINE,
        "txnId": uuid::Uuid::new_v4().to_string(),
    });
    entry.push("commitInfo", &info)?;
    entry.push("protocol", protocol)?;
    entry.push("metaData", metadata)?;
    Ok(entry.bytes)
}

/// The entry of `request` on top of `state`. `txn_id` makes the bytes of each attempt our own.
pub fn commit_entry(
    state: &State,
    request: &CommitRequest,
    txn_id: &str,
    now_ms: i64,
) -> Result<Vec<u8>> {
    let mut entry = Entry::default();
    entry.push("commitInfo", &commit_info(state, request, txn_id, now_ms))?;
    if request.changes_metadata() {
        entry.push("metaData", &changed_metadata(state, request)?)?;
    }
    if let Some(txn) = &request.txn {
        let txn = Txn {
            app_id: txn.app_id.clone(),
            version: txn.version,
            last_updated: Some(now_ms),
        };
        entry.push("txn", &txn)?;
    }
    for remove in &request.removes {
        entry.push(
            "remove",
            &remove_action(remove, request.data_change(), now_ms),
        )?;
    }
    for add in &request.adds {
        entry.push("add", add)?;
    }
    Ok(entry.bytes)
}

fn commit_info(state: &State, request: &CommitRequest, txn_id: &str, now_ms: i64) -> Value {
    let mut info = Map::new();
    info.insert("timestamp".into(), now_ms.into());
    info.insert(
        "operation".into(),
        request.operation.as_deref().unwrap_or("WRITE").into(),
    );
    // Spark reads the parameters as a map of strings.
    let parameters = request.operation_parameters.iter().flatten();
    let parameters: Map<String, Value> = parameters
        .map(|(key, value)| (key.clone(), to_text(value).into()))
        .collect();
    info.insert("operationParameters".into(), parameters.into());
    if !request.blind_append() {
        info.insert("readVersion".into(), state.version.into());
    }
    info.insert("isBlindAppend".into(), request.blind_append().into());
    info.insert("engineInfo".into(), ENGINE.into());
    for (key, value) in request.commit_info.iter().flatten() {
        info.insert(key.clone(), value.clone());
    }
    info.insert("txnId".into(), txn_id.into());
    info.into()
}

fn to_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn changed_metadata(state: &State, request: &CommitRequest) -> Result<Metadata> {
    let mut metadata = state.meta.action.clone();
    let schema = state.meta.schema.with_columns(&request.add_columns)?;
    metadata.schema_string = schema.to_json()?;
    for (key, value) in &request.configuration {
        match value {
            Some(_) => metadata.configuration.insert(key.clone(), value.clone()),
            None => metadata.configuration.remove(key),
        };
    }
    if state.protocol.min_writer_version <= 2 {
        protocol::check_created(&metadata, &schema)?;
    }
    protocol::check_write(&state.protocol, &metadata, &schema)?;
    Ok(metadata)
}

fn remove_action(request: &RemoveRequest, data_change: bool, now_ms: i64) -> Remove {
    let mut remove = Remove {
        path: paths::encode(request.path()),
        deletion_timestamp: Some(now_ms),
        data_change,
        ..Remove::default()
    };
    if let RemoveRequest::File(file) = request
        && let (Some(size), Some(values)) = (file.size, &file.partition_values)
    {
        remove.extended_file_metadata = Some(true);
        remove.size = Some(size);
        remove.partition_values = Some(values.clone());
    }
    remove
}
