//! `avocet-query`: SQL over the Delta tables of an avocet lake, read-only and within limits.

mod args;
mod damage;
mod delta;
mod diagnosis;
mod error;
mod files;
mod gateway;
mod lake;
mod output;
mod run;
mod session;
mod statement;
mod text;
mod units;

use std::process::exit;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use args::{Args, Command};
use error::{Kind, QueryError, Result};
use output::target::discard_unfinished;

/// Planning recurses over the query.
const STACK_BYTES: usize = 32 << 20;
/// How much later than the query itself the watchdog ends a query that does not look at the
/// clock.
const WATCHDOG_GRACE: Duration = Duration::from_secs(1);

fn main() {
    std::panic::set_hook(Box::new(|panic| {
        fail(&QueryError::internal(format!("internal error: {panic}")));
    }));
    let result = match args::parse(std::env::args_os()) {
        Ok(Command::Query(args)) => run_watched(*args),
        Ok(Command::Help) => {
            print!("{}", args::HELP);
            Ok(())
        }
        Ok(Command::Version) => {
            println!("avocet-query {}", env!("CARGO_PKG_VERSION"));
            Ok(())
        }
        Err(error) => Err(error),
    };
    if let Err(error) = result {
        fail(&error);
    }
}

/// Runs the query in its own thread, so that the time limit holds whatever that thread does.
fn run_watched(args: Args) -> Result<()> {
    let args = Arc::new(args);
    let (sender, result) = mpsc::channel();
    let query_args = Arc::clone(&args);
    thread::Builder::new()
        .name("query".to_string())
        .stack_size(STACK_BYTES)
        .spawn(move || sender.send(run::run(&query_args)))
        .map_err(|error| QueryError::io("start threads", &error))?;
    match args.timeout {
        None => result.recv().unwrap_or_else(|_| Err(query_vanished())),
        Some(timeout) => match result.recv_timeout(timeout.saturating_add(WATCHDOG_GRACE)) {
            Ok(result) => result,
            Err(RecvTimeoutError::Timeout) => Err(run::timeout_error(timeout)),
            Err(RecvTimeoutError::Disconnected) => Err(query_vanished()),
        },
    }
}

fn query_vanished() -> QueryError {
    QueryError::internal("internal error: the query ended without a result")
}

/// The only way out after an error.
fn fail(error: &QueryError) -> ! {
    discard_unfinished();
    if error.kind != Kind::ClosedPipe {
        eprintln!("error: {error}");
    }
    exit(error.kind.exit_code())
}
