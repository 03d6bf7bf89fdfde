#include "src/base/edit_distance.h"

#include <algorithm>
#include <numeric>
#include <vector>

namespace avocet {

namespace {

// Longer words are not typing mistakes, and comparing them would take quadratic time.
constexpr size_t kMaxWordBytes = 256;

std::string ToLower(std::string_view word) {
  std::string lower(word);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

template <typename Word>
std::optional<std::string> FindClosest(std::string_view word, std::span<const Word> candidates) {
  if (word.size() > kMaxWordBytes) return std::nullopt;
  const std::string wanted = ToLower(word);
  size_t limit = std::max<size_t>(1, word.size() / 3);
  const Word* best = nullptr;
  for (const Word& candidate : candidates) {
    const size_t longer = std::max(word.size(), candidate.size());
    const size_t shorter = std::min(word.size(), candidate.size());
    if (longer - shorter > limit) continue;
    const size_t distance = EditDistance(wanted, ToLower(candidate));
    // When every byte differs, the words have nothing in common.
    const bool alike = distance < longer || longer == 0;
    if (!alike || distance > limit || (best != nullptr && distance == limit)) continue;
    best = &candidate;
    limit = distance;
  }
  if (best == nullptr) return std::nullopt;
  return std::string(*best);
}

}  // namespace

size_t EditDistance(std::string_view a, std::string_view b) {
  // Rows of the table of distances between all prefixes of `a` and of `b`.
  std::vector<size_t> before_previous(b.size() + 1);
  std::vector<size_t> previous(b.size() + 1);
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    before_previous.swap(previous);
    previous.swap(row);
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replace = previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({replace, previous[j] + 1, row[j - 1] + 1});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before_previous[j - 2] + 1);
    }
  }
  return row[b.size()];
}

std::optional<std::string> ClosestWord(std::string_view word,
                                       std::span<const std::string_view> candidates) {
  return FindClosest(word, candidates);
}

std::optional<std::string> ClosestWord(std::string_view word,
                                       std::span<const std::string> candidates) {
  return FindClosest(word, candidates);
}

}  // namespace avocet
