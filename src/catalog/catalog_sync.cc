#include "src/catalog/catalog_sync.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

namespace avocet {
namespace {

using Action = CatalogChange::Action;

// Servers write file:/a and file:///a for the same folder, and some end it with a slash.
std::string ComparableUrl(std::string_view url) {
  std::string text(url);
  while (text.size() > 1 && text.ends_with('/')) text.pop_back();
  constexpr std::string_view kFile = "file:";
  if (!text.starts_with(kFile)) return text;
  size_t slashes = kFile.size();
  while (slashes < text.size() && text[slashes] == '/') ++slashes;
  return "file:///" + text.substr(slashes);
}

/// Differences of one securable, and the update that makes some of them good.
class Comparison {
 public:
  Comparison(const Securable& wanted, const Securable& found, bool is_databricks)
      : wanted_(wanted), found_(found), is_databricks_(is_databricks) {
    CompareComment();
    CompareOwner();
    CompareProperties();
    if (wanted_.kind == SecurableKind::kTable) CompareTable();
  }

  const std::vector<CatalogChange>& changes() const { return changes_; }
  bool needs_update() const { return update_.comment || update_.owner || update_.properties; }
  const SecurableUpdate& update() const { return update_; }

 private:
  void Add(Action action, std::string detail) {
    changes_.push_back({action, wanted_.kind, wanted_.full_name, std::move(detail)});
  }

  void CompareComment() {
    if (wanted_.comment.empty() || wanted_.comment == found_.comment) return;
    const std::string detail =
        fmt::format("comment is \"{}\", not \"{}\"", found_.comment, wanted_.comment);
    if (wanted_.kind == SecurableKind::kTable) return Add(Action::kDrift, detail);
    update_.comment = wanted_.comment;
    Add(Action::kUpdate, detail);
  }

  void CompareOwner() {
    if (wanted_.owner.empty() || wanted_.owner == found_.owner) return;
    const std::string detail =
        fmt::format("owner is \"{}\", not \"{}\"", found_.owner, wanted_.owner);
    if (!is_databricks_) {
      return Add(Action::kDrift, detail + "; this server cannot change owners");
    }
    update_.owner = wanted_.owner;
    Add(Action::kUpdate, detail);
  }

  // Only avocet's own; a server replaces all of them at once, so that the others are sent along.
  void CompareProperties() {
    std::map<std::string, std::string> all = found_.properties;
    for (const auto& [key, value] : wanted_.properties) {
      const auto present = found_.properties.find(key);
      if (present != found_.properties.end() && present->second == value) continue;
      Add(Action::kUpdate,
          fmt::format("property {} is {}, not {}", key,
                      present == found_.properties.end() ? "missing" : present->second, value));
      all[key] = value;
      update_.properties = all;
    }
  }

  void CompareTable() {
    if (ComparableUrl(wanted_.location) != ComparableUrl(found_.location)) {
      Add(Action::kDrift, fmt::format("is registered at {}, and the lake is at {}", found_.location,
                                      wanted_.location));
    }
    if (found_.table_type != wanted_.table_type || found_.format != wanted_.format) {
      Add(Action::kDrift, fmt::format("is {} {}, not {} {}", found_.table_type, found_.format,
                                      wanted_.table_type, wanted_.format));
    }
    for (const CatalogColumn& column : wanted_.columns) CompareColumn(column);
    for (const CatalogColumn& column : found_.columns) {
      if (ColumnOf(wanted_, column.name) == nullptr) {
        Add(Action::kDrift, fmt::format("has column {}, which the lake does not", column.name));
      }
    }
  }

  void CompareColumn(const CatalogColumn& column) {
    const CatalogColumn* other = ColumnOf(found_, column.name);
    if (other == nullptr) {
      Add(Action::kDrift, fmt::format("lacks column {} {}", column.name, column.type_name));
    } else if (other->type_name != column.type_name) {
      Add(Action::kDrift,
          fmt::format("column {} is {}, not {}", column.name, other->type_name, column.type_name));
    } else if (other->comment != column.comment) {
      Add(Action::kDrift, fmt::format("comment of column {} is \"{}\", not \"{}\"", column.name,
                                      other->comment, column.comment));
    }
  }

  static const CatalogColumn* ColumnOf(const Securable& table, const std::string& name) {
    const auto found = std::find_if(table.columns.begin(), table.columns.end(),
                                    [&](const CatalogColumn& c) { return c.name == name; });
    return found == table.columns.end() ? nullptr : &*found;
  }

  const Securable& wanted_;
  const Securable& found_;
  const bool is_databricks_;
  std::vector<CatalogChange> changes_;
  SecurableUpdate update_;
};

// "use_catalog, SELECT" to {"USE CATALOG", "SELECT"}.
std::vector<std::string> PrivilegeNames(std::string_view text) {
  std::vector<std::string> names;
  while (!text.empty()) {
    std::string name(text.substr(0, text.find(',')));
    text.remove_prefix(std::min(text.size(), name.size() + 1));
    name.erase(0, name.find_first_not_of(' '));
    while (name.ends_with(' ')) name.pop_back();
    for (char& c : name) c = c == '_' ? ' ' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    if (!name.empty()) names.push_back(std::move(name));
  }
  return names;
}

Privileges MissingPrivileges(const CatalogConfig& config, const Privileges& granted) {
  Privileges missing;
  for (const auto& [principal, text] : config.grants) {
    const auto has = granted.find(principal);
    for (std::string& name : PrivilegeNames(text)) {
      if (has != granted.end() &&
          std::find(has->second.begin(), has->second.end(), name) != has->second.end()) {
        continue;
      }
      missing[principal].push_back(std::move(name));
    }
  }
  return missing;
}

/// One run over everything that is wanted.
class Sync {
 public:
  Sync(const CatalogConfig& config, UnityClient* client, bool apply)
      : config_(config), client_(*client), apply_(apply) {}

