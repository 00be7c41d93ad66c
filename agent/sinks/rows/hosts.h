// The servers that --postgres names, as libpq counts them. Pure. Used by Connector.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace outrigger::rows {

// By libpq's keywords; what is not said is not there.
using Options = std::map<std::string, std::string, std::less<>>;
std::string value_of(const Options& options, std::string_view keyword);  // empty: not said

// What is empty is as libpq has it.
struct Host {
    std::string name;     // a folder of Unix sockets when it begins with /, an abstract one with @
    std::string address;  // numeric; the name is then looked up by nobody
    std::string port;

    bool is_socket() const;
    bool operator==(const Host&) const = default;
};

struct HostList {
    std::vector<Host> hosts;  // in their order, at least one
    bool apart = true;        // each can be connected to alone; false: only libpq knows what is meant, or refuses it
};

HostList hosts_of(const Options& options);

// What target_session_attrs asks of each host, pass by pass over all of them.
std::vector<std::string> passes_of(const std::string& session_attributes);

// A host beyond this machine to which what we send may go in the clear, or which may be somebody else.
std::optional<std::string> unproven_host(const Options& options);

}  // namespace outrigger::rows
