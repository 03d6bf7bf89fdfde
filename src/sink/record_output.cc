#include "src/sink/record_output.h"

#include <utility>

#include "src/env/standard_output.h"

namespace avocet {
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

}  // namespace avocet
