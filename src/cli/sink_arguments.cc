#include "src/cli/sink_arguments.h"

#include <fmt/format.h>

#include <algorithm>

#include "src/cli/human_number.h"
#include "src/env/env.h"
#include "src/env/signals.h"

namespace avocet {
namespace {

bool IsStandardOutput(const SinkArguments& arguments) {
  const std::string& place = arguments.to.empty() ? arguments.out : arguments.to;
  return place == "-" || place == "stdout";
}

bool IsFile(const SinkArguments& arguments) {
  return arguments.to.empty() || arguments.to.starts_with("file:") || IsStandardOutput(arguments);
}

}  // namespace

void AddSinkOptions(CLI::App* command, SinkArguments* arguments) {
  command->add_option("-o,--out", arguments->out, "File to write, - for standard output")
      ->capture_default_str();
  command
      ->add_option("--to-option", arguments->options,
                   "NAME=VALUE, an option of where the records go, such as endpoint or token_file; "
                   "can be repeated")
      ->allow_extra_args(false);
}

Result<std::unique_ptr<Sink>> OpenSink(const SinkArguments& arguments,
                                       const std::string& device_field) {
  if (!arguments.to.empty() && arguments.out != "-") {
    return Status::Usage("--out and --to both say where the records go; one is enough");
  }
  SinkRequest request{
      .to = arguments.to, .options = arguments.options, .device_field = device_field};
  if (request.to.empty()) request.to = arguments.out == "-" ? "-" : "file:" + arguments.out;
  return OpenSink(request, Env::Posix());
}

bool ShowsRecords(const SinkArguments& arguments) {
  return IsStandardOutput(arguments) && StandardOutputIsTerminal();
}

std::string SinkSummary(const SinkArguments& arguments, const SinkCounts& counts,
                        std::chrono::nanoseconds time) {
  if (IsFile(arguments)) return {};
  const double seconds = std::max(std::chrono::duration<double>(time).count(), 1e-6);
  std::string text = fmt::format(
      "{} sent, {} acknowledged ({}/s)", WithThousands(counts.sent),
      WithThousands(counts.acknowledged),
      WithThousands(static_cast<uint64_t>(static_cast<double>(counts.acknowledged) / seconds)));
  if (counts.rejected > 0) {
    text += fmt::format(", {} rejected", WithThousands(counts.rejected));
  }
  const uint64_t open = counts.sent - counts.acknowledged - counts.rejected;
  if (open > 0) text += fmt::format(", {} without an answer", WithThousands(open));
  return text + "\n";
}

Status SinkResult(Status status, const SinkCounts& counts) {
  if (status.code() == StatusCode::kCancelled) return Status::Ok();
  if (!status.ok() || counts.rejected == 0) return status;
  return Status::Invalid(fmt::format("cannot deliver {} records: {}",
                                     WithThousands(counts.rejected), counts.rejection));
}

}  // namespace avocet
