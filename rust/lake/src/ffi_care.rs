//! `av_table_*`: checking, rewriting and cleaning up.

use crate::arrow_import::import_batch;
use crate::error::Code;
use crate::ffi::{AvBytes, borrow, guard, optional_text, text};
use crate::ffi_data::{from_json, to_json};
use crate::ffi_table::{AvTable, give_bytes};
use crate::write_options::WriteOptions;
use arrow_array::ffi::{FFI_ArrowArray, FFI_ArrowSchema};
use serde_json::{Value, json};
use std::ffi::c_char;

/// # Safety
/// See `avocet_lake.h`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn av_table_check_parquet(
    table: *mut AvTable,
    file_path: *const c_char,
    verify_pages: i32,
    json: *mut AvBytes,
    error: *mut AvBytes,
) -> Code {
    guard(error, || {
        // SAFETY: the contract of the header.
        unsafe {
            let table = &borrow(table, "table")?.table;
            let found = table.check_parquet(text(file_path, "file_path")?, verify_pages != 0)?;
            give_bytes(json, to_json(&found)?, "json")
        }
    })
}

/// # Safety
/// See `avocet_lake.h`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn av_table_rewrite(
    table: *mut AvTable,
    files_json: *const c_char,
    drop_keys: *mut FFI_ArrowArray,
    drop_keys_schema: *mut FFI_ArrowSchema,
    options_json: *const c_char,
    result_json: *mut AvBytes,
    error: *mut AvBytes,
) -> Code {
    guard(error, || {
        // SAFETY: the contract of the header. The keys come first: they are ours even on errors.
        unsafe {
            let keys = match drop_keys.is_null() {
                true => None,
                false => Some(import_batch(drop_keys, drop_keys_schema)?),
            };
            let table = &borrow(table, "table")?.table;
            let files: Vec<String> = from_json(text(files_json, "files_json")?, "files_json")?;
            let options = optional_text(options_json, "options_json")?.unwrap_or("{}");
            let options = WriteOptions::parse(options)?;
            let result = table.rewrite(&files, keys.as_ref(), &options)?;
            let json = json!({
                "adds": result.adds,
                "rows_in": result.rows_in,
                "rows_out": result.rows_out,
                "sorted": result.sorted,
            });
            give_bytes(result_json, to_json(&json)?, "result_json")
        }
    })
}

/// # Safety
/// See `avocet_lake.h`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn av_table_checkpoint(table: *mut AvTable, error: *mut AvBytes) -> Code {
    // SAFETY: the contract of the header.
    guard(error, || unsafe {
        borrow(table, "table")?.table.checkpoint()
    })
}

/// # Safety
/// See `avocet_lake.h`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn av_table_cleanup_log(
    table: *mut AvTable,
    retention_ms: i64,
    keep_from_version: i64,
    now_ms: i64,
    dry_run: i32,
    removed_json: *mut AvBytes,
    error: *mut AvBytes,
) -> Code {
    guard(error, || {
        // SAFETY: the contract of the header.
        unsafe {
            let table = &borrow(table, "table")?.table;
            let removed =
                table.cleanup_log(retention_ms, keep_from_version, now_ms, dry_run != 0)?;
            give_bytes(removed_json, to_json(&removed)?, "removed_json")
        }
    })
}

/// # Safety
/// See `avocet_lake.h`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn av_table_vacuum(
    table: *mut AvTable,
    retention_ms: i64,
    now_ms: i64,
    dry_run: i32,
    removed_json: *mut AvBytes,
    error: *mut AvBytes,
) -> Code {
    guard(error, || {
        // SAFETY: the contract of the header.
        unsafe {
            let table = &borrow(table, "table")?.table;
            let removed = table.vacuum(retention_ms, now_ms, dry_run != 0)?;
            let removed: Vec<Value> = removed
                .iter()
                .map(|f| json!({ "path": f.path, "size": f.size }))
                .collect();
            give_bytes(removed_json, to_json(&removed)?, "removed_json")
        }
    })
}
