#include "src/env/signals.h"

#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <string>

namespace avocet {
namespace {

std::atomic<bool> termination_requested = false;
std::atomic<bool> hung_up = false;
static_assert(std::atomic<bool>::is_always_lock_free, "the flag is set in a signal handler");

constexpr int kInterruptedExit = 130;

void OnSignal(int) {
  if (termination_requested.exchange(true)) _exit(kInterruptedExit);
}

}  // namespace

void CatchTermination() {
  struct sigaction action {};
  action.sa_handler = OnSignal;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  action.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &action, nullptr);
  // A write beyond a file size limit is to be an error with a message.
  sigaction(SIGXFSZ, &action, nullptr);
}

void CatchHangup() {
  struct sigaction action {};
  action.sa_handler = [](int) { hung_up = true; };
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  sigaction(SIGHUP, &action, nullptr);
}

bool TakeHangup() { return hung_up.exchange(false); }

const std::atomic<bool>& TerminationRequested() { return termination_requested; }

namespace {

// ru_maxrss would not do: a program inherits that of the one that started it.
int64_t PeakMemoryBytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::strtoll(line.c_str() + 6, nullptr, 10) * 1024;
  }
  return 0;
}

}  // namespace

ProcessUsage UsageSoFar() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return {.peak_memory_bytes = PeakMemoryBytes(),
          .user_seconds = seconds(usage.ru_utime),
          .system_seconds = seconds(usage.ru_stime)};
}

bool StandardInputIsTerminal() { return isatty(STDIN_FILENO) == 1; }
bool StandardErrorIsTerminal() { return isatty(STDERR_FILENO) == 1; }
bool StandardOutputIsTerminal() { return isatty(STDOUT_FILENO) == 1; }

}  // namespace avocet
