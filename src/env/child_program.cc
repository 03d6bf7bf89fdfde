#include "src/env/child_program.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <thread>
#include <utility>

#include "src/env/word_list.h"

extern char** environ;

namespace avocet {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kLookEvery{50};
constexpr milliseconds kEndEvery{2};  // between its last output and its end
constexpr int kNiceness = 10;

/// Both ends of a pipe, closed when they are not needed any more.
class Pipe {
 public:
  Pipe() = default;
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    CloseRead();
    CloseWrite();
  }
  bool Open() { return pipe2(ends_.data(), O_CLOEXEC) == 0; }
  int read_end() const { return ends_[0]; }
  int write_end() const { return ends_[1]; }
  void CloseRead() { Close(&ends_[0]); }
  void CloseWrite() { Close(&ends_[1]); }

 private:
  static void Close(int* end) {
    if (*end >= 0) close(*end);
    *end = -1;
  }
  std::array<int, 2> ends_ = {-1, -1};
};

class FileActions {
 public:
  FileActions() { posix_spawn_file_actions_init(&actions_); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;
  ~FileActions() { posix_spawn_file_actions_destroy(&actions_); }
  posix_spawn_file_actions_t* get() { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_;
};

/// Appends what has come; false at the end of the stream.
bool ReadSome(int end, std::string* out) {
  std::array<char, 65536> buffer;
  const ssize_t size = read(end, buffer.data(), buffer.size());
  if (size > 0) out->append(buffer.data(), static_cast<size_t>(size));
  return size > 0 || (size < 0 && errno == EINTR);
}

/// Why a program that has begun at `begun` must not go on; ok while it may.
Status MayGoOn(const ProgramLimits& limits, Clock::time_point begun) {
  if (Clock::now() - begun >= limits.time) return Status::Cancelled("it took too long");
  if (limits.is_unwanted && limits.is_unwanted()) return Status::Cancelled("nobody waits for it");
  return Status::Ok();
}

/// Reads both streams to their ends, or to a limit.
Status ReadAll(Pipe* output, Pipe* errors, const ProgramLimits& limits, Clock::time_point begun,
               ProgramOutput* result) {
  while (output->read_end() >= 0 || errors->read_end() >= 0) {
    AVOCET_RETURN_IF_ERROR(MayGoOn(limits, begun));
    // Ends that are closed are negative, which poll passes over.
    std::array<pollfd, 2> ends = {pollfd{output->read_end(), POLLIN, 0},
                                  pollfd{errors->read_end(), POLLIN, 0}};
    const auto wait = std::min(kLookEvery, limits.time);
    if (poll(ends.data(), ends.size(), static_cast<int>(wait.count())) < 0) {
      if (errno == EINTR) continue;
      return Status::Unavailable(std::string("cannot wait for it: ") + std::strerror(errno));
    }
    if (ends[0].revents != 0 && !ReadSome(output->read_end(), &result->output)) {
      output->CloseRead();
    }
    if (ends[1].revents != 0 && !ReadSome(errors->read_end(), &result->errors)) {
      errors->CloseRead();
    }
    if (result->output.size() + result->errors.size() > limits.output_bytes) {
      return Status::Cancelled("it said too much");
    }
  }
  return Status::Ok();
}

/// Waits for the end of a program that has closed its streams; its wait status.
Result<int> AwaitEnd(pid_t child, const ProgramLimits& limits, Clock::time_point begun) {
  int status = 0;
  while (waitpid(child, &status, WNOHANG) != child) {
    AVOCET_RETURN_IF_ERROR(MayGoOn(limits, begun));
    std::this_thread::sleep_for(kEndEvery);
  }
  return status;
}

/// Ends it at once. REQUIRES: it has not been waited for.
void Kill(pid_t child) {
  kill(child, SIGKILL);
  while (waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
}

Result<pid_t> Start(const std::string& path, const std::vector<std::string>& arguments,
                    const Pipe& output, const Pipe& errors) {
  FileActions actions;
  posix_spawn_file_actions_addopen(actions.get(), STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(actions.get(), output.write_end(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(actions.get(), errors.write_end(), STDERR_FILENO);
  // A connection that we close would stay open in it, and so would a lock.
  posix_spawn_file_actions_addclosefrom_np(actions.get(), STDERR_FILENO + 1);
  WordList words(path, arguments);
  pid_t child = 0;
  const int error = posix_spawn(&child, path.c_str(), actions.get(), nullptr, words.get(), environ);
  if (error != 0) return Status::Unavailable("cannot run " + path + ": " + std::strerror(error));
  return child;
}

/// Of a program that has only just begun: it comes before what it does with its input.
void Restrain(pid_t child, const ProgramLimits& limits) {
  setpriority(PRIO_PROCESS, static_cast<id_t>(child), kNiceness);
  if (limits.address_space_bytes == 0) return;
  const rlimit most = {limits.address_space_bytes, limits.address_space_bytes};
  prlimit(child, RLIMIT_AS, &most, nullptr);
}

}  // namespace

Result<ProgramOutput> RunProgram(const std::string& path, const std::vector<std::string>& arguments,
                                 const ProgramLimits& limits) {
  const auto begun = Clock::now();
  Pipe output, errors;
  if (!output.Open() || !errors.Open()) {
    return Status::Unavailable("cannot run " + path + ": " + std::strerror(errno));
  }
  AVOCET_ASSIGN_OR_RETURN(const pid_t child, Start(path, arguments, output, errors));
  Restrain(child, limits);
  output.CloseWrite();
  errors.CloseWrite();
  ProgramOutput result;
  const Status read = ReadAll(&output, &errors, limits, begun, &result);
  const Result<int> status = read.ok() ? AwaitEnd(child, limits, begun) : Result<int>(read);
  if (!status.ok()) {
    Kill(child);
    return status.status().WithContext("cannot finish " + path);
  }
  result.exit_code = WIFEXITED(*status) ? WEXITSTATUS(*status) : 128 + WTERMSIG(*status);
  return result;
}

}  // namespace avocet
