//! Checks a data file: its footer, and on demand every page and the checksum.

use crate::checksum::{CHECKSUM_KEY, checksum_of_file};
use crate::error::{Error, Result};
use crate::parquet_file::{ParquetFile, decode};
use crate::table::Table;
use parquet::arrow::ProjectionMask;
use serde_json::{Value, json};

const BATCH_ROWS: usize = 8192;

impl Table {
    pub fn check_parquet(&self, path: &str, verify_pages: bool) -> Result<Value> {
        let full_path = self.file_path(path)?;
        let file = ParquetFile::open(self.store(), &full_path)?;
        let mut row_groups = Vec::new();
        let mut total = 0;
        for group in file.footer().row_groups() {
            row_groups.push(json!({ "rows": group.num_rows(), "bytes": group.compressed_size() }));
            total += group.num_rows();
        }
        let num_rows = file.footer().file_metadata().num_rows();
        if num_rows != total {
            let message = format!("{full_path}: footer says {num_rows} rows, row groups {total}");
            return Err(Error::corrupt(message));
        }
        let mut verified = false;
        if verify_pages {
            verified = self.verify_checksum(path, &full_path, file.size)?;
            verify_row_groups(&file)?;
        }
        Ok(json!({
            "num_rows": num_rows,
            "row_groups": row_groups,
            "size": file.size,
            "checksum_verified": verified,
        }))
    }

    /// False when the log holds no checksum of the file.
    pub fn verify_checksum(&self, path: &str, full_path: &str, size: u64) -> Result<bool> {
        let files = self.files()?;
        let Some(add) = files.active.get(path) else {
            return Ok(false);
        };
        if u64::try_from(add.size) != Ok(size) {
            let message = format!("{full_path} has {size} bytes, the log says {}", add.size);
            return Err(Error::corrupt(message));
        }
        let tag = add
            .tags
            .as_ref()
            .and_then(|tags| tags.get(CHECKSUM_KEY))
            .cloned()
            .flatten();
        let Some(expected) = tag else {
            return Ok(false);
        };
        let found = checksum_of_file(self.store().as_ref(), full_path, size)?;
        match found == expected {
            true => Ok(true),
            false => Err(Error::corrupt(format!(
                "{full_path} has checksum {found}, the log says {expected}"
            ))),
        }
    }
}

fn verify_row_groups(file: &ParquetFile) -> Result<()> {
    for (index, group) in file.footer().row_groups().iter().enumerate() {
        let damaged = |e: Error| Error::new(e.code, format!("{} (row group {index})", e.message));
        let mut reader = file
            .read_row_group(index, &ProjectionMask::all(), BATCH_ROWS)
            .map_err(damaged)?;
        let mut rows: i64 = 0;
        while let Some(batch) = decode(&file.path, || {
            reader
                .next()
                .transpose()
                .map_err(|e| Error::from_arrow_read(&file.path, e))
        })
        .map_err(damaged)?
        {
            rows = rows.saturating_add_unsigned(batch.num_rows() as u64);
        }
        if rows != group.num_rows() {
            let message = format!(
                "{}: row group {index} holds {rows} rows, the footer says {}",
                file.path,
                group.num_rows()
            );
            return Err(Error::corrupt(message));
        }
    }
    Ok(())
}
