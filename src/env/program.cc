#include "src/env/program.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>

namespace avocet {

std::optional<std::string> EnvironmentVariable(std::string_view name) {
  const char* value = std::getenv(std::string(name).c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

Result<std::string> ExecutablePath() {
  constexpr char kLink[] = "/proc/self/exe";
  std::array<char, 4096> path;
  const ssize_t size = ::readlink(kLink, path.data(), path.size());
  if (size < 0) return Status::FromErrno(errno, "read", kLink);
  if (static_cast<size_t>(size) == path.size()) {
    return Status::FromErrno(ENAMETOOLONG, "read", kLink);
  }
  return std::string(path.data(), static_cast<size_t>(size));
}

bool IsExecutable(const std::string& path) {
  struct stat info = {};
  return ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) &&
         ::access(path.c_str(), X_OK) == 0;
}

std::optional<std::string> FindOnPath(std::string_view name) {
  const std::string directories = EnvironmentVariable("PATH").value_or("");
  if (directories.empty()) return std::nullopt;
  size_t begin = 0;
  while (begin <= directories.size()) {
    const size_t end = std::min(directories.find(':', begin), directories.size());
    std::string path = directories.substr(begin, end - begin);
    if (path.empty()) path = ".";  // as a shell reads it
    path.append("/").append(name);
    if (IsExecutable(path)) return path;
    begin = end + 1;
  }
  return std::nullopt;
}

Status BecomeProgram(const std::string& path, const std::vector<std::string>& arguments) {
  std::vector<std::string> words = {path};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  ::execv(path.c_str(), pointers.data());
  return Status::FromErrno(errno, "start", path);
}

}  // namespace avocet
