#include "src/server/query_program.h"

#include <fmt/format.h>

#include <utility>

#include "src/env/program.h"

namespace avocet {
namespace {

constexpr char kProgram[] = "avocet-query";
constexpr char kVariable[] = "AVOCET_QUERY";

Status Missing(const std::string& what) {
  return Status::Unavailable("cannot run the query: " + what +
                             "; run: make query builds it, or set " + kVariable + " to its path");
}

}  // namespace

Result<std::string> FindQueryProgram() {
  const std::string chosen = EnvironmentVariable(kVariable).value_or("");
  if (!chosen.empty()) {
    if (IsExecutable(chosen)) return chosen;
    return Missing(fmt::format("{}={} is no executable file", kVariable, chosen));
  }
  const auto self = ExecutablePath();
  if (self.ok()) {
    std::string beside = self->substr(0, self->rfind('/') + 1) + kProgram;
    if (IsExecutable(beside)) return beside;
  }
  if (auto found = FindOnPath(kProgram)) return *std::move(found);
  return Missing(fmt::format("{} is neither beside avocet nor on the PATH", kProgram));
}

}  // namespace avocet
