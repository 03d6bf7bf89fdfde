//! Table names: what a name in SQL refers to, and what may have been meant.

use std::fmt;

use datafusion::common::TableReference;
use datafusion::common::utils::datafusion_strsim::levenshtein;

use super::Lake;

/// The schema in which unqualified names live: all schemas of the default catalog. Parentheses
/// keep it apart from the name of a folder.
pub const ANY_SCHEMA: &str = "(any)";

const MAX_LISTED: usize = 20;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TableName {
    pub catalog: String,
    pub schema: String,
    pub table: String,
}

impl TableName {
    pub fn new(catalog: &str, schema: &str, table: &str) -> Self {
        Self {
            catalog: catalog.into(),
            schema: schema.into(),
            table: table.into(),
        }
    }

    /// The table folder below the lake root.
    pub fn relative_path(&self) -> String {
        format!("{}/{}/{}", self.catalog, self.schema, self.table)
    }
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.catalog, self.schema, self.table)
    }
}

pub fn catalogs(tables: &[TableName]) -> Vec<String> {
    let mut names: Vec<String> = tables.iter().map(|name| name.catalog.clone()).collect();
    names.dedup();
    names
}

/// The tables of the default catalog with this unqualified name, in any schema.
pub fn unqualified<'a>(lake: &'a Lake, table: &str) -> Vec<&'a TableName> {
    lake.tables
        .iter()
        .filter(|name| name.catalog == lake.default_catalog && name.table == table)
        .collect()
}

/// `None` when the name refers to exactly one table, otherwise what is wrong with it.
pub fn problem_with(lake: &Lake, reference: &TableReference) -> Option<String> {
    let found = match reference {
        TableReference::Bare { table } => {
            let candidates = unqualified(lake, table);
            if candidates.len() > 1 {
                return Some(format!(
                    "table name {reference} is ambiguous; write one of: {}",
                    list(candidates.into_iter())
                ));
            }
            candidates.len() == 1
        }
        TableReference::Partial { schema, table } => {
            lake.has(&TableName::new(&lake.default_catalog, schema, table))
        }
        TableReference::Full {
            catalog,
            schema,
            table,
        } => lake.has(&TableName::new(catalog, schema, table)),
    };
    (!found).then(|| not_found(lake, reference))
}

fn not_found(lake: &Lake, reference: &TableReference) -> String {
    let mut message = format!("table {reference} not found");
    if lake.tables.is_empty() {
        message.push_str("; the lake has no tables");
        return message;
    }
    if let Some(nearest) = nearest_table(lake, reference) {
        message.push_str(&format!("; did you mean {nearest}?"));
    }
    message.push_str(&format!("; available tables: {}", list(lake.tables.iter())));
    message
}

/// Compares the table names first: a right table in a wrong schema is the better guess.
fn nearest_table<'a>(lake: &'a Lake, reference: &TableReference) -> Option<&'a TableName> {
    let wanted = reference.table().to_lowercase();
    let distance = |name: &TableName| levenshtein(&name.table.to_lowercase(), &wanted);
    let nearest = lake.tables.iter().min_by_key(|name| {
        let schema = reference
            .schema()
            .map_or(0, |schema| levenshtein(&name.schema, schema));
        (distance(name), schema)
    })?;
    is_near(&wanted, distance(nearest)).then_some(nearest)
}

/// The candidate that was probably meant by `wanted`.
pub fn nearest<'a>(wanted: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = wanted.to_lowercase();
    candidates
        .map(|name| (levenshtein(&name.to_lowercase(), &wanted), name))
        .min()
        .filter(|(distance, _)| is_near(&wanted, *distance))
        .map(|(_, name)| name)
}

fn is_near(wanted: &str, distance: usize) -> bool {
    distance <= 1 + wanted.chars().count() / 4
}

fn list<'a>(names: impl Iterator<Item = &'a TableName>) -> String {
    let names: Vec<String> = names.map(TableName::to_string).collect();
    match names.len() > MAX_LISTED {
        true => format!("{}, ...", names[..MAX_LISTED].join(", ")),
        false => names.join(", "),
    }
}
