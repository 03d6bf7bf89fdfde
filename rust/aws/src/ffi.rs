//! The C boundary. `include/avocet_aws.h` is the contract; what a pointer must be is said there.

#[path = "../../boundary.rs"]
mod boundary;

pub use boundary::CBytes as AwBytes;
pub(crate) use boundary::{borrow, give, guard, optional_text, text};

/// # Safety
/// `bytes` is null or points to an `AwBytes` of this library that was not copied and freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn aw_bytes_free(bytes: *mut AwBytes) {
    // SAFETY: as demanded of the caller.
    unsafe { AwBytes::free(bytes) }
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
