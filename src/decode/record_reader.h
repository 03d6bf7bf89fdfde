// RecordReader: one JSON record to the values of the schema's fields, with full validation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "src/decode/field_tree.h"
#include "src/decode/key_table.h"
#include "src/decode/reject_codes.h"

namespace avocet {

enum class ValueKind : uint8_t { kNull, kTrue, kFalse, kNumber, kString, kArray, kObject };

/// What a record says about one field.
struct FieldValue {
  uint64_t record = 0;  ///< number of the record this is of
  ValueKind kind = ValueKind::kNull;
  MatchRank rank = MatchRank::kPath;
  bool is_ambiguous = false;  ///< two keys of the same rank lead to the field
  bool has_escapes = false;   ///< kString
  /// As written: a number, literal, or the text between the quotes of a string; for arrays and
  /// objects the opening bracket.
  std::string_view text;
  double number = 0;  ///< kNumber; infinite when it is too large
};

/// Holds a parser, the keys seen and the values of the last record. Used by one thread.
class RecordReader {
 public:
  RecordReader();
  ~RecordReader();

  /// Fields are numbered 0 to num_fields - 1 in `tree`.
  void SetFields(FieldTree tree, size_t num_fields);

  /// Reads a record without surrounding white space. True when it is a valid JSON object without
  /// duplicate top-level keys; otherwise sets `*why`, with positions in `json`. Values point into
  /// `json`. REQUIRES: SharedBytes::kPadding readable bytes behind `json`.
  bool Read(std::string_view json, Rejection* why);

  /// The value of a field in the record read last, null when it has none.
  const FieldValue* Find(uint32_t field) const {
    const FieldValue& value = values_[field];
    return value.record == record_ ? &value : nullptr;
  }

  /// Top-level keys of the record read last that mean nothing to the schema and have finite
  /// numbers, in order. Valid until the next record or SetFields.
  const std::vector<KnownKey*>& unknown_numbers() const { return unknown_numbers_; }

 private:
  struct Parser;
  class Walk;

  void Set(const FieldMatch& match, const FieldValue& value) {
    FieldValue& slot = values_[match.field];
    if (slot.record == record_ && slot.rank <= match.rank) {
      if (slot.rank == match.rank) slot.is_ambiguous = true;
      return;
    }
    // Member by member: a copy of the whole waits for its parts, which were stored just before.
    slot.record = record_;
    slot.kind = value.kind;
    slot.rank = match.rank;
    slot.is_ambiguous = false;
    slot.has_escapes = value.has_escapes;
    slot.text = value.text;
    slot.number = value.number;
  }

  FieldTree tree_;
  KeyTable keys_;
  std::vector<FieldValue> values_;
  std::vector<KnownKey*> unknown_numbers_;
  uint64_t record_ = 0;
  std::unique_ptr<Parser> parser_;
};

}  // namespace avocet
