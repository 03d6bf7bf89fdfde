#include "src/source/push/token_file.h"

#include <algorithm>
#include <string_view>
#include <vector>

namespace avocet {
namespace {

constexpr size_t kHashDigits = 64;

std::vector<std::string_view> Words(std::string_view line) {
  std::vector<std::string_view> words;
  while (true) {
    line.remove_prefix(std::min(line.find_first_not_of(" \t\r"), line.size()));
    if (line.empty()) return words;
    words.push_back(line.substr(0, line.find_first_of(" \t\r")));
    line.remove_prefix(words.back().size());
  }
}

bool IsHash(std::string_view text) {
  return text.size() == kHashDigits &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

Result<BearerTokens> ReadTokenFile(const std::string& path, Env* env) {
  AVOCET_ASSIGN_OR_RETURN(const std::string text, env->ReadFile(path));
  BearerTokens tokens;
  std::string_view rest = text;
  for (int number = 1; !rest.empty(); ++number) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    const std::vector<std::string_view> words = Words(line);
    if (words.empty() || words.front().starts_with('#')) continue;
    if (words.size() < 2 || words.size() > 3 || !IsHash(words[1])) {
      return Status::Config(
          path + ":" + std::to_string(number) +
          ": a token is written as: name, SHA-256 of its secret as 64 hexadecimal "
          "digits, and perhaps a device prefix");
    }
    tokens.AddHash(words[1], {std::string(words[0]),
                              words.size() == 3 ? std::string(words[2]) : std::string()});
  }
  if (tokens.empty()) return Status::Config(path + " has no token, so nobody could send readings");
  return tokens;
}

}  // namespace avocet
