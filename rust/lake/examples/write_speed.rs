//! Rows per second and core of the Parquet writer, for the two hot table shapes.
//! `cargo run --release --example write_speed [rounds [filter]]`; time is CPU time of the one
//! thread, the best of the rounds.

use arrow_array::builder::StringBuilder;
use arrow_array::ffi::to_ffi;
use arrow_array::types::Int32Type;
use arrow_array::*;
use avocet_lake::error::{Code, Error, Result};
use avocet_lake::ffi::{AvBytes, av_bytes_free};
use avocet_lake::ffi_data::av_table_write_parquet;
use avocet_lake::ffi_table::AvTable;
use avocet_lake::store::{FileInfo, Put, Store};
use avocet_lake::table::Table;
use bytes::Bytes;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::ffi::CString;
use std::sync::{Arc, Mutex};

const ROWS: usize = 400_000;
const DEVICES: u64 = 10_000;

/// Keeps files in memory, so that no disk is measured.
#[derive(Default)]
struct MemoryStore {
    files: Mutex<BTreeMap<String, Bytes>>,
}

impl Store for MemoryStore {
    fn read(&self, path: &str, offset: u64, len: usize) -> Result<Bytes> {
        let files = self.files.lock().unwrap();
        let file = files.get(path).ok_or_else(|| Error::not_found(path))?;
        let from = (offset as usize).min(file.len());
        Ok(file.slice(from..(from + len).min(file.len())))
    }

    fn stat(&self, path: &str) -> Result<FileInfo> {
        let files = self.files.lock().unwrap();
        let file = files.get(path).ok_or_else(|| Error::not_found(path))?;
        Ok(FileInfo {
            path: path.to_string(),
            size: file.len() as u64,
            modified_ms: 0,
        })
    }

    fn list(&self, _dir: &str, _from: Option<&str>) -> Result<Vec<FileInfo>> {
        Ok(vec![])
    }

    fn put(&self, path: &str, data: &[u8], _mode: Put) -> Result<()> {
        let data = if path.ends_with(".parquet") {
            Bytes::new()
        } else {
            data.to_vec().into()
        };
        self.files.lock().unwrap().insert(path.to_string(), data);
        Ok(())
    }

    fn remove(&self, _path: &str) -> Result<()> {
        Ok(())
    }
}

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
}

fn devices(random: &mut Random) -> Vec<u64> {
    (0..ROWS).map(|_| random.next() % DEVICES).collect()
}

fn device_column(devices: &[u64]) -> ArrayRef {
    let names = (0..DEVICES).map(|d| format!("sensor-{d:06}"));
    let values = StringArray::from_iter_values(names);
    let keys = Int32Array::from_iter_values(devices.iter().map(|d| *d as i32));
    Arc::new(DictionaryArray::<Int32Type>::new(keys, Arc::new(values)))
}

fn constant(text: &str) -> ArrayRef {
    let keys = Int32Array::from_value(0, ROWS);
    Arc::new(DictionaryArray::<Int32Type>::new(
        keys,
        Arc::new(StringArray::from(vec![text])),
    ))
}

fn times(random: &mut Random, jitter_us: u64) -> ArrayRef {
    let start = 1_700_000_000_000_000i64;
    let at = |row: usize, random: &mut Random| {
        start + row as i64 * 25 + (random.next() % jitter_us) as i64
    };
    let values = (0..ROWS).map(|row| at(row, random));
    Arc::new(TimestampMicrosecondArray::from_iter_values(values).with_timezone("UTC"))
}

fn longs(f: impl Fn(usize) -> i64) -> ArrayRef {
    Arc::new(Int64Array::from_iter_values((0..ROWS).map(f)))
}

/// A typed table: 5 metrics as sensors round them, and 5 means that use every bit.
fn typed(random: &mut Random) -> RecordBatch {
    let devices = devices(random);
    let mut columns: Vec<(String, ArrayRef)> = vec![
        ("device_id".into(), device_column(&devices)),
        ("event_time".into(), times(random, 1_000_000)),
    ];
    for metric in 0..5 {
        let base = 20.0 * (metric + 1) as f64;
        let value = |r: &mut Random| ((base + r.unit() * 10.0) * 100.0).round() / 100.0;
        let rounded: Float64Array = (0..ROWS).map(|_| value(random)).collect::<Vec<_>>().into();
        let means: Float64Array = (0..ROWS)
            .map(|_| base + random.unit())
            .collect::<Vec<_>>()
            .into();
        columns.push((format!("metric_{metric}"), Arc::new(rounded)));
        columns.push((format!("metric_{metric}_mean"), Arc::new(means)));
    }
    columns.push(("epoch".into(), longs(|_| 77)));
    RecordBatch::try_from_iter(columns).unwrap()
}

