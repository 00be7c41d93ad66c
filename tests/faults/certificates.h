// Certificates for one case, made with the openssl program: an authority of its own, and servers that it vouches for.
#pragma once

#include <filesystem>
#include <string>

#include "tests/integration/peers/temporary_folder.h"

namespace outrigger::faults {

class Authority {
  public:
    explicit Authority(const std::string& name);

    std::filesystem::path certificate() const { return folder_ / "authority.crt"; }

    struct Server {
        std::filesystem::path certificate, key;  // the key is Postgres's to read
    };
    // `subject`: as of openssl's subjectAltName, such as "IP:127.0.0.1"; `days`: below 0, it is over.
    Server vouch_for(const std::string& name, const std::string& subject, int days) const;

  private:
    void run(const std::vector<std::string>& arguments) const;
    peers::TemporaryFolder folder_;
};

}  // namespace outrigger::faults
