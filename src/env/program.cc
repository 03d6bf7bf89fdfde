#include "src/env/program.h"

#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>

#include "src/env/word_list.h"

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
  WordList words(path, arguments);
  ::execv(path.c_str(), words.get());
  return Status::FromErrno(errno, "start", path);
}

Result<int> RunInForeground(const std::string& path, const std::vector<std::string>& arguments) {
  WordList words(path, arguments);
  // The other program gets the default that is ignored here.
  struct sigaction ignore {
  }, before{};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGINT, &ignore, &before);
  sigset_t interrupt;
  sigemptyset(&interrupt);
  sigaddset(&interrupt, SIGINT);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setsigdefault(&attributes, &interrupt);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  pid_t child = -1;
  const int failed =
      ::posix_spawn(&child, path.c_str(), nullptr, &attributes, words.get(), environ);
  posix_spawnattr_destroy(&attributes);
  int state = 0;
  while (failed == 0 && ::waitpid(child, &state, 0) < 0 && errno == EINTR) continue;
  ::sigaction(SIGINT, &before, nullptr);
  if (failed != 0) return Status::FromErrno(failed, "start", path);
  return WIFSIGNALED(state) ? 128 + WTERMSIG(state) : WEXITSTATUS(state);
}

}  // namespace avocet
