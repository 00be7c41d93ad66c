#include "agent/sinks/rows/open_connection.h"

#include <cstdlib>
#include <fstream>
#include <memory>
#include <string_view>
#include <vector>

namespace outrigger::rows {

namespace {

struct Default {
    const char* name;
    const char* variable;  // that stands above it; null: there is none
    const char* value;
};

// A default of ours would hide the variable from libpq, so it gives way to it. What the conninfo says comes later, and
// later words win.
constexpr Default defaults[] = {
    {"connect_timeout", "PGCONNECT_TIMEOUT", "5"}, {"keepalives_idle", nullptr, "10"},
    {"keepalives_interval", nullptr, "5"},         {"keepalives_count", nullptr, "3"},
    {"tcp_user_timeout", nullptr, "20000"},        {"fallback_application_name", nullptr, "outrigger"},
};

class Parameters {
  public:
    void add(std::string name, std::string value) {
        names_.push_back(std::move(name));
        values_.push_back(std::move(value));
    }
    PGconn* connect() const {
        return PQconnectdbParams(pointers(names_).data(), pointers(values_).data(), /* expand_dbname */ 1);
    }

  private:
    static std::vector<const char*> pointers(const std::vector<std::string>& texts) {
        std::vector<const char*> out;
        for (const auto& text : texts) out.push_back(text.c_str());
        out.push_back(nullptr);
        return out;
    }
    std::vector<std::string> names_, values_;
};

std::string_view variable(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? std::string_view() : std::string_view(value);
}

// Among several hosts the one that can be written to is wanted, wherever the last failover left it.
bool names_several_hosts(const std::string& conninfo) {
    const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(
        PQconninfoParse(conninfo.c_str(), nullptr), &PQconninfoFree);
    std::string_view host, address;
    for (const auto* option = options.get(); option != nullptr && option->keyword != nullptr; ++option) {
        if (option->val == nullptr) continue;
        if (std::string_view(option->keyword) == "host") host = option->val;
        if (std::string_view(option->keyword) == "hostaddr") address = option->val;
    }
    if (host.empty()) host = variable("PGHOST");
    if (address.empty()) address = variable("PGHOSTADDR");
    return host.contains(',') || address.contains(',');
}

// Not the password's fault, nor the network's: it answers, and takes no rows now.
bool is_standby(std::string_view message) {
    return message.contains("read-only") || message.contains("hot standby mode");
}

}  // namespace

std::expected<PGconn*, DatabaseError> open_connection(const std::string& conninfo,
                                                      const std::optional<std::string>& password) {
    Parameters parameters;
    for (const auto& [name, over, value] : defaults)
        if (over == nullptr || variable(over).empty()) parameters.add(name, value);
    if (names_several_hosts(conninfo) && variable("PGTARGETSESSIONATTRS").empty())
        parameters.add("target_session_attrs", "read-write");
    if (password) parameters.add("password", *password);
    parameters.add("dbname", conninfo);  // expanded by libpq
    parameters.add("client_encoding", "UTF8");
    PGconn* raw = parameters.connect();
    if (raw == nullptr) return std::unexpected(DatabaseError{Trouble::resource, "", "out of memory"});
    if (PQstatus(raw) == CONNECTION_OK) return raw;
    const std::string message = one_line(PQerrorMessage(raw));
    PQfinish(raw);
    return std::unexpected(DatabaseError{is_standby(message) ? Trouble::hold : Trouble::connection, "", message});
}

std::expected<std::string, DatabaseError> read_password(const std::string& file) {
    std::ifstream in(file);
    std::string password;
    if (!in || !std::getline(in, password))
        return std::unexpected(
            DatabaseError{Trouble::connection, "", "--postgres-password-file " + file + " cannot be read"});
    if (!password.empty() && password.back() == '\r') password.pop_back();
    return password;
}

}  // namespace outrigger::rows
