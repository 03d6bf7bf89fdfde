//! The C interface as a C++ caller sees it, with results for codes.

use super::memory_fs::MemoryFs;
use arrow_array::cast::AsArray;
use arrow_array::ffi::{FFI_ArrowArray, FFI_ArrowSchema, to_ffi};
use arrow_array::ffi_stream::{FFI_ArrowArrayStream, RecordBatchStreamReader};
use arrow_array::{Array, RecordBatch, StructArray};
use avocet_lake::error::{Code, Error};
use avocet_lake::ffi::{AvBytes, av_bytes_free};
use avocet_lake::ffi_care::*;
use avocet_lake::ffi_data::*;
use avocet_lake::ffi_lake::*;
use avocet_lake::ffi_table::*;
use serde_json::{Value, json};
use std::ffi::CString;
use std::ptr::null_mut;

pub type Result<T> = std::result::Result<T, Error>;

fn empty() -> AvBytes {
    AvBytes {
        data: null_mut(),
        len: 0,
        cap: 0,
    }
}

fn take(mut bytes: AvBytes) -> Vec<u8> {
    if bytes.data.is_null() {
        return vec![];
    }
    let copy = unsafe { std::slice::from_raw_parts(bytes.data, bytes.len) }.to_vec();
    unsafe { av_bytes_free(&mut bytes) };
    assert!(bytes.data.is_null());
    copy
}

pub fn call(f: impl FnOnce(*mut AvBytes) -> Code) -> Result<()> {
    let mut error = empty();
    let code = f(&mut error);
    let message = String::from_utf8(take(error)).unwrap();
    match code {
        Code::Ok => {
            assert!(message.is_empty());
            Ok(())
        }
        code => {
            assert!(!message.is_empty());
            Err(Error::new(code, message))
        }
    }
}

pub fn call_json(f: impl FnOnce(*mut AvBytes, *mut AvBytes) -> Code) -> Result<Value> {
    Ok(serde_json::from_slice(&call_bytes(f)?).unwrap())
}

pub fn call_bytes(f: impl FnOnce(*mut AvBytes, *mut AvBytes) -> Code) -> Result<Vec<u8>> {
    let mut out = empty();
    call(|error| f(&mut out, error))?;
    Ok(take(out))
}

pub fn c(text: &str) -> CString {
    CString::new(text).unwrap()
}

pub struct Lake(pub *mut AvLake);

unsafe impl Send for Lake {}
unsafe impl Sync for Lake {}

impl Drop for Lake {
    fn drop(&mut self) {
        unsafe { av_lake_free(self.0) }
    }
}

impl Lake {
    /// Columns and texts.
    pub fn texts(&self, path: &str) -> Result<Vec<(String, Vec<u8>)>> {
        let path = c(path);
        let mut stream = FFI_ArrowArrayStream::empty();
        call(|e| unsafe { av_lake_parquet_texts(self.0, path.as_ptr(), &mut stream, e) })?;
        let mut found = Vec::new();
        for batch in RecordBatchStreamReader::try_new(stream).unwrap() {
            let batch = batch.map_err(|e| Error::corrupt(e.to_string()))?;
            let (columns, texts) = (batch.column(0).as_string::<i32>(), batch.column(1));
            for (column, text) in columns.iter().zip(texts.as_binary::<i32>()) {
                found.extend(text.map(|text| (column.unwrap().to_string(), text.to_vec())));
            }
        }
        Ok(found)
    }
}

pub struct Table(pub *mut AvTable);

unsafe impl Send for Table {}
unsafe impl Sync for Table {}

impl Drop for Table {
    fn drop(&mut self) {
        unsafe { av_table_free(self.0) }
    }
}

impl Lake {
    pub fn new(fs: &MemoryFs) -> Lake {
        let mut lake = null_mut();
        call(|e| unsafe { av_lake_open_fs(&fs.as_fs(), &mut lake, e) }).unwrap();
        Lake(lake)
    }

    pub fn open(&self, path: &str) -> Result<Table> {
        let mut table = null_mut();
        call(|e| unsafe { av_table_open(self.0, c(path).as_ptr(), &mut table, e) })?;
        Ok(Table(table))
    }

    pub fn create(&self, path: &str, spec: &Value) -> Result<Table> {
        let (mut table, spec) = (null_mut(), c(&spec.to_string()));
        let path = c(path);
        call(|e| unsafe { av_table_create(self.0, path.as_ptr(), spec.as_ptr(), &mut table, e) })?;
        Ok(Table(table))
    }
}

impl Table {
    pub fn version(&self) -> i64 {
        unsafe { av_table_version(self.0) }
    }

    pub fn refresh(&self) -> Result<()> {
        call(|e| unsafe { av_table_refresh(self.0, e) })
    }

    pub fn metadata(&self) -> Value {
        call_json(|out, e| unsafe { av_table_metadata(self.0, out, e) }).unwrap()
    }

