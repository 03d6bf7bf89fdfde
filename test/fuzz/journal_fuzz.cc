// The first byte chooses what the rest is: the bytes of a whole segment, or damage to a valid one.
//
// Whatever is on the disk, a journal opens or says that it is corrupt; every record number up to
// its end is given back once or reported lost; and of a damaged journal only what was appended
// comes back.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>

#include "src/env/sim_env.h"
#include "src/journal/journal.h"
#include "src/journal/journal_check.h"
#include "src/journal/journal_format.h"
#include "src/journal/journal_reader.h"

namespace {

using namespace avocet;  // NOLINT

constexpr const char* kDirectory = "/j";
constexpr uint64_t kSalt = 0x1234;

void Require(bool condition) {
  if (!condition) std::abort();
}

std::string ValidSegment(std::map<uint64_t, std::string>* payloads) {
  std::string bytes = EncodeSegmentHeader({0, 1, kSalt});
  uint64_t record = 0;
  for (uint32_t group = 0; group < 4; ++group) {
    std::string entries;
    const std::string payload = "payload of group " + std::to_string(group);
    (*payloads)[record] = payload;
    AppendEntryFrame("label", payload, 1 + group, &entries);
    bytes += GroupFrame(record, bytes.size(), kSalt);
    record = NumberEntryFrames(record, kSalt, entries);
    bytes += entries;
  }
  return bytes + SealFrame(record, kSalt);
}

// Triples of two bytes for a place and one for what to do there: cut, insert or invert.
void Damage(std::string_view script, std::string* bytes) {
  for (size_t i = 0; i + 3 <= script.size() && !bytes->empty(); i += 3) {
    const auto byte = [&](size_t at) { return static_cast<uint8_t>(script[at]); };
    const size_t place = (byte(i) * size_t{256} + byte(i + 1)) % bytes->size();
    const uint8_t action = byte(i + 2);
    if (action == 0) {
      bytes->resize(place);
    } else if (action == 1) {
      bytes->insert(place, script.substr(i));
    } else {
      (*bytes)[place] = static_cast<char>((*bytes)[place] ^ action);
    }
  }
}

void Run(const std::string& segment, const std::map<uint64_t, std::string>* payloads) {
  SimEnv env;
  Require(env.PutDurably(std::string(kDirectory) + "/" + SegmentName(0), segment, PutMode::kReplace)
              .ok());
  Require(CheckJournal(kDirectory, &env).ok());
  JournalOptions options;
  options.directory = kDirectory;
  auto journal = Journal::Open(options, &env, 0);
  if (!journal.ok()) {
    Require(journal.status().code() == StatusCode::kCorrupt);
    return;
  }
  JournalReader reader(journal->get(), 0);
  JournalItem item;
  uint64_t next = 0;
  while (true) {
    const auto found = reader.Next(&item);
    Require(found.ok());
    if (!*found) break;
    Require(item.first_record <= next && item.first_record + item.num_records > next);
    next = item.first_record + item.num_records;
    if (!item.damage.empty() || payloads == nullptr) continue;
    const auto want = payloads->find(item.first_record);
    Require(want != payloads->end() && want->second == item.payload);
  }
  Require(next == (*journal)->stats().end_record);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  if ((data[0] & 1U) == 0) {
    Run(std::string(input), nullptr);
    return 0;
  }
  std::map<uint64_t, std::string> payloads;
  std::string segment = ValidSegment(&payloads);
  Damage(input, &segment);
  Run(segment, &payloads);
  return 0;
}
