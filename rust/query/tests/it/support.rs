//! A lake in a temporary folder, a minimal Delta writer, and the program.

use std::cell::Cell;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, Float64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use datafusion::arrow::compute::{max, min};
use datafusion::arrow::datatypes::{DataType, Float64Type, TimestampMicrosecondType};
use datafusion::parquet::arrow::ArrowWriter;
use serde_json::{Value, json};
use tempfile::TempDir;

pub struct TestLake {
    dir: TempDir,
}

pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl TestLake {
    pub fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
        }
    }

    pub fn root(&self) -> &Path {
        self.dir.path()
    }

    /// Creates `catalog.schema.table` at version 0. Columns are (name, Delta type).
    pub fn table(&self, name: &str, columns: &[(&str, &str)], partitions: &[&str]) -> TestTable {
        let table = TestTable {
            dir: self.root().join(name.replace('.', "/")),
            next_version: Cell::new(0),
        };
        fs::create_dir_all(table.log_dir()).unwrap();
        let protocol = json!({"protocol": {"minReaderVersion": 1, "minWriterVersion": 2}});
        table.commit(&[protocol, metadata(columns, partitions)]);
        table
    }

    /// The table that most tests use: four readings in two files, one per day.
    pub fn readings(&self, name: &str) -> TestTable {
        let table = self.table(name, &READINGS, &["date"]);
        let (first, second) = ("2021-06-15", "2021-06-16");
        table.append(
            &readings(&[("a", 0, Some(1.5)), ("b", 1, None)]),
            &[("date", first)],
        );
        let day = 86_400;
        table.append(
            &readings(&[("a", day, Some(20.0)), ("c", day + 1, Some(0.1))]),
            &[("date", second)],
        );
        table
    }

    pub fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_avocet-query"));
        command.arg("--lake").arg(self.root()).stdin(Stdio::null());
        command
    }

    pub fn run(&self, options: &[&str], sql: &str) -> Run {
        finish(self.command().args(options).arg(sql))
    }

    /// The result as CSV without its header; the query must succeed.
    pub fn rows(&self, sql: &str) -> String {
        let run = self.run(&["-f", "csv"], sql);
        assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{sql}");
        run.stdout.split_once('\n').unwrap().1.to_string()
    }

    /// The query must fail with this exit code and one line that holds all these texts.
    pub fn fails(&self, sql: &str, code: i32, texts: &[&str]) {
        let run = self.run(&[], sql);
        assert_eq!(run.code, code, "{sql}: {}{}", run.stdout, run.stderr);
        assert!(run.stderr.starts_with("error: "), "{}", run.stderr);
        assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
        for text in texts {
            assert!(
                run.stderr.contains(text),
                "{sql}\n{}misses {text}",
                run.stderr
            );
        }
    }
}

