// TextTable: rows of text in aligned columns.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace avocet {

class TextTable {
 public:
  /// Columns from `first_number` on are aligned to the right.
  TextTable(std::vector<std::string> header, size_t first_number);

  /// A row may have fewer cells than the header; its last cell may then be wider than its column.
  void Add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }

  /// With two blanks before each row. Control characters are shown as "?", long cells are cut.
  std::string Text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
  size_t columns_;
  size_t first_number_;
};

}  // namespace avocet