    pub fn txn(&self, app_id: &str) -> i64 {
        let mut version = -2;
        call(|e| unsafe { av_table_txn(self.0, c(app_id).as_ptr(), &mut version, e) }).unwrap();
        version
    }

    pub fn log_entry(&self, version: i64) -> Result<Vec<Value>> {
        let bytes = call_bytes(|out, e| unsafe { av_table_log_entry(self.0, version, out, e) })?;
        Ok(lines(&bytes))
    }

    pub fn files(&self) -> Result<Vec<Value>> {
        Ok(lines(&call_bytes(|out, e| unsafe {
            av_table_files(self.0, out, e)
        })?))
    }

    pub fn paths(&self) -> Vec<String> {
        let files = self.files().unwrap();
        files
            .iter()
            .map(|f| f["path"].as_str().unwrap().to_string())
            .collect()
    }

    pub fn write(&self, batch: &RecordBatch, options: Value) -> Result<Value> {
        let (mut array, schema) = export(batch);
        let options = c(&options.to_string());
        let schema = std::ptr::from_ref(&schema).cast_mut();
        let add = call_json(|out, e| unsafe {
            av_table_write_parquet(self.0, &mut array, schema, options.as_ptr(), out, e)
        });
        assert!(array.is_released());
        add
    }

    pub fn commit(&self, commit: Value) -> Result<i64> {
        let (mut version, commit) = (-1, c(&commit.to_string()));
        call(|e| unsafe { av_table_commit(self.0, commit.as_ptr(), &mut version, e) })?;
        Ok(version)
    }

    pub fn append(&self, batch: &RecordBatch, options: Value) -> Result<i64> {
        let add = self.write(batch, options)?;
        self.commit(json!({ "adds": [add] }))
    }

    pub fn read(&self, path: &str, columns: Option<Value>) -> Result<Vec<RecordBatch>> {
        let (path, columns) = (c(path), columns.map(|v| c(&v.to_string())));
        let columns = columns.as_ref().map_or(std::ptr::null(), |c| c.as_ptr());
        let mut stream = FFI_ArrowArrayStream::empty();
        call(|e| unsafe { av_table_read_parquet(self.0, path.as_ptr(), columns, &mut stream, e) })?;
        let reader = RecordBatchStreamReader::try_new(stream).unwrap();
        reader
            .collect::<std::result::Result<_, _>>()
            .map_err(|e| Error::corrupt(e.to_string()))
    }
}

pub fn export(batch: &RecordBatch) -> (FFI_ArrowArray, FFI_ArrowSchema) {
    to_ffi(&StructArray::from(batch.clone()).into_data()).unwrap()
}

pub fn lines(bytes: &[u8]) -> Vec<Value> {
    let lines = bytes.split(|b| *b == b'\n').filter(|l| !l.is_empty());
    lines.map(|l| serde_json::from_slice(l).unwrap()).collect()
}

pub fn find<'a>(entry: &'a [Value], action: &str) -> &'a Value {
    entry
        .iter()
        .find_map(|line| line.get(action))
        .unwrap_or(&Value::Null)
}

impl Table {
    pub fn checkpoint(&self) -> Result<()> {
        call(|e| unsafe { av_table_checkpoint(self.0, e) })
    }

    pub fn cleanup(&self, retention_ms: i64, keep_from: i64, now_ms: i64) -> Result<Vec<String>> {
        let removed = call_json(|out, e| unsafe {
            av_table_cleanup_log(self.0, retention_ms, keep_from, now_ms, 0, out, e)
        })?;
        Ok(serde_json::from_value(removed).unwrap())
    }

    pub fn vacuum(&self, retention_ms: i64, now_ms: i64, dry_run: bool) -> Result<Vec<String>> {
        let removed = call_json(|out, e| unsafe {
            av_table_vacuum(self.0, retention_ms, now_ms, i32::from(dry_run), out, e)
        })?;
        let removed = removed.as_array().unwrap().clone();
        Ok(removed
            .iter()
            .map(|f| {
                assert!(f["size"].is_u64());
                f["path"].as_str().unwrap().to_string()
            })
            .collect())
    }

    pub fn check(&self, path: &str, verify_pages: bool) -> Result<Value> {
        let path = c(path);
        call_json(|out, e| unsafe {
            av_table_check_parquet(self.0, path.as_ptr(), i32::from(verify_pages), out, e)
        })
    }

    pub fn rewrite(
        &self,
        files: &[String],
        drop_keys: Option<&RecordBatch>,
        options: Value,
    ) -> Result<Value> {
        let (files, options) = (c(&json!(files).to_string()), c(&options.to_string()));
        let mut keys = drop_keys.map(export);
        let (array, schema) = match &mut keys {
            Some((array, schema)) => (std::ptr::from_mut(array), std::ptr::from_mut(schema)),
            None => (null_mut(), null_mut()),
        };
        call_json(|out, e| unsafe {
            av_table_rewrite(
                self.0,
                files.as_ptr(),
                array,
                schema,
                options.as_ptr(),
                out,
                e,
            )
        })
    }
}
