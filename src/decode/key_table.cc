#include "src/decode/key_table.h"

#include <cstring>

#include "src/base/check.h"
#include "src/decode/json_text.h"

namespace avocet {

namespace {

// Records with random keys must not fill the memory.
constexpr size_t kMaxKeys = 4096;

}  // namespace

void KeyTable::Reset(const FieldTree* tree) {
  tree_ = tree;
  by_text_.clear();
  by_name_.clear();
  keys_.clear();
  first_ = nullptr;
  guess_ = &first_;
}

void KeyTable::BeginRecord() {
  if (keys_.size() > kMaxKeys) Reset(tree_);
  ++record_;
  guess_ = &first_;
}

KnownKey* KeyTable::Find(const char* text, const char* end) {
  const std::string_view body = StringBody(text, end);
  const auto known = by_text_.find(body);
  if (known != by_text_.end()) return known->second;
  if (FindBadEscape(body) != std::string_view::npos) return nullptr;
  KnownKey& key = keys_.emplace_back();
  key.text = body;
  AppendUnescaped(body, &key.name);
  key.node = tree_->FindTopLevel(key.name);
  by_text_.emplace(key.text, &key);
  key.same_name = by_name_.emplace(key.name, &key).first->second;
  return &key;
}

std::string_view StringBody(const char* text, const char* end) {
  for (const char* at = text; at < end;) {
    const void* quote = std::memchr(at, '"', static_cast<size_t>(end - at));
    AVOCET_CHECK(quote != nullptr);
    const char* found = static_cast<const char*>(quote);
    size_t backslashes = 0;
    while (found - backslashes > text && *(found - backslashes - 1) == '\\') ++backslashes;
    if (backslashes % 2 == 0) return {text, static_cast<size_t>(found - text)};
    at = found + 1;
  }
  CheckFailed("a string has a closing quote", __FILE__, __LINE__);
}

}  // namespace avocet
