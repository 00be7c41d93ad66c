#include "agent/sinks/rows/batch.h"

#include <doctest/doctest.h>

#include <array>
#include <string>

#include "tests/unit/shared/encoded.h"

using namespace outrigger;
using namespace outrigger::rows;

namespace {

// Hands out one request after the other, up to an end that can be moved.
class FakeReader : public journal::Reader {
  public:
    explicit FakeReader(std::uint64_t last) : end(last) {
        RequestEvent event;
        event.path = "/";
        event.status = 200;
        record_ = test::encoded(event);
    }
    const journal::Step& next() override {
        step_ = {};
        if (position_ == end) return step_;
        step_.what = journal::Step::What::entry;
        step_.entry.position = ++position_;
        step_.entry.envelope.arrival_us = static_cast<std::int64_t>(position_);
        step_.entry.payload = record_;
        ++counts_[static_cast<std::size_t>(journal::Kind::request)];
        return step_;
    }
    std::uint64_t position() const override { return position_; }
    const journal::Counts& counts() const override { return counts_; }
    void release(std::uint64_t) override {}

    std::uint64_t end;

  private:
    std::vector<std::byte> record_;
    std::uint64_t position_ = 0;
    journal::Counts counts_{};
    journal::Step step_;
};

std::size_t network(std::string_view bytes) {
    std::size_t number = 0;
    for (const char byte : bytes) number = number << 8 | static_cast<unsigned char>(byte);
    return number;
}

// The fields of the tuple at `at`, which then stands behind it; NULL is "NULL".
std::vector<std::string> read_tuple(std::string_view bytes, std::size_t& at) {
    std::vector<std::string> fields(network(bytes.substr(at, 2)));
    at += 2;
    for (auto& field : fields) {
        const std::size_t length = network(bytes.substr(at, 4));
        at += 4;
        const bool null = length == 0xffff'ffff;
        field = null ? "NULL" : std::string(bytes.substr(at, length));
        if (!null) at += length;
    }
    return fields;
}

}  // namespace

TEST_CASE("a batch is filled in parts, goes on where it stopped, and the next one begins behind it") {
    FakeReader reader(25);
    Batch batch;
    batch.begin(reader);
    CHECK(batch.empty());
    CHECK(batch.fill(reader, {}, 20, 7) == Batch::Filled::more);
    CHECK(batch.rows() == 7);
    CHECK(batch.to() == 7);
    CHECK(batch.fill(reader, {}, 20, 100) == Batch::Filled::full);
    CHECK(batch.rows() == 20);
    CHECK(batch.accepted() == 20);
    CHECK(batch.requests_at_end() == 20);
    CHECK(batch.oldest_us() == 1);
    CHECK(batch.fill(reader, {}, 20) == Batch::Filled::full);  // nothing more is taken
    CHECK(reader.position() == 20);

    Batch next;
    next.begin(reader);
    CHECK(next.from() == 20);
    CHECK(next.fill(reader, {}, 20, 100) == Batch::Filled::end);
    CHECK(next.rows() == 5);
    reader.end = 26;
    CHECK(next.fill(reader, {}, 20) == Batch::Filled::end);
    CHECK(next.rows() == 6);
    CHECK(next.position(5) == 26);
    next.begin(reader);
    CHECK(next.empty());
    CHECK(next.from() == 26);
    CHECK(next.rows() == 0);
}

TEST_CASE("a tuple has every column and not a byte more, whatever is in the texts") {
    const std::string awkward = "\x01\x1f \"quoted\\\" \x7f é 漢";
    const std::array<Tag, 2> tags{Tag{awkward, awkward}, Tag{"empty", ""}};
    RequestEvent event;
    event.method = "GET";
    event.path = awkward;
    event.status = 599;
    event.client = "192.0.2.7";
    event.message = awkward;
    event.tags = tags;
    const auto record = test::encoded(event);
    journal::Entry entry;
    entry.position = 258;
    entry.payload = record;
    std::vector<char> out;
    REQUIRE(append_row(out, entry, {7, "shop", "prod", "1"}));
    REQUIRE(append_row(out, entry, {7, "shop", "prod", "1"}));
    const std::string_view bytes(out.data(), out.size());
    std::size_t at = 0;
    const auto first = read_tuple(bytes, at);
    CHECK(at == out.size() / 2);
    CHECK(read_tuple(bytes, at) == first);
    CHECK(at == out.size());
    REQUIRE(first.size() == 20);
    CHECK(first[1] == std::string("\x02\x20\x00\x04\xc0\x00\x02\x07", 8));
    CHECK(first[2] == awkward);
    CHECK(network(first[3]) == 599);
    CHECK(first[5] == "shop");
    CHECK(first[8] == "NULL");
    const std::string escaped = R"("\u0001\u001f \"quoted\\\" )" + std::string("\x7f é 漢\"");
    CHECK(first[17] == "\x01{" + escaped + ":" + escaped + R"(,"empty":""})");
    CHECK(network(first[18]) == 7);
    CHECK(network(first[19]) == 258);
}
