// How far two words are apart, for "did you mean" in messages.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace avocet {

/// Damerau-Levenshtein distance (optimal string alignment): how many insertions, deletions,
/// replacements and swaps of neighbouring bytes turn one word into the other.
size_t EditDistance(std::string_view a, std::string_view b);

/// The candidate that `word` was probably meant to be: the closest one, ignoring the case of ASCII
/// letters, whose distance is at most a third of the length of `word` (but always one), and which
/// shares something with it. The first of equals.
std::optional<std::string> ClosestWord(std::string_view word,
                                       std::span<const std::string_view> candidates);
std::optional<std::string> ClosestWord(std::string_view word,
                                       std::span<const std::string> candidates);

}  // namespace avocet
