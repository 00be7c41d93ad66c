// What the journal's tests share: a folder of their own, batches made of numbered entries, a writer that keeps a batch
// at once, and a reader read to its end.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agent/journal/reader.h"
#include "agent/journal/segment_writer.h"
#include "agent/journal/state.h"
#include "tests/unit/shared/temporary_folder.h"

namespace outrigger::journal {

class TestFolder {
  public:
    TestFolder();

    std::filesystem::path path() const { return folder_.path(); }
    JournalSettings settings() const;

  private:
    test::TemporaryFolder folder_;
};

Identity some_identity(std::string service);
Bytes as_payload(std::string_view text);
std::unique_ptr<Journal> opened(const JournalSettings& settings, std::uint64_t checkpoint = 0);

// Adds requests with these numbers of an emitter that is introduced already; the payload says the number, padded.
void add_requests(Batch& batch, std::uint32_t emitter, std::uint64_t first, std::uint64_t last,
                  std::size_t payload_bytes = 24);

// The writer without its thread: what is kept is kept when the call returns.
JournalSettings quick(const TestFolder& folder);  // where nothing is about power loss
// `segments` closed segments of `each` requests, and the counts of them all.
Counts fill(const JournalSettings& settings, std::uint64_t segments, std::uint64_t each = 5);

class DirectWriter {
  public:
    explicit DirectWriter(Journal& journal);
    DirectWriter(Journal& journal, std::uint64_t first, const Counts& before);
    bool keep(Batch& batch);
    // Requests of emitter 1, service "shop", which is introduced at first use.
    bool keep_requests(std::uint64_t first, std::uint64_t last, std::size_t payload_bytes = 24);
    void close() { segments_.close(); }
    SegmentWriter& segments() { return segments_; }

    std::vector<std::string> said;
    SegmentWriter::Clock::time_point now{};
    std::vector<Entry> kept;  // their payloads and identities are not to be looked at

  private:
    SegmentWriter segments_;
    bool introduced_ = false;
};

// Everything a reader hands out until the end (or until it says retry `retries` times).
struct ReadOut {
    std::vector<std::uint64_t> numbers;    // of requests
    std::vector<std::uint64_t> positions;  // of all entries
    std::vector<std::string> services;     // of requests
    std::vector<Step> lost;
    Counts counts{};  // the reader's, at the end
    int retries = 0;
    std::uint64_t lost_requests() const;
    std::uint64_t lost_positions() const;
};
ReadOut read_out(Reader& reader);
ReadOut read_out(Journal& journal, std::uint64_t position = 0);

std::vector<std::filesystem::path> segment_files(const std::filesystem::path& folder);
std::vector<std::byte> contents(const std::filesystem::path& file);
void write_contents(const std::filesystem::path& file, Bytes bytes);
void flip(const std::filesystem::path& file, std::size_t at);  // a bit of that byte
std::vector<std::uint64_t> numbers(std::uint64_t first, std::uint64_t last);
std::uint64_t errors(const Journal& journal, std::string_view op);

}  // namespace outrigger::journal
