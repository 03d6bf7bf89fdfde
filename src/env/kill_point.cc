#include "src/env/kill_point.h"

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <string>

namespace avocet {
namespace {

struct Target {
  std::string name;
  long nth = 1;
};

Target ReadTarget() {
  const char* text = std::getenv("AVOCET_KILL_POINT");
  if (text == nullptr) return {};
  Target target{text, 1};
  if (const size_t colon = target.name.find(':'); colon != std::string::npos) {
    target.nth = std::strtol(target.name.c_str() + colon + 1, nullptr, 10);
    target.name.resize(colon);
  }
  return target;
}

}  // namespace

void KillPoint(std::string_view name) {
  static const Target target = ReadTarget();
  static std::atomic<long> reached = 0;
  if (target.name.empty() || target.name != name) return;
  if (++reached == target.nth) std::raise(SIGKILL);
}

}  // namespace avocet
