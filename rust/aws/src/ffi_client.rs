//! `aw_client_*` and `aw_send`.

use crate::client::Client;
use crate::error::{Code, Result};
use crate::ffi::{AwBytes, borrow, bytes, give, guard, optional_text, text};
use crate::options::parse_headers;
use crate::send::{Request, send};
use std::ffi::c_char;

const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\0");

/// # Safety
/// See `avocet_aws.h`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn aw_client_open(
    options_json: *const c_char,
    client: *mut *mut Client,
    error: *mut AwBytes,
) -> Code {
    guard(error, || {
        // SAFETY: the contract of the header.
        unsafe {
            let opened = Client::open(text(options_json, "options_json")?)?;
            give(client, Box::into_raw(Box::new(opened)), "client")
        }
    })
}

/// # Safety
/// `client` is null or a live handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn aw_client_cancel(client: *const Client) {
    // SAFETY: as demanded of the caller.
    if let Some(client) = unsafe { client.as_ref() } {
        client.cancel();
    }
}

/// # Safety
/// `client` is null or a live handle, not used afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn aw_client_free(client: *mut Client) {
    if !client.is_null() {
        // SAFETY: the handle came from Box::into_raw and is freed once.
        guard(std::ptr::null_mut(), || {
            drop(unsafe { Box::from_raw(client) });
            Ok(())
        });
    }
}

/// # Safety
/// `client` is null or a live handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn aw_client_region(client: *const Client) -> *const c_char {
    // SAFETY: as demanded of the caller.
    let client = unsafe { client.as_ref() };
    client.map_or(std::ptr::null(), |client| client.region_text.as_ptr())
}

/// `AwRequest`.
#[repr(C)]
pub struct AwRequest {
    service: *const c_char,
    method: *const c_char,
    url: *const c_char,
    headers_json: *const c_char,
    body: *const u8,
    body_len: usize,
    most_answer_bytes: usize,
}

/// # Safety
/// The pointers of `request` are as `avocet_aws.h` says.
unsafe fn read_request(request: &AwRequest) -> Result<Request<'_>> {
    // SAFETY: as demanded of the caller.
    unsafe {
        Ok(Request {
            service: text(request.service, "service")?,
            method: text(request.method, "method")?,
            url: text(request.url, "url")?,
            headers: parse_headers(optional_text(request.headers_json, "headers_json")?)?,
            body: bytes(request.body, request.body_len),
            most_answer_bytes: request.most_answer_bytes,
        })
    }
}

/// # Safety
/// See `avocet_aws.h`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn aw_send(
    client: *const Client,
    request: *const AwRequest,
    status: *mut i32,
    headers_json: *mut AwBytes,
    body: *mut AwBytes,
    error: *mut AwBytes,
) -> Code {
    guard(error, || {
        // SAFETY: the contract of the header.
        unsafe {
            let request = read_request(borrow(request, "request")?)?;
            let answer = send(borrow(client, "client")?, &request)?;
            give(status, i32::from(answer.status), "status")?;
            let headers = answer.headers.to_string().into_bytes();
            give(headers_json, AwBytes::new(headers), "headers_json")?;
            give(body, AwBytes::new(answer.body), "body")
        }
    })
}

#[unsafe(no_mangle)]
pub extern "C" fn aw_version() -> *const c_char {
    VERSION.as_ptr().cast()
}
