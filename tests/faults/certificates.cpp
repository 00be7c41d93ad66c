#include "tests/faults/certificates.h"

#include <unistd.h>

#include <stdexcept>

#include "tests/integration/peers/process.h"

namespace outrigger::faults {

namespace fs = std::filesystem;

Authority::Authority(const std::string& name) {
    run({"req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout",
         folder_ / "authority.key", "-out", certificate(), "-days", "2", "-subj", "/CN=" + name});
    fs::permissions(folder_.path(), fs::perms{0755});
}

Authority::Server Authority::vouch_for(const std::string& name, const std::string& subject, int days) const {
    const Server server{folder_ / (name + ".crt"), folder_ / (name + ".key")};
    const fs::path request = folder_ / (name + ".csr");
    run({"req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", server.key, "-out",
         request, "-subj", "/CN=" + name, "-addext", "subjectAltName=" + subject});
    run({"x509", "-req", "-in", request, "-CA", certificate(), "-CAkey", folder_ / "authority.key", "-CAcreateserial",
         "-days", std::to_string(days), "-copy_extensions", "copy", "-out", server.certificate});
    fs::permissions(server.key, fs::perms{0600});
    if (const auto user = peers::unprivileged_user())
        if (::chown(server.key.c_str(), user->uid, user->gid) != 0)
            throw std::runtime_error("chown " + server.key.string());
    return server;
}

void Authority::run(const std::vector<std::string>& arguments) const {
    std::vector<std::string> all{"openssl"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    const auto done = peers::run({.arguments = all, .environment = {}, .folder = folder_.path(), .name = "openssl"},
                                 std::chrono::seconds(20));
    if (done.status != 0) throw std::runtime_error("openssl: " + done.errors);
}

}  // namespace outrigger::faults
