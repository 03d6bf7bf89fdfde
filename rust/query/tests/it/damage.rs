//! Damage is reported as such, with the file.

use std::fs;

use crate::support::{TestLake, readings};

fn name(path: &std::path::Path) -> String {
    path.file_name().unwrap().to_str().unwrap().to_string()
}

#[test]
fn damaged_log_entry_is_named_with_its_line() {
    let lake = TestLake::new();
    let table = lake.readings("iot_catalog.raw.r");
    let path = table.log_entry(1);
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, &text[..text.len() - 20]).unwrap();
    lake.fails(
        "SELECT * FROM r",
        65,
        &[
            "cannot read table iot_catalog.raw.r",
            "_delta_log/00000000000000000001.json is damaged: line 2: ",
        ],
    );
    fs::write(&path, "").unwrap();
    lake.fails(
        "SELECT * FROM r",
        65,
        &["00000000000000000001.json", "empty"],
    );
    fs::write(&path, b"\xff\xfe").unwrap();
    lake.fails("SELECT * FROM r", 65, &["00000000000000000001.json"]);
    fs::remove_file(&path).unwrap();
    lake.fails(
        "SELECT * FROM r",
        65,
        &["00000000000000000001.json is missing"],
    );
}

#[test]
fn log_without_a_commit_or_schema_is_damage() {
    let lake = TestLake::new();
    let table = lake.readings("iot_catalog.raw.r");
    fs::remove_file(table.log_entry(0)).unwrap();
    fs::rename(table.log_entry(1), table.log_entry(0)).unwrap();
    fs::rename(table.log_entry(2), table.log_entry(1)).unwrap();
    lake.fails("SELECT * FROM r", 65, &["no metaData"]);
    fs::create_dir_all(lake.root().join("iot_catalog/raw/empty/_delta_log")).unwrap();
    lake.fails("SELECT * FROM raw.empty", 65, &["no commit"]);
}

#[test]
fn missing_and_cut_data_files_are_named() {
    let lake = TestLake::new();
    let table = lake.readings("iot_catalog.raw.r");
    let path = table.append(&readings(&[("d", 5, Some(1.0))]), &[("date", "2021-06-15")]);
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    lake.fails("SELECT * FROM r", 65, &[&name(&path), "damaged"]);
    fs::write(&path, "").unwrap();
    lake.fails("SELECT * FROM r", 65, &[&name(&path), "damaged"]);
    fs::remove_file(&path).unwrap();
    lake.fails("SELECT * FROM r", 65, &[&name(&path), "missing"]);
    assert_eq!(
        lake.rows("SELECT count(*) FROM r WHERE date = '2021-06-16'"),
        "2\n"
    );
}

#[test]
fn damaged_pages_are_traced_to_their_file() {
    let lake = TestLake::new();
    let table = lake.readings("iot_catalog.raw.r");
    let rows: Vec<_> = (0..2000)
        .map(|i| ("device", i, Some(i as f64 / 7.0)))
        .collect();
    let path = table.append(&readings(&rows), &[("date", "2021-06-15")]);
    let mut bytes = fs::read(&path).unwrap();
    // Pages begin behind the magic number; the footer, at the end, stays whole.
    let pages = bytes.len() / 2;
    bytes[4..pages].fill(0xff);
    fs::write(&path, &bytes).unwrap();
    for threads in ["1", "4"] {
        let run = lake.run(&["--threads", threads], "SELECT * FROM r");
        assert_eq!(run.code, 65, "{}{}", run.stdout, run.stderr);
        assert!(run.stderr.contains(&name(&path)), "{}", run.stderr);
    }
}
