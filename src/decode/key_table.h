// KeyTable: the top-level keys that records have had, so that most are recognised by one
// comparison.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

#include "src/decode/field_tree.h"

namespace avocet {

/// One key as it is written in records.
struct KnownKey {
  std::string text;                  ///< between the quotes, escapes included
  std::string name;                  ///< what `text` stands for
  size_t node = FieldTree::kNoNode;  ///< in the FieldTree
  KnownKey* same_name = nullptr;     ///< the first of the keys that differ only in escapes
  KnownKey* next = nullptr;          ///< the key that came after this one last time
  uint64_t record = 0;               ///< the last record that has it, on `same_name`
};

/// Guesses that a record's keys follow each other as in an earlier record, and looks up the others
/// by hash. Used by one thread.
class KeyTable {
 public:
  /// `tree` is borrowed until the next Reset. Forgets all keys.
  void Reset(const FieldTree* tree);

  void BeginRecord();

  /// The next key of the record; `text` begins behind its opening quote. `*is_duplicate` tells
  /// whether the record had it before. Null when an escape sequence of the key is wrong.
  /// REQUIRES: a closing quote before `end`.
  KnownKey* Next(const char* text, const char* end, bool* is_duplicate) {
    KnownKey* key = *guess_;
    if (key == nullptr || !IsAt(*key, text, end)) {
      key = Find(text, end);
      if (key == nullptr) return nullptr;
      *guess_ = key;
    }
    guess_ = &key->next;
    KnownKey& first = *key->same_name;
    *is_duplicate = first.record == record_;
    first.record = record_;
    return key;
  }

 private:
  static bool IsAt(const KnownKey& key, const char* text, const char* end) {
    const size_t size = key.text.size();
    return static_cast<size_t>(end - text) > size && text[size] == '"' &&
           key.text.compare(0, size, text, size) == 0;
  }
  KnownKey* Find(const char* text, const char* end);

  const FieldTree* tree_ = nullptr;
  std::deque<KnownKey> keys_;  // stable addresses
  std::unordered_map<std::string_view, KnownKey*> by_text_;
  std::unordered_map<std::string_view, KnownKey*> by_name_;
  KnownKey* first_ = nullptr;
  KnownKey** guess_ = &first_;
  uint64_t record_ = 0;
};

/// The text of the JSON string whose opening quote lies before `text`, up to its closing quote.
/// REQUIRES: a closing quote before `end`.
std::string_view StringBody(const char* text, const char* end);

}  // namespace avocet
