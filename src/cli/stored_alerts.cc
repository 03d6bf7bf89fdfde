#include "src/cli/stored_alerts.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <sstream>
#include <utility>

#include "src/engine/alert_rows.h"
#include "src/engine/owned_lake.h"
#include "src/env/program.h"

namespace avocet {

std::string StoredAlert::State() const {
  const bool seen = std::any_of(entries.begin(), entries.end(), [](const OperatorEntry& entry) {
    return entry.action == OperatorAction::kAcknowledge;
  });
  return seen && Fires(last().state) ? "acknowledged" : std::string(AlertStateName(last().state));
}

std::string StoredAlert::Stage() const {
  return Fires(last().state) && State() != "acknowledged" ? "open" : State();
}

std::string StoredAlert::Label() const {
  const auto found = std::find_if(entries.rbegin(), entries.rend(), [](const OperatorEntry& entry) {
    return entry.action == OperatorAction::kLabel;
  });
  return found == entries.rend() ? "" : found->text;
}

std::string ActorOr(const std::string& given) {
  if (!given.empty()) return given;
  return EnvironmentVariable("USER").value_or("somebody");
}

Result<std::unique_ptr<OperatorLog>> OpenOperatorLog(const Config& config) {
  AVOCET_RETURN_IF_ERROR(RequireLake(config, Env::Posix()));
  AVOCET_RETURN_IF_ERROR(Env::Posix()->MakeDirectories(DataDir(config)));
  return OperatorLog::Open(OutboxPath(config));
}

Result<std::map<std::string, StoredAlert>> ReadStoredAlerts(const Config& config) {
  AVOCET_RETURN_IF_ERROR(RequireLake(config, Env::Posix()));
  AVOCET_ASSIGN_OR_RETURN(const auto lake, Lake::Open(Env::Posix(), config.storage));
  AVOCET_ASSIGN_OR_RETURN(const auto table,
                          lake->OpenTable(AlertsSpec().Path(config.storage.catalog)));
  std::map<std::string, StoredAlert> alerts;
  AVOCET_RETURN_IF_ERROR(ReadAlerts(table.get(), INT64_MIN, [&](AlertChange change) {
    alerts[change.id].changes.push_back(std::move(change));
  }));
  for (auto& [id, alert] : alerts) {
    std::sort(alert.changes.begin(), alert.changes.end(),
              [](const AlertChange& a, const AlertChange& b) { return a.number < b.number; });
  }
  AVOCET_ASSIGN_OR_RETURN(const auto log, OpenOperatorLog(config));
  AVOCET_ASSIGN_OR_RETURN(std::vector<OperatorEntry> entries, log->Entries(""));
  for (OperatorEntry& entry : entries) {
    const auto found = alerts.find(entry.alert_id);
    if (found != alerts.end()) found->second.entries.push_back(std::move(entry));
  }
  return alerts;
}

Result<std::vector<StoredAlert>> FindStoredAlerts(const std::map<std::string, StoredAlert>& alerts,
                                                  const std::string& prefixes) {
  std::vector<StoredAlert> found;
  std::set<std::string> known;
  std::istringstream texts(prefixes);
  for (std::string prefix; std::getline(texts, prefix, ',');) {
    AVOCET_ASSIGN_OR_RETURN(StoredAlert alert, FindStoredAlert(alerts, prefix));
    if (known.insert(alert.last().id).second) found.push_back(std::move(alert));
  }
  if (found.empty()) return Status::Usage("give the id of an alert");
  return found;
}

Result<StoredAlert> FindStoredAlert(const std::map<std::string, StoredAlert>& alerts,
                                    const std::string& prefix) {
  const auto first = alerts.lower_bound(prefix);
  if (prefix.empty() || first == alerts.end() || !first->first.starts_with(prefix)) {
    return Status::NotFound("there is no alert " + prefix + "; `avocet alerts list` names them");
  }
  if (const auto second = std::next(first);
      second != alerts.end() && second->first.starts_with(prefix)) {
    return Status::Usage("several alerts begin with " + prefix + "; give more of the id");
  }
  return first->second;
}

}  // namespace avocet
