#include "src/server/lake_gateway.h"

#include <charconv>
#include <cstdint>
#include <optional>
#include <span>

namespace avocet {
namespace {

constexpr char kOk = 0;
constexpr char kNotFound = 1;
constexpr char kFailed = 2;
// A range is at most a column of a row group.
constexpr uint64_t kLargestRange = uint64_t{1} << 30;

std::string Failure(const Status& status) {
  const bool missing = status.code() == StatusCode::kNotFound;
  return std::string(1, missing ? kNotFound : kFailed) + status.message();
}

std::string_view TakeWord(std::string_view* text) {
  const size_t blank = text->find(' ');
  const std::string_view word = text->substr(0, blank);
  text->remove_prefix(blank == std::string_view::npos ? text->size() : blank + 1);
  return word;
}

std::optional<uint64_t> TakeNumber(std::string_view* text) {
  const std::string_view word = TakeWord(text);
  uint64_t value = 0;
  const auto parsed = std::from_chars(word.data(), word.data() + word.size(), value);
  if (parsed.ec != std::errc() || parsed.ptr != word.data() + word.size()) return std::nullopt;
  return value;
}

// A path that leads out of the lake is not asked for by anybody honest.
bool IsInside(std::string_view path) {
  return !path.starts_with('/') &&
         ("/" + std::string(path) + "/").find("/../") == std::string::npos;
}

std::string Folders(LakeStore* store, const std::string& dir) {
  auto names = store->Folders(dir);
  if (!names.ok()) return Failure(names.status());
  std::string answer(1, kOk);
  for (const std::string& name : *names) answer.append(name).append("\n");
  return answer;
}

std::string Files(LakeStore* store, const std::string& dir) {
  auto files = store->List(dir, "");
  if (!files.ok()) return Failure(files.status());
  std::string answer(1, kOk);
  for (const LakeFile& file : *files) {
    const std::string_view name = std::string_view(file.path).substr(dir.size() + 1);
    if (name.find('/') == std::string_view::npos) answer.append(name).append("\n");
  }
  return answer;
}

std::string Range(LakeStore* store, const std::string& path, std::optional<uint64_t> start,
                  std::optional<uint64_t> size) {
  if (!start || !size || *size > kLargestRange) return Failure(Status::Invalid("no such range"));
  std::string answer(1 + static_cast<size_t>(*size), kOk);
  const auto out = std::as_writable_bytes(std::span<char>(answer).subspan(1));
  auto read = store->Read(path, *start, out);
  if (!read.ok()) return Failure(read.status());
  answer.resize(1 + *read);
  return answer;
}

}  // namespace

std::string AnswerForLake(LakeStore* store, std::string_view request) {
  const std::string_view verb = TakeWord(&request);
  std::optional<uint64_t> start, size;
  if (verb == "range") {
    start = TakeNumber(&request);
    size = TakeNumber(&request);
  }
  const std::string path(request);
  if (!IsInside(path)) return Failure(Status::Invalid("not a path of the lake: " + path));
  if (verb == "folders") return Folders(store, path);
  if (verb == "files") return Files(store, path);
  if (verb == "range") return Range(store, path, start, size);
  if (verb == "size") {
    const auto file = store->Stat(path);
    return file.ok() ? std::string(1, kOk) + std::to_string(file->size_bytes)
                     : Failure(file.status());
  }
  if (verb != "read") return Failure(Status::Invalid("unknown request"));
  const auto bytes = store->ReadFile(path);
  return bytes.ok() ? std::string(1, kOk) + *bytes : Failure(bytes.status());
}

}  // namespace avocet
