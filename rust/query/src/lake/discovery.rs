//! Finding the tables of a lake: `<root>/<catalog>/<schema>/<table>/_delta_log`.

use crate::error::{QueryError, Result};
use crate::files::LakeFiles;

use super::TableName;

/// All tables, sorted by name. Nothing of a table is read here.
pub fn find_tables(files: &dyn LakeFiles) -> Result<Vec<TableName>> {
    let mut tables = Vec::new();
    for catalog in visible_folders(files, "")? {
        for schema in visible_folders(files, &catalog)? {
            let schema_dir = format!("{catalog}/{schema}");
            for table in visible_folders(files, &schema_dir)? {
                let inside = folders(files, &format!("{schema_dir}/{table}"))?;
                if inside.iter().any(|name| name == "_delta_log") {
                    tables.push(TableName::new(&catalog, &schema, &table));
                }
            }
        }
    }
    tables.sort();
    Ok(tables)
}

/// Hidden and underscored folders belong to programs; names that are not UTF-8 cannot be written
/// in SQL.
fn visible_folders(files: &dyn LakeFiles, dir: &str) -> Result<Vec<String>> {
    let mut names = folders(files, dir)?;
    names.retain(|name| !name.starts_with(['.', '_']));
    Ok(names)
}

/// A folder that disappears while we look is no error.
fn folders(files: &dyn LakeFiles, dir: &str) -> Result<Vec<String>> {
    match files.folders(dir) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(QueryError::io(
            &format!("list {}", files.shown(dir)),
            &error,
        )),
        Ok(names) => Ok(names),
    }
}
