//! The statistics of an `add` action, in the form in which DataFusion prunes with them.

use datafusion::arrow::datatypes::{Field, Schema};
use datafusion::common::stats::Precision;
use datafusion::common::{ColumnStatistics, ScalarValue, Statistics};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::value::{max_value, min_value};

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct FileStats {
    num_records: Option<usize>,
    min_values: Map<String, Value>,
    max_values: Map<String, Value>,
    null_count: Map<String, Value>,
}

/// Statistics for the file columns followed by the partition columns. Minima and maxima are
/// bounds: a writer may cut long strings and rounds timestamps. They are marked exact because
/// DataFusion prunes with exact ones only, so they must not leave the file they belong to (see
/// `table_statistics`).
pub fn file_statistics(
    stats: Option<&str>,
    file_schema: &Schema,
    partition_values: &[ScalarValue],
) -> Statistics {
    // Statistics that cannot be parsed cost speed, not correctness.
    let stats: FileStats = stats
        .and_then(|json| serde_json::from_str(json).ok())
        .unwrap_or_default();
    let num_rows = exact(stats.num_records);
    let columns = file_schema
        .fields()
        .iter()
        .map(|field| column_statistics(&stats, field));
    let partitions = partition_values
        .iter()
        .map(|value| partition_statistics(value, num_rows));
    Statistics {
        num_rows,
        total_byte_size: Precision::Absent,
        column_statistics: columns.chain(partitions).collect(),
    }
}

/// The sum over all files, with minima and maxima marked as the bounds they are, so that
/// `MIN(x)` is never answered from them.
pub fn table_statistics<'a>(
    files: impl IntoIterator<Item = &'a Statistics>,
    schema: &Schema,
) -> Statistics {
    let mut merged = Statistics::try_merge_iter(files, schema)
        .unwrap_or_else(|_| Statistics::new_unknown(schema));
    for column in &mut merged.column_statistics {
        column.min_value = std::mem::take(&mut column.min_value).to_inexact();
        column.max_value = std::mem::take(&mut column.max_value).to_inexact();
    }
    merged
}

fn column_statistics(stats: &FileStats, field: &Field) -> ColumnStatistics {
    let name = field.name();
    let min = stats
        .min_values
        .get(name)
        .and_then(|json| min_value(json, field.data_type()));
    let max = stats
        .max_values
        .get(name)
        .and_then(|json| max_value(json, field.data_type()));
    let nulls = stats.null_count.get(name).and_then(Value::as_u64);
    ColumnStatistics {
        null_count: exact(nulls.and_then(|nulls| usize::try_from(nulls).ok())),
        min_value: exact(min),
        max_value: exact(max),
        ..ColumnStatistics::new_unknown()
    }
}

fn partition_statistics(value: &ScalarValue, num_rows: Precision<usize>) -> ColumnStatistics {
    if value.is_null() {
        return ColumnStatistics {
            null_count: num_rows,
            ..ColumnStatistics::new_unknown()
        };
    }
    ColumnStatistics {
        null_count: Precision::Exact(0),
        min_value: Precision::Exact(value.clone()),
        max_value: Precision::Exact(value.clone()),
        ..ColumnStatistics::new_unknown()
    }
}

fn exact<T: std::fmt::Debug + Clone + PartialEq + Eq + PartialOrd>(
    value: Option<T>,
) -> Precision<T> {
    value.map_or(Precision::Absent, Precision::Exact)
}
