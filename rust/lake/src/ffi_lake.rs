//! `av_lake_*`.

use crate::batch_stream;
use crate::error::Code;
use crate::ffi::{AvBytes, borrow, give, guard, text};
use crate::fs_store::{Fs, FsStore};
use crate::parquet_texts::ParquetTexts;
use crate::store::Store;
use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use std::ffi::c_char;
use std::sync::Arc;

pub struct AvLake {
    pub store: Arc<dyn Store>,
}

const VERSION: &str = concat!(
    "{\"library\":\"",
    env!("CARGO_PKG_VERSION"),
    "\",\"parquet\":\"60.1\"}\0"
);

/// # Safety
/// See `avocet_lake.h`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn av_lake_open_fs(
    fs: *const Fs,
    lake: *mut *mut AvLake,
    error: *mut AvBytes,
) -> Code {
    guard(error, || {
        // SAFETY: the contract of the header.
        unsafe {
            let fs = borrow(fs, "fs")?;
            let store: Arc<dyn Store> = Arc::new(FsStore::new(fs)?);
            give(lake, Box::into_raw(Box::new(AvLake { store })), "lake")
        }
    })
}

/// # Safety
/// See `avocet_lake.h`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn av_lake_free(lake: *mut AvLake) {
    if !lake.is_null() {
        // SAFETY: the handle came from Box::into_raw and is freed once.
        guard(std::ptr::null_mut(), || {
            drop(unsafe { Box::from_raw(lake) });
            Ok(())
        });
    }
}

/// # Safety
/// See `avocet_lake.h`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn av_lake_parquet_texts(
    lake: *mut AvLake,
    path: *const c_char,
    stream: *mut FFI_ArrowArrayStream,
    error: *mut AvBytes,
) -> Code {
    guard(error, || {
        // SAFETY: the contract of the header.
        unsafe {
            let store = &borrow(lake, "lake")?.store;
            let texts = ParquetTexts::open(store, text(path, "path")?)?;
            give(stream, batch_stream::stream(texts), "stream")
        }
    })
}

#[unsafe(no_mangle)]
pub extern "C" fn av_lake_version() -> *const c_char {
    VERSION.as_ptr().cast()
}
