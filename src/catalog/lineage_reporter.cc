#include "src/catalog/lineage_reporter.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <utility>

#include "src/env/retry_pause.h"
#include "src/env/secret.h"
#include "src/net/web_client.h"

namespace avocet {
namespace {

constexpr size_t kMostWaiting = 500;
constexpr std::chrono::milliseconds kFirstPause{500};
constexpr std::chrono::milliseconds kLongestPause{60'000};
// How long the end of a run waits for a server that does not answer.
constexpr std::chrono::seconds kLastChance{5};

Result<std::unique_ptr<WritableFile>> OpenFile(const LineageConfig& config, Env* env,
                                               const std::string& run_id) {
  if (config.folder.empty()) return std::unique_ptr<WritableFile>();
  AVOCET_RETURN_IF_ERROR(env->MakeDirectories(config.folder));
  return env->OpenForWrite(fmt::format("{}/{}.ndjson", config.folder, run_id));
}

}  // namespace

Result<std::unique_ptr<LineageReporter>> LineageReporter::Start(const Config& config, Env* env,
                                                                const std::string& version) {
  const LineageConfig& lineage = config.lineage;
  AVOCET_ASSIGN_OR_RETURN(std::string token, ReadSecret(env, lineage.token, lineage.token_file));
  const std::string run_id = MakeRunId(env->NowMicros(), env->Random64(), env->Random64());
  AVOCET_ASSIGN_OR_RETURN(auto file, OpenFile(lineage, env, run_id));
  std::unique_ptr<LineageReporter> reporter(
      new LineageReporter(config, env, LineageEvents(config, run_id, version), std::move(token),
                          std::move(file)));  // NOLINT
  reporter->Add(reporter->events_.Started(env->NowMicros()), true);
  return reporter;
}

LineageReporter::LineageReporter(const Config& config, Env* env, LineageEvents events,
                                 std::string token, std::unique_ptr<WritableFile> file)
    : config_(config.lineage),
      env_(env),
      events_(std::move(events)),
      token_(std::move(token)),
      file_(std::move(file)),
      thread_([this] { Loop(); }) {}

LineageReporter::~LineageReporter() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    give_up_at_ = env_->Monotonic() + kLastChance;
  }
  changed_.notify_all();
  thread_.join();
}

void LineageReporter::Committed(const EpochCommit& commit) {
  Add(events_.Committed(commit, env_->NowMicros()), false);
}

void LineageReporter::Ended(const Status& how) { Add(events_.Ended(how, env_->NowMicros()), true); }

void LineageReporter::Add(std::string event, bool is_needed) {
  {
    const std::lock_guard lock(mutex_);
    if (!is_needed && waiting_.size() >= kMostWaiting) {
      ++left_out_;
      return;
    }
    waiting_.push_back(std::move(event));
  }
  changed_.notify_all();
}

bool LineageReporter::IsOver() {
  const std::lock_guard lock(mutex_);
  return stopping_ && env_->Monotonic() >= give_up_at_;
}

void LineageReporter::Loop() {
  for (;;) {
    std::string event;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
      if (waiting_.empty()) return;
      event = std::move(waiting_.front());
      waiting_.pop_front();
    }
    if (file_ != nullptr) {
      const Status written = file_->Append(event + "\n");
      if (!written.ok() && std::exchange(told_, written.message()) != written.message()) {
        spdlog::warn("lineage: an event is missing in the run's file: {}", written.message());
      }
    }
    if (!config_.url.empty() && !Deliver(event)) return;
  }
}

// Until the server has the event, or does not want it. False: the run is over.
bool LineageReporter::Deliver(const std::string& event) {
  for (std::chrono::nanoseconds pause{0};;) {
    const Status status = Post(event);
    std::unique_lock lock(mutex_);
    if (status.code() != StatusCode::kUnavailable) {
      if (!status.ok()) spdlog::warn("lineage: an event was refused: {}", status.message());
      if (status.ok()) told_.clear();
      if (const uint64_t left_out = std::exchange(left_out_, 0); left_out > 0) {
        spdlog::warn("lineage: {} events of commits were left out", left_out);
      }
      return true;
    }
    if (std::exchange(told_, status.message()) != status.message()) {
      spdlog::warn("lineage: cannot send events, trying again: {}", status.message());
    }
    changed_.wait_for(lock, NextRetryPause({kFirstPause, kLongestPause}, env_, &pause),
                      [this] { return stopping_; });
    if (stopping_ && env_->Monotonic() >= give_up_at_) {
      spdlog::warn("lineage: {} events were not sent", waiting_.size() + 1);
      return false;
    }
    // Stopping wakes at once; the last attempts are a moment apart.
    if (stopping_) {
      lock.unlock();
      env_->SleepFor(kFirstPause);
    }
  }
}

Status LineageReporter::Post(const std::string& event) {
  WebRequest request;
  request.url = config_.url;
  request.headers = {"Content-Type: application/json"};
  if (!token_.empty()) request.headers.push_back("Authorization: Bearer " + token_);
  request.body = event;
  request.timeout = std::chrono::duration_cast<std::chrono::milliseconds>(config_.timeout);
  request.allow_private = true;  // the operator names the server
  request.ca_file = config_.ca_file;
  request.is_unwanted = [this] { return IsOver(); };
  const auto reply = SendToWeb(request);
  if (reply.status().code() == StatusCode::kCancelled) {
    return Status::Unavailable("the run has ended");
  }
  AVOCET_RETURN_IF_ERROR(reply.status());
  if (reply->status / 100 == 2) return Status::Ok();
  const std::string said = fmt::format("{} answered {}", config_.url, reply->status);
  const bool may_mend = reply->status == 429 || reply->status / 100 == 5;
  return may_mend ? Status::Unavailable(said) : Status::Invalid(said);
}

}  // namespace avocet
