//! Finding the tables of a lake: `<root>/<catalog>/<schema>/<table>/_delta_log`.

use std::fs;
use std::path::{Path, PathBuf};

use super::TableName;
use crate::error::{Kind, QueryError, Result};

pub fn lake_root(root: &Path) -> Result<PathBuf> {
    let no_lake = |cause: &dyn std::fmt::Display| {
        QueryError::new(
            Kind::NoLake,
            format!("cannot open lake {}: {cause}", root.display()),
        )
    };
    let absolute = fs::canonicalize(root).map_err(|error| no_lake(&error))?;
    match absolute.is_dir() {
        true => Ok(absolute),
        false => Err(no_lake(&"it is not a folder")),
    }
}

/// All tables, sorted by name. Nothing of a table is read here.
pub fn find_tables(root: &Path) -> Result<Vec<TableName>> {
    let mut tables = Vec::new();
    for catalog in folders(root)? {
        for schema in folders(&root.join(&catalog))? {
            let schema_dir = root.join(&catalog).join(&schema);
            for table in folders(&schema_dir)? {
                if schema_dir.join(&table).join("_delta_log").is_dir() {
                    let (catalog, schema) = (catalog.clone(), schema.clone());
                    tables.push(TableName {
                        catalog,
                        schema,
                        table,
                    });
                }
            }
        }
    }
    tables.sort();
    Ok(tables)
}

/// Hidden and underscored folders belong to programs; names that are not UTF-8 cannot be written
/// in SQL. A folder that disappears while we look is no error.
fn folders(dir: &Path) -> Result<Vec<String>> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(QueryError::io(&format!("list {}", dir.display()), &error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry =
            entry.map_err(|error| QueryError::io(&format!("list {}", dir.display()), &error))?;
        match entry.file_name().into_string() {
            Ok(name) if !name.starts_with(['.', '_']) && entry.path().is_dir() => names.push(name),
            _ => {}
        }
    }
    Ok(names)
}
