//! Encodings and page sizes of the Parquet files that avocet writes; chosen with
//! `examples/write_speed.rs` among those that Spark, DuckDB and pyarrow read.

use crate::error::{Error, Result};
use crate::write_options::WriteOptions;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema};
use parquet::basic::Encoding;
use parquet::file::metadata::SortingColumn;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};
use parquet::schema::types::ColumnPath;
use std::collections::HashSet;

/// Small pages of text keep the tables of zstd level 1 in the first-level cache, and compress
/// no worse.
const TEXT_PAGE_BYTES: usize = 64 * 1024;
const SAMPLE_ROWS: usize = 4096;

/// `sample` is the first batch of the file.
pub fn writer_properties(
    schema: &Schema,
    options: &WriteOptions,
    sample: &RecordBatch,
) -> Result<WriterProperties> {
    let mut builder = WriterProperties::builder()
        .set_created_by("avocet".to_string())
        .set_compression(options.compression()?)
        .set_max_row_group_row_count(Some(options.row_group_rows))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_offset_index_disabled(true)
        .set_dictionary_enabled(false)
        .set_sorting_columns(sorting_columns(schema, options)?);
    for (field, array) in schema.fields().iter().zip(sample.columns()) {
        builder = column_properties(builder, field, array, options);
    }
    Ok(builder.build())
}

fn column_properties(
    builder: WriterPropertiesBuilder,
    field: &Field,
    sample: &ArrayRef,
    options: &WriteOptions,
) -> WriterPropertiesBuilder {
    let path = || ColumnPath::from(field.name().as_str());
    if options.dictionary_columns.contains(field.name()) {
        return builder.set_column_dictionary_enabled(path(), true);
    }
    match field.data_type() {
        DataType::Float32 | DataType::Float64 => {
            builder.set_column_dictionary_enabled(path(), repeats(sample))
        }
        DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::Int64
        | DataType::Date32
        | DataType::Timestamp(_, _) => {
            builder.set_column_encoding(path(), Encoding::DELTA_BINARY_PACKED)
        }
        DataType::List(_) | DataType::Map(_, _) | DataType::Struct(_) | DataType::Boolean => {
            builder
        }
        _ => {
            let builder = builder.set_column_data_page_size_limit(path(), TEXT_PAGE_BYTES);
            // Comparing long texts is dear, and bounds of payloads serve no one.
            match options.stats_columns.contains(field.name()) {
                true => builder,
                false => builder.set_column_statistics_enabled(path(), EnabledStatistics::None),
            }
        }
    }
}

/// Whether a sample of the column sees values again, as those of sensors with few digits do: then
/// a dictionary is both smaller and faster than compressing the values themselves.
fn repeats(array: &ArrayRef) -> bool {
    let step = (array.len() / SAMPLE_ROWS).max(1);
    let rows = (0..array.len())
        .step_by(step)
        .filter(|row| array.is_valid(*row));
    let mut distinct = HashSet::with_capacity(SAMPLE_ROWS);
    let mut num_rows = 0usize;
    for row in rows {
        num_rows += 1;
        distinct.insert(match array.data_type() {
            DataType::Float32 => {
                u64::from(array.as_primitive::<Float32Type>().value(row).to_bits())
            }
            _ => array.as_primitive::<Float64Type>().value(row).to_bits(),
        });
    }
    distinct.len() * 5 <= num_rows * 4
}

fn sorting_columns(schema: &Schema, options: &WriteOptions) -> Result<Option<Vec<SortingColumn>>> {
    if options.sorted_by.is_empty() {
        return Ok(None);
    }
    let mut columns = Vec::with_capacity(options.sorted_by.len());
    for name in &options.sorted_by {
        let index = schema
            .index_of(name)
            .map_err(|_| Error::invalid(format!("sorted_by column {name} is not in the batch")))?;
        // The format counts leaves, so nested columns before this one would shift it.
        if schema.fields()[..=index]
            .iter()
            .any(|f| f.data_type().is_nested())
        {
            return Err(Error::invalid(
                "sorted_by needs flat columns before its own",
            ));
        }
        let column_idx = i32::try_from(index).map_err(|_| Error::invalid("too many columns"))?;
        columns.push(SortingColumn {
            column_idx,
            descending: false,
            nulls_first: false,
        });
    }
    Ok(Some(columns))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::Float64Array;
    use std::sync::Arc;

    #[test]
    fn only_values_that_come_again_get_a_dictionary() {
        let column = |f: fn(u32) -> f64| -> ArrayRef {
            Arc::new(Float64Array::from_iter_values((0..100_000).map(f)))
        };
        assert!(repeats(&column(|row| f64::from(
            row.wrapping_mul(2_654_435_761) % 1000
        ) / 100.0)));
        assert!(!repeats(&column(|row| f64::from(row).sqrt())));
        assert!(repeats(
            &(Arc::new(Float64Array::from(vec![None::<f64>; 10])) as ArrayRef)
        ));
    }
}
