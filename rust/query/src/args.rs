//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use datafusion::arrow::array::timezone::Tz;
use lexopt::prelude::*;

use crate::error::{QueryError, Result};
use crate::output::Format;
use crate::units::{parse_bytes, parse_duration};

pub const HELP: &str = "\
Usage: avocet-query --lake DIR [OPTIONS] [SQL | -]

Runs one read-only SQL query over the Delta tables of a lake. Without SQL, or with -, the query is
read from standard input.

  --lake DIR            folder with <catalog>/<schema>/<table> below it
  --gateway SOCKET      where avocet query answers for the files of a lake that is no folder
  --catalog NAME        catalog of names that do not say it (default: iot_catalog)
  -f, --format FORMAT   table, csv, json (one object per line) or parquet (default: table)
  -o, --output FILE     write there instead of standard output (-)
  --max-rows N          stop after N rows, 0 = no limit (default: 1000 for table, else 0)
  --time-zone ZONE      zone of printed timestamps and of now() (default: UTC)
  --memory SIZE         memory for the query, for example 512MiB (default)
  --spill SIZE          temporary files for what does not fit in memory (default: 2GiB)
  --timeout DURATION    for example 500ms, 60s (default), 5m; 0 = none
  --threads N           (default: all processors)
  -h, --help
  -V, --version

Statements: SELECT, WITH, VALUES, EXPLAIN, DESCRIBE t, SHOW TABLES, SHOW COLUMNS FROM t.
Exit codes: 0 ok, 64 wrong SQL or usage, 65 damaged table, 69 no lake, 70 bug, 74 I/O error,
75 limit of time or memory reached.
";

pub enum Command {
    Query(Box<Args>),
    Help,
    Version,
}

#[derive(Debug)]
pub struct Args {
    pub lake: PathBuf,
    /// `None`: the lake is a folder.
    pub gateway: Option<PathBuf>,
    pub default_catalog: String,
    /// `None`: read standard input.
    pub sql: Option<String>,
    pub format: Format,
    /// `None`: standard output.
    pub output: Option<PathBuf>,
    /// `None`: all rows.
    pub max_rows: Option<usize>,
    pub time_zone: String,
    pub memory_bytes: usize,
    pub spill_bytes: u64,
    pub timeout: Option<Duration>,
    pub num_threads: usize,
}

const TABLE_ROWS: usize = 1000;

pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Command> {
    parse_with(lexopt::Parser::from_iter(arguments))
        .map_err(|error| QueryError::usage(format!("{error}; see avocet-query --help")))
}

fn parse_with(mut parser: lexopt::Parser) -> Result<Command, lexopt::Error> {
    let mut lake = None;
    let mut max_rows = None;
    let mut args = defaults();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("lake") => lake = Some(PathBuf::from(parser.value()?)),
            Long("gateway") => args.gateway = Some(PathBuf::from(parser.value()?)),
            Long("catalog") => args.default_catalog = parser.value()?.string()?,
            Short('f') | Long("format") => args.format = parser.value()?.parse()?,
            Short('o') | Long("output") => {
                args.output = Some(PathBuf::from(parser.value()?)).filter(|path| path != "-");
            }
            Long("max-rows") => max_rows = Some(parser.value()?.parse::<usize>()?),
            Long("time-zone") => args.time_zone = parser.value()?.parse_with(time_zone)?,
            Long("memory") => {
                let bytes = parser.value()?.parse_with(parse_bytes)?;
                args.memory_bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
            }
            Long("spill") => args.spill_bytes = parser.value()?.parse_with(parse_bytes)?,
            Long("timeout") => {
                let timeout = parser.value()?.parse_with(parse_duration)?;
                args.timeout = Some(timeout).filter(|timeout| !timeout.is_zero());
            }
            Long("threads") => args.num_threads = parser.value()?.parse_with(num_threads)?,
            Short('h') | Long("help") => return Ok(Command::Help),
            Short('V') | Long("version") => return Ok(Command::Version),
            Value(sql) if args.sql.is_none() => args.sql = Some(sql.string()?),
            argument => return Err(argument.unexpected()),
        }
    }
    args.lake = lake.ok_or("missing option '--lake'")?;
    args.sql = args.sql.filter(|sql| sql != "-");
    args.max_rows = match (max_rows, args.format) {
        (Some(0), _) => None,
        (Some(rows), _) => Some(rows),
        (None, Format::Table) => Some(TABLE_ROWS),
        (None, _) => None,
    };
    Ok(Command::Query(Box::new(args)))
}

fn defaults() -> Args {
    Args {
        lake: PathBuf::new(),
        gateway: None,
        default_catalog: "iot_catalog".to_string(),
        sql: None,
        format: Format::Table,
        output: None,
        max_rows: None,
        time_zone: "UTC".to_string(),
        memory_bytes: 512 << 20,
        spill_bytes: 2 << 30,
        timeout: Some(Duration::from_secs(60)),
        num_threads: std::thread::available_parallelism().map_or(1, usize::from),
    }
}

fn time_zone(name: &str) -> Result<String> {
    match Tz::from_str(name) {
        Ok(_) => Ok(name.to_string()),
        Err(_) => Err(QueryError::usage(
            "expected a zone such as UTC, Europe/Berlin or +02:00",
        )),
    }
}

fn num_threads(text: &str) -> Result<usize> {
    match text.parse() {
        Ok(threads @ 1..=256) => Ok(threads),
        _ => Err(QueryError::usage("expected a number from 1 to 256")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(arguments: &[&str]) -> Result<Args> {
        match parse(arguments.iter().map(OsString::from))? {
            Command::Query(args) => Ok(*args),
            _ => Err(QueryError::internal("not a query")),
        }
    }

    #[test]
    fn options_override_defaults() {
        let args = query(&["avocet-query", "--lake", "l", "SELECT 1"]).unwrap();
        assert_eq!(args.sql.as_deref(), Some("SELECT 1"));
        assert_eq!((args.max_rows, args.memory_bytes), (Some(1000), 512 << 20));

        let args = query(&[
            "avocet-query",
            "--lake=l",
            "-fjson",
            "-o",
            "-",
            "--timeout",
            "0",
            "--memory",
            "1GiB",
            "--max-rows",
            "5",
            "--time-zone",
            "Europe/Berlin",
            "-",
        ]);
        let args = args.unwrap();
        assert_eq!((args.sql, args.output, args.timeout), (None, None, None));
        assert_eq!((args.max_rows, args.memory_bytes), (Some(5), 1 << 30));
    }

    #[test]
    fn wrong_arguments_are_usage_errors() {
        let f = |arguments: &[&str], want: &str| {
            let error = query(&[&["avocet-query"], arguments].concat()).unwrap_err();
            assert_eq!(error.kind.exit_code(), 64);
            assert!(error.message.contains(want), "{}", error.message);
        };
        f(&["SELECT 1"], "--lake");
        f(&["--lake", "l", "--format", "xml"], "xml");
        f(&["--lake", "l", "--memory", "lots"], "lots");
        f(&["--lake", "l", "--threads", "0"], "1 to 256");
        f(&["--lake", "l", "--time-zone", "Mars"], "Mars");
        f(&["--lake", "l", "SELECT", "1"], "1");
        f(&["--lake", "l", "--what"], "--what");
    }
}