/// Bronze: the payload as it came, and where from.
fn payload(random: &mut Random) -> RecordBatch {
    let devices = devices(random);
    let mut text = StringBuilder::with_capacity(ROWS, ROWS * 150);
    for (row, device) in devices.iter().enumerate() {
        text.append_value(format!(
            "{{\"device_id\":\"sensor-{device:06}\",\"timestamp\":\"2023-11-14T22:{:02}:{:02}.{:03}Z\",\
             \"temperature\":{:.2},\"humidity\":{:.1},\"pressure\":{:.2},\"battery\":{:.3}}}",
            row / 60_000 % 60,
            row / 1000 % 60,
            row % 1000,
            20.0 + random.unit() * 10.0,
            40.0 + random.unit() * 30.0,
            1000.0 + random.unit() * 40.0,
            3.0 + random.unit(),
        ));
    }
    RecordBatch::try_from_iter([
        ("device_id", device_column(&devices)),
        ("event_time", times(random, 1_000_000)),
        ("payload", Arc::new(text.finish()) as ArrayRef),
        ("source", constant("kafka:iot-readings")),
        ("partition", longs(|row| (row / 5000 % 8) as i64)),
        ("offset", longs(|row| 1_000_000 + row as i64)),
        ("received_at", times(random, 50)),
        ("epoch", longs(|_| 77)),
    ])
    .unwrap()
}

fn spec(batch: &RecordBatch) -> Value {
    let field = |name: &str, data_type: &arrow_schema::DataType| {
        let delta = match data_type {
            arrow_schema::DataType::Int64 => "long",
            arrow_schema::DataType::Float64 => "double",
            arrow_schema::DataType::Timestamp(_, _) => "timestamp",
            _ => "string",
        };
        json!({ "name": name, "type": delta, "nullable": true, "metadata": {} })
    };
    let fields: Vec<Value> = batch
        .schema()
        .fields()
        .iter()
        .map(|f| field(f.name(), f.data_type()))
        .collect();
    json!({ "schema": { "type": "struct", "fields": fields } })
}

unsafe extern "C" {
    fn clock_gettime(clock: i32, time: *mut [i64; 2]) -> i32;
}

/// Nanoseconds that this thread has been on a processor.
fn cpu_ns() -> u64 {
    const CLOCK_THREAD_CPUTIME_ID: i32 = 3;
    let mut time = [0; 2];
    assert_eq!(
        unsafe { clock_gettime(CLOCK_THREAD_CPUTIME_ID, &mut time) },
        0
    );
    (time[0] * 1_000_000_000 + time[1]) as u64
}

fn measure(name: &str, batch: &RecordBatch, rounds: usize, options: &Value) {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
    let mut handle = AvTable {
        table: Table::create(store, "bench", &spec(batch).to_string()).unwrap(),
    };
    let options = CString::new(options.to_string()).unwrap();
    let mut best = u64::MAX;
    let mut size = 0;
    for _ in 0..rounds {
        let (mut array, mut schema) = to_ffi(&StructArray::from(batch.clone()).into()).unwrap();
        let mut add = AvBytes {
            data: std::ptr::null_mut(),
            len: 0,
            cap: 0,
        };
        let start = cpu_ns();
        let code = unsafe {
            av_table_write_parquet(
                &mut handle,
                &mut array,
                &mut schema,
                options.as_ptr(),
                &mut add,
                std::ptr::null_mut(),
            )
        };
        best = best.min(cpu_ns() - start);
        assert!(code == Code::Ok);
        let json = unsafe { std::slice::from_raw_parts(add.data, add.len) };
        let json: Value = serde_json::from_slice(json).unwrap();
        size = json["size"].as_u64().unwrap();
        unsafe { av_bytes_free(&mut add) };
    }
    let rows_per_s = ROWS as f64 / (best as f64 / 1e9) / 1e6;
    let bytes_per_row = size as f64 / ROWS as f64;
    println!("{name:28} {rows_per_s:6.2} M rows/s/core  {bytes_per_row:6.1} bytes/row");
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let rounds = arguments.next().and_then(|n| n.parse().ok()).unwrap_or(7);
    let filter = arguments.next().unwrap_or_default();
    let mut random = Random(42);
    let tables = [
        ("typed", typed(&mut random)),
        ("payload", payload(&mut random)),
    ];
    let options = |compression: &str, stats: &[&str]| {
        json!({
            "compression": compression,
            "stats_columns": stats,
            "dictionary_columns": ["device_id", "source"],
        })
    };
    for (table, batch) in &tables {
        for compression in ["zstd", "snappy", "none"] {
            let name = format!("{table} {compression}");
            if name.contains(&filter) {
                let options = options(compression, &["device_id", "event_time"]);
                measure(&name, batch, rounds, &options);
            }
        }
        for (index, field) in batch.schema().fields().iter().enumerate() {
            let name = format!("{table}.{}", field.name());
            if name.contains(&filter) {
                let one = batch.project(&[index]).unwrap();
                measure(&name, &one, rounds, &options("zstd", &[]));
            }
        }
    }
}
