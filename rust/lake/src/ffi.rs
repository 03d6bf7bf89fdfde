//! The C boundary. `include/avocet_lake.h` is the contract; what a pointer must be is said there.

#[path = "../../boundary.rs"]
mod boundary;

pub use boundary::CBytes as AvBytes;
pub(crate) use boundary::{borrow, give, guard, optional_text, text};

/// # Safety
/// `bytes` is null or points to an `AvBytes` of this library that was not copied and freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn av_bytes_free(bytes: *mut AvBytes) {
    // SAFETY: as demanded of the caller.
    unsafe { AvBytes::free(bytes) }
}
