#include "src/lambda/record_intake.h"

#include <algorithm>
#include <cstring>
#include <span>
#include <utility>

#include "src/base/json_writer.h"
#include "src/source/records/stream_reader.h"

namespace avocet {

RecordIntake::RecordIntake(const SchemaConfig& schema, size_t max_record_bytes, Env* env)
    : max_record_bytes_(max_record_bytes), env_(env), decoder_(MakeDecoder(schema)) {
  decoder_->SetMetrics({});
}

Status RecordIntake::Read(ByteStream stream, std::string_view name, const OnBatch& on_batch) {
  constexpr size_t kRecordsAtOnce = 5000;
  SplitOptions options;
  options.hint = FormatHint(name);
  options.max_record_bytes = max_record_bytes_;
  StreamReader reader(std::move(stream), &pool_, options, SplitPosition{}, 0, true);
  while (true) {
    RawBatch raw;
    AVOCET_ASSIGN_OR_RETURN(const ReadState state,
                            reader.Read({.max_records = kRecordsAtOnce}, true, &raw));
    if (!raw.records.empty() || !raw.rejects.empty()) {
      ReadingBatch batch;
      decoder_->Decode(raw, 0, raw.records.size(), env_->NowMicros(), &batch);
      AVOCET_RETURN_IF_ERROR(on_batch(batch));
    }
    if (state == ReadState::kEnd || reader.damaged()) return Status::Ok();
  }
}

Status RecordIntake::ReadText(std::string_view text, const OnBatch& on_batch) {
  ByteStream stream([&text](std::span<char> out) -> Result<size_t> {
    const size_t size = std::min(out.size(), text.size());
    if (size > 0) std::memcpy(out.data(), text.data(), size);
    text.remove_prefix(size);
    return size;
  });
  return Read(std::move(stream), "", on_batch);
}

std::string WithMember(std::string_view payload, std::string_view name, std::string_view value) {
  const size_t brace = payload.rfind('}');
  std::string out(payload.substr(0, brace));
  const size_t last = out.find_last_not_of(" \t\r\n");
  if (last != std::string::npos && out[last] != '{') out += ',';
  AppendJsonString(name, &out);
  out += ':';
  AppendJsonString(value, &out);
  out += '}';
  return out;
}

}  // namespace avocet
