// The options of commands that send records somewhere, and what they say at the end.
#pragma once

#include <CLI/CLI.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/sink/open_sink.h"

namespace avocet {

struct SinkArguments {
  std::string out = "-";
  std::string to;  ///< wins over `out`
  std::vector<std::string> options;
};

/// --out and --to-option, but not --to, whose help names kSinkPlaces.
void AddSinkOptions(CLI::App* command, SinkArguments* arguments);

Result<std::unique_ptr<Sink>> OpenSink(const SinkArguments& arguments,
                                       const std::string& device_field);

/// Whether the records are seen on the terminal.
bool ShowsRecords(const SinkArguments& arguments);

/// A line on what became of the records; empty for files, where nothing can happen to them.
std::string SinkSummary(const SinkArguments& arguments, const SinkCounts& counts,
                        std::chrono::nanoseconds time);

/// What a command ends with: `status`, which came from the sink, or kInvalid when it went well but
/// records were rejected. That nobody reads any more is a reason to end and no fault.
Status SinkResult(Status status, const SinkCounts& counts);

}  // namespace avocet
