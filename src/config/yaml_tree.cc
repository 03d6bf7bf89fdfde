#include "src/config/yaml_tree.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <exception>
#include <map>
#include <optional>
#include <sstream>
#include <utility>

#include "src/config/quoted.h"
#include "src/config/substitute.h"
#include "src/config/yaml_scalar.h"
#include "src/config/yaml_syntax.h"

namespace avocet {
namespace {

using Kind = YamlNode::Kind;

constexpr std::string_view kStandardTags = "tag:yaml.org,2002:";

size_t Offset(const YAML::Mark& mark) { return mark.pos < 0 ? 0 : static_cast<size_t>(mark.pos); }

/// Builds the tree from yaml-cpp's events. After an error that makes the rest meaningless it
/// ignores all further events, since the parser can only be stopped by an exception.
class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(const SourceText& source, const Lookup& environment)
      : source_(source), environment_(environment) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++num_documents_ == 1) return;
    const std::string& text = source_.text();
    const size_t offset = Offset(mark);
    Stop(offset, text.compare(offset, 3, "---") == 0
                     ? "a configuration is one YAML document; remove this \"---\" and what follows"
                     : "this does not belong to what is above it; check the indentation");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (stopped_) return;
    auto node = std::make_shared<YamlNode>();
    const size_t offset = Offset(mark);
    // yaml-cpp gives the place of the next token for a value that is not written.
    node->missing = !IsNullWord(offset);
    node->mark = source_.MarkAt(offset);
    if (AtKey()) {
      key_offset_ = offset;
    } else if (node->missing && !frames_.empty()) {
      if (!CheckColon()) return;
      const Frame& frame = frames_.back();
      node->mark = frame.has_key ? frame.key_mark : source_.MarkAt(DashBefore(offset));
    }
    Finish(std::move(node), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (stopped_) return;
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) {
      return Stop(Offset(mark),
                  "this alias stands inside its own anchor; a value cannot contain itself");
    }
    if (AtKey()) key_offset_ = source_.text().size();
    Attach(found->second, source_.MarkAt(Offset(mark)));
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    if (stopped_) return;
    const size_t offset = ContentOffset(Offset(mark));
    const char first = CharAt(offset);
    if ((first == '"' || first == '\'') && !IsQuoteClosed(source_.text(), offset)) {
      return Stop(offset,
                  std::string("this quoted text is never closed; add the missing ") + first);
    }
    auto node = std::make_shared<YamlNode>();
    node->kind = Kind::kScalar;
    node->mark = source_.MarkAt(value.empty() ? Offset(mark) : offset);
    node->plain = tag != "!" && std::string_view("\"'|>").find(first) == std::string_view::npos;
    node->text = value;
    node->written = value;
    if (node->plain && InFlow() && !value.empty() && value.back() == '$' &&
        CharAt(offset + value.size()) == '{') {
      return Stop(offset, "inside { } and [ ] a value with ${...} needs quotes, as in \"${NAME}\"");
    }
    if (AtKey()) {
      key_offset_ = offset;
    } else {
      ReplaceVariables(offset, node.get());
      if (!FitsTag(tag, source_.MarkAt(Offset(mark)), node.get())) node->kind = Kind::kBroken;
    }
    Finish(std::move(node), anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override {
    Open(Kind::kList, mark, tag, anchor, style);
  }
  void OnSequenceEnd() override { Close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override {
    Open(Kind::kMap, mark, tag, anchor, style);
  }
  void OnMapEnd() override { Close(); }

  /// The byte of the innermost `[` or `{` that is open, or npos.
  size_t OpenFlow() const {
    for (auto frame = frames_.rbegin(); frame != frames_.rend(); ++frame) {
      const size_t offset = ContentOffset(frame->offset);
      if (frame->flow && (CharAt(offset) == '[' || CharAt(offset) == '{')) return offset;
    }
    return std::string::npos;
  }

  bool stopped() const { return stopped_; }
  YamlNodePtr root() const { return root_; }
  std::vector<ConfigError>& errors() { return errors_; }

 private:
  struct Frame {
    std::shared_ptr<YamlNode> node;
    YAML::anchor_t anchor = 0;
    size_t offset = 0;
    bool flow = false;
    bool broken = false;
    bool has_key = false;     // the next node of the map is a value
    bool drop_value = false;  // its key is an error, so it goes nowhere
    std::string key;
    Mark key_mark;
    size_t key_offset = 0;
    std::map<std::string, int> key_lines;
  };

  void Error(Mark mark, std::string message) {
    errors_.push_back({mark.line, mark.column, std::move(message)});
  }
  void Stop(Mark mark, std::string message) {
    if (!stopped_) Error(mark, std::move(message));
    stopped_ = true;
  }
  void Stop(size_t offset, std::string message) {
    Stop(source_.MarkAt(offset), std::move(message));
  }

  char CharAt(size_t offset) const {
    return offset < source_.text().size() ? source_.text()[offset] : '\0';
  }
  bool InFlow() const { return !frames_.empty() && frames_.back().flow; }
  bool AtKey() const {
    return !frames_.empty() && frames_.back().node->kind == Kind::kMap && !frames_.back().has_key;
  }

  /// Skips a tag and an anchor, which stand before a value.
  size_t ContentOffset(size_t offset) const {
    const std::string& text = source_.text();
    while (CharAt(offset) == '!' || CharAt(offset) == '&') {
      const size_t end = std::min(text.find_first_of(" \t\n", offset), text.size());
      offset = std::min(text.find_first_not_of(" \t\n", end), text.size());
    }
    return offset;
  }

  bool IsNullWord(size_t offset) const {
    const std::string& text = source_.text();
    offset = ContentOffset(offset);
    const size_t end = std::min(text.find_first_of(" \t\n,]}:", offset), text.size());
    const size_t next = text.find_first_not_of(" \t", end);
    return end > offset && (next == std::string::npos || text[next] != ':') &&
           ResolvePlain(std::string_view(text).substr(offset, end - offset)) == ScalarType::kNull;
  }

  /// The dash of the list entry whose value is missing before `offset`.
  size_t DashBefore(size_t offset) const {
    const std::string& text = source_.text();
    size_t end = InFlow() ? 0 : std::min(offset, text.size());
    while (end > 0) {
      const size_t newline = text.rfind('\n', end - 1);
      const size_t begin = newline == std::string::npos ? 0 : newline + 1;
      const size_t word = text.find_first_not_of(' ', begin);
      if (word != std::string::npos && word < offset && text[word] == '-') return word;
      end = begin == 0 ? 0 : begin - 1;
    }
    return offset;
  }

  /// yaml-cpp reads a lone word among the keys of a block map as a key without a value.
  bool CheckColon() {
    const Frame& frame = frames_.back();
    const std::string& text = source_.text();
    if (frame.flow || !frame.has_key ||
        text.compare(frame.key_offset, frame.key.size(), frame.key) != 0) {
      return true;
    }
    if (CharAt(text.find_first_not_of(" \t", frame.key_offset + frame.key.size())) == ':') {
      return true;
    }
    Stop(frame.key_offset, MissingColon(frame.key));
    return false;
  }

  void ReplaceVariables(size_t offset, YamlNode* node) {
    Substitution result = Substitute(node->text, environment_);
    if (!result.error.empty()) {
      const size_t found = source_.text().find(result.at, offset);
      Error(source_.MarkAt(found == std::string::npos ? offset : found), std::move(result.error));
      node->kind = Kind::kBroken;
      return;
    }
    node->secret = result.used;
    node->text = std::move(result.text);
    if (node->plain && ResolvePlain(node->text) == ScalarType::kNull) node->kind = Kind::kNull;
  }

  /// Checks the tag of a node, and reports one that does not fit. `!!str` makes any scalar text.
  bool FitsTag(const std::string& tag, Mark mark, YamlNode* node) {
    if (tag.empty() || tag == "?" || tag == "!" || node->kind == Kind::kBroken) return true;
    const bool standard = tag.compare(0, kStandardTags.size(), kStandardTags) == 0;
    const std::string name = standard ? tag.substr(kStandardTags.size()) : "";
    const bool scalar = node->kind == Kind::kScalar || node->kind == Kind::kNull;
    const ScalarType type = scalar ? ResolvePlain(node->text) : ScalarType::kText;
    bool fits = false;
    if (name == "str") {
      fits = scalar;
      if (scalar) node->kind = Kind::kScalar;
      node->plain = false;
    } else if (name == "int" || name == "float") {
      fits = type == ScalarType::kInteger || (name == "float" && type == ScalarType::kFloat);
    } else if (name == "bool" || name == "null") {
      fits = type == (name == "bool" ? ScalarType::kBool : ScalarType::kNull);
    } else if (name == "map" || name == "seq") {
      fits = node->kind == (name == "map" ? Kind::kMap : Kind::kList);
    } else {
      Error(mark, "unknown tag " + Quoted(standard ? "!!" + name : tag) + "; remove it");
      return false;
    }
    if (!fits) Error(mark, "the value does not fit its tag \"!!" + name + "\"; remove the tag");
    return fits;
  }

  void Open(Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
            YAML::EmitterStyle::value style) {
    if (stopped_) return;
    if (static_cast<int>(frames_.size()) >= kMaxYamlDepth) {
      return Stop(Offset(mark), "values are nested more than " + std::to_string(kMaxYamlDepth) +
                                    " levels deep; use fewer levels");
    }
    Frame frame;
    frame.node = std::make_shared<YamlNode>();
    frame.node->kind = kind;
    frame.node->mark = source_.MarkAt(Offset(mark));
    frame.broken = !FitsTag(tag, frame.node->mark, frame.node.get());
    frame.anchor = anchor;
    frame.offset = Offset(mark);
    frame.flow = style == YAML::EmitterStyle::Flow;
    frames_.push_back(std::move(frame));
  }

  void Close() {
    if (stopped_) return;
    Frame frame = std::move(frames_.back());
    frames_.pop_back();
    if (frame.broken) frame.node->kind = Kind::kBroken;
    Finish(std::move(frame.node), frame.anchor);
  }

  void Finish(std::shared_ptr<YamlNode> node, YAML::anchor_t anchor) {
    const Mark mark = node->mark;
    if (anchor != 0) anchors_[anchor] = node;
    Attach(std::move(node), mark);
  }

  void Attach(YamlNodePtr node, Mark mark) {
    if (frames_.empty()) {
      root_ = std::move(node);
      return;
    }
    Frame& frame = frames_.back();
    if (frame.node->kind == Kind::kMap && !frame.has_key) return TakeKey(*node, mark);
    frame.node->size += node->size;
    frame.node->height = std::max(frame.node->height, node->height + 1);
    if (frame.node->size > kMaxYamlNodes ||
        static_cast<int>(frames_.size()) + node->height > kMaxYamlDepth + 1) {
      return Stop(mark, "with this the file has more than " + std::to_string(kMaxYamlNodes) +
                            " values or " + std::to_string(kMaxYamlDepth) +
                            " levels, aliases counted; use fewer");
    }
    if (frame.node->kind == Kind::kList) {
      frame.node->items.push_back(std::move(node));
      return;
    }
    frame.has_key = false;
    if (!std::exchange(frame.drop_value, false)) {
      frame.node->entries.push_back({std::move(frame.key), frame.key_mark, std::move(node)});
    }
  }

  void TakeKey(const YamlNode& node, Mark mark) {
    Frame& frame = frames_.back();
    frame.has_key = true;
    frame.key_mark = mark;
    frame.key_offset = key_offset_;
    frame.key = node.text;
    if (node.kind != Kind::kScalar || node.text.empty()) {
      frame.drop_value = true;
      frame.key_offset = source_.text().size();
      return Error(
          mark, "a key must be a word, not " + std::string(node.kind == Kind::kList  ? "a list"
                                                           : node.kind == Kind::kMap ? "a map"
                                                                                     : "nothing"));
    }
    const auto [first, added] = frame.key_lines.emplace(frame.key, mark.line);
    if (added) return;
    frame.drop_value = true;
    Error(mark, "duplicate key " + Quoted(frame.key) + "; it is already on line " +
                    std::to_string(first->second) + ", remove one of the two");
  }

  const SourceText& source_;
  const Lookup& environment_;
  std::vector<Frame> frames_;
  std::map<YAML::anchor_t, YamlNodePtr> anchors_;
  std::vector<ConfigError> errors_;
  YamlNodePtr root_;
  size_t key_offset_ = 0;
  int num_documents_ = 0;
  bool stopped_ = false;
};

}  // namespace

const YamlNode* YamlNode::Find(std::string_view key) const {
  for (const YamlEntry& entry : entries) {
    if (entry.key == key) return entry.value.get();
  }
  return nullptr;
}

YamlDocument ParseYaml(const SourceText& source, const Lookup& environment) {
  TreeBuilder builder(source, environment);
  YamlDocument document;
  std::optional<ConfigError> syntax_error;
  std::istringstream in(source.text());
  try {
    YAML::Parser parser(in);
    while (!builder.stopped() && parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::ParserException& e) {
    syntax_error = ExplainSyntaxError(source, e.msg, Offset(e.mark), builder.OpenFlow());
  } catch (const std::exception& e) {
    syntax_error = ConfigError{0, 0, std::string("cannot parse the YAML: ") + e.what()};
  }
  document.errors = std::move(builder.errors());
  document.syntax_ok = !builder.stopped() && !syntax_error;
  if (syntax_error && !builder.stopped()) document.errors.push_back(*std::move(syntax_error));
  if (document.syntax_ok) document.root = builder.root();
  return document;
}

}  // namespace avocet
