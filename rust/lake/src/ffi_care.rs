//! stubs
use crate::error::{Code, Error};
use crate::ffi::{AvBytes, guard};
use crate::ffi_table::AvTable;
use arrow_array::ffi::{FFI_ArrowArray, FFI_ArrowSchema};
use std::ffi::c_char;
fn todo(error: *mut AvBytes) -> Code {
    guard(error, || Err(Error::unsupported("not there yet")))
}
/// # Safety
#[unsafe(no_mangle)]
pub unsafe extern "C" fn av_table_check_parquet(
    _t: *mut AvTable,
    _p: *const c_char,
    _v: i32,
    _o: *mut AvBytes,
    e: *mut AvBytes,
) -> Code {
    todo(e)
}
/// # Safety
#[unsafe(no_mangle)]
pub unsafe extern "C" fn av_table_rewrite(
    _t: *mut AvTable,
    _p: *const c_char,
    _a: *mut FFI_ArrowArray,
    _s: *mut FFI_ArrowSchema,
    _j: *const c_char,
    _o: *mut AvBytes,
    e: *mut AvBytes,
) -> Code {
    todo(e)
}
/// # Safety
#[unsafe(no_mangle)]
pub unsafe extern "C" fn av_table_checkpoint(_t: *mut AvTable, e: *mut AvBytes) -> Code {
    todo(e)
}
/// # Safety
#[unsafe(no_mangle)]
pub unsafe extern "C" fn av_table_cleanup_log(
    _t: *mut AvTable,
    _r: i64,
    _k: i64,
    _n: i64,
    _d: i32,
    _o: *mut AvBytes,
    e: *mut AvBytes,
) -> Code {
    todo(e)
}
/// # Safety
#[unsafe(no_mangle)]
pub unsafe extern "C" fn av_table_vacuum(
    _t: *mut AvTable,
    _r: i64,
    _n: i64,
    _d: i32,
    _o: *mut AvBytes,
    e: *mut AvBytes,
) -> Code {
    todo(e)
}
