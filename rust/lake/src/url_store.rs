//! A `Store` over an object store: lakes at `s3://bucket/prefix`.

use crate::error::{Code, Error, Result};
use crate::store::{FileInfo, Put, Store};
use bytes::Bytes;
use futures_util::TryStreamExt;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, PutOptions};
use serde_json::{Map, Value};
use std::future::Future;
use std::str::FromStr;
use std::sync::Arc;
use tokio::runtime::{Builder, Runtime};

struct UrlStore {
    /// Where requests run; callers wait for them.
    runtime: Runtime,
    store: Box<dyn ObjectStore>,
    /// Key prefix of the lake, without slashes at its ends.
    prefix: String,
    /// For messages.
    url: String,
}

/// Credentials and region come from the usual AWS variables; `options_json` overrides them with
/// keys of object_store such as "aws_region" or "aws_endpoint".
pub fn open(url: &str, options_json: &str) -> Result<Arc<dyn Store>> {
    let rest = url
        .strip_prefix("s3://")
        .or_else(|| url.strip_prefix("s3a://"));
    let rest = rest.ok_or_else(|| Error::unsupported(format!("cannot open {url}: not s3://")))?;
    let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    let options: Map<String, Value> = serde_json::from_str(options_json)
        .map_err(|e| Error::invalid(format!("cannot read options_json: {e}")))?;
    let mut builder = AmazonS3Builder::from_env().with_bucket_name(bucket);
    for (key, value) in &options {
        let unknown = |_| Error::invalid(format!("unknown option {key} of an S3 lake"));
        let known = AmazonS3ConfigKey::from_str(key).map_err(unknown)?;
        let text = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_string);
        builder = builder.with_config(known, text);
    }
    let store = builder
        .build()
        .map_err(|e| Error::invalid(format!("cannot open {url}: {e}")))?;
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("avocet-lake-s3")
        .enable_all()
        .build()
        .map_err(|e| Error::new(Code::Io, format!("cannot start threads for {url}: {e}")))?;
    Ok(Arc::new(UrlStore {
        runtime,
        store: Box::new(store),
        prefix: prefix.trim_matches('/').to_string(),
        url: url.trim_end_matches('/').to_string(),
    }))
}

impl UrlStore {
    fn key(&self, path: &str) -> Result<Path> {
        // `parse` takes the key as it is; `from` would percent-encode it once more.
        Path::parse(crate::paths::join(&self.prefix, path))
            .map_err(|e| Error::invalid(format!("not a key of an object: {path}: {e}")))
    }

    fn run<T>(
        &self,
        verb: &str,
        path: &str,
        request: impl Future<Output = object_store::Result<T>>,
    ) -> Result<T> {
        self.runtime.block_on(request).map_err(|error| {
            let message = format!("cannot {verb} {}/{path}: {error}", self.url);
            Error::new(code_of(&error), message)
        })
    }

    fn info(&self, meta: &ObjectMeta) -> Option<FileInfo> {
        let key = meta.location.as_ref();
        let path = match self.prefix.is_empty() {
            true => key,
            false => key.strip_prefix(&self.prefix)?.strip_prefix('/')?,
        };
        Some(FileInfo {
            path: path.to_string(),
            size: meta.size,
            modified_ms: meta.last_modified.timestamp_millis(),
        })
    }
}

fn code_of(error: &object_store::Error) -> Code {
    match error {
        object_store::Error::NotFound { .. } => Code::NotFound,
        object_store::Error::AlreadyExists { .. } => Code::AlreadyExists,
        object_store::Error::Precondition { .. } => Code::AlreadyExists,
        object_store::Error::PermissionDenied { .. } => Code::Permission,
        object_store::Error::Unauthenticated { .. } => Code::Permission,
        object_store::Error::NotSupported { .. } => Code::Unsupported,
        object_store::Error::NotImplemented { .. } => Code::Unsupported,
        _ => Code::Io,
    }
}

impl Store for UrlStore {
    fn read(&self, path: &str, offset: u64, len: usize) -> Result<Bytes> {
        if len == 0 {
            return Ok(Bytes::new());
        }
        let key = self.key(path)?;
        self.run(
            "read",
            path,
            self.store.get_range(&key, offset..offset + len as u64),
        )
    }

    /// One request, where asking for the size first would take two.
    fn read_all(&self, path: &str) -> Result<Bytes> {
        let key = self.key(path)?;
        self.run("read", path, async {
            self.store.get(&key).await?.bytes().await
        })
    }

    fn stat(&self, path: &str) -> Result<FileInfo> {
        let key = self.key(path)?;
        let meta = self.run("stat", path, self.store.head(&key))?;
        self.info(&meta)
            .ok_or_else(|| Error::internal(format!("{path} lies outside of the lake")))
    }

    fn list(&self, dir: &str, from: Option<&str>) -> Result<Vec<FileInfo>> {
        let key = self.key(dir)?;
        let objects = match from {
            Some(from) => self.store.list_with_offset(Some(&key), &self.key(from)?),
            None => self.store.list(Some(&key)),
        };
        let objects: Vec<ObjectMeta> = self.run("list", dir, objects.try_collect())?;
        Ok(objects.iter().filter_map(|meta| self.info(meta)).collect())
    }

    fn put(&self, path: &str, data: &[u8], mode: Put) -> Result<()> {
        let key = self.key(path)?;
        let mode = match mode {
            Put::CreateNew => PutMode::Create,
            Put::Overwrite => PutMode::Overwrite,
        };
        let options = PutOptions {
            mode,
            ..PutOptions::default()
        };
        let data = Bytes::copy_from_slice(data);
        self.run(
            "write",
            path,
            self.store.put_opts(&key, data.into(), options),
        )
        .map(drop)
    }

    fn remove(&self, path: &str) -> Result<()> {
        let key = self.key(path)?;
        self.run("remove", path, self.store.delete(&key))
    }

    fn prefers_whole_files(&self) -> bool {
        true
    }

    fn visible_is_durable(&self) -> bool {
        true
    }
}