  Status Do(const Securable& wanted) {
    std::optional<Securable> found;
    // What is in a catalog that is not there is not there either.
    if (!parent_is_missing_) {
      AVOCET_ASSIGN_OR_RETURN(found, client_.Get(wanted.kind, wanted.full_name));
    }
    if (!found) {
      changes_.push_back({Action::kCreate, wanted.kind, wanted.full_name, ""});
      if (apply_) {
        AVOCET_ASSIGN_OR_RETURN(found, Create(wanted));
      } else if (wanted.kind == SecurableKind::kCatalog) {
        parent_is_missing_ = true;
      }
    } else {
      AVOCET_RETURN_IF_ERROR(MakeGood(wanted, *found));
    }
    if (wanted.kind == SecurableKind::kCatalog) {
      return DoGrants(wanted.full_name, found.has_value());
    }
    return found ? DoTags(wanted) : Status::Ok();
  }

  std::vector<CatalogChange> TakeChanges() { return std::move(changes_); }

 private:
  Result<std::optional<Securable>> Create(const Securable& wanted) {
    const Status status = client_.Create(wanted);
    // Of the two, the other may be this client itself: a request whose answer was lost.
    if (!status.ok() && status.code() != StatusCode::kAlreadyExists) return status;
    AVOCET_ASSIGN_OR_RETURN(std::optional<Securable> found,
                            client_.Get(wanted.kind, wanted.full_name));
    if (!found) {
      return Status::Conflict(fmt::format("{} {} was created, and is not to be seen",
                                          SecurableName(wanted.kind), wanted.full_name));
    }
    AVOCET_RETURN_IF_ERROR(MakeGood(wanted, *found));
    return found;
  }

  Status MakeGood(const Securable& wanted, const Securable& found) {
    const Comparison comparison(wanted, found, client_.is_databricks());
    changes_.insert(changes_.end(), comparison.changes().begin(), comparison.changes().end());
    if (!apply_ || !comparison.needs_update()) return Status::Ok();
    return client_.Update(wanted.kind, wanted.full_name, comparison.update());
  }

  Status DoGrants(const std::string& catalog, bool exists) {
    if (config_.grants.empty()) return Status::Ok();
    Privileges granted;
    if (exists) {
      AVOCET_ASSIGN_OR_RETURN(granted, client_.Granted(catalog));
    }
    const Privileges missing = MissingPrivileges(config_, granted);
    for (const auto& [principal, names] : missing) {
      changes_.push_back({Action::kGrant, SecurableKind::kCatalog, catalog,
                          fmt::format("{} to {}", fmt::join(names, ", "), principal)});
    }
    if (!apply_ || missing.empty()) return Status::Ok();
    return client_.Grant(catalog, missing);
  }

  // Tags of others are left alone.
  Status DoTags(const Securable& table) {
    AVOCET_RETURN_IF_ERROR(DoTags(table, "", table.tags));
    for (const CatalogColumn& column : table.columns) {
      AVOCET_RETURN_IF_ERROR(DoTags(table, column.name, column.tags));
    }
    return Status::Ok();
  }

  Status DoTags(const Securable& table, const std::string& column, const CatalogTags& wanted) {
    if (wanted.empty()) return Status::Ok();
    const std::string what = column.empty() ? "" : " of column " + column;
    if (!client_.is_databricks()) {
      changes_.push_back({Action::kDrift, table.kind, table.full_name,
                          "lacks tags" + what + ", which this server does not have"});
      return Status::Ok();
    }
    AVOCET_ASSIGN_OR_RETURN(const CatalogTags found, client_.TagsOf(table.full_name, column));
    for (const auto& [key, value] : wanted) {
      const auto present = found.find(key);
      if (present != found.end() && present->second == value) continue;
      changes_.push_back({Action::kTag, table.kind, table.full_name,
                          fmt::format("{}{}{}", key, value.empty() ? "" : "=" + value, what)});
      if (!apply_) continue;
      AVOCET_RETURN_IF_ERROR(
          client_.SetTag(table.full_name, column, key, value, present == found.end()));
    }
    return Status::Ok();
  }

  const CatalogConfig& config_;
  UnityClient& client_;
  const bool apply_;
  bool parent_is_missing_ = false;
  std::vector<CatalogChange> changes_;
};

}  // namespace

std::string_view ActionName(CatalogChange::Action action) {
  switch (action) {
    case Action::kCreate:
      return "create";
    case Action::kUpdate:
      return "change";
    case Action::kGrant:
      return "grant";
    case Action::kTag:
      return "tag";
    case Action::kDrift:
      break;
  }
  return "differs";
}

Result<std::vector<CatalogChange>> SyncCatalog(const CatalogConfig& config,
                                               std::span<const Securable> wanted,
                                               UnityClient* client, bool apply) {
  Sync sync(config, client, apply);
  for (const Securable& one : wanted) AVOCET_RETURN_IF_ERROR(sync.Do(one));
  return sync.TakeChanges();
}

}  // namespace avocet
