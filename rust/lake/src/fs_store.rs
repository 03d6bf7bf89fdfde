//! A `Store` over the file system callbacks that the caller gives (`AvFs`).

use crate::error::{Code, Error, Result};
use crate::store::{FileInfo, Put, Store};
use bytes::Bytes;
use std::ffi::{c_char, c_void};

const MESSAGE_CAP: usize = 512;

/// `AvFsError`.
#[repr(C)]
pub struct FsError {
    pub message: [u8; MESSAGE_CAP],
    pub message_len: usize,
}

/// `AvFsListFn`.
pub type ListFn = extern "C" fn(*mut c_void, *const c_char, usize, u64, i64);

type ReadFn = unsafe extern "C" fn(
    *mut c_void,
    *const c_char,
    usize,
    u64,
    *mut u8,
    usize,
    *mut usize,
    *mut FsError,
) -> i32;
type StatFn = unsafe extern "C" fn(
    *mut c_void,
    *const c_char,
    usize,
    *mut u64,
    *mut i64,
    *mut FsError,
) -> i32;
type ListAllFn = unsafe extern "C" fn(
    *mut c_void,
    *const c_char,
    usize,
    *const c_char,
    usize,
    ListFn,
    *mut c_void,
    *mut FsError,
) -> i32;
type PutFn = unsafe extern "C" fn(
    *mut c_void,
    *const c_char,
    usize,
    *const u8,
    usize,
    i32,
    *mut FsError,
) -> i32;
type RemoveFn = unsafe extern "C" fn(*mut c_void, *const c_char, usize, *mut FsError) -> i32;

/// `AvFs`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Fs {
    pub ctx: *mut c_void,
    pub is_remote: i32,
    pub read: Option<ReadFn>,
    pub stat: Option<StatFn>,
    pub list: Option<ListAllFn>,
    pub put: Option<PutFn>,
    pub remove: Option<RemoveFn>,
}

pub struct FsStore {
    ctx: *mut c_void,
    is_remote: bool,
    read: ReadFn,
    stat: StatFn,
    list: ListAllFn,
    put: PutFn,
    remove: RemoveFn,
}

// SAFETY: the interface demands that `ctx` and the functions are usable from any thread.
unsafe impl Send for FsStore {}
// SAFETY: as above.
unsafe impl Sync for FsStore {}

impl FsStore {
    /// # Safety
    /// The functions and `ctx` must be valid, from any thread, for the life of the store.
    pub unsafe fn new(fs: &Fs) -> Result<FsStore> {
        let missing = || Error::invalid("cannot open lake: AvFs has a null function");
        Ok(FsStore {
            ctx: fs.ctx,
            is_remote: fs.is_remote != 0,
            read: fs.read.ok_or_else(missing)?,
            stat: fs.stat.ok_or_else(missing)?,
            list: fs.list.ok_or_else(missing)?,
            put: fs.put.ok_or_else(missing)?,
            remove: fs.remove.ok_or_else(missing)?,
        })
    }
}

fn check(
    verb: &str,
    path: &str,
    call: impl FnOnce(*const c_char, usize, *mut FsError) -> i32,
) -> Result<()> {
    let mut error = FsError {
        message: [0; MESSAGE_CAP],
        message_len: 0,
    };
    let code = Code::from_c(call(path.as_ptr().cast(), path.len(), &mut error));
    if code == Code::Ok {
        return Ok(());
    }
    let len = error.message_len.min(MESSAGE_CAP);
    let detail = String::from_utf8_lossy(&error.message[..len]);
    let detail = detail.trim_end_matches(['\n', '\0']);
    let message = match (detail.is_empty(), detail.contains(path)) {
        (true, _) => format!("cannot {verb} {path}: {code:?}"),
        (false, true) => detail.to_string(),
        (false, false) => format!("cannot {verb} {path}: {detail}"),
    };
    Err(Error::new(code, message))
}

struct Listing {
    files: Vec<FileInfo>,
    bad_name: Option<String>,
}

extern "C" fn collect(
    ctx: *mut c_void,
    path: *const c_char,
    len: usize,
    size: u64,
    modified_ms: i64,
) {
    // SAFETY: `ctx` is the `Listing` that `list` passed, used by one thread during that call;
    // path and len describe a readable buffer.
    let (listing, bytes) = unsafe {
        (
            &mut *ctx.cast::<Listing>(),
            std::slice::from_raw_parts(path.cast::<u8>(), len),
        )
    };
    match std::str::from_utf8(bytes) {
        Ok(path) => listing.files.push(FileInfo {
            path: path.to_string(),
            size,
            modified_ms,
        }),
        Err(_) => listing.bad_name = Some(String::from_utf8_lossy(bytes).into_owned()),
    }
}

impl Store for FsStore {
    fn read(&self, path: &str, offset: u64, len: usize) -> Result<Bytes> {
        let mut data: Vec<u8> = Vec::with_capacity(len);
        let mut read_len = 0usize;
        check("read", path, |p, n, e| {
            // SAFETY: `data` has room for `len` bytes.
            unsafe {
                (self.read)(
                    self.ctx,
                    p,
                    n,
                    offset,
                    data.as_mut_ptr(),
                    len,
                    &mut read_len,
                    e,
                )
            }
        })?;
        if read_len > len {
            return Err(Error::internal(format!(
                "cannot read {path}: AvFs.read wrote too much"
            )));
        }
        // SAFETY: the callback filled the first `read_len` bytes, and `read_len <= capacity`.
        unsafe { data.set_len(read_len) };
        Ok(data.into())
    }

    fn stat(&self, path: &str) -> Result<FileInfo> {
        let (mut size, mut modified_ms) = (0u64, 0i64);
        check("stat", path, |p, n, e| {
            // SAFETY: both outputs are valid for the call.
            unsafe { (self.stat)(self.ctx, p, n, &mut size, &mut modified_ms, e) }
        })?;
        Ok(FileInfo {
            path: path.to_string(),
            size,
            modified_ms,
        })
    }

    fn list(&self, dir: &str, from: Option<&str>) -> Result<Vec<FileInfo>> {
        let from = from.unwrap_or_default();
        let mut listing = Listing {
            files: Vec::new(),
            bad_name: None,
        };
        let ctx = std::ptr::from_mut(&mut listing).cast::<c_void>();
        check("list", dir, |p, n, e| {
            let (from, from_len) = (from.as_ptr().cast(), from.len());
            // SAFETY: `ctx` and `from` outlive the call.
            unsafe { (self.list)(self.ctx, p, n, from, from_len, collect, ctx, e) }
        })?;
        if let Some(name) = listing.bad_name {
            return Err(Error::invalid(format!(
                "cannot list {dir}: not UTF-8: {name}"
            )));
        }
        Ok(listing.files)
    }

    fn put(&self, path: &str, data: &[u8], mode: Put) -> Result<()> {
        let create_new = i32::from(mode == Put::CreateNew);
        check("write", path, |p, n, e| {
            // SAFETY: `data` is readable for the call.
            unsafe { (self.put)(self.ctx, p, n, data.as_ptr(), data.len(), create_new, e) }
        })
    }

    fn is_remote(&self) -> bool {
        self.is_remote
    }

    fn remove(&self, path: &str) -> Result<()> {
        // SAFETY: the path is readable for the call.
        check("remove", path, |p, n, e| unsafe {
            (self.remove)(self.ctx, p, n, e)
        })
    }
}
