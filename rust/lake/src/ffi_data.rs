//! `av_table_*`: Parquet files in and out.

use crate::arrow_import::import_batch;
use crate::batch_stream;
use crate::error::{Code, Error, Result};
use crate::ffi::{AvBytes, borrow, give, guard, optional_text, text};
use crate::ffi_table::{AvTable, give_bytes};
use crate::write_options::WriteOptions;
use arrow_array::ffi::{FFI_ArrowArray, FFI_ArrowSchema};
use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use std::ffi::c_char;

/// # Safety
/// See `avocet_lake.h`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn av_table_write_parquet(
    table: *mut AvTable,
    batch: *mut FFI_ArrowArray,
    schema: *mut FFI_ArrowSchema,
    options_json: *const c_char,
    add_json: *mut AvBytes,
    error: *mut AvBytes,
) -> Code {
    guard(error, || {
        // SAFETY: the contract of the header. The batch comes first: it is ours even on errors.
        unsafe {
            let batch = import_batch(batch, schema)?;
            let table = &borrow(table, "table")?.table;
            let options = optional_text(options_json, "options_json")?.unwrap_or("{}");
            let add = table.write_parquet(&batch, &WriteOptions::parse(options)?)?;
            give_bytes(add_json, to_json(&add)?, "add_json")
        }
    })
}

/// # Safety
/// See `avocet_lake.h`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn av_table_read_parquet(
    table: *mut AvTable,
    file_path: *const c_char,
    columns_json: *const c_char,
    stream: *mut FFI_ArrowArrayStream,
    error: *mut AvBytes,
) -> Code {
    guard(error, || {
        // SAFETY: the contract of the header.
        unsafe {
            let table = &borrow(table, "table")?.table;
            let path = text(file_path, "file_path")?;
            let columns = match optional_text(columns_json, "columns_json")? {
                Some(json) => from_json::<Option<Vec<String>>>(json, "columns_json")?,
                None => None,
            };
            let reader = table.read_parquet(path, columns.as_deref())?;
            give(stream, batch_stream::stream(reader), "stream")
        }
    })
}

pub(crate) fn to_json<T: serde::Serialize>(value: &T) -> Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(|e| Error::internal(format!("cannot write JSON: {e}")))
}

pub(crate) fn from_json<T: serde::de::DeserializeOwned>(json: &str, name: &str) -> Result<T> {
    serde_json::from_str(json).map_err(|e| Error::invalid(format!("cannot read {name}: {e}")))
}
