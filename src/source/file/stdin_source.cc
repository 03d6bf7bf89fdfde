#include "src/source/file/stdin_source.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <utility>

#include "src/source/records/stream_reader.h"

namespace avocet {
namespace {

// The longest that one look at standard input blocks: Poll must not wait much longer than it may.
constexpr std::chrono::milliseconds kReadTimeout{5};

class StreamSource : public Source {
 public:
  StreamSource(const StdinSourceConfig& config, std::string name,
               std::unique_ptr<ReadableFile> input, Env* env)
      : config_(config), name_(std::move(name)), input_(std::move(input)), env_(env) {}

  Status Open(const Positions&) override {
    SplitOptions options;
    AVOCET_ASSIGN_OR_RETURN(options.format, ParseInputFormat(config_.format));
    options.max_record_bytes = config_.max_record_bytes;
    ByteStream stream([this](std::span<char> out) { return ReadSome(out); });
    reader_.emplace(std::move(stream), &pool_, options, SplitPosition{}, 0, false);
    return Status::Ok();
  }

  Result<PollState> Poll(const PollLimits& limits, std::vector<RawBatch>* out) override;

  void TakeChangedPositions(Positions* out) override {
    if (changed_) AllPositions(out);
    changed_ = false;
  }

  void AllPositions(Positions* out) const override {
    const uint64_t offset = reader_.has_value() ? reader_->position().offset : 0;
    out->insert_or_assign(name_ + "/stdin", "{\"offset\":" + std::to_string(offset) + "}");
  }

 private:
  // kUnavailable of the input is "nothing at the moment"; 0 bytes from it are the end.
  Result<size_t> ReadSome(std::span<char> out) {
    if (at_end_) return size_t{0};
    Result<size_t> size = input_->Read(std::as_writable_bytes(out));
    if (!size.ok() && size.status().code() == StatusCode::kUnavailable) return size_t{0};
    if (size.ok() && *size == 0) at_end_ = true;
    return size;
  }

  const StdinSourceConfig config_;
  const std::string name_;
  const std::unique_ptr<ReadableFile> input_;
  Env* const env_;
  BlockPool pool_;
  std::optional<StreamReader> reader_;
  bool at_end_ = false;
  bool changed_ = false;
};

Result<PollState> StreamSource::Poll(const PollLimits& limits, std::vector<RawBatch>* out) {
  const std::chrono::nanoseconds deadline = env_->Monotonic() + limits.wait;
  size_t records = 0, bytes = 0;
  while (true) {
    RawBatch batch;
    batch.source = name_;
    batch.partition = "stdin";
    const RecordSplitter::Limits left{std::max<size_t>(limits.max_records, records + 1) - records,
                                      std::max<size_t>(limits.max_bytes, bytes + 1) - bytes};
    const bool at_end = at_end_;
    AVOCET_ASSIGN_OR_RETURN(const ReadState state, reader_->Read(left, at_end, &batch));
    const bool content =
        !batch.records.empty() || !batch.rejects.empty() || batch.empty_records > 0;
    if (content) {
      records += batch.records.size() + batch.rejects.size();
      for (const RawRecord& record : batch.records) bytes += record.size;
      out->push_back(std::move(batch));
      changed_ = true;
    }
    if (state == ReadState::kEnd || reader_->damaged()) return PollState::kEnd;
    if (records >= limits.max_records || bytes >= limits.max_bytes) return PollState::kMore;
    if (state == ReadState::kMore || at_end != at_end_) continue;
    if (records > 0 || env_->Monotonic() >= deadline) return PollState::kIdle;
  }
}

}  // namespace

std::unique_ptr<Source> MakeStdinSource(const StdinSourceConfig& config, const std::string& name,
                                        Env* env) {
  return MakeStreamSource(config, name, OpenStandardInput(kReadTimeout), env);
}

std::unique_ptr<Source> MakeStreamSource(const StdinSourceConfig& config, const std::string& name,
                                         std::unique_ptr<ReadableFile> input, Env* env) {
  return std::make_unique<StreamSource>(config, name, std::move(input), env);
}

}  // namespace avocet
