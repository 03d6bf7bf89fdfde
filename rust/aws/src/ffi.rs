//! The C boundary: byte buffers, texts, and the guard that lets no panic through.
//! `include/avocet_aws.h` is the contract; what a pointer must be is said there.

use crate::error::{Code, Error, Result};
use std::any::Any;
use std::ffi::{CStr, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// `AwBytes`: a `Vec<u8>` in parts.
#[repr(C)]
pub struct AwBytes {
    pub data: *mut u8,
    pub len: usize,
    pub cap: usize,
}

impl AwBytes {
    pub fn new(bytes: Vec<u8>) -> AwBytes {
        let mut bytes = std::mem::ManuallyDrop::new(bytes);
        AwBytes {
            data: bytes.as_mut_ptr(),
            len: bytes.len(),
            cap: bytes.capacity(),
        }
    }

    const fn empty() -> AwBytes {
        AwBytes {
            data: std::ptr::null_mut(),
            len: 0,
            cap: 0,
        }
    }
}

/// # Safety
/// `bytes` is null or points to an `AwBytes` of this library that was not copied and freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn aw_bytes_free(bytes: *mut AwBytes) {
    if bytes.is_null() {
        return;
    }
    // SAFETY: not null; data, len and cap come from a Vec that `AwBytes::new` gave away.
    unsafe {
        let AwBytes { data, len, cap } = std::ptr::replace(bytes, AwBytes::empty());
        if !data.is_null() {
            drop(Vec::from_raw_parts(data, len, cap));
        }
    }
}

/// Runs `f`; turns errors and panics into a code, and a message in `error` when it is not null.
pub(crate) fn guard(error: *mut AwBytes, f: impl FnOnce() -> Result<()>) -> Code {
    let failure = match catch_unwind(AssertUnwindSafe(f)) {
        Ok(Ok(())) => return Code::Ok,
        Ok(Err(failure)) => failure,
        Err(panic) => Error::internal(format!("BUG: {}", panic_text(panic.as_ref()))),
    };
    if !error.is_null() {
        let message = failure.message.trim_end_matches('\n').as_bytes().to_vec();
        // SAFETY: the caller gave a writable AwBytes.
        unsafe { error.write(AwBytes::new(message)) };
    }
    failure.code
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(text), _) => text,
        (_, Some(text)) => text,
        _ => "panic without a message",
    }
}

/// # Safety
/// `text` is null or a C string that lives for the call.
pub(crate) unsafe fn text<'a>(text: *const c_char, name: &str) -> Result<&'a str> {
    // SAFETY: as demanded of the caller.
    unsafe { optional_text(text, name)? }.ok_or_else(|| Error::invalid(format!("{name} is null")))
}

/// # Safety
/// As `text`.
pub(crate) unsafe fn optional_text<'a>(text: *const c_char, name: &str) -> Result<Option<&'a str>> {
    if text.is_null() {
        return Ok(None);
    }
    // SAFETY: as demanded of the caller.
    let text = unsafe { CStr::from_ptr(text) };
    text.to_str()
        .map(Some)
        .map_err(|_| Error::invalid(format!("{name} is not UTF-8")))
}

/// # Safety
/// `handle` is null or a live handle of this library.
pub(crate) unsafe fn borrow<'a, T>(handle: *const T, name: &str) -> Result<&'a T> {
    // SAFETY: as demanded of the caller.
    unsafe { handle.as_ref() }.ok_or_else(|| Error::invalid(format!("{name} is null")))
}

/// # Safety
/// `out` is null or writable.
pub(crate) unsafe fn give<T>(out: *mut T, value: T, name: &str) -> Result<()> {
    if out.is_null() {
        return Err(Error::invalid(format!("{name} is null")));
    }
    // SAFETY: not null and writable; what it held is the caller's business, so no drop.
    unsafe { out.write(value) };
    Ok(())
}

/// # Safety
/// `data` is readable for `len` bytes, or `len` is 0.
pub(crate) unsafe fn bytes<'a>(data: *const u8, len: usize) -> &'a [u8] {
    if len == 0 {
        return &[];
    }
    // SAFETY: as demanded of the caller.
    unsafe { std::slice::from_raw_parts(data, len) }
}
