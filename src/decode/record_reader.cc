#include "src/decode/record_reader.h"

#include <simdjson.h>

#include <charconv>
#include <cstring>
#include <limits>
#include <string>
#include <utility>

#include "src/decode/json_diagnosis.h"
#include "src/decode/json_text.h"
#include "src/model/raw_batch.h"

namespace avocet {

namespace {

namespace ondemand = simdjson::ondemand;

static_assert(simdjson::SIMDJSON_PADDING <= SharedBytes::kPadding);

// A parser's memory grows with the longest record; one long record must not pin it for good.
constexpr size_t kMaxKeptCapacity = size_t{1} << 20;

std::string_view WithoutTrailingSpace(std::string_view token) {
  while (!token.empty() && IsJsonSpace(token.back())) token.remove_suffix(1);
  return token;
}

}  // namespace

struct RecordReader::Parser {
  ondemand::parser parser;
};

// The walk over one record. simdjson leaves values that nobody asks for unchecked, and the payload
// is kept as JSON, so the walk looks at every value. A method that returns false has met something
// wrong; what exactly is for DiagnoseJson to find out.
class RecordReader::Walk {
 public:
  Walk(RecordReader* reader, std::string_view json)
      : reader_(*reader), end_(json.data() + json.size()) {}

  // The second key when a top-level key repeats.
  const KnownKey* duplicate() const { return duplicate_; }
  const char* duplicate_at() const { return duplicate_at_; }

  bool ReadRecord(ondemand::object object) {
    for (simdjson::simdjson_result<ondemand::field> field : object) {
      if (field.error() != simdjson::SUCCESS) return false;
      const char* text = field.key().value_unsafe().raw();
      bool is_duplicate = false;
      KnownKey* key = reader_.keys_.Next(text, end_, &is_duplicate);
      if (key == nullptr) return false;
      if (is_duplicate && duplicate_ == nullptr) {
        duplicate_ = key;
        duplicate_at_ = text - 1;
      }
      FieldValue value;
      ondemand::value json = field.value().value_unsafe();
      if (!ReadValue(json, key->node, 1, &value)) return false;
      if (key->node == FieldTree::kNoNode && value.kind == ValueKind::kNumber &&
          value.number - value.number == 0) {
        reader_.unknown_numbers_.push_back(key);
      }
    }
    return true;
  }

 private:
  // A value inside `depth` open brackets.
  // Inlined, so that the parts of simdjson's value stay in registers: going through memory costs a
  // third of the speed.
  [[gnu::always_inline]] bool ReadValue(ondemand::value& json, size_t node, size_t depth,
                                        FieldValue* value) {
    if (!ReadToken(json, json.raw_json_token(), value)) return false;
    const FieldTree::Node& meaning = reader_.tree_.node(node);
    for (const FieldMatch& match : meaning.matches) reader_.Set(match, *value);
    return value->kind < ValueKind::kArray || ReadNested(json, value->kind, meaning, depth);
  }

  [[gnu::noinline]] bool ReadNested(ondemand::value json, ValueKind kind,
                                    const FieldTree::Node& meaning, size_t depth) {
    if (kind == ValueKind::kObject) {
      ondemand::object object;
      return json.get_object().get(object) == simdjson::SUCCESS &&
             ReadObject(object, meaning, depth + 1);
    }
    ondemand::array array;
    return json.get_array().get(array) == simdjson::SUCCESS && ReadArray(array, meaning, depth + 1);
  }

  [[gnu::always_inline]] static bool ReadToken(ondemand::value& json, std::string_view token,
                                               FieldValue* value) {
    switch (token.front()) {
      case '"':
        return ReadString(json, token, value);
      case '{':
        value->kind = ValueKind::kObject;
        value->text = token.substr(0, 1);
        return true;
      case '[':
        value->kind = ValueKind::kArray;
        value->text = token.substr(0, 1);
        return true;
      case 'n':
        return ReadLiteral(token, "null", ValueKind::kNull, value);
      case 't':
        return ReadLiteral(token, "true", ValueKind::kTrue, value);
      case 'f':
        return ReadLiteral(token, "false", ValueKind::kFalse, value);
      default:
        return ReadNumber(json, token, value);
    }
  }

  [[gnu::always_inline]] static bool ReadString(ondemand::value& json, std::string_view token,
                                                FieldValue* value) {
    token = WithoutTrailingSpace(token);
    if (token.size() < 2 || token.back() != '"') return false;
    value->kind = ValueKind::kString;
    value->text = token.substr(1, token.size() - 2);
    value->has_escapes = std::memchr(value->text.data(), '\\', value->text.size()) != nullptr;
    if (value->has_escapes && FindBadEscape(value->text) != std::string_view::npos) return false;
    // A string that is left for simdjson to skip may pass as a key where none belongs.
    return json.get_raw_json_string().error() == simdjson::SUCCESS;
  }

