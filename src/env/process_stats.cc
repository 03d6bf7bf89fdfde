#include "src/env/process_stats.h"

#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "src/env/signals.h"

namespace avocet {
namespace {

// Fields of /proc/self/stat behind the name, which may hold anything, blanks too; from 3 on.
constexpr int kFirstField = 3;
constexpr int kStartTicks = 22;
constexpr int kVirtualBytes = 23;
constexpr int kResidentPages = 24;

uint64_t OpenFiles() {
  std::error_code error;
  uint64_t files = 0;
  for (std::filesystem::directory_iterator it("/proc/self/fd", error), end; !error && it != end;
       it.increment(error)) {
    ++files;
  }
  return files;
}

/// When the system started, in seconds since 1970.
double BootSeconds() {
  std::ifstream stat("/proc/stat");
  for (std::string line; std::getline(stat, line);) {
    if (line.starts_with("btime ")) return std::strtod(line.c_str() + 6, nullptr);
  }
  return 0;
}

}  // namespace

ProcessStats ReadProcessStats() {
  const ProcessUsage usage = UsageSoFar();
  ProcessStats stats{.cpu_seconds = usage.user_seconds + usage.system_seconds,
                     .open_files = OpenFiles()};
  std::ifstream file("/proc/self/stat");
  std::string line;
  std::getline(file, line);
  std::istringstream fields(line.substr(line.rfind(')') + 1));
  int number = kFirstField;
  for (std::string text; fields >> text; ++number) {
    const uint64_t value = std::strtoull(text.c_str(), nullptr, 10);
    if (number == kStartTicks) {
      stats.start_seconds =
          BootSeconds() + static_cast<double>(value) / static_cast<double>(sysconf(_SC_CLK_TCK));
    }
    if (number == kVirtualBytes) stats.virtual_bytes = value;
    if (number == kResidentPages) {
      stats.resident_bytes = value * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
    }
  }
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) stats.max_files = limit.rlim_cur;
  return stats;
}

}  // namespace avocet
