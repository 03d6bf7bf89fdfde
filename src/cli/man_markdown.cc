#include "src/cli/man_markdown.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "src/base/ascii.h"

namespace avocet {
namespace {

std::string_view Trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(' ');
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(' ') - begin + 1);
}

std::vector<std::string_view> Lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

// Escapes within a line; what a line begins with is ManEscape's.
std::string EscapeInline(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '\\':
        out += "\\e";
        break;
      case '-':
        out += "\\-";
        break;
      case '\'':
        out += "\\(aq";
        break;
      case '"':
        out += "\\(dq";
        break;
      case '`':
        out += "\\(ga";
        break;
      case '^':
        out += "\\(ha";
        break;
      case '~':
        out += "\\(ti";
        break;
      default:
        out += c;
    }
  }
  return out;
}

// `code` and **strong** are bold, and of [a link](to) its text stays.
std::string Inline(std::string_view text) {
  std::string out;
  bool strong = false;
  while (!text.empty()) {
    if (text.front() == '`' && text.find('`', 1) != std::string_view::npos) {
      const size_t end = text.find('`', 1);
      out += "\\fB" + EscapeInline(text.substr(1, end - 1)) + "\\fR";
      text.remove_prefix(end + 1);
    } else if (text.starts_with("**")) {
      strong = !strong;
      out += strong ? "\\fB" : "\\fR";
      text.remove_prefix(2);
    } else if (const size_t middle = text.find(']'); text.front() == '[' &&
                                                     middle != std::string_view::npos &&
                                                     text.substr(middle).starts_with("](")) {
      out += Inline(text.substr(1, middle - 1));
      const size_t end = text.find(')', middle);
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    } else {
      const size_t end = std::min(text.find_first_of("`*[", 1), text.size());
      out += EscapeInline(text.substr(0, end));
      text.remove_prefix(end);
    }
  }
  return out;
}

// A line that begins with a dot would be a request.
std::string Guarded(std::string lines) {
  for (size_t begin = 0; begin != std::string::npos; begin = lines.find('\n', begin)) {
    if (begin > 0) ++begin;
    if (begin < lines.size() && lines[begin] == '.') lines.insert(begin, "\\&");
  }
  return lines;
}

std::vector<std::string> Cells(std::string_view row) {
  std::vector<std::string> cells(1);
  row = Trimmed(row).substr(1);
  for (size_t i = 0; i + 1 < row.size(); ++i) {
    if (row[i] == '\\' && row[i + 1] == '|') {
      cells.back() += row[++i];
    } else if (row[i] == '|') {
      cells.emplace_back();
    } else {
      cells.back() += row[i];
    }
  }
  for (std::string& cell : cells) cell = std::string(Trimmed(cell));
  return cells;
}

// The number of signs of a heading such as "## run"; 0 for other lines.
size_t HeadingLevel(std::string_view line) {
  const size_t level = line.find_first_not_of('#');
  return level != std::string_view::npos && level > 0 && line[level] == ' ' ? level : 0;
}

// What follows the sign of an item, "- " or "1. ", and that sign; nothing for other lines.
std::string_view ItemText(std::string_view line, std::string* sign) {
  line = Trimmed(line);
  const size_t digits = line.find_first_not_of("0123456789");
  if (line.starts_with("- ")) {
    *sign = "\\(bu";
    return line.substr(2);
  }
  if (digits > 0 && digits != std::string_view::npos && line.substr(digits).starts_with(". ")) {
    *sign = std::string(line.substr(0, digits + 1));
    return line.substr(digits + 2);
  }
  return {};
}

class Writer {
 public:
  explicit Writer(size_t section_level) : section_level_(section_level) {}

  std::string Write(std::string_view markdown) {
    for (const std::string_view line : Lines(markdown)) Line(line);
    EndText();
    return std::move(out_);
  }

 private:
  void Line(std::string_view line) {
    std::string sign;
    if (Trimmed(line).starts_with("```")) {
      EndText();
      in_code_ = !in_code_;
      out_ += in_code_ ? ".PP\n.RS 4\n.EX\n" : ".EE\n.RE\n";
    } else if (in_code_) {
      out_ += Guarded(EscapeInline(line)) + "\n";
    } else if (Trimmed(line).empty()) {
      EndText();
      table_.clear();
    } else if (const size_t level = HeadingLevel(line); level > 0) {
      EndText();
      out_ += level <= section_level_ ? ".SH " : ".SS ";
      out_ += Inline(line.substr(level + 1)) + "\n";
    } else if (line.starts_with("|")) {
      EndText();
      TableRow(Cells(line));
    } else if (const std::string_view item = ItemText(line, &sign); !item.empty()) {
      EndText();
      out_ += ".IP " + sign + " 4\n";
      text_ = item;
    } else {
      if (text_.empty()) {
        out_ += ".PP\n";
      } else {
        text_ += '\n';
      }
      text_ += Trimmed(line);
    }
  }

  // Ends a paragraph or an item. What is between signs may go on over lines.
  void EndText() {
    if (!text_.empty()) out_ += Guarded(Inline(text_)) + "\n";
    text_.clear();
  }

  // The first cell is the tag, the last one the text; those between belong to the tag.
  void TableRow(const std::vector<std::string>& cells) {
    if (table_.empty()) {
      table_ = cells;
      return;
    }
    if (cells.front().starts_with("---")) return;
    std::string aside;
    for (size_t i = 1; i + 1 < cells.size() && i < table_.size(); ++i) {
      if (cells[i].empty()) continue;
      aside += (aside.empty() ? " (" : "; ") + Inline(AsciiLower(table_[i]) + ": " + cells[i]);
    }
    if (!aside.empty()) aside += ")";
    out_ += ".TP\n" + Guarded(Inline(cells.front())) + aside + "\n";
    const std::string text = cells.size() > 1 ? Inline(cells.back()) : "";
    out_ += (text.empty() ? "\\&" : Guarded(text)) + "\n";  // a tag needs a text
  }

  const size_t section_level_;
  std::string out_;
  bool in_code_ = false;
  std::string text_;                // of the paragraph or the item that is being read
  std::vector<std::string> table_;  // the head of the table that is being written
};

}  // namespace

std::string ManEscape(std::string_view text) { return Guarded(EscapeInline(text)); }

std::string ManFromMarkdown(std::string_view markdown, size_t section_level) {
  return Writer(section_level).Write(markdown);
}

}  // namespace avocet
