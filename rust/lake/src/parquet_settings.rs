//! Encodings and page sizes of the Parquet files that avocet writes.

use crate::error::{Error, Result};
use crate::write_options::WriteOptions;
use arrow_schema::Schema;
use parquet::file::metadata::SortingColumn;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

pub fn writer_properties(schema: &Schema, options: &WriteOptions) -> Result<WriterProperties> {
    let mut builder = WriterProperties::builder()
        .set_created_by("avocet".to_string())
        .set_compression(options.compression()?)
        .set_max_row_group_row_count(Some(options.row_group_rows))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_offset_index_disabled(true)
        .set_dictionary_enabled(false)
        .set_sorting_columns(sorting_columns(schema, options)?);
    for name in &options.dictionary_columns {
        builder = builder.set_column_dictionary_enabled(ColumnPath::from(name.as_str()), true);
    }
    Ok(builder.build())
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
