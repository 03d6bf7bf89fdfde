#include "src/cli/watch_line.h"

#include <fmt/format.h>

#include <cstdio>

#include "src/cli/tell.h"
#include "src/env/env.h"
#include "src/env/signals.h"

namespace avocet {
namespace {

constexpr std::chrono::milliseconds kShowEvery{500};

}  // namespace

WatchLine::WatchLine(bool show) : show_(show && StandardErrorIsTerminal()) {
  shown_at_ = Env::Posix()->Monotonic();
}

WatchLine::~WatchLine() {
  if (show_) std::fputs("\r\033[K", stderr);
}

bool WatchLine::IsDue() { return show_ && Env::Posix()->Monotonic() - shown_at_ >= kShowEvery; }

void WatchLine::Show(std::string_view text) {
  shown_at_ = Env::Posix()->Monotonic();
  Tell("\r\033[K{}", text);
  std::fflush(stderr);
}

}  // namespace avocet
