//! `av_table_*`: opening, looking and committing.

use crate::commit_request::CommitRequest;
use crate::error::{Code, Error, Result};
use crate::ffi::{AvBytes, borrow, give, guard, text};
use crate::ffi_lake::AvLake;
use crate::files::FileSet;
use crate::table::Table;
use serde_json::json;
use std::ffi::c_char;

pub struct AvTable {
    pub table: Table,
}

/// # Safety
/// `out` is null or writable.
pub(crate) unsafe fn give_bytes(out: *mut AvBytes, bytes: Vec<u8>, name: &str) -> Result<()> {
    if out.is_null() {
        return Err(Error::invalid(format!("{name} is null")));
    }
    // SAFETY: as demanded of the caller.
    unsafe { give(out, AvBytes::new(bytes), name) }
}

/// # Safety
/// See `avocet_lake.h`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn av_table_open(
    lake: *mut AvLake,
    path: *const c_char,
    table: *mut *mut AvTable,
    error: *mut AvBytes,
) -> Code {
    guard(error, || {
        // SAFETY: the contract of the header.
        unsafe {
            let store = borrow(lake, "lake")?.store.clone();
            let opened = Table::open(store, text(path, "path")?)?;
            give(
                table,
                Box::into_raw(Box::new(AvTable { table: opened })),
                "table",
            )
        }
    })
}

/// # Safety
/// See `avocet_lake.h`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn av_table_create(
    lake: *mut AvLake,
    path: *const c_char,
    spec_json: *const c_char,
    table: *mut *mut AvTable,
    error: *mut AvBytes,
) -> Code {
    guard(error, || {
        // SAFETY: the contract of the header.
        unsafe {
            let store = borrow(lake, "lake")?.store.clone();
            let path = text(path, "path")?;
            let created = Table::create(store, path, text(spec_json, "spec_json")?)?;
            give(
                table,
                Box::into_raw(Box::new(AvTable { table: created })),
                "table",
            )
        }
    })
}

/// # Safety
/// See `avocet_lake.h`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn av_table_free(table: *mut AvTable) {
    if !table.is_null() {
        guard(std::ptr::null_mut(), || {
            // SAFETY: the handle came from Box::into_raw and is freed once.
            drop(unsafe { Box::from_raw(table) });
            Ok(())
        });
    }
}

/// # Safety
/// See `avocet_lake.h`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn av_table_refresh(table: *mut AvTable, error: *mut AvBytes) -> Code {
    // SAFETY: the contract of the header.
    guard(error, || unsafe { borrow(table, "table")?.table.refresh() })
}

/// # Safety
/// See `avocet_lake.h`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn av_table_version(table: *mut AvTable) -> i64 {
    let mut version = -1;
    guard(std::ptr::null_mut(), || {
        // SAFETY: the contract of the header.
        version = unsafe { borrow(table, "table")? }.table.version()?;
        Ok(())
    });
    version
}

/// # Safety
/// See `avocet_lake.h`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn av_table_metadata(
    table: *mut AvTable,
    json: *mut AvBytes,
    error: *mut AvBytes,
) -> Code {
    guard(error, || {
        // SAFETY: the contract of the header.
        unsafe {
            let text = borrow(table, "table")?.table.metadata_json()?;
            give_bytes(json, text.into_bytes(), "json")
        }
    })
}

/// # Safety
/// See `avocet_lake.h`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn av_table_txn(
    table: *mut AvTable,
    app_id: *const c_char,
    version: *mut i64,
    error: *mut AvBytes,
) -> Code {
    guard(error, || {
        // SAFETY: the contract of the header.
        unsafe {
            let found = borrow(table, "table")?.table.txn(text(app_id, "app_id")?)?;
            give(version, found, "version")
        }
    })
}

/// # Safety
/// See `avocet_lake.h`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn av_table_log_entry(
    table: *mut AvTable,
    version: i64,
    json_lines: *mut AvBytes,
    error: *mut AvBytes,
) -> Code {
    guard(error, || {
        // SAFETY: the contract of the header.
        unsafe {
            let entry = borrow(table, "table")?.table.log_entry(version)?;
            give_bytes(json_lines, entry.to_vec(), "json_lines")
        }
    })
}

/// # Safety
/// See `avocet_lake.h`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn av_table_files(
    table: *mut AvTable,
    json_lines: *mut AvBytes,
    error: *mut AvBytes,
) -> Code {
    guard(error, || {
        // SAFETY: the contract of the header.
        unsafe {
            let files = borrow(table, "table")?.table.files()?;
            give_bytes(json_lines, files_json(&files), "json_lines")
        }
    })
}

fn files_json(files: &FileSet) -> Vec<u8> {
    let mut lines = Vec::new();
    for (key, add) in &files.active {
        let path = key.split('\0').next().unwrap_or(key);
        let line = json!({
            "path": path,
            "size": add.size,
            "partition_values": add.partition_values,
            "modification_time": add.modification_time,
            "stats": add.stats,
            "tags": add.tags,
        });
        lines.extend_from_slice(line.to_string().as_bytes());
        lines.push(b'\n');
    }
    lines
}

/// # Safety
/// See `avocet_lake.h`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn av_table_commit(
    table: *mut AvTable,
    commit_json: *const c_char,
    version: *mut i64,
    error: *mut AvBytes,
) -> Code {
    guard(error, || {
        // SAFETY: the contract of the header.
        unsafe {
            let table = &borrow(table, "table")?.table;
            let request = CommitRequest::parse(text(commit_json, "commit_json")?)?;
            let committed = table.commit(&request)?;
            // A caller that does not care for the version has still committed.
            if !version.is_null() {
                version.write(committed);
            }
            Ok(())
        }
    })
}
