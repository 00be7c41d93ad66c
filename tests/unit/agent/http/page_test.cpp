#include "agent/http/page.h"

#include <doctest/doctest.h>

using namespace outrigger::http;

TEST_CASE("the page links what there is and fetches nothing from elsewhere") {
    const std::string page = make_page("1.2.3");
    for (const char* part :
         {"Outrigger <small>1.2.3</small>", "href=\"metrics\"", "href=\"status\"", "href=\"-/ready\"",
          "href=\"-/healthy\"", "fetch(\"status\"", "connect-src 'self'", "prefers-color-scheme"}) {
        CAPTURE(part);
        CHECK(page.find(part) != page.npos);
    }
    for (const char* part : {"http://", "https://", "src=\"", "innerHTML", "@import", "url("}) {
        CAPTURE(part);
        CHECK(page.find(part) == page.npos);
    }
}

TEST_CASE("text is escaped on its way into the page") {
    CHECK(escape_html("a<b>&\"'") == "a&lt;b&gt;&amp;&quot;&#39;");
    CHECK(make_page("<script>alert(1)</script>").find("<script>alert") == std::string::npos);
}
