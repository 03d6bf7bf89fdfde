//! `AvFs` over a map, with faults to order.

use avocet_lake::fs_store::{Fs, FsError, ListFn};
use std::collections::BTreeMap;
use std::ffi::{c_char, c_void};
use std::sync::Mutex;

const NOT_FOUND: i32 = 1;
const ALREADY_EXISTS: i32 = 2;
const IO: i32 = 4;

#[derive(Clone, Default)]
pub struct File {
    pub data: Vec<u8>,
    pub modified_ms: i64,
}

/// What the next put of a path that contains the text does.
#[derive(Clone, Copy, PartialEq)]
pub enum Fault {
    /// The file is written and yet an error is answered.
    WriteThenFail,
    FailOnly,
}

#[derive(Default)]
pub struct MemoryFs {
    pub files: Mutex<BTreeMap<String, File>>,
    pub faults: Mutex<Vec<(String, Fault)>>,
    pub now_ms: Mutex<i64>,
    pub puts: Mutex<Vec<String>>,
    /// Behaves as an object store.
    pub is_remote: bool,
}

impl MemoryFs {
    pub fn as_fs(&self) -> Fs {
        Fs {
            ctx: std::ptr::from_ref(self).cast_mut().cast(),
            is_remote: i32::from(self.is_remote),
            read: Some(read),
            stat: Some(stat),
            list: Some(list),
            put: Some(put),
            remove: Some(remove),
        }
    }

    pub fn get(&self, path: &str) -> Option<Vec<u8>> {
        self.files.lock().unwrap().get(path).map(|f| f.data.clone())
    }

    pub fn text(&self, path: &str) -> String {
        String::from_utf8(self.get(path).unwrap_or_else(|| panic!("no {path}"))).unwrap()
    }

    pub fn set(&self, path: &str, data: impl Into<Vec<u8>>) {
        let modified_ms = *self.now_ms.lock().unwrap();
        let file = File {
            data: data.into(),
            modified_ms,
        };
        self.files.lock().unwrap().insert(path.to_string(), file);
    }

    pub fn delete(&self, path: &str) {
        self.files
            .lock()
            .unwrap()
            .remove(path)
            .unwrap_or_else(|| panic!("no {path}"));
    }

    pub fn names(&self, prefix: &str) -> Vec<String> {
        let files = self.files.lock().unwrap();
        files
            .keys()
            .filter(|k| k.starts_with(prefix))
            .cloned()
            .collect()
    }

    pub fn fail_next(&self, path_part: &str, fault: Fault) {
        self.faults
            .lock()
            .unwrap()
            .push((path_part.to_string(), fault));
    }

    pub fn set_now(&self, now_ms: i64) {
        *self.now_ms.lock().unwrap() = now_ms;
    }

    fn take_fault(&self, path: &str) -> Option<Fault> {
        let mut faults = self.faults.lock().unwrap();
        let index = faults
            .iter()
            .position(|(part, _)| path.contains(part.as_str()))?;
        Some(faults.remove(index).1)
    }
}

unsafe fn fs<'a>(ctx: *mut c_void) -> &'a MemoryFs {
    unsafe { &*ctx.cast::<MemoryFs>() }
}

unsafe fn path<'a>(path: *const c_char, len: usize) -> &'a str {
    let bytes = unsafe { std::slice::from_raw_parts(path.cast::<u8>(), len) };
    let path = std::str::from_utf8(bytes).unwrap();
    assert!(
        !path.starts_with('/') && !path.split('/').any(|p| p == ".."),
        "{path}"
    );
    path
}

unsafe fn fail(error: *mut FsError, code: i32, message: &str) -> i32 {
    let error = unsafe { &mut *error };
    error.message[..message.len()].copy_from_slice(message.as_bytes());
    error.message_len = message.len();
    code
}

unsafe extern "C" fn read(
    ctx: *mut c_void,
    p: *const c_char,
    n: usize,
    offset: u64,
    dst: *mut u8,
    len: usize,
    read_len: *mut usize,
    error: *mut FsError,
) -> i32 {
    unsafe {
        let files = fs(ctx).files.lock().unwrap();
        let Some(file) = files.get(path(p, n)) else {
            return fail(error, NOT_FOUND, "no file");
        };
        let from = (offset as usize).min(file.data.len());
        let to = (from + len).min(file.data.len());
        std::ptr::copy_nonoverlapping(file.data[from..to].as_ptr(), dst, to - from);
        read_len.write(to - from);
        0
    }
}

unsafe extern "C" fn stat(
    ctx: *mut c_void,
    p: *const c_char,
    n: usize,
    size: *mut u64,
    modified_ms: *mut i64,
    error: *mut FsError,
) -> i32 {
    unsafe {
        let files = fs(ctx).files.lock().unwrap();
        let Some(file) = files.get(path(p, n)) else {
            return fail(error, NOT_FOUND, "no file");
        };
        size.write(file.data.len() as u64);
        modified_ms.write(file.modified_ms);
        0
    }
}

unsafe extern "C" fn list(
    ctx: *mut c_void,
    p: *const c_char,
    n: usize,
    from: *const c_char,
    from_len: usize,
    on_file: ListFn,
    list_ctx: *mut c_void,
    _error: *mut FsError,
) -> i32 {
    unsafe {
        let prefix = format!("{}/", path(p, n));
        let from = path(from, from_len).to_string();
        for (name, file) in fs(ctx).files.lock().unwrap().iter() {
            if name.starts_with(&prefix) && (!fs(ctx).is_remote || *name >= from) {
                let size = file.data.len() as u64;
                on_file(
                    list_ctx,
                    name.as_ptr().cast(),
                    name.len(),
                    size,
                    file.modified_ms,
                );
            }
        }
        0
    }
}

unsafe extern "C" fn put(
    ctx: *mut c_void,
    p: *const c_char,
    n: usize,
    data: *const u8,
    len: usize,
    create_new: i32,
    error: *mut FsError,
) -> i32 {
    unsafe {
        let (fs, path) = (fs(ctx), path(p, n));
        let fault = fs.take_fault(path);
        if fault == Some(Fault::FailOnly) {
            return fail(error, IO, "disk on fire");
        }
        {
            let mut files = fs.files.lock().unwrap();
            if create_new != 0 && files.contains_key(path) {
                return fail(error, ALREADY_EXISTS, "file exists");
            }
            let data = std::slice::from_raw_parts(data, len).to_vec();
            let modified_ms = *fs.now_ms.lock().unwrap();
            files.insert(path.to_string(), File { data, modified_ms });
        }
        fs.puts.lock().unwrap().push(path.to_string());
        match fault {
            Some(_) => fail(error, IO, "disk on fire"),
            None => 0,
        }
    }
}

unsafe extern "C" fn remove(
    ctx: *mut c_void,
    p: *const c_char,
    n: usize,
    error: *mut FsError,
) -> i32 {
    unsafe {
        match fs(ctx).files.lock().unwrap().remove(path(p, n)) {
            Some(_) => 0,
            None => fail(error, NOT_FOUND, "no file"),
        }
    }
}