pub fn finish(command: &mut Command) -> Run {
    let output = command.output().unwrap();
    Run {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

pub const READINGS: [(&str, &str); 4] = [
    ("date", "date"),
    ("device_id", "string"),
    ("event_time", "timestamp"),
    ("temperature", "double"),
];

/// 2021-06-15T00:00:00Z
pub const DAY_MICROS: i64 = 1_623_715_200_000_000;

/// Rows of (device, seconds after the start of 2021-06-15, temperature).
pub fn readings(rows: &[(&str, i64, Option<f64>)]) -> RecordBatch {
    let devices: StringArray = rows.iter().map(|row| Some(row.0)).collect();
    let times: TimestampMicrosecondArray = rows
        .iter()
        .map(|row| Some(DAY_MICROS + row.1 * 1_000_000))
        .collect();
    let temperatures: Float64Array = rows.iter().map(|row| row.2).collect();
    batch(vec![
        ("device_id", Arc::new(devices)),
        ("event_time", Arc::new(times.with_timezone("UTC"))),
        ("temperature", Arc::new(temperatures)),
    ])
}

pub fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter(columns).unwrap()
}

pub fn metadata(columns: &[(&str, &str)], partitions: &[&str]) -> Value {
    let fields: Vec<Value> = columns
        .iter()
        .map(|(name, data_type)| {
            // Nested types are given as JSON.
            let data_type =
                serde_json::from_str(data_type).unwrap_or_else(|_| Value::from(*data_type));
            json!({"name": name, "type": data_type, "nullable": true, "metadata": {}})
        })
        .collect();
    let schema = json!({"type": "struct", "fields": fields}).to_string();
    json!({"metaData": {
        "id": "0a3a2c1e-0000-0000-0000-000000000000",
        "format": {"provider": "parquet", "options": {}},
        "schemaString": schema,
        "partitionColumns": partitions,
        "configuration": {},
    }})
}

pub struct TestTable {
    pub dir: PathBuf,
    next_version: Cell<u64>,
}

impl TestTable {
    pub fn log_dir(&self) -> PathBuf {
        self.dir.join("_delta_log")
    }

    pub fn log_entry(&self, version: u64) -> PathBuf {
        self.log_dir().join(format!("{version:020}.json"))
    }

    /// Writes one log entry, with a commitInfo as real writers do.
    pub fn commit(&self, actions: &[Value]) {
        let version = self.next_version.get();
        let mut text = json!({"commitInfo": {"operation": "WRITE"}}).to_string();
        for action in actions {
            text.push('\n');
            text.push_str(&action.to_string());
        }
        let unfinished = self.log_dir().join(format!("{version}.tmp"));
        fs::write(&unfinished, text).unwrap();
        fs::rename(&unfinished, self.log_entry(version)).unwrap();
        self.next_version.set(version + 1);
    }

    /// Adds one file with statistics and commits it.
    pub fn append(&self, batch: &RecordBatch, partition: &[(&str, &str)]) -> PathBuf {
        let (path, add) = self.write(batch, partition);
        self.commit(&[add]);
        path
    }

    /// Writes one file and returns its path and its `add` action.
    pub fn write(&self, batch: &RecordBatch, partition: &[(&str, &str)]) -> (PathBuf, Value) {
        let name = format!("part-{}.parquet", uuid());
        let path = self.dir.join(&name);
        let mut writer =
            ArrowWriter::try_new(File::create(&path).unwrap(), batch.schema(), None).unwrap();
        writer.write(batch).unwrap();
        writer.close().unwrap();
        let values: serde_json::Map<String, Value> = partition
            .iter()
            .map(|(name, value)| (name.to_string(), json!(value)))
            .collect();
        let add = json!({"add": {
            "path": name,
            "partitionValues": values,
            "size": fs::metadata(&path).unwrap().len(),
            "modificationTime": 1_623_715_200_000_i64,
            "dataChange": true,
            "stats": statistics(batch).to_string(),
        }});
        (path, add)
    }
}

/// Unique within this process, which is enough inside a temporary folder.
fn uuid() -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("{:06}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// As Spark writes them: timestamps cut to milliseconds.
fn statistics(batch: &RecordBatch) -> Value {
    let (mut minima, mut maxima, mut nulls) = (json!({}), json!({}), json!({}));
    for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
        let name = field.name();
        nulls[name] = json!(column.null_count());
        let bounds = match field.data_type() {
            DataType::Float64 => {
                let column = column.as_primitive::<Float64Type>();
                (json!(min(column)), json!(max(column)))
            }
            DataType::Timestamp(..) => {
                let column = column.as_primitive::<TimestampMicrosecondType>();
                (
                    json!(min(column).map(millis_text)),
                    json!(max(column).map(millis_text)),
                )
            }
            DataType::Utf8 => {
                let values: Vec<&str> = column.as_string::<i32>().iter().flatten().collect();
                (json!(values.iter().min()), json!(values.iter().max()))
            }
            _ => continue,
        };
        (minima[name], maxima[name]) = bounds;
    }
    json!({
        "numRecords": batch.num_rows(),
        "minValues": minima,
        "maxValues": maxima,
        "nullCount": nulls,
    })
}

fn millis_text(micros: i64) -> String {
    let time = chrono::DateTime::from_timestamp_micros(micros).unwrap();
    time.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// Runs the program with SQL on standard input.
pub fn run_with_stdin(command: &mut Command, sql: &str) -> Run {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(sql.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    Run {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}
