#include "agent/http/page.h"

namespace outrigger::http {

namespace {

// Relative links, so that a proxy may put a prefix before them. The script writes text nodes only, never HTML.
constexpr std::string_view before_version = R"html(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; base-uri 'none'; form-action 'none'">
<title>Outrigger</title>
<style>
:root { color-scheme: light dark; --ink: #1b2733; --quiet: #5c6b7a; --paper: #f6f8fa; --card: #fff; --line: #dde3e9;
  --link: #0b62a8; --good: #1a7f4b; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4eaf0; --quiet: #93a1af; --paper: #12181e; --card: #1a222a;
  --line: #2d3843; --link: #6cb6f5; --good: #4cc38a; --bad: #ff8a80; } }
* { box-sizing: border-box }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif }
main { max-width: 62rem; margin: 0 auto; padding: 2.5rem 1.25rem }
h1 { margin: 0; font-size: 1.7rem; letter-spacing: -.01em }
h1 small { color: var(--quiet); font-size: 1rem; font-weight: 400 }
h2 { margin: 2rem 0 .6rem; font-size: 1rem }
p, #said { color: var(--quiet); margin: .3rem 0 1.2rem }
nav { display: flex; flex-wrap: wrap; gap: .5rem }
nav a { padding: .3rem .8rem; border: 1px solid var(--line); border-radius: 2rem; background: var(--card);
  color: var(--link); text-decoration: none }
nav a:hover, nav a:focus-visible { border-color: var(--link) }
.card { overflow-x: auto; border: 1px solid var(--line); border-radius: .6rem; background: var(--card) }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums }
th, td { padding: .5rem .9rem; text-align: right; white-space: nowrap }
th { color: var(--quiet); font-weight: 500 }
th:first-child, td:first-child, th:last-child, td:last-child, #facts td { text-align: left }
td:last-child { white-space: normal; color: var(--quiet) }
tbody tr { border-top: 1px solid var(--line) }
.up::before, .down::before, .off::before { content: ""; display: inline-block; width: .6rem; height: .6rem;
  margin-right: .45rem; border-radius: 50%; background: var(--good) }
.down::before { background: var(--bad) } .down { color: var(--bad) }
.off::before { background: var(--line) } .off { color: var(--quiet) }
</style>
</head>
<body>
<main>
<h1>Outrigger <small>)html";

constexpr std::string_view after_version = R"html(</small></h1>
<p>Request records in; metrics, traces and rows out.</p>
<nav><a href="metrics">/metrics</a><a href="status">/status</a><a href="-/ready">/-/ready</a><a href="-/healthy">/-/healthy</a></nav>
<h2>Sinks</h2>
<div class="card"><table>
<thead><tr><th>sink<th>state<th>accepted<th>delivered<th>dropped<th>pending<th>lag<th>last error</tr></thead>
<tbody id="sinks"></tbody>
</table></div>
<h2>Journal and emitters</h2>
<div class="card"><table><tbody id="facts"></tbody></table></div>
<p id="said">Asking /status…</p>
<noscript><p>The numbers need JavaScript; <a href="status">/status</a> has them as JSON.</p></noscript>
</main>
<script>
"use strict";
const at = id => document.getElementById(id);
const total = v => v && typeof v === "object" ? Object.values(v).reduce((sum, n) => sum + Number(n), 0) : v;
const shown = v => v === undefined || v === null || v === "" ? "–" : typeof v === "number" ? v.toLocaleString("en") :
  typeof v === "object" ? JSON.stringify(v) : String(v);
function row(cells, kind) {
  const line = document.createElement("tr");
  cells.forEach((text, i) => {
    const cell = line.insertCell();
    cell.textContent = text;
    if (kind && i === 1) cell.className = kind;
  });
  return line;
}
function sink([name, s]) {
  const state = !s.on ? "off" : s.up ? "up" : "down";
  const lag = typeof s.lag_seconds === "number" ? s.lag_seconds.toFixed(1) + " s" : "–";
  if (!s.on) return row([name, state, "–", "–", "–", "–", "–", ""], state);
  return row([name, state, shown(s.accepted), shown(s.delivered), shown(total(s.dropped)), shown(s.pending), lag,
    s.last_error || ""], state);
}
async function ask() {
  try {
    const answer = await fetch("status", {cache: "no-store", signal: AbortSignal.timeout(5000)});
    if (!answer.ok) throw new Error("/status says " + answer.status);
    const status = await answer.json();
    at("sinks").replaceChildren(...Object.entries(status.sinks || {}).map(sink));
    const facts = Object.entries(status.journal || {}).map(([k, v]) => row(["journal " + k.replaceAll("_", " "), shown(v)]));
    at("facts").replaceChildren(row(["emitters", shown((status.emitters || {}).connected)]), ...facts);
    at("said").textContent = "As of " + new Date().toLocaleTimeString() + ".";
  } catch (error) {
    at("said").textContent = "No answer: " + error.message;
  }
  setTimeout(ask, 3000);
}
ask();
</script>
</body>
</html>
)html";

}  // namespace

std::string make_page(std::string_view version) {
    std::string page;
    page += before_version;
    page += escape_html(version);
    page += after_version;
    return page;
}

std::string escape_html(std::string_view text) {
    std::string escaped;
    escaped.reserve(text.size());
    for (const char c : text) {
        switch (c) {
            case '&':
                escaped += "&amp;";
                break;
            case '<':
                escaped += "&lt;";
                break;
            case '>':
                escaped += "&gt;";
                break;
            case '"':
                escaped += "&quot;";
                break;
            case '\'':
                escaped += "&#39;";
                break;
            default:
                escaped += c;
        }
    }
    return escaped;
}

}  // namespace outrigger::http
