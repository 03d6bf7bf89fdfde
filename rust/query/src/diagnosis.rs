//! DataFusion's errors as one line for the user and a kind for the exit code.

use std::error::Error;

use datafusion::arrow::error::ArrowError;
use datafusion::common::{Column, DataFusionError, SchemaError};
use datafusion::parquet::errors::ParquetError;
use datafusion::sql::sqlparser::parser::ParserError;

use crate::damage::damaged_file;
use crate::error::{Kind, QueryError};
use crate::lake::Lake;
use crate::lake::names::nearest;

type Position = Option<(u64, u64)>;

/// An error of planning, which has read no data file yet.
pub fn diagnose_sql(error: &DataFusionError) -> QueryError {
    diagnose_at(error, None, None)
}

/// An error of planning or execution.
pub fn diagnose(error: &DataFusionError, lake: &Lake) -> QueryError {
    diagnose_at(error, None, Some(lake))
}

/// A usage error at a line and column of the SQL text.
pub fn positioned(position: Position, message: &str) -> QueryError {
    match position {
        Some((line, column)) => {
            QueryError::usage(format!("line {line}, column {column}: {message}"))
        }
        None => QueryError::usage(message),
    }
}

fn diagnose_at(error: &DataFusionError, position: Position, lake: Option<&Lake>) -> QueryError {
    match error {
        DataFusionError::Diagnostic(diagnostic, inner) => {
            let start = diagnostic
                .span
                .map(|span| (span.start.line, span.start.column));
            diagnose_at(inner, start.or(position), lake)
        }
        DataFusionError::Context(_, inner) => diagnose_at(inner, position, lake),
        DataFusionError::Shared(inner) => diagnose_at(inner, position, lake),
        DataFusionError::Collection(errors) => match errors.first() {
            Some(first) => diagnose_at(first, position, lake),
            None => QueryError::internal("an empty list of errors"),
        },
        DataFusionError::External(inner) => diagnose_foreign(inner.as_ref(), position, lake),
        DataFusionError::ArrowError(inner, _) => diagnose_arrow(inner, position, lake),
        DataFusionError::ParquetError(inner) => diagnose_parquet(inner, position, lake),
        DataFusionError::ObjectStore(inner) => {
            QueryError::new(Kind::Io, format!("cannot read the lake: {inner}"))
        }
        DataFusionError::IoError(inner) => diagnose_io(inner),
        DataFusionError::SQL(inner, _) => syntax_error(inner),
        DataFusionError::SchemaError(inner, _) => positioned(position, &schema_message(inner)),
        DataFusionError::NotImplemented(message) => {
            positioned(position, &format!("not supported: {message}"))
        }
        DataFusionError::Plan(message)
        | DataFusionError::Configuration(message)
        | DataFusionError::Execution(message) => positioned(position, message),
        DataFusionError::ResourcesExhausted(message) => exhausted(message),
        other => QueryError::internal(format!("internal error: {other}")),
    }
}

/// Errors travel boxed through other libraries' error types; ours is often at the bottom.
fn diagnose_foreign(
    error: &(dyn Error + Send + Sync + 'static),
    position: Position,
    lake: Option<&Lake>,
) -> QueryError {
    if let Some(error) = error.downcast_ref::<QueryError>() {
        error.clone()
    } else if let Some(error) = error.downcast_ref::<DataFusionError>() {
        diagnose_at(error, position, lake)
    } else if let Some(error) = error.downcast_ref::<ParquetError>() {
        diagnose_parquet(error, position, lake)
    } else if let Some(error) = error.downcast_ref::<ArrowError>() {
        diagnose_arrow(error, position, lake)
    } else {
        QueryError::internal(format!("internal error: {error}"))
    }
}

fn diagnose_arrow(error: &ArrowError, position: Position, lake: Option<&Lake>) -> QueryError {
    match error {
        ArrowError::ExternalError(inner) => diagnose_foreign(inner.as_ref(), position, lake),
        ArrowError::ParquetError(message) => undecodable(message, lake),
        ArrowError::IoError(_, inner) => diagnose_io(inner),
        ArrowError::MemoryError(message) => exhausted(message),
        other => positioned(position, &other.to_string()),
    }
}

fn diagnose_parquet(error: &ParquetError, position: Position, lake: Option<&Lake>) -> QueryError {
    match error {
        ParquetError::External(inner) => diagnose_foreign(inner.as_ref(), position, lake),
        other => undecodable(&other.to_string(), lake),
    }
}

fn undecodable(cause: &str, lake: Option<&Lake>) -> QueryError {
    let file = match lake.and_then(damaged_file) {
        Some(file) => format!("data file {file}"),
        None => "a data file".to_string(),
    };
    QueryError::data(format!("{file} is damaged: {cause}"))
}

/// A spill that reaches its limit is told as an error of the file it was written to.
fn diagnose_io(error: &std::io::Error) -> QueryError {
    let message = error.to_string();
    match message.contains("spilling process has exceeded the allowable limit") {
        true => exhausted(&message),
        false => QueryError::io("run the query", error),
    }
}

fn exhausted(message: &str) -> QueryError {
    let limit = match message.contains("disk") {
        true => "--spill",
        false => "--memory",
    };
    let message = format!("the query needs more than {limit} allows: {message}");
    QueryError::new(Kind::Limit, message)
}

/// The parser writes positions as ` at Line: 1, Column: 8` after its message.
fn syntax_error(error: &ParserError) -> QueryError {
    let message = match error {
        ParserError::ParserError(message) | ParserError::TokenizerError(message) => message,
        ParserError::RecursionLimitExceeded => {
            return QueryError::usage("the query nests too deep");
        }
    };
    let parsed = message
        .split_once(" at Line: ")
        .and_then(|(message, place)| {
            let (line, column) = place.split_once(", Column: ")?;
            let digits = |text: &str| text.trim().trim_end_matches('.').parse::<u64>().ok();
            Some((message, (digits(line)?, digits(column)?)))
        });
    match parsed {
        Some((message, position)) => positioned(Some(position), message),
        None => QueryError::usage(message),
    }
}

fn schema_message(error: &SchemaError) -> String {
    let SchemaError::FieldNotFound {
        field,
        valid_fields,
    } = error
    else {
        return error.to_string();
    };
    let mut message = format!("column {} not found", field.flat_name());
    let mut names: Vec<&str> = valid_fields.iter().map(Column::name).collect();
    names.dedup();
    match nearest(&field.name, names.iter().copied()) {
        // Names without quotes are read in lower case.
        Some(name) if name != name.to_lowercase() => {
            message.push_str(&format!("; did you mean \"{name}\", in double quotes?"));
        }
        Some(name) => message.push_str(&format!("; did you mean {name}?")),
        None if names.is_empty() => {}
        None => message.push_str(&format!("; columns are: {}", names.join(", "))),
    }
    message
}