  static bool ReadLiteral(std::string_view token, std::string_view literal, ValueKind kind,
                          FieldValue* value) {
    value->kind = kind;
    value->text = WithoutTrailingSpace(token);
    return value->text == literal;
  }

  [[gnu::always_inline]] static bool ReadNumber(ondemand::value& json, std::string_view token,
                                                FieldValue* value) {
    value->kind = ValueKind::kNumber;
    value->text = WithoutTrailingSpace(token);
    if (json.get_double().get(value->number) == simdjson::SUCCESS) return true;
    // simdjson refuses numbers beyond the range of doubles, too.
    value->number = std::numeric_limits<double>::infinity();
    return IsJsonNumber(value->text);
  }

  bool ReadObject(ondemand::object object, const FieldTree::Node& meaning, size_t depth) {
    if (depth > kMaxJsonDepth) return false;
    for (simdjson::simdjson_result<ondemand::field> field : object) {
      if (field.error() != simdjson::SUCCESS) return false;
      const std::string_view body = StringBody(field.key().value_unsafe().raw(), end_);
      const bool has_escapes = body.find('\\') != std::string_view::npos;
      if (has_escapes && FindBadEscape(body) != std::string_view::npos) return false;
      size_t child = FieldTree::kNoNode;
      if (!meaning.children.empty()) {
        std::string unescaped;
        if (has_escapes) AppendUnescaped(body, &unescaped);
        child = meaning.Child(has_escapes ? std::string_view(unescaped) : body);
      }
      FieldValue value;
      ondemand::value json = field.value().value_unsafe();
      if (!ReadValue(json, child, depth, &value)) return false;
    }
    return true;
  }

  bool ReadArray(ondemand::array array, const FieldTree::Node& meaning, size_t depth) {
    if (depth > kMaxJsonDepth) return false;
    size_t index = 0;
    for (simdjson::simdjson_result<ondemand::value> result : array) {
      if (result.error() != simdjson::SUCCESS) return false;
      ondemand::value element = result.value_unsafe();
      size_t child = FieldTree::kNoNode;
      if (!meaning.children.empty()) {
        char digits[20];
        const char* digits_end = std::to_chars(digits, digits + sizeof(digits), index).ptr;
        child = meaning.Child({digits, static_cast<size_t>(digits_end - digits)});
      }
      FieldValue value;
      if (!ReadValue(element, child, depth, &value)) return false;
      ++index;
    }
    return true;
  }

  RecordReader& reader_;
  const char* end_;
  const KnownKey* duplicate_ = nullptr;
  const char* duplicate_at_ = nullptr;
};

RecordReader::RecordReader() : parser_(std::make_unique<Parser>()) { SetFields({}, 0); }
RecordReader::~RecordReader() = default;

void RecordReader::SetFields(FieldTree tree, size_t num_fields) {
  tree_ = std::move(tree);
  keys_.Reset(&tree_);
  values_.assign(num_fields, {});
  unknown_numbers_.clear();
}

bool RecordReader::Read(std::string_view json, Rejection* why) {
  ++record_;
  unknown_numbers_.clear();
  keys_.BeginRecord();
  if (parser_->parser.capacity() > kMaxKeptCapacity && json.size() <= kMaxKeptCapacity) {
    parser_ = std::make_unique<Parser>();
  }
  Walk walk(this, json);
  ondemand::document document;
  ondemand::object object;
  const bool is_valid =
      parser_->parser.iterate(json.data(), json.size(), json.size() + SharedBytes::kPadding)
              .get(document) == simdjson::SUCCESS &&
      document.get_object().get(object) == simdjson::SUCCESS && walk.ReadRecord(object) &&
      document.current_location().error() == simdjson::OUT_OF_BOUNDS;
  if (!is_valid) {
    auto problem = DiagnoseJson(json);
    *why = problem ? *std::move(problem)
                   : Rejection{RejectReason::kInvalidJson, "the record is not JSON", -1};
    return false;
  }
  if (walk.duplicate() != nullptr) {
    *why = {RejectReason::kDuplicateKey,
            "key " + QuotedForMessage(walk.duplicate()->name) + " occurs twice",
            walk.duplicate_at() - json.data()};
    return false;
  }
  return true;
}

}  // namespace avocet
