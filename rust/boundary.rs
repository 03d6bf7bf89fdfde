//! What the C interfaces of the crates beside this file have in common: byte buffers, texts, and the
//! guard that lets no panic through. A file that each crate compiles for itself rather than a crate
//! of its own: the static libraries meet in one program, where its symbols would be there twice.

use crate::error::{Code, Error, Result};
use std::any::Any;
use std::ffi::{CStr, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A `Vec<u8>` in parts.
#[repr(C)]
pub struct CBytes {
    pub data: *mut u8,
    pub len: usize,
    pub cap: usize,
}

impl CBytes {
    pub fn new(bytes: Vec<u8>) -> CBytes {
        let mut bytes = std::mem::ManuallyDrop::new(bytes);
        CBytes {
            data: bytes.as_mut_ptr(),
            len: bytes.len(),
            cap: bytes.capacity(),
        }
    }

    const fn empty() -> CBytes {
        CBytes {
            data: std::ptr::null_mut(),
            len: 0,
            cap: 0,
        }
    }

    /// # Safety
    /// `bytes` is null or points to a `CBytes` of this library that was not copied and freed.
    pub unsafe fn free(bytes: *mut CBytes) {
        if bytes.is_null() {
            return;
        }
        // SAFETY: not null; data, len and cap come from a Vec that `CBytes::new` gave away.
        unsafe {
            let CBytes { data, len, cap } = std::ptr::replace(bytes, CBytes::empty());
            if !data.is_null() {
                drop(Vec::from_raw_parts(data, len, cap));
            }
        }
    }
}

/// Runs `f`; turns errors and panics into a code, and a message in `error` when it is not null.
pub(crate) fn guard(error: *mut CBytes, f: impl FnOnce() -> Result<()>) -> Code {
    let failure = match catch_unwind(AssertUnwindSafe(f)) {
        Ok(Ok(())) => return Code::Ok,
        Ok(Err(failure)) => failure,
        Err(panic) => Error::internal(format!("BUG: {}", panic_text(panic.as_ref()))),
    };
    if !error.is_null() {
        let message = failure.message.trim_end_matches('\n').as_bytes().to_vec();
        // SAFETY: the caller gave a writable CBytes.
        unsafe { error.write(CBytes::new(message)) };
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
