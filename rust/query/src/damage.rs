//! Finding the data file whose pages cannot be decoded.

use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::lake::Lake;

/// The file that made a query stop with a decoding error, relative to the lake root. Reads the
/// few files in question again when there is more than one.
pub fn damaged_file(lake: &Lake) -> Option<String> {
    let mut suspects = lake.open_files.suspects();
    suspects.sort();
    suspects.dedup();
    match suspects.len() {
        1 => suspects.pop(),
        _ => suspects.into_iter().find(|file| !is_decodable(lake, file)),
    }
}

fn is_decodable(lake: &Lake, file: &str) -> bool {
    let Ok(bytes) = lake.files.read(file) else {
        return false;
    };
    let reader =
        ParquetRecordBatchReaderBuilder::try_new(bytes).and_then(|builder| builder.build());
    reader.is_ok_and(|mut batches| batches.all(|batch| batch.is_ok()))
}
