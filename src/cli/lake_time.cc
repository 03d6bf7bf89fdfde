#include "src/cli/lake_time.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "src/base/time_format.h"
#include "src/config/instant.h"
#include "src/engine/lake_tables.h"
#include "src/env/env.h"
#include "src/lake/lake.h"

namespace avocet {

Result<int64_t> NewestEventTime(const Config& config) {
  AVOCET_ASSIGN_OR_RETURN(const auto lake, Lake::Open(Env::Posix(), config.storage));
  AVOCET_ASSIGN_OR_RETURN(LakeTables tables, LakeTables::OpenExisting(lake.get(), config));
  Table& silver = tables.table(kSilver);
  AVOCET_ASSIGN_OR_RETURN(const auto files, silver.Files());
  std::string newest;
  for (const TableFile& file : files) {
    const auto found = file.max_texts.find("event_time");
    if (found != file.max_texts.end()) newest = std::max(newest, found->second);
  }
  // Statistics are cut to milliseconds, so the newest reading may be a little later.
  const auto instant = ParseInstant(newest);
  return instant ? *instant + 1'000 : Env::Posix()->NowMicros();
}

Result<int64_t> ReadInstant(const std::string& text, const char* option, int64_t now_us) {
  if (const auto instant = ParseInstant(text)) return *instant;
  if (text == "now") return now_us;
  if (text.starts_with("now-")) {
    const auto ago = ParseDuration(std::string_view(text).substr(4));
    if (ago.ok()) return now_us - *ago;
  }
  return Status::Usage(fmt::format(
      "{}: \"{}\" is no time; write it as in 2021-06-15T00:00:00Z or now-7d", option, text));
}

Status ReadSpan(const std::string& from, const std::string& to, const Config& config,
                int64_t* from_us, int64_t* to_us) {
  if (from.empty() && to.empty()) return Status::Ok();
  AVOCET_ASSIGN_OR_RETURN(const int64_t now_us, NewestEventTime(config));
  if (!from.empty()) {
    AVOCET_ASSIGN_OR_RETURN(*from_us, ReadInstant(from, "--from", now_us));
  }
  if (!to.empty()) {
    AVOCET_ASSIGN_OR_RETURN(*to_us, ReadInstant(to, "--to", now_us));
  }
  return *from_us < *to_us ? Status::Ok() : Status::Usage("--from must be before --to");
}

}  // namespace avocet
