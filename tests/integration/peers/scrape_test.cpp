#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "tests/integration/peers/scrape.h"

namespace outrigger::peers {
namespace {

using Form = Scrape::Form;

TEST_CASE("a scrape is read into families, samples, labels and exemplars") {
    const Scrape text(
        "# HELP a_total Help \\\\ text.\n# TYPE a_total counter\na_total{x=\"1\\n\\\"\",y=\"\"} 3\na_total{x=\"2\"} "
        "4e2\n",
        Form::text);
    CHECK(text.sum("a_total") == 403);
    CHECK(text.sum("a_total", {{"x", "1\n\""}}) == 3);
    CHECK(text.family("a_total")->type == "counter");
    CHECK(text.growing().size() == 2);

    const Scrape open(
        "# TYPE h histogram\nh_bucket{le=\"0.5\"} 1 # {trace_id=\"ab\"} 0.25 1.5\nh_bucket{le=\"+Inf\"} 2\nh_sum "
        "3.5\nh_count 2\n# EOF\n",
        Form::openmetrics);
    CHECK(open.all("h_bucket", {{"le", "0.5"}}).at(0).exemplar->labels.at("trace_id") == "ab");
}

TEST_CASE("a scrape that breaks the grammar is refused") {
    const std::vector<std::string> refused{
        "a 1",                                                                // no newline
        "a 1\n",                                                              // no TYPE
        "# TYPE a gauge\na x\n",                                              // no number
        "# TYPE a gauge\na{b=\"1\"c=\"2\"} 1\n",                              // no comma
        "# TYPE a gauge\na{b=\"\\t\"} 1\n",                                   // unknown escape
        "# TYPE a gauge\na{b=\"1\",b=\"1\"} 1\n",                             // a label twice
        "# TYPE a gauge\na 1\na 1\n",                                         // a sample twice
        "# TYPE a gauge\na 1\n# TYPE b gauge\nb 1\n# TYPE a gauge\na 2\n",    // a family in two pieces
        "# TYPE a gauge\n# TYPE a gauge\na 1\n",                              // TYPE twice
        "# TYPE a counter\na -1\n",                                           // below 0
        "# TYPE a gauge\na 1 # {t=\"1\"} 1\n",                                // an exemplar in text 0.0.4
        "# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_sum 1\nh_count 1\n",     // no +Inf
        "# TYPE h histogram\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 2\n",  // +Inf is not the count
        "# TYPE h histogram\nh_bucket{le=\"1\"} 2\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\n",
    };
    for (const std::string& body : refused) {
        CAPTURE(body);
        CHECK_THROWS_AS(Scrape(body, Form::text), std::runtime_error);
    }
    CHECK_THROWS_AS(Scrape("# TYPE a counter\na 1\n# EOF\n", Form::openmetrics), std::runtime_error);
    CHECK_THROWS_AS(Scrape("# TYPE a counter\na_total 1\n", Form::openmetrics), std::runtime_error);
    CHECK_THROWS_AS(Scrape("# TYPE a counter\na_total 1\n# EOF\na\n", Form::openmetrics), std::runtime_error);
}

}  // namespace
}  // namespace outrigger::peers
