//! Changes to a result that every format needs: time zone and column names.

use std::collections::HashSet;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, RecordBatch};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};

use crate::error::{QueryError, Result};

/// The schema that is printed for a result: instants are shown in `time_zone`, and a name that
/// occurs again gets a number, because JSON and Parquet cannot hold it twice.
pub fn printed_schema(schema: &Schema, time_zone: &str) -> SchemaRef {
    let mut taken = HashSet::new();
    let fields: Vec<Field> = schema
        .fields()
        .iter()
        .map(|field| {
            let data_type = match field.data_type() {
                DataType::Timestamp(unit, Some(_)) => {
                    DataType::Timestamp(*unit, Some(time_zone.into()))
                }
                other => other.clone(),
            };
            Field::new(
                unique_name(&mut taken, field.name()),
                data_type,
                field.is_nullable(),
            )
        })
        .collect();
    Arc::new(Schema::new(fields))
}

pub fn to_printed(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch> {
    let columns: Result<Vec<ArrayRef>, _> = batch
        .columns()
        .iter()
        .zip(schema.fields())
        .map(
            |(column, field)| match column.data_type() == field.data_type() {
                true => Ok(Arc::clone(column)),
                false => cast(column, field.data_type()),
            },
        )
        .collect();
    let options =
        datafusion::arrow::array::RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    columns
        .and_then(|columns| {
            RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)
        })
        .map_err(|error| QueryError::internal(format!("cannot print the result: {error}")))
}

fn unique_name(taken: &mut HashSet<String>, name: &str) -> String {
    let mut unique = name.to_string();
    let mut number = 2;
    while !taken.insert(unique.clone()) {
        unique = format!("{name}_{number}");
        number += 1;
    }
    unique
}
