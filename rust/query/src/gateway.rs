//! A lake that this program cannot reach itself: `avocet query` answers for its files at a socket.
//!
//! A request and its answer are each a length, four bytes with the lowest first, and so many bytes.
//! Requests are text:
//!
//! ```text
//! folders DIR | files DIR             names, each with a newline behind it
//! read PATH | size PATH               the bytes of a file; its size in decimal digits
//! range START LENGTH PATH             fewer bytes only at the end of the file
//! ```
//!
//! The first byte of an answer says what follows: 0 what was asked for; 1 a message, nothing of that
//! name is there; 2 a message, it cannot be read.

use std::fmt;
use std::io::{self, Read, Write};
use std::ops::Range;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use chrono::DateTime;
use datafusion::object_store::path::Path as StorePath;
use datafusion::object_store::{
    Attributes, CopyOptions, Error, GetOptions, GetRange, GetResult, GetResultPayload, ListResult,
    MultipartUpload, ObjectMeta, ObjectStore, PutMultipartOptions, PutOptions, PutPayload,
    PutResult, Result,
};
use futures::StreamExt;
use futures::stream::{self, BoxStream};

use crate::files::LakeFiles;

const STORE: &str = "lake";

/// Connections are made as they are needed, and kept.
#[derive(Debug)]
pub struct Gateway {
    socket: PathBuf,
    /// The place of the lake, for people.
    shown: String,
    idle: Mutex<Vec<UnixStream>>,
}

impl Gateway {
    pub fn connect(socket: &Path, shown: &str) -> io::Result<Self> {
        let first = UnixStream::connect(socket)?;
        Ok(Self {
            socket: socket.to_path_buf(),
            shown: shown.trim_end_matches('/').to_string(),
            idle: Mutex::new(vec![first]),
        })
    }

    fn ask(&self, request: &str) -> io::Result<Bytes> {
        let idle = self
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        let mut stream = match idle {
            Some(stream) => stream,
            None => UnixStream::connect(&self.socket)?,
        };
        let answer = exchange(&mut stream, request)?;
        // One that has failed is not used again.
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(stream);
        let message = || String::from_utf8_lossy(answer.get(1..).unwrap_or_default()).into_owned();
        match answer.first() {
            Some(0) => Ok(answer.slice(1..)),
            Some(1) => Err(io::Error::new(io::ErrorKind::NotFound, message())),
            _ => Err(io::Error::other(message())),
        }
    }

    fn names(&self, request: &str) -> io::Result<Vec<String>> {
        let answer = self.ask(request)?;
        let text = std::str::from_utf8(&answer).map_err(io::Error::other)?;
        Ok(text.lines().map(str::to_string).collect())
    }

    fn size(&self, path: &str) -> io::Result<u64> {
        let answer = self.ask(&format!("size {path}"))?;
        let text = std::str::from_utf8(&answer).map_err(io::Error::other)?;
        text.parse().map_err(io::Error::other)
    }

    fn range(&self, path: &str, range: &Range<u64>) -> io::Result<Bytes> {
        let len = range.end.saturating_sub(range.start);
        self.ask(&format!("range {} {len} {path}", range.start))
    }
}

fn exchange(stream: &mut UnixStream, request: &str) -> io::Result<Bytes> {
    let len = u32::try_from(request.len()).map_err(io::Error::other)?;
    stream.write_all(&len.to_le_bytes())?;
    stream.write_all(request.as_bytes())?;
    let mut head = [0; 4];
    stream.read_exact(&mut head)?;
    let len = usize::try_from(u32::from_le_bytes(head)).map_err(io::Error::other)?;
    let mut answer = vec![0; len];
    stream.read_exact(&mut answer)?;
    Ok(answer.into())
}

/// The lake behind a gateway.
#[derive(Debug)]
pub struct GatewayFiles(pub Arc<Gateway>);

impl LakeFiles for GatewayFiles {
    fn shown(&self, path: &str) -> String {
        match path.is_empty() {
            true => self.0.shown.clone(),
            false => format!("{}/{path}", self.0.shown),
        }
    }

    fn folders(&self, dir: &str) -> io::Result<Vec<String>> {
        self.0.names(&format!("folders {dir}"))
    }

    fn files(&self, dir: &str) -> io::Result<Vec<String>> {
        self.0.names(&format!("files {dir}"))
    }

    fn read(&self, path: &str) -> io::Result<Bytes> {
        self.0.ask(&format!("read {path}"))
    }

    fn check(&self, path: &str) -> io::Result<()> {
        self.0.size(path).map(drop)
    }

    fn store(&self) -> Result<Arc<dyn ObjectStore>> {
        Ok(Arc::new(GatewayStore(Arc::clone(&self.0))))
    }

    fn local_root(&self) -> Option<&Path> {
        None
    }
}

/// The data files behind a gateway, as scans read them.
#[derive(Debug)]
struct GatewayStore(Arc<Gateway>);

impl fmt::Display for GatewayStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.shown)
    }
}

/// Waits for the gateway on a thread that may block.
async fn blocking<T: Send + 'static>(
    path: &StorePath,
    call: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T> {
    let result = tokio::task::spawn_blocking(call)
        .await
        .map_err(|source| Error::JoinError { source })?;
    result.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Error::NotFound {
            path: path.to_string(),
            source: Box::new(error),
        },
        _ => Error::Generic {
            store: STORE,
            source: Box::new(error),
        },
    })
}

fn read_only<T>(operation: &str) -> Result<T> {
    Err(Error::NotImplemented {
        operation: operation.to_string(),
        implementer: STORE.to_string(),
    })
}

#[async_trait]
impl ObjectStore for GatewayStore {
    async fn get_opts(&self, location: &StorePath, options: GetOptions) -> Result<GetResult> {
        let gateway = Arc::clone(&self.0);
        let path = location.to_string();
        let (size, range, bytes) = blocking(location, move || {
            let size = match &options.range {
                // Scans know how large a file is.
                Some(GetRange::Bounded(range)) if !options.head => range.end,
                _ => gateway.size(&path)?,
            };
            let range = match options.range {
                Some(GetRange::Bounded(range)) => range,
                Some(GetRange::Offset(start)) => start..size,
                Some(GetRange::Suffix(len)) => size.saturating_sub(len)..size,
                None => 0..size,
            };
            let bytes = match options.head {
                true => Bytes::new(),
                false => gateway.range(&path, &range)?,
            };
            Ok((size, range, bytes))
        })
        .await?;
        Ok(GetResult {
            payload: GetResultPayload::Stream(stream::iter([Ok(bytes)]).boxed()),
            meta: ObjectMeta {
                location: location.clone(),
                last_modified: DateTime::UNIX_EPOCH,
                size,
                e_tag: None,
                version: None,
            },
            range,
            attributes: Attributes::default(),
        })
    }

    async fn put_opts(&self, _: &StorePath, _: PutPayload, _: PutOptions) -> Result<PutResult> {
        read_only("put")
    }

    async fn put_multipart_opts(
        &self,
        _: &StorePath,
        _: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        read_only("put")
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<StorePath>>,
    ) -> BoxStream<'static, Result<StorePath>> {
        locations.map(|_| read_only("delete")).boxed()
    }

    fn list(&self, _: Option<&StorePath>) -> BoxStream<'static, Result<ObjectMeta>> {
        stream::iter([read_only("list")]).boxed()
    }

    async fn list_with_delimiter(&self, _: Option<&StorePath>) -> Result<ListResult> {
        read_only("list")
    }

    async fn copy_opts(&self, _: &StorePath, _: &StorePath, _: CopyOptions) -> Result<()> {
        read_only("copy")
    }
}
