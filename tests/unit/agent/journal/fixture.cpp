#include "tests/unit/agent/journal/fixture.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <numeric>
#include <stdexcept>

namespace outrigger::journal {

// Memory where there is some: thousands of images are written and read again.
TestFolder::TestFolder()
    : folder_(::access("/dev/shm", W_OK) == 0 ? "/dev/shm" : std::filesystem::temp_directory_path().string()) {}

JournalSettings TestFolder::settings() const {
    JournalSettings settings;
    settings.folder = path() / "data" / "journal";
    settings.fallback = path() / "run" / "journal";
    settings.size_bytes = std::uint64_t{1} << 20;
    settings.segment_bytes = 16384;
    settings.patience = std::chrono::milliseconds(0);
    return settings;
}

Identity some_identity(std::string service) {
    Identity identity;
    identity.emitter[0] = 7;
    identity.uid = 1000;
    identity.pid = 42;
    identity.service = std::move(service);
    identity.host = "host";
    return identity;
}

Bytes as_payload(std::string_view text) { return std::as_bytes(std::span(text)); }

std::unique_ptr<Journal> opened(const JournalSettings& settings, std::uint64_t checkpoint) {
    auto journal = Journal::open(settings, checkpoint);
    if (!journal) throw std::runtime_error(journal.error().what);
    return std::move(*journal);
}

void add_requests(Batch& batch, std::uint32_t emitter, std::uint64_t first, std::uint64_t last,
                  std::size_t payload_bytes) {
    for (std::uint64_t number = first; number <= last; ++number) {
        std::string payload = std::to_string(number);
        payload.resize(payload_bytes, '.');
        Envelope envelope;
        envelope.emitter = emitter;
        envelope.number = number;
        envelope.arrival_us = static_cast<std::int64_t>(1'000'000 + number);
        batch.add(envelope, as_payload(payload));
    }
}

DirectWriter::DirectWriter(Journal& journal)
    : DirectWriter(journal, journal.mark().position + 1, journal.mark().counts) {}

DirectWriter::DirectWriter(Journal& journal, std::uint64_t first, const Counts& before)
    : segments_(journal.state(), first, before, [this](std::string_view line) { said.emplace_back(line); }) {
    segments_.open(now);
}

bool DirectWriter::keep(Batch& batch) {
    if (!segments_.keep(batch, now)) return false;
    segments_.each_kept(batch, [this](const Entry& entry) { kept.push_back(entry); });
    return true;
}

bool DirectWriter::keep_requests(std::uint64_t first, std::uint64_t last, std::size_t payload_bytes) {
    Batch batch;
    if (!std::exchange(introduced_, true)) batch.introduce(1, some_identity("shop"));
    add_requests(batch, 1, first, last, payload_bytes);
    return keep(batch);
}

std::uint64_t ReadOut::lost_requests() const {
    std::uint64_t sum = 0;
    for (const auto& step : lost) sum += requests(step.counts);
    return sum;
}

std::uint64_t ReadOut::lost_positions() const {
    std::uint64_t sum = 0;
    for (const auto& step : lost) sum += step.last - step.first + 1;
    return sum;
}

ReadOut read_out(Reader& reader) {
    ReadOut out;
    while (true) {
        const Step& step = reader.next();
        if (step.what == Step::What::end) break;
        if (step.what == Step::What::lost) out.lost.push_back(step);
        if (step.what == Step::What::retry && ++out.retries == 100) break;
        if (step.what != Step::What::entry) continue;
        out.positions.push_back(step.entry.position);
        if (step.entry.envelope.kind != Kind::request) continue;
        out.numbers.push_back(step.entry.envelope.number);
        out.services.push_back(step.entry.identity == nullptr ? "-" : step.entry.identity->service);
    }
    out.counts = reader.counts();
    return out;
}

ReadOut read_out(Journal& journal, std::uint64_t position) { return read_out(*journal.read_from(position)); }

std::vector<std::filesystem::path> segment_files(const std::filesystem::path& folder) {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
        if (entry.path().extension() == ".seg") files.push_back(entry.path());
    std::ranges::sort(files);
    return files;
}

std::vector<std::byte> contents(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    std::vector<std::byte> bytes(static_cast<std::size_t>(std::filesystem::file_size(file)));
    in.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    return bytes;
}

void write_contents(const std::filesystem::path& file, Bytes bytes) {
    std::ofstream out(file, std::ios::binary | std::ios::trunc);
    out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

std::vector<std::uint64_t> numbers(std::uint64_t first, std::uint64_t last) {
    std::vector<std::uint64_t> all(static_cast<std::size_t>(last - first + 1));
    std::iota(all.begin(), all.end(), first);
    return all;
}

std::uint64_t errors(const Journal& journal, std::string_view op) {
    for (const auto& [name, count] : journal.status().errors)
        if (name == op) return count;
    throw std::runtime_error("no such op: " + std::string(op));
}

JournalSettings quick(const TestFolder& folder) {
    auto settings = folder.settings();
    settings.durability = Durability::process;
    return settings;
}

Counts fill(const JournalSettings& settings, std::uint64_t segments, std::uint64_t each) {
    Counts counts{};
    for (std::uint64_t segment = 0; segment < segments; ++segment) {
        const auto journal = opened(settings);
        DirectWriter writer(*journal);
        REQUIRE(writer.keep_requests(segment * each + 1, segment * each + each));
        writer.close();
        counts = journal->mark().counts;
    }
    return counts;
}

void flip(const std::filesystem::path& file, std::size_t at) {
    auto bytes = contents(file);
    bytes.at(at) ^= std::byte{1};
    write_contents(file, bytes);
}

}  // namespace outrigger::journal
