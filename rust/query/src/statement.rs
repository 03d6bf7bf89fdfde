//! From SQL text to one statement that only reads.

use std::collections::VecDeque;
use std::ops::ControlFlow;

use datafusion::common::TableReference;
use datafusion::execution::session_state::SessionState;
use datafusion::sql::parser::{DFParserBuilder, Statement};
use datafusion::sql::sqlparser::ast::{self, ObjectName, Spanned, visit_relations};
use datafusion::sql::sqlparser::dialect::GenericDialect;

use crate::diagnosis::{diagnose_sql, positioned};
use crate::error::{QueryError, Result};
use crate::lake::Lake;
use crate::lake::names::problem_with;

/// Far more than a person writes; planning time grows with the text.
pub const SQL_BYTES_MAX: usize = 1 << 20;

/// Parses one statement and checks that it only reads and that its tables exist.
pub fn read_only_statement(state: &SessionState, lake: &Lake, sql: &str) -> Result<Statement> {
    let statement = parse_one(state, sql)?;
    check_reads_only(&statement)?;
    check_tables(state, lake, &statement)?;
    Ok(statement)
}

fn parse_one(state: &SessionState, sql: &str) -> Result<Statement> {
    if sql.len() > SQL_BYTES_MAX {
        return Err(QueryError::usage(format!(
            "the query is longer than {SQL_BYTES_MAX} bytes"
        )));
    }
    let recursion_limit = state.config_options().sql_parser.recursion_limit.get();
    let statements = DFParserBuilder::new(sql)
        .with_dialect(&GenericDialect)
        .with_recursion_limit(recursion_limit)
        .build()
        .and_then(|mut parser| parser.parse_statements())
        .map_err(|error| diagnose_sql(&error))?;
    exactly_one(statements)
}

fn exactly_one(mut statements: VecDeque<Statement>) -> Result<Statement> {
    match (statements.pop_front(), statements.len()) {
        (None, _) => Err(QueryError::usage("the query is empty")),
        (Some(statement), 0) => Ok(statement),
        (Some(_), more) => Err(QueryError::usage(format!(
            "expected one statement, found {}",
            more + 1
        ))),
    }
}

fn check_reads_only(statement: &Statement) -> Result<()> {
    let refused = || {
        Err(QueryError::usage(format!(
            "{} is refused: avocet-query only reads (SELECT, WITH, VALUES, EXPLAIN, DESCRIBE, SHOW)",
            first_words(&statement.to_string())
        )))
    };
    match statement {
        Statement::Explain(explain) => check_reads_only(&explain.statement),
        Statement::Statement(statement) => match statement.as_ref() {
            ast::Statement::Query(_)
            | ast::Statement::ExplainTable { .. }
            | ast::Statement::ShowTables { .. }
            | ast::Statement::ShowColumns { .. }
            | ast::Statement::ShowFunctions { .. }
            | ast::Statement::ShowVariable { .. } => Ok(()),
            ast::Statement::Explain { statement, .. }
                if matches!(statement.as_ref(), ast::Statement::Query(_)) =>
            {
                Ok(())
            }
            _ => refused(),
        },
        Statement::CreateExternalTable(_) | Statement::CopyTo(_) | Statement::Reset(_) => refused(),
    }
}

/// `CREATE TABLE t ...` becomes `CREATE TABLE`.
fn first_words(sql: &str) -> String {
    let is_keyword = |word: &&str| word.chars().all(|c| c.is_ascii_uppercase());
    let words: Vec<&str> = sql
        .split_whitespace()
        .take_while(is_keyword)
        .take(3)
        .collect();
    match words.is_empty() {
        true => "the statement".to_string(),
        false => words.join(" "),
    }
}

fn check_tables(state: &SessionState, lake: &Lake, statement: &Statement) -> Result<()> {
    let references = state
        .resolve_table_references(statement)
        .map_err(|error| diagnose_sql(&error))?;
    for reference in references {
        let is_virtual = reference.schema() == Some("information_schema")
            || state.table_functions().contains_key(reference.table());
        if is_virtual {
            continue;
        }
        if let Some(problem) = problem_with(lake, &reference) {
            return Err(positioned(position_of(statement, &reference), &problem));
        }
    }
    Ok(())
}

/// Line and column of the first mention of a table.
fn position_of(statement: &Statement, reference: &TableReference) -> Option<(u64, u64)> {
    let statement = match statement {
        Statement::Explain(explain) => return position_of(&explain.statement, reference),
        Statement::Statement(statement) => statement.as_ref(),
        _ => return None,
    };
    let found = visit_relations(statement, |name: &ObjectName| {
        let is_it = TableReference::parse_str(&name.to_string()) == *reference;
        match is_it {
            true => ControlFlow::Break(name.span().start),
            false => ControlFlow::Continue(()),
        }
    });
    match found {
        ControlFlow::Break(start) if start.line > 0 => Some((start.line, start.column)),
        _ => None,
    }
}
