#include "agent/http/negotiation.h"

#include <doctest/doctest.h>

using namespace outrigger::http;

TEST_CASE("OpenMetrics is answered only when it is asked for") {
    struct Row {
        const char* accept;
        bool open_metrics;
    };
    const Row rows[] = {
        {"", false},
        {"*/*", false},
        {"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", false},
        {"text/plain", false},
        {"text/plain;version=0.0.4", false},
        {"application/openmetrics-text", true},
        {"application/openmetrics-text; version=1.0.0", true},
        {"application/openmetrics-text; version=\"1.0.0\"; charset=utf-8", true},
        {"Application/OpenMetrics-Text;Version=1.0.0", true},
        {"application/openmetrics-text;version=0.0.1", false},
        {"application/openmetrics-text;version=2.0.0", false},
        {"application/openmetrics-text;q=0", false},
        {"application/openmetrics-text;q=nan", false},
        {"application/openmetrics-text;q=2", false},
        {"application/openmetrics-text;q=", false},
        {"application/openmetrics-text;q=0.5,text/plain;q=0.6", false},
        {"application/openmetrics-text;q=0.5,text/plain;q=0.5", true},
        {"text/plain;q=0.4 , application/openmetrics-text ; q=0.5", true},
        {"application/openmetrics-text;q=0.5,text/*;q=0.9", false},
        {"application/openmetrics-text;q=0.5,*/*;q=0.9", false},
        {"application/openmetrics-text;q=0.5,*/*;q=0.9,text/plain;q=0.1", true},
        {"application/openmetrics-text;q=0.5,text/plain;version=1.0.0;q=0.9", true},
        {"application/openmetrics-text;version=1.0.0;q=0.75,application/openmetrics-text;version=0.0.1;q=0.5,"
         "text/plain;version=0.0.4;q=0.3,*/*;q=0.1",
         true},
        {"application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,"
         "application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,"
         "text/plain;version=0.0.4;q=0.2,/;q=0.1,*/*;q=0.1",
         true},
        {"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7,"
         "text/plain;version=0.0.4;q=0.3,*/*;q=0.1",
         false},
        {",,;;=,;q=1,application/openmetrics-text", true},
        {"application/openmetrics-text2", false},
    };
    for (const Row& row : rows) {
        CAPTURE(row.accept);
        CHECK((negotiate(row.accept) == MetricsFormat::open_metrics) == row.open_metrics);
    }
}

TEST_CASE("each format has the content type its specification gives") {
    CHECK(content_type(MetricsFormat::text) == "text/plain; version=0.0.4; charset=utf-8");
    CHECK(content_type(MetricsFormat::open_metrics) == "application/openmetrics-text; version=1.0.0; charset=utf-8");
}
