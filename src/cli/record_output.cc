#include "src/cli/record_output.h"

#include <fmt/format.h>

#include <cstdio>
#include <utility>

#include "src/env/signals.h"
#include "src/env/standard_output.h"

namespace avocet {
namespace {

constexpr std::chrono::milliseconds kShowEvery{500};

}  // namespace

Result<RecordOutput> RecordOutput::Open(const std::string& path) {
  if (path == "-") return RecordOutput(OpenStandardOutput());
  AVOCET_ASSIGN_OR_RETURN(auto file, Env::Posix()->OpenForWrite(path));
  return RecordOutput(std::move(file));
}

Status RecordOutput::Append(std::string_view bytes) {
  buffer_.append(bytes);
  return buffer_.size() < kBufferBytes ? Status::Ok() : Flush();
}

Status RecordOutput::Flush() {
  if (buffer_.empty()) return Status::Ok();
  const Status status = file_->Append(buffer_);
  buffer_.clear();
  return status;
}

Status RecordOutput::Close() {
  AVOCET_RETURN_IF_ERROR(Flush());
  return file_->Close();
}

WatchLine::WatchLine(bool show) : show_(show && StandardErrorIsTerminal()) {
  shown_at_ = Env::Posix()->Monotonic();
}

WatchLine::~WatchLine() {
  if (show_) std::fputs("\r\033[K", stderr);
}

bool WatchLine::IsDue() { return show_ && Env::Posix()->Monotonic() - shown_at_ >= kShowEvery; }

void WatchLine::Show(std::string_view text) {
  shown_at_ = Env::Posix()->Monotonic();
  fmt::print(stderr, "\r\033[K{}", text);
  std::fflush(stderr);
}

}  // namespace avocet
