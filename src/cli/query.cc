// query: SQL over the tables, by the program avocet-query.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "src/cli/command.h"
#include "src/config/load.h"
#include "src/env/program.h"
#include "src/env/signals.h"
#include "src/server/query_lake.h"
#include "src/server/query_program.h"

namespace avocet {
namespace {

struct QueryArguments {
  std::string config;
  std::string lake;
  std::string sql;
  /// Options of avocet-query that are passed on as they are, with their values.
  std::vector<std::pair<std::string, std::string>> passed_on;
};

// The exit code; does not return when this program becomes the SQL engine.
Result<int> Query(const QueryArguments& arguments) {
  if (arguments.sql.empty() && StandardInputIsTerminal()) {
    return Status::Usage(
        "query needs SQL, as in: avocet query \"SHOW TABLES\"; - reads it from standard input");
  }
  StorageConfig storage;
  std::string catalog;
  // A lake that is named outright can be asked without, or in spite of, a configuration.
  if (arguments.lake.empty() || !arguments.config.empty()) {
    AVOCET_ASSIGN_OR_RETURN(const Config config, LoadConfig(arguments.config));
    storage = config.storage;
    catalog = config.storage.catalog;
  }
  if (!arguments.lake.empty()) storage.lake = arguments.lake;
  AVOCET_RETURN_IF_ERROR(CheckLakePath(storage.lake));
  AVOCET_ASSIGN_OR_RETURN(const std::string program, FindQueryProgram());
  AVOCET_ASSIGN_OR_RETURN(const QueryLake lake, QueryLake::Open(storage, Env::Posix()));
  std::vector<std::string> words = lake.Arguments();
  if (!catalog.empty()) words.insert(words.end(), {"--catalog", catalog});
  for (const auto& [option, value] : arguments.passed_on) {
    if (!value.empty()) words.insert(words.end(), {option, value});
  }
  // SQL may begin with a comment, which looks like an option.
  words.insert(words.end(), {"--", arguments.sql.empty() ? "-" : arguments.sql});
  if (lake.IsServed()) return RunInForeground(program, words);
  return BecomeProgram(program, words);
}

}  // namespace

void AddQueryCommand(CLI::App* app, int* exit_code) {
  auto arguments = std::make_shared<QueryArguments>();
  CLI::App* command = app->add_subcommand("query", "Ask the tables in SQL, read-only");
  command->add_option("sql", arguments->sql,
                      "The query; - or nothing reads it from standard input");
  command->add_option(
      "--lake", arguments->lake,
      "Lake directory, or s3://bucket/prefix (default: that of the configuration, else ./lake)");
  command->add_option("-c,--config", arguments->config,
                      "Configuration file (default: avocet.yaml)");
  arguments->passed_on = {{"--format", ""},    {"--output", ""}, {"--max-rows", ""},
                          {"--memory", ""},    {"--spill", ""},  {"--timeout", ""},
                          {"--time-zone", ""}, {"--threads", ""}};
  auto value = [&](size_t i) -> std::string& { return arguments->passed_on[i].second; };
  command->add_option("-f,--format", value(0), "Output format (default: table)")
      ->check(CLI::IsMember({"table", "csv", "json", "parquet"}));
  command->add_option("-o,--output", value(1), "Write there instead of standard output");
  command->add_option("--max-rows", value(2),
                      "Stop after so many rows, 0: no limit (default: 1000 for table, else 0)");
  command->add_option("--memory", value(3), "Memory for the query (default: 512MiB)");
  command->add_option("--spill", value(4),
                      "Temporary files for what does not fit in memory (default: 2GiB)");
  command->add_option("--timeout", value(5), "Longest run time, 0: none (default: 60s)");
  command->add_option("--time-zone", value(6), "Zone of printed times (default: UTC)");
  command->add_option("--threads", value(7), "Threads (default: all processors)");
  command->callback([arguments, exit_code] {
    const auto done = Query(*arguments);
    *exit_code = done.ok() ? *done : Report(done.status());
  });
}

}  // namespace avocet
